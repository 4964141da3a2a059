//! Every reply is held against the documents that follow from the code: status, media type, schema and error code.

use std::sync::LazyLock;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use crate::support::{Reply, TASK_DETAILS, control_openapi, openapi};

/// The faults whose purpose is to break the promise, and how. A reset and a close half way leave no reply to look at.
pub(crate) const BREAKING: [(&str, &str); 7] = [
    ("truncated-body", "half a JSON text is none"),
    ("wrong-content-type", "the page is labelled as HTML"),
    ("bad-gateway", "a status that is not documented"),
    ("empty-error", "a documented status without its body"),
    ("unavailable", "a status that is not documented"),
    ("redirect", "a status that is not documented"),
    ("gzip", "compressed, though nobody asked for that"),
];

/// Panics if a reply is not what the documents promise, unless a fault befell it that is meant to do that.
#[track_caller]
pub(crate) fn keep(method: &str, path: &str, reply: &Reply, fault: Option<&str>) {
    // An exam calls its page of odd rows so, which has an object in place of a text and a number in place of an id.
    let is_odd = fault == Some("unknown-status");
    let breach = breach(method, path, reply).filter(|_| !is_breaking(fault) && !is_odd);
    assert_eq!(
        breach, None,
        "{method} {path} was answered with {}, which is not documented so",
        reply.status
    );
}

pub(crate) fn is_breaking(fault: Option<&str>) -> bool {
    BREAKING.iter().any(|(breaking, _)| Some(*breaking) == fault)
}

/// What is wrong with a reply to this request; `None` if nothing is.
pub(crate) fn breach(method: &str, path: &str, reply: &Reply) -> Option<String> {
    let Some(operation) = OPERATIONS.iter().find(|operation| operation.is(method, path)) else {
        // What no document knows is refused, in a form that none describes.
        let is_refused = [StatusCode::NOT_FOUND, StatusCode::METHOD_NOT_ALLOWED].contains(&reply.status);
        return (!is_refused).then(|| "no document has this operation".to_owned());
    };
    let response = operation.responses.iter().find(|response| response.status == reply.status.as_str());
    response.map_or_else(
        || Some("the status is not among its responses".to_owned()),
        |response| response.breach(reply),
    )
}

static OPERATIONS: LazyLock<Vec<Operation>> =
    LazyLock::new(|| [openapi(), control_openapi()].iter().flat_map(operations).collect());

struct Operation {
    method: String,
    path: String,
    responses: Vec<Response>,
}

struct Response {
    status: String,
    /// Media type and schema of the body; none if it has no body.
    body: Option<(String, Validator)>,
    codes: Vec<Value>,
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            let responses =
                responses.iter().map(|(status, node)| Response::of(document, status, node)).collect();
            found.push(Operation { method: method.to_uppercase(), path: path.clone(), responses });
        }
    }
    found
}

impl Operation {
    fn is(&self, method: &str, path: &str) -> bool {
        let (mut own, mut asked) = (self.path.split('/'), path.split('/'));
        let fits = own.by_ref().zip(asked.by_ref()).all(|(own, asked)| own.starts_with('{') || own == asked);
        fits && self.path.matches('/').count() == path.matches('/').count() && self.method == method
    }
}

impl Response {
    fn of(document: &Value, status: &str, node: &Value) -> Self {
        let content =
            node.get("content").and_then(Value::as_object).and_then(|content| content.iter().next());
        let validator = |media: &Value| {
            let whole = json!({ "allOf": [media["schema"]], "components": document["components"] });
            jsonschema::options().with_draft(Draft::Draft202012).build(&whole).unwrap()
        };
        Self {
            status: status.to_owned(),
            body: content.map(|(name, media)| (name.clone(), validator(media))),
            codes: node.get("x-error-codes").and_then(Value::as_array).cloned().unwrap_or_default(),
        }
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
        let empty = Map::new();
        let members = body.as_object().unwrap_or(&empty);
        let code = members.get("error_code").or_else(|| members.get("resultcode"));
        let is_documented = match code {
            Some(code) => self.codes.contains(code),
            None => self.codes.is_empty(),
        };
        (!is_documented).then(|| format!("its error code is {code:?}, not one of {:?}", self.codes))
    }
}

/// A reply to the query of subtasks, or to the login if it is refused.
fn reply(status: u16, content_type: &'static str, body: &Value) -> Reply {
    let headers = [(CONTENT_TYPE, HeaderValue::from_static(content_type))];
    Reply::new(
        StatusCode::from_u16(status).unwrap(),
        headers.into_iter().collect(),
        body.to_string().into_bytes(),
    )
}

#[test]
fn what_is_not_documented_is_a_breach() {
    const JSON: &str = "application/json";
    let page =
        json!({ "totalCount": 1, "taskDetails": [{ "status": "Fail", "error": null }], "another": [] });
    let refused = |code: &str| json!({ "error_code": code, "error_desc": "No." });
    assert_eq!(breach("GET", TASK_DETAILS, &reply(200, JSON, &page)), None);
    assert_eq!(breach("GET", TASK_DETAILS, &reply(404, JSON, &refused("105005"))), None);
    let breaches = [
        (reply(201, JSON, &page), "the status is not among its responses"),
        (reply(200, "text/json", &page), "its media type is Some(\"text/json\"), not application/json"),
        (
            reply(200, JSON, &json!({ "totalCount": -1 })),
            "at \"/totalCount\": -1 is less than the minimum of 0",
        ),
        (reply(200, JSON, &json!({ "taskDetails": [{ "output": {} }] })), "at \"/taskDetails/0/output\""),
        (reply(200, JSON, &refused("105005")), "its error code is Some(String(\"105005\")), not one of []"),
        (reply(404, JSON, &refused("100022")), "its error code is Some(String(\"100022\")), not one of"),
        (reply(404, JSON, &json!({})), "its error code is None"),
        (reply(404, JSON, &json!({ "error_code": 105_005 })), "at \"/error_code\""),
    ];
    for (reply, expected) in breaches {
        let breach = breach("GET", TASK_DETAILS, &reply).unwrap();
        assert!(breach.starts_with(expected), "{breach}");
    }
    assert!(breach("GET", "/nowhere", &reply(200, JSON, &page)).is_some());
    assert!(breach("DELETE", "/_emulator/tasks/demo", &reply(204, JSON, &page)).is_some());
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
