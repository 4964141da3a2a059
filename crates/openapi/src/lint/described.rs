//! Everything that a reader meets has a description, and whatever has a value has an example.
//!
//! A property that only refers to a schema needs both of its own as well: what a `DeviceId` is does not say which
//! device this one names. Parts without a name (`items`, `allOf`, the schema of a parameter) need neither.

use serde_json::Value;

use crate::document::pointer::child;

use super::finding::Findings;
use super::outline::{Kind, Node, Outline};

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    for node in outline.nodes().filter(|node| node.reference().is_none() || node.role == "properties") {
        if needs_description(node) && is_blank(node.get("description")) {
            findings.report(
                "missing-description",
                &node.pointer,
                format!("the {} {} has no description", noun(node), shown(node)),
                advice(node, "`description`"),
            );
        }
        if needs_example(node) && !has_example(node) {
            findings.report(
                "missing-example",
                &node.pointer,
                format!("the {} {} has no example", noun(node), shown(node)),
                advice(node, "`example`"),
            );
        }
    }
    prose(outline.document(), findings);
}

fn needs_description(node: &Node<'_>) -> bool {
    match node.kind {
        Kind::Operation
        | Kind::Parameter
        | Kind::RequestBody
        | Kind::Response
        | Kind::Header
        | Kind::SecurityScheme => true,
        Kind::Schema => is_named(node),
        _ => false,
    }
}

fn needs_example(node: &Node<'_>) -> bool {
    match node.kind {
        Kind::Parameter | Kind::Header | Kind::MediaType => true,
        Kind::Schema => is_named(node),
        _ => false,
    }
}

fn is_named(schema: &Node<'_>) -> bool {
    schema.is_component() || schema.role == "properties"
}

fn has_example(node: &Node<'_>) -> bool {
    let has_examples = node.kind != Kind::Schema && node.map("examples").next().is_some();
    node.get("example").is_some() || has_examples
}

fn noun(node: &Node<'_>) -> &'static str {
    if node.role == "properties" { "property" } else { node.kind.noun() }
}

fn shown(node: &Node<'_>) -> String {
    let name = match node.kind {
        Kind::Operation => node.text("operationId"),
        Kind::Parameter => node.text("name"),
        _ => None,
    };
    format!("`{}`", name.map_or_else(|| node.name(), str::to_owned))
}

fn advice(node: &Node<'_>, member: &str) -> String {
    if node.reference().is_some() {
        return format!("write `allOf: [{{$ref: …}}]` with {member} beside it");
    }
    match (node.kind, member) {
        (Kind::MediaType | Kind::Parameter | Kind::Header, "`example`") => {
            "add `example` or `examples`".to_owned()
        }
        _ => format!("add {member}"),
    }
}

/// The parts of a document that are nodes of no rule's concern but this one.
fn prose(document: &Value, findings: &mut Findings<'_>) {
    if is_blank(document.pointer("/info/description")) {
        findings.report(
            "missing-description",
            "/info",
            "the document does not say what it describes",
            "add `description`",
        );
    }
    for list in ["/servers", "/tags"] {
        let items = document.pointer(list).and_then(Value::as_array).into_iter().flatten();
        for (index, _) in items.enumerate().filter(|(_, item)| is_blank(item.get("description"))) {
            let noun = if list == "/servers" { "server" } else { "tag" };
            findings.report(
                "missing-description",
                &child(list, index),
                format!("the {noun} has no description"),
                "add `description`",
            );
        }
    }
}

fn is_blank(text: Option<&Value>) -> bool {
    text.and_then(Value::as_str).is_none_or(|text| text.trim().is_empty())
}
