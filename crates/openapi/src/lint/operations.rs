//! Operations: their ids, their paths and what they send.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToSnakeCase as _;

use crate::document::pointer::{last, parent};

use super::finding::Findings;
use super::outline::{Kind, Node, Outline};

/// The bodies that the generated client can send from a type.
const REQUEST_MEDIA_TYPES: [&str; 2] = ["application/json", "application/x-www-form-urlencoded"];

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    operation_ids(outline, findings);
    for item in outline.of_kind(Kind::PathItem) {
        if let Err(message) = parameters_of(&item.name()) {
            findings.report(
                "path-template",
                &item.pointer,
                message,
                "write the path as `/fixed/{parameter}`, from the host on",
            );
        }
    }
    for operation in outline.of_kind(Kind::Operation) {
        if let Some(body) = outline.at(&operation.at("requestBody")).and_then(|body| outline.resolve(body)) {
            request_body(outline, body, findings);
        }
    }
}

/// The names between braces in a path, in their order.
///
/// # Errors
/// What is wrong with the path, in words.
pub(super) fn parameters_of(path: &str) -> Result<Vec<String>, String> {
    if !path.starts_with('/') {
        return Err(format!("the path `{path}` does not begin with a slash"));
    }
    let mut names = Vec::new();
    let mut rest = path;
    while let Some(start) = rest.find(['{', '}']) {
        let inner = rest[start..].strip_prefix('{').and_then(|inner| inner.split_once('}'));
        match inner {
            Some((name, after)) if !name.is_empty() && !name.contains(['/', '{']) => {
                names.push(name.to_owned());
                rest = after;
            }
            _ => return Err(format!("the braces of the path `{path}` do not match")),
        }
    }
    Ok(names)
}

fn operation_ids(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    for operation in outline.of_kind(Kind::Operation) {
        let Some(id) = operation.text("operationId").filter(|id| !id.trim().is_empty()) else {
            findings.report(
                "operation-id",
                &operation.pointer,
                "the operation has no `operationId`, from which progenitor names the method",
                "write one in camelCase, such as `listSubtasks`",
            );
            continue;
        };
        let method = id.to_snake_case();
        match first.get(&method) {
            Some(other) => {
                let message = match *other == id {
                    true => format!("two operations have the id `{id}`"),
                    false => format!("`{id}` and `{other}` would both become the method `{method}`"),
                };
                let advice = "rename one of the operations";
                findings.report("operation-id", &operation.at("operationId"), message, advice);
            }
            None => drop(first.insert(method, id)),
        }
    }
}

fn request_body(outline: &Outline<'_>, body: &Node<'_>, findings: &mut Findings<'_>) {
    let advice = "describe exactly one body, as `application/json` or `application/x-www-form-urlencoded`";
    let bodies: Vec<&Node<'_>> = outline.below(body, "content").collect();
    if bodies.len() != 1 {
        let message = format!("the request body has {} media types, progenitor wants one", bodies.len());
        findings.report("request-media-type", &body.at("content"), message, advice);
    }
    for media in bodies {
        let name = media.name();
        let essence = name.split(';').next().unwrap_or_default();
        if !REQUEST_MEDIA_TYPES.contains(&essence) {
            let message = format!("the generated client cannot send a type as `{name}`");
            findings.report("request-media-type", &media.pointer, message, advice);
        }
    }
}

/// The operations that stand under a path.
pub(super) fn of_path<'n, 'a>(
    outline: &'n Outline<'a>,
    item: &'n Node<'a>,
) -> impl Iterator<Item = &'n Node<'a>> {
    outline.of_kind(Kind::Operation).filter(|operation| parent(&operation.pointer) == item.pointer)
}

/// What to call an operation in a message.
pub(super) fn shown(operation: &Node<'_>) -> String {
    match operation.text("operationId") {
        Some(id) => format!("`{id}`"),
        None => format!("`{} {}`", operation.name().to_uppercase(), last(parent(&operation.pointer))),
    }
}

/// The responses of all operations, references resolved, each once.
pub(super) fn responses<'n, 'a>(outline: &'n Outline<'a>) -> Vec<&'n Node<'a>> {
    let mut seen = BTreeSet::new();
    let operations = outline.of_kind(Kind::Operation);
    let responses = operations.flat_map(|operation| outline.below(operation, "responses"));
    responses
        .filter_map(|response| outline.resolve(response))
        .filter(|response| seen.insert(response.pointer.as_str()))
        .collect()
}
