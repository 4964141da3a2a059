//! Where null is allowed: by the document, and by the Rust client that is made of it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::finding::Findings;
use super::outline::{Node, Outline};
use crate::document::pointer::parent;

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    let replies = outline.reach(outline.responses(&['1', '2', '3', '4', '5', 'd']));
    for schema in outline.nodes().filter(|node| node.kind == "schema") {
        let is_nullable = schema.value["nullable"] == true;
        let takes_null = takes_null(outline, schema, &mut BTreeSet::new());
        if is_nullable && schema.get("type").is_some() && !takes_null {
            findings.breach("nullable-forbidden", &schema.at("nullable"));
        }
        if schema.role == "properties" && !takes_null && !is_nullable && replies.contains(&*schema.pointer) {
            findings.breach("reply-nullable", &schema.pointer);
        }
        needed(outline, schema, findings);
    }
}

/// Whether a schema takes null. `nullable` adds null to the `type` beside it and overrides nothing else (OpenAPI's proposal 003).
fn takes_null<'n>(outline: &'n Outline<'_>, schema: &'n Node<'_>, visited: &mut BTreeSet<&'n str>) -> bool {
    let Some(schema) = outline.resolve(schema) else { return true };
    // A schema that leads back to itself has a finding of its own.
    if !visited.insert(&schema.pointer) {
        return true;
    }
    (schema.get("type").is_none() || schema.value["nullable"] == true)
        && (schema.get("enum").is_none() || schema.list("enum").contains(&Value::Null))
        && outline.below(schema, "allOf").all(|part| takes_null(outline, part, visited))
        && ["anyOf", "oneOf"].into_iter().all(|key| {
            schema.list(key).is_empty()
                || outline.below(schema, key).any(|part| takes_null(outline, part, visited))
        })
}

/// The Rust client takes `nullable` off a schema with a name, and keeps null only where a member may be left out.
fn needed(outline: &Outline<'_>, node: &Node<'_>, findings: &mut Findings<'_>) {
    let part = if node.wraps_reference() { outline.below(node, "allOf").next() } else { Some(node) };
    let target = part.and_then(Node::reference).and_then(|reference| outline.target(reference));
    let owner = outline.at(parent(parent(&node.pointer)));
    let is_optional = node.role == "properties"
        && !owner.is_some_and(|owner| owner.list("required").contains(&Value::from(node.name())));
    // The part of a schema around a reference is looked at with that schema.
    if target.is_some_and(|target| target.value["nullable"] == true) && !is_optional && node.role != "allOf" {
        findings.breach("nullable-required", &node.pointer);
    }
}
