//! What the hand-written document promises of a reply: its status, media type, schema and error code.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use jsonschema::Validator;
use northbound_openapi::document::operations::operations;
use northbound_openapi::document::{Document, reference};
use northbound_openapi::lint;
use serde_json::Value;

const DOCUMENT: &str = include_str!("../../../spec/openapi.yaml");

/// Method and path of an operation, and its promises by status.
type OfOperation = (String, String, HashMap<String, Promise>);

static PROMISES: LazyLock<Vec<OfOperation>> = LazyLock::new(|| {
    let document = Document::parse("spec/openapi.yaml", DOCUMENT.to_owned()).unwrap();
    let of_operations = operations(document.value()).map(|operation| {
        let responses = operation.value["responses"].as_object().unwrap();
        let promises =
            responses.iter().map(|(status, node)| (status.clone(), Promise::of(&document, status, node)));
        (operation.method.to_uppercase(), operation.path.to_owned(), promises.collect())
    });
    of_operations.collect()
});

/// Whether a path is one of this template, whose segments in braces stand for any.
fn fits(template: &str, path: &str) -> bool {
    let (own, asked) = (template.split('/'), path.split('/'));
    own.clone().count() == asked.clone().count()
        && own.zip(asked).all(|(own, asked)| own.starts_with('{') || own == asked)
}

struct Promise {
    /// Whether the body may be that of a good reply.
    is_success: bool,
    media_type: String,
    schema: Validator,
    codes: Vec<Value>,
}

/// What is wrong with a reply to this method and path; `None` if it is as documented.
pub fn breach(asked: (&str, &str), status: u16, headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let (method, path) = asked;
    let is_asked = |known: &str, template: &str| known == method && fits(template, path);
    let of_operation = PROMISES.iter().find(|(method, path, _)| is_asked(method, path));
    let breach = match of_operation.map(|(_, _, promises)| promises) {
        // Such a call is refused, in a form that the document does not describe.
        None => (![404, 405].contains(&status)).then(|| "the document has no such operation".to_owned()),
        Some(promises) => promises.get(&status.to_string()).map_or_else(
            || Some("the status is not documented".to_owned()),
            |promise| promise.breach(headers, body),
        ),
    };
    breach.map(|breach| format!("{method} {path}: {status}: {breach}"))
}

impl Promise {
    fn of(document: &Document, status: &str, response: &Value) -> Self {
        let response = reference::resolve(document.value(), response).unwrap();
        let content: Vec<_> = response["content"].as_object().unwrap().iter().collect();
        let [(media_type, media)] = content[..] else { panic!("one media type is expected: {response}") };
        let schema = lint::validator(document, &media["schema"]).unwrap();
        let codes = response["x-error-codes"].as_array().cloned().unwrap_or_default();
        Self { is_success: status.starts_with('2'), media_type: media_type.clone(), schema, codes }
    }

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
        let is_documented = code.map_or(self.is_success, |code| self.codes.contains(code));
        (!is_documented).then(|| format!("error code {code:?} in place of one of {:?}", self.codes))
    }
}
