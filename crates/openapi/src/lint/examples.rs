//! Examples and defaults fit their schemas, and a text that is said to hold JSON holds it.

use serde_json::Value;

use crate::document::pointer::child;

use super::culprit::{culprits, place};
use super::finding::Findings;
use super::json_schema::Translated;
use super::outline::{Kind, Node, Outline};

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    let translated = Translated::of(outline);
    for node in outline.nodes().filter(|node| node.reference().is_none()) {
        let schema = match node.kind {
            Kind::Schema => Value::Object(node.members.clone()),
            Kind::Parameter | Kind::Header | Kind::MediaType => match node.get("schema") {
                Some(schema) => schema.clone(),
                None => continue,
            },
            _ => continue,
        };
        let values = values(outline, node);
        if values.is_empty() {
            continue;
        }
        let Some(validator) = translated.validator(&schema) else { continue };
        for Shown { rule, noun, pointer, value } in values {
            for culprit in culprits(validator.iter_errors(value)) {
                findings.report(
                    rule,
                    &place(&pointer, &culprit),
                    format!(
                        "the {noun} does not fit its schema, {}",
                        culprit.message.replace("keyword", "member")
                    ),
                    format!("correct the {noun}, or the schema if that is wrong"),
                );
            }
        }
        embedded(outline, &translated, node, findings);
    }
}

/// A value that the document shows for a schema.
struct Shown<'a> {
    rule: &'static str,
    noun: &'static str,
    pointer: String,
    value: &'a Value,
}

fn values<'a>(outline: &Outline<'a>, node: &Node<'a>) -> Vec<Shown<'a>> {
    let mut found = Vec::new();
    if let Some(value) = node.get("example") {
        found.push(Shown { rule: "example-invalid", noun: "example", pointer: node.at("example"), value });
    }
    if node.kind == Kind::Schema {
        if let Some(value) = node.get("default") {
            found.push(Shown {
                rule: "default-invalid",
                noun: "default",
                pointer: node.at("default"),
                value,
            });
        }
        return found;
    }
    for (pointer, value) in named_examples(outline, node) {
        found.push(Shown { rule: "example-invalid", noun: "example", pointer, value });
    }
    found
}

/// The values of `examples`, each with its pointer.
pub(super) fn named_examples<'a>(outline: &Outline<'a>, node: &Node<'a>) -> Vec<(String, &'a Value)> {
    outline
        .below(node, "examples")
        .filter_map(|example| outline.resolve(example))
        .filter_map(|example| Some((child(&example.pointer, "value"), example.get("value")?)))
        .collect()
}

/// The example of a string with `x-content-schema` is JSON that fits that schema.
fn embedded(outline: &Outline<'_>, translated: &Translated, node: &Node<'_>, findings: &mut Findings<'_>) {
    let content = node.text("x-content-schema").and_then(|reference| outline.target(reference));
    let (Some(content), Some(text)) = (content, node.text("example")) else { return };
    let pointer = node.at("example");
    let faults: Vec<String> = match serde_json::from_str::<Value>(text) {
        Err(error) => vec![format!("the text is not JSON, {error}")],
        Ok(value) => match translated.validator(&Value::Object(content.members.clone())) {
            None => Vec::new(),
            Some(validator) => culprits(validator.iter_errors(&value))
                .into_iter()
                .map(|culprit| format!("the text does not fit `{}`, {}", content.name(), culprit.message))
                .collect(),
        },
    };
    for fault in faults {
        findings.report("embedded-example", &pointer, fault, "show a text as the platform sends it");
    }
}
