//! What the generators ask of the document's schemas.

use std::collections::BTreeSet;

use serde_json::Value;

const PREFIX: &str = "#/components/schemas/";

/// The named schemas of the document.
pub(super) fn named(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    document.pointer("/components/schemas").and_then(Value::as_object).into_iter().flatten()
}

/// The names of all schemas that a reply can hold, also as text inside a string.
pub(super) fn reply_schemas(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for operation in operations(document) {
        follow(document, &operation["responses"], &mut found);
    }
    found
}

/// The string enums that a reply can hold: a platform may add a value, so they stay open.
pub(super) fn open_enums(document: &Value) -> BTreeSet<String> {
    let replies = reply_schemas(document);
    named(document)
        .filter(|(name, schema)| replies.contains(*name) && schema.get("enum").is_some())
        .map(|(name, _)| name.clone())
        .collect()
}

/// Collects the schemas that `node` refers to, directly or through others.
fn follow(document: &Value, node: &Value, found: &mut BTreeSet<String>) {
    match node {
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(target) if key == "$ref" || key == "x-content-schema" => {
                        follow_reference(document, target, found);
                    }
                    _ => follow(document, member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| follow(document, item, found)),
        _ => {}
    }
}

fn follow_reference(document: &Value, target: &str, found: &mut BTreeSet<String>) {
    let is_new = match target.strip_prefix(PREFIX) {
        Some(name) => found.insert(name.to_owned()),
        None => target.starts_with("#/components/responses/"),
    };
    if is_new && let Some(schema) = target.strip_prefix('#').and_then(|pointer| document.pointer(pointer)) {
        follow(document, schema, found);
    }
}

/// The error catalogue: code and entry.
pub(super) fn error_catalog(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    document.pointer("/components/x-error-catalog").and_then(Value::as_object).into_iter().flatten()
}

/// Operation, HTTP status and error codes of every response that lists codes, in the document's order.
pub(super) fn documented_errors(document: &Value) -> Vec<(&str, &str, Vec<String>)> {
    let mut rows = Vec::new();
    for operation in operations(document) {
        let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
        for (status, response) in operation.get("responses").and_then(Value::as_object).into_iter().flatten()
        {
            let codes = resolve(document, response).get("x-error-codes").and_then(Value::as_array);
            if let Some(codes) = codes {
                let codes = codes.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                rows.push((id, status.as_str(), codes));
            }
        }
    }
    rows
}

fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let items = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    let members = items.filter_map(|(_, item)| item.as_object()).flatten();
    members.map(|(_, member)| member).filter(|member| member.get("responses").is_some())
}

fn resolve<'a>(document: &'a Value, node: &'a Value) -> &'a Value {
    let target = node.get("$ref").and_then(Value::as_str).and_then(|target| target.strip_prefix('#'));
    target.and_then(|pointer| document.pointer(pointer)).unwrap_or(node)
}
