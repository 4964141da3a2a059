//! Our extensions: what shapes cannot say has rules, too.

use std::collections::BTreeSet;

use serde_json::Value;

use super::finding::Findings;
use super::json_schema::faults;
use super::outline::{self, Node, Outline};
use crate::document::Document;
use crate::document::json::{members, texts};

/// The names of our extensions below `info`, which has one more.
pub fn extensions() -> impl Iterator<Item = &'static str> {
    outline::extensions().map(|(name, _)| name)
}

pub(super) fn check(outline: &Outline<'_>, document: &Document, findings: &mut Findings<'_>) {
    for node in outline.nodes() {
        for name in members(node.value).map(|(name, _)| name).filter(|name| name.starts_with("x-")) {
            if !outline::extensions().any(|known| known == (name.as_str(), node.kind)) {
                let (kind, known) = (node.kind, extensions().collect::<Vec<_>>().join(", "));
                let message = format!("`{name}` of a {kind} is no extension of ours, which are {known}");
                findings.report("unknown-extension", &node.at(name), message);
            }
        }
    }
    for schema in outline.of_kind("schema") {
        lifecycle(schema, findings);
        constant_names(schema, findings);
        known_values(outline, schema, findings);
        content_schema(outline, document, schema, findings);
    }
}

/// Each value has a list of the values that may follow it.
fn lifecycle(schema: &Node<'_>, findings: &mut Findings<'_>) {
    let Some(lifecycle) = schema.get("x-lifecycle") else { return };
    let values: BTreeSet<&str> = texts(&schema.value["enum"]).collect();
    let mut report = |message| findings.report("lifecycle", &schema.at("x-lifecycle"), message);
    for value in values.iter().filter(|value| !lifecycle[**value].is_array()) {
        report(format!("`{value}` has no list of followers"));
    }
    let named = members(lifecycle).flat_map(|(status, next)| texts(next).chain([status.as_str()]));
    for stranger in named.filter(|name| !values.contains(name)) {
        report(format!("`{stranger}` is no value of the enum"));
    }
}

/// What generators call the values of an enum.
fn constant_names(schema: &Node<'_>, findings: &mut Findings<'_>) {
    let names: BTreeSet<&str> = texts(&schema.value["x-enum-varnames"]).collect();
    if schema.get("x-enum-varnames").is_some() && names.len() != schema.list("enum").len() {
        findings.breach("enum-varnames", &schema.at("x-enum-varnames"));
    }
}

/// An open list: a text whose description has the values that are known, which a schema lists for those who can use it.
fn known_values(outline: &Outline<'_>, schema: &Node<'_>, findings: &mut Findings<'_>) {
    let Some(value) = schema.get("x-known-values") else { return };
    let lists_texts =
        |target: &&Node<'_>| target.text("type") == Some("string") && target.get("enum").is_some();
    let Some(target) = named(outline, value).filter(lists_texts) else {
        findings.report(
            "known-values",
            &schema.at("x-known-values"),
            "`x-known-values` does not name a schema of this document that lists texts",
        );
        return;
    };
    let description = schema.text("description").unwrap_or_default();
    for value in texts(&target.value["enum"]) {
        if !description.contains(&format!("`{value}`")) {
            findings.report(
                "known-values",
                &schema.at("description"),
                format!("the description leaves `{value}` out, which `{}` lists", target.name()),
            );
        }
    }
}

/// A text that holds JSON: the schema of that JSON exists, and the example fits it.
fn content_schema(
    outline: &Outline<'_>,
    document: &Document,
    schema: &Node<'_>,
    findings: &mut Findings<'_>,
) {
    let Some(value) = schema.get("x-content-schema") else { return };
    let Some(target) = named(outline, value) else {
        findings.breach("content-schema", &schema.at("x-content-schema"));
        return;
    };
    let Some(text) = schema.text("example") else { return };
    let mut report = |message| findings.report("embedded-example", &schema.at("example"), message);
    match serde_json::from_str::<Value>(text) {
        Err(error) => report(format!("the text is not JSON, {error}")),
        Ok(value) => {
            for fault in faults(document, target, &value) {
                report(format!("the text does not fit `{}`, {}", target.name(), fault.message));
            }
        }
    }
}

/// The schema with a name of its own to which an extension refers.
fn named<'n, 'a>(outline: &'n Outline<'a>, reference: &Value) -> Option<&'n Node<'a>> {
    let target = outline.target(reference.as_str()?)?;
    (target.kind == "schema" && target.is_component()).then_some(target)
}
