//! Schemas that contradict themselves, and those that typify gives up on.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::pointer::parent;

use super::culprit::shown;
use super::finding::Findings;
use super::outline::{Kind, Node, Outline};

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    outline.of_kind(Kind::Schema).for_each(|schema| nullable_required(outline, schema, findings));
    for schema in outline.of_kind(Kind::Schema).filter(|schema| schema.reference().is_none()) {
        keywords(schema, findings);
        enumeration(schema, findings);
        required(outline, schema, findings);
        if schema.is_true("nullable") && schema.get("type").is_some() && !takes_null(outline, schema) {
            findings.report(
                "nullable-forbidden",
                &schema.at("nullable"),
                "what stands beside `nullable` forbids null: a schema in it, or its list of values, does not have null",
                "write `nullable: true` in the schema that it refers to, or write that schema out here",
            );
        }
        if schema.is_true("nullable") && schema.get("type").is_none() {
            findings.report(
                "nullable-without-type",
                &schema.at("nullable"),
                "`nullable` means something beside `type` only (OpenAPI 3.0.3), and other readers refuse it alone",
                "write the `type` beside it, that of the target if it is a reference; any type takes null without it",
            );
        } else if schema.get("type").is_none() && means_one_type(schema) {
            findings.report(
                "type-missing",
                &schema.pointer,
                "there is no `type`: some generators make a client of it that does not compile",
                "write the `type` beside it, that of the target if it is a reference",
            );
        }
        if schema.text("type") == Some("array") && schema.get("items").is_none() {
            findings.report(
                "items-missing",
                &schema.pointer,
                "the list does not say what it holds",
                "add `items`",
            );
        }
    }
}

/// Whether a schema is a reference in all but form, or has a keyword that restricts values of one type.
fn means_one_type(schema: &Node<'_>) -> bool {
    // Values without a type have a finding of their own.
    let mut keywords = KEYWORDS_OF_TYPES.iter().map(|(keyword, _)| *keyword).filter(|one| *one != "enum");
    schema.wraps_reference() || keywords.any(|keyword| schema.get(keyword).is_some())
}

/// Whether a schema takes null. `nullable` adds null to the `type` beside it and overrides nothing else (OpenAPI's proposal 003).
pub(super) fn takes_null(outline: &Outline<'_>, schema: &Node<'_>) -> bool {
    null_fits(outline, schema, &mut BTreeSet::new())
}

fn null_fits<'n>(outline: &'n Outline<'_>, schema: &'n Node<'_>, visited: &mut BTreeSet<&'n str>) -> bool {
    let Some(schema) = outline.resolve(schema) else { return true };
    // A schema that leads back to itself has a finding of its own.
    if !visited.insert(&schema.pointer) {
        return true;
    }
    (schema.get("type").is_none() || schema.is_true("nullable"))
        && (schema.get("enum").is_none() || schema.list("enum").contains(&Value::Null))
        && outline.below(schema, "allOf").all(|part| null_fits(outline, part, visited))
        && ["anyOf", "oneOf"].into_iter().all(|key| {
            schema.list(key).is_empty()
                || outline.below(schema, key).any(|part| null_fits(outline, part, visited))
        })
}

/// The Rust client takes `nullable` off a schema with a name, and keeps null only where a member may be left out.
fn nullable_required(outline: &Outline<'_>, node: &Node<'_>, findings: &mut Findings<'_>) {
    let part = if node.wraps_reference() { outline.below(node, "allOf").next() } else { Some(node) };
    let target = part.and_then(Node::reference).and_then(|reference| outline.target(reference));
    let is_affected = target.is_some_and(|target| target.is_true("nullable"));
    let owner = outline.at(parent(parent(&node.pointer)));
    let is_optional = node.role == "properties"
        && !owner.is_some_and(|owner| owner.list("required").contains(&Value::from(node.name())));
    // The part of a schema around a reference is looked at with that schema.
    if is_affected && !is_optional && node.role != "allOf" {
        findings.report(
            "nullable-required",
            &node.pointer,
            "null would not decode here: the Rust client keeps it only for a member that may be left out",
            "write the schema out here, or let the member be optional",
        );
    }
}

/// The keywords that mean something for one type only, and which type that is.
const KEYWORDS_OF_TYPES: [(&str, &[&str]); 18] = [
    ("minLength", &["string"]),
    ("maxLength", &["string"]),
    ("pattern", &["string"]),
    ("minimum", &["integer", "number"]),
    ("maximum", &["integer", "number"]),
    ("exclusiveMinimum", &["integer", "number"]),
    ("exclusiveMaximum", &["integer", "number"]),
    ("multipleOf", &["integer", "number"]),
    ("items", &["array"]),
    ("minItems", &["array"]),
    ("maxItems", &["array"]),
    ("uniqueItems", &["array"]),
    ("properties", &["object"]),
    ("additionalProperties", &["object"]),
    ("minProperties", &["object"]),
    ("maxProperties", &["object"]),
    ("required", &["object"]),
    ("enum", &["string", "integer", "number", "boolean"]),
];

fn keywords(schema: &Node<'_>, findings: &mut Findings<'_>) {
    if schema.get("not").is_some() {
        findings.report(
            "keyword-type",
            &schema.at("not"),
            "typify panics on most forms of `not`",
            "say what is allowed instead",
        );
    }
    // A type that OpenAPI does not know has been found by the official schema.
    let is_known = |kind: &&str| KEYWORDS_OF_TYPES.iter().any(|(_, types)| types.contains(kind));
    let Some(kind) = schema.text("type").filter(is_known) else { return };
    for (keyword, types) in KEYWORDS_OF_TYPES {
        if schema.get(keyword).is_some() && !types.contains(&kind) {
            findings.report(
                "keyword-type",
                &schema.at(keyword),
                format!("`{keyword}` says nothing about the type `{kind}`, and typify panics on it"),
                format!("remove it, or write `type: {}`", types.join("` or `")),
            );
        }
    }
}

fn enumeration(schema: &Node<'_>, findings: &mut Findings<'_>) {
    let mut seen: Vec<&Value> = Vec::new();
    for (index, value) in schema.list("enum").iter().enumerate() {
        let pointer = format!("{}/{index}", schema.at("enum"));
        if seen.contains(&value) {
            findings.report(
                "enum-double",
                &pointer,
                format!("the value {} is listed twice", shown(value)),
                "remove one of the two",
            );
        }
        seen.push(value);
        let fits = match schema.text("type") {
            Some("string") => value.is_string(),
            Some("integer") => value.is_i64() || value.is_u64(),
            Some("number") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            _ => continue,
        };
        let is_marked_null = value.is_null() && schema.is_true("nullable");
        if !fits && !is_marked_null {
            findings.report(
                "enum-type",
                &pointer,
                format!("the value {} is no {}", shown(value), schema.text("type").unwrap_or_default()),
                "write a value of that type; quotes make a text",
            );
        }
    }
    if schema.get("enum").is_some() && schema.get("type").is_none() {
        findings.report(
            "enum-type",
            &schema.at("enum"),
            "the values have no type beside them",
            "add `type: string`, or the type that they have",
        );
    }
}

fn required(outline: &Outline<'_>, schema: &Node<'_>, findings: &mut Findings<'_>) {
    if schema.list("required").is_empty() {
        return;
    }
    // A part of an `allOf` may require what its neighbours declare.
    let whole = match schema.role {
        "allOf" => outline.at(parent(parent(&schema.pointer))).unwrap_or(schema),
        _ => schema,
    };
    let mut declared = BTreeSet::new();
    properties(outline, whole, &mut BTreeSet::new(), &mut declared);
    for (index, name) in schema.list("required").iter().enumerate() {
        let Some(name) = name.as_str() else { continue };
        if !declared.contains(name) {
            findings.report(
                "required-undeclared",
                &format!("{}/{index}", schema.at("required")),
                format!("`{name}` is required, but it is no property of the schema"),
                "declare it under `properties`, or correct the name",
            );
        }
    }
}

/// Collects the names of the properties of a schema, those of its parts included.
fn properties<'n>(
    outline: &'n Outline<'_>,
    schema: &'n Node<'_>,
    visited: &mut BTreeSet<&'n str>,
    found: &mut BTreeSet<&'n str>,
) {
    let Some(schema) = outline.resolve(schema) else { return };
    if !visited.insert(&schema.pointer) {
        return;
    }
    found.extend(schema.map("properties").map(|(name, _)| name.as_str()));
    for key in ["allOf", "oneOf", "anyOf"] {
        outline.below(schema, key).for_each(|part| properties(outline, part, visited, found));
    }
}
