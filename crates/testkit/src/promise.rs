//! What the hand-written document promises of a reply: its status, media type, schema and error code.

use std::sync::LazyLock;

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use jsonschema::Validator;
use northbound_openapi::document::{Document, reference};
use northbound_openapi::lint;
use serde_json::Value;

const DOCUMENT: &str = include_str!("../../../spec/openapi.yaml");

/// A promise for each status of each operation.
static PROMISES: LazyLock<Vec<Promise>> =
    LazyLock::new(|| promises(&Document::parse("spec/openapi.yaml", DOCUMENT.to_owned()).unwrap()));

struct Promise {
    method: String,
    path: String,
    status: String,
    media_type: String,
    schema: Validator,
    codes: Vec<Value>,
}

fn promises(document: &Document) -> Vec<Promise> {
    let mut found = Vec::new();
    let value = document.value();
    for (path, item) in value["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let response = reference::resolve(value, response).unwrap();
                let mut content = response["content"].as_object().unwrap().iter();
                let (media_type, media) = content.next().unwrap();
                assert!(content.next().is_none(), "{method} {path} {status} has a second media type");
                found.push(Promise {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    status: status.clone(),
                    media_type: media_type.clone(),
                    schema: lint::validator(document, &media["schema"]).unwrap(),
                    codes: response["x-error-codes"].as_array().cloned().unwrap_or_default(),
                });
            }
        }
    }
    found
}

/// What is wrong with a reply to this method and path; `None` if it is as documented.
pub fn breach(asked: (&str, &str), status: u16, headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let (method, path) = asked;
    let of_operation =
        || PROMISES.iter().filter(|promise| (promise.method.as_str(), promise.path.as_str()) == asked);
    let breach = match of_operation().find(|promise| promise.status == status.to_string()) {
        Some(promise) => promise.breach(headers, body),
        // A path without an operation is refused, in a form that the document does not describe.
        None if of_operation().next().is_none() => {
            (![404, 405].contains(&status)).then(|| "the document has no such operation".to_owned())
        }
        None => Some("the status is not documented".to_owned()),
    };
    breach.map(|breach| format!("{method} {path}: {status}: {breach}"))
}

impl Promise {
    fn breach(&self, headers: &HeaderMap, body: &[u8]) -> Option<String> {
        if let Some(encoding) = headers.get(CONTENT_ENCODING) {
            return Some(format!("encoded as {encoding:?}"));
        }
        let labelled = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if labelled != Some(&self.media_type) {
            return Some(format!("{labelled:?} in place of {}", self.media_type));
        }
        let body: Value = match serde_json::from_slice(body) {
            Ok(body) => body,
            Err(error) => return Some(format!("no JSON: {error}")),
        };
        if let Some(error) = self.schema.iter_errors(&body).next() {
            return Some(format!("at {:?}: {error}", error.instance_path().as_str()));
        }
        let code = body.get("error_code").or_else(|| body.get("resultcode"));
        let is_documented = code.map_or(self.codes.is_empty(), |code| self.codes.contains(code));
        (!is_documented).then(|| format!("error code {code:?} in place of one of {:?}", self.codes))
    }
}
