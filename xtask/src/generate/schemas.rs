//! What the generators ask of the document's schemas.

use std::collections::BTreeSet;

use anyhow::Context as _;
use northbound_openapi::document::json::{members, texts};
use northbound_openapi::document::operations::operations;
use northbound_openapi::document::reference;
use serde_json::Value;

const PREFIX: &str = "#/components/schemas/";

/// The text at a pointer.
pub(super) fn text_at<'a>(document: &'a Value, pointer: &str) -> anyhow::Result<&'a str> {
    let text = document.pointer(pointer).and_then(Value::as_str);
    text.with_context(|| format!("the document has no text at {pointer}"))
}

/// The named schemas of the document.
pub(super) fn named(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    members(&document["components"]["schemas"])
}

/// The names of all schemas that a reply can hold, also as text inside a string.
pub(super) fn reply_schemas(document: &Value) -> BTreeSet<String> {
    let mut targets = BTreeSet::new();
    for operation in operations(document) {
        follow(document, &operation.value["responses"], &mut targets);
    }
    targets.iter().filter_map(|target| target.strip_prefix(PREFIX)).map(str::to_owned).collect()
}

/// The string enums that a reply can hold: a platform may add a value, so they stay open.
pub(super) fn open_enums(document: &Value) -> BTreeSet<String> {
    let replies = reply_schemas(document);
    named(document)
        .filter(|(name, schema)| replies.contains(*name) && schema.get("enum").is_some())
        .map(|(name, _)| name.clone())
        .collect()
}

/// Collects what `node` refers to, directly or through others.
fn follow(document: &Value, node: &Value, targets: &mut BTreeSet<String>) {
    match node {
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(target)
                        if matches!(key.as_str(), "$ref" | "x-content-schema" | "x-known-values") =>
                    {
                        if targets.insert(target.clone()) {
                            let node = reference::target(document, target).unwrap_or(&Value::Null);
                            follow(document, node, targets);
                        }
                    }
                    _ => follow(document, member, targets),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| follow(document, item, targets)),
        _ => {}
    }
}

/// The properties of a schema that hold JSON as text, and the schema of that JSON.
pub(super) fn embedded(schema: &Value) -> impl Iterator<Item = (&String, &str)> {
    members(&schema["properties"]).filter_map(|(name, property)| {
        Some((name, property.get("x-content-schema")?.as_str()?.strip_prefix(PREFIX)?))
    })
}

/// The error catalogue: code and entry.
pub(crate) fn error_catalog(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    members(&document["components"]["x-error-catalog"])
}

/// The entries of the error catalogue that calls are answered with, or those that come only in the `error` of a subtask.
pub(super) fn codes_of(document: &Value, subtasks: bool) -> impl Iterator<Item = (&String, &Value)> {
    error_catalog(document).filter(move |(_, entry)| entry.get("of").is_some() == subtasks)
}

/// Operation, HTTP status and error codes of every response that lists codes, in the document's order.
pub(super) fn documented_errors(document: &Value) -> Vec<(&str, &str, Vec<String>)> {
    let mut rows = Vec::new();
    for operation in operations(document) {
        for (status, response) in members(&operation.value["responses"]) {
            let response = reference::resolve(document, response);
            if let Some(codes) = response.and_then(|one| one.get("x-error-codes")) {
                rows.push((operation.id, status.as_str(), texts(codes).map(str::to_owned).collect()));
            }
        }
    }
    rows
}
