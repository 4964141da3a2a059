//! Every reply is held against the documents that follow from the code: status, media type, schema and error code.

use std::sync::LazyLock;

use axum::http::HeaderMap;
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use crate::support::{Reply, TASK_DETAILS, control_openapi, openapi};

/// The faults whose purpose is to break the promise, and how. A reset, a lost reply and a close half way leave no reply to look at.
pub(crate) const BREAKING: [(&str, &str); 8] = [
    ("truncated-body", "half a JSON text is none"),
    ("wrong-content-type", "the page is labelled as HTML"),
    ("bad-gateway", "a status that is not documented"),
    ("empty-error", "a documented status without its body"),
    ("unavailable", "a status that is not documented"),
    ("redirect", "a status that is not documented"),
    ("error-under-200", "an error under a status that has none"),
    ("gzip", "compressed, though nobody asked for that"),
];

/// Panics if a reply is not what the documents promise, unless a fault applied to it that is meant to do that.
#[track_caller]
pub(crate) fn keep(method: &str, path: &str, reply: &Reply, fault: Option<&str>) {
    // An exam calls its page of odd rows so, which has an object in place of a text and a number in place of an id.
    let is_odd = fault == Some("unknown-status");
    let breach = breach(method, path, reply).filter(|_| !is_breaking(fault) && !is_odd);
    assert_eq!(breach, None, "{method} {path} was answered with {}, which is not documented", reply.status);
}

pub(crate) fn is_breaking(fault: Option<&str>) -> bool {
    BREAKING.iter().any(|(breaking, _)| Some(*breaking) == fault)
}

/// What is wrong with a reply to this request; `None` if nothing is.
pub(crate) fn breach(method: &str, path: &str, reply: &Reply) -> Option<String> {
    let mut of_operation = PROMISES.iter().filter(|promise| promise.is_of(method, path)).peekable();
    if of_operation.peek().is_none() {
        // What no document knows is refused, in a form that none describes.
        let is_refused = [404, 405].contains(&reply.status.as_u16());
        return (!is_refused).then(|| "no document has this operation".to_owned());
    }
    match of_operation.find(|promise| promise.status == reply.status.as_str()) {
        None => Some("the status is not among its responses".to_owned()),
        Some(promise) => promise.breach(reply),
    }
}

static PROMISES: LazyLock<Vec<Promise>> =
    LazyLock::new(|| [openapi(), control_openapi()].iter().flat_map(promises).collect());

/// What a document promises of the replies with one status to one operation.
struct Promise {
    method: String,
    path: String,
    status: String,
    /// Media type and schema of the body; none if it has no body.
    body: Option<(String, Validator)>,
    codes: Vec<Value>,
}

fn promises(document: &Value) -> Vec<Promise> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let content = response.get("content").and_then(Value::as_object);
                let validator = |media: &Value| {
                    let whole = json!({ "allOf": [media["schema"]], "components": document["components"] });
                    jsonschema::options().with_draft(Draft::Draft202012).build(&whole).unwrap()
                };
                let body = content.and_then(|content| content.iter().next());
                found.push(Promise {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    status: status.clone(),
                    body: body.map(|(name, media)| (name.clone(), validator(media))),
                    codes: response["x-error-codes"].as_array().cloned().unwrap_or_default(),
                });
            }
        }
    }
    found
}

impl Promise {
    fn is_of(&self, method: &str, path: &str) -> bool {
        let (own, asked) = (self.path.split('/'), path.split('/'));
        self.method == method
            && own.clone().count() == asked.clone().count()
            && own.zip(asked).all(|(own, asked)| own.starts_with('{') || own == asked)
    }

    fn breach(&self, reply: &Reply) -> Option<String> {
        let Some((media_type, schema)) = &self.body else {
            return (!reply.bytes.is_empty()).then(|| "it has a body".to_owned());
        };
        if let Some(encoding) = reply.headers.get("content-encoding") {
            return Some(format!("it is encoded as {encoding:?}"));
        }
        let labelled = reply.headers.get("content-type").and_then(|value| value.to_str().ok());
        if labelled != Some(media_type) {
            return Some(format!("its media type is {labelled:?}, not {media_type}"));
        }
        let body: Value = match serde_json::from_slice(&reply.bytes) {
            Ok(body) => body,
            Err(error) => return Some(format!("its body is no JSON: {error}")),
        };
        if let Some(error) = schema.iter_errors(&body).next() {
            return Some(format!("at {:?}: {error}", error.instance_path().as_str()));
        }
        let code = body.get("error_code").or_else(|| body.get("resultcode"));
        // A reply under 200 may be a good one, whatever errors it may be instead.
        let is_good = self.status == "200" || self.codes.is_empty();
        let is_documented = code.map_or(is_good, |code| self.codes.contains(code));
        (!is_documented).then(|| format!("its error code is {code:?}, not one of {:?}", self.codes))
    }
}

/// What the faults do not break: schemas, error codes, and operations without a body. `faults` shows the others.
#[test]
fn what_is_not_documented_is_a_breach() {
    let breach = |method: &str, path: &str, status: u16, body: Value| {
        let headers: HeaderMap =
            [("content-type".parse().unwrap(), "application/json".parse().unwrap())].into_iter().collect();
        let reply = Reply::new(status.try_into().unwrap(), headers, body.to_string().into_bytes());
        breach(method, path, &reply)
    };
    let page = json!({ "totalCount": 1, "taskDetails": [{ "status": "Fail", "error": null }], "x": [] });
    let refused = |code: &str| json!({ "error_code": code, "error_desc": "No." });
    assert_eq!(breach("GET", TASK_DETAILS, 200, page.clone()), None);
    assert_eq!(breach("GET", TASK_DETAILS, 404, refused("105005")), None);
    for (method, path, status, body, expected) in [
        ("GET", TASK_DETAILS, 200, json!({ "totalCount": -1 }), "at \"/totalCount\""),
        ("GET", TASK_DETAILS, 200, refused("105005"), "its error code is Some(String(\"105005\")), not"),
        ("GET", TASK_DETAILS, 404, refused("100022"), "its error code is Some(String(\"100022\")), not"),
        ("GET", TASK_DETAILS, 404, json!({}), "its error code is None"),
        ("GET", "/nowhere", 200, page.clone(), "no document has this operation"),
        ("DELETE", "/_emulator/tasks/demo", 204, page, "it has a body"),
    ] {
        let breach = breach(method, path, status, body).unwrap();
        assert!(breach.starts_with(expected), "{breach}");
    }
}

#[test]
fn every_reference_of_the_documents_resolves() {
    for document in [openapi(), control_openapi()] {
        let mut pending = vec![&document];
        while let Some(value) = pending.pop() {
            if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
                assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
            }
            pending.extend(value.as_array().into_iter().flatten());
            pending.extend(value.as_object().into_iter().flat_map(Map::values));
        }
    }
}
