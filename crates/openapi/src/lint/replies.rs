//! Replies stay open: nothing that the platform adds, leaves out or lengthens may make a reply undecodable.

use serde_json::Value;

use super::finding::Findings;
use super::operations::responses;
use super::outline::{Kind, Node, Outline};
use super::schemas::takes_null;

/// What the generated types would enforce while decoding.
const ENFORCED: [&str; 8] = [
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    let reached = outline.reach(responses(outline));
    let schemas = outline.of_kind(Kind::Schema).filter(|schema| schema.reference().is_none());
    for schema in schemas.filter(|schema| reached.contains(schema.pointer.as_str())) {
        closed(schema, findings);
        constraints(schema, findings);
        if schema.get("required").is_some() {
            findings.report(
                "reply-required",
                &schema.at("required"),
                "a reply that lacks one of these members would not decode",
                "remove `required`: the page marks no member of a reply as needed",
            );
        }
        // What is marked and forbids null all the same has a finding of its own.
        let refuses = |property: &&Node<'_>| !property.is_true("nullable") && !takes_null(outline, property);
        for property in outline.below(schema, "properties").filter(refuses) {
            findings.report(
                "reply-nullable",
                &property.pointer,
                format!("a reply in which `{}` is null would not decode", property.name()),
                "add `nullable: true`",
            );
        }
    }
}

fn closed(schema: &Node<'_>, findings: &mut Findings<'_>) {
    let is_object = schema.text("type") == Some("object") || schema.get("properties").is_some();
    let extra = schema.get("additionalProperties");
    if !is_object
        || schema.wraps_reference()
        || extra.and_then(Value::as_object).is_some_and(serde_json::Map::is_empty)
    {
        return;
    }
    let (place, message) = match extra {
        None => (schema.pointer.clone(), "members that the document does not list would be dropped"),
        Some(Value::Bool(false)) => (
            schema.at("additionalProperties"),
            "a reply with a member that the document does not list would not decode",
        ),
        Some(Value::Bool(true)) => {
            (schema.at("additionalProperties"), "progenitor keeps further members only if `{}` is written")
        }
        Some(_) => (schema.at("additionalProperties"), "a further member of another form would not decode"),
    };
    findings.report("closed-reply", &place, message, "write `additionalProperties: {}`");
}

fn constraints(schema: &Node<'_>, findings: &mut Findings<'_>) {
    for keyword in ENFORCED.into_iter().filter(|keyword| schema.get(keyword).is_some()) {
        findings.report(
            "reply-constraint",
            &schema.at(keyword),
            format!("a reply that breaks `{keyword}` would not decode"),
            "say it in the description; only requests are held to it",
        );
    }
    // `format: password` is advice for a display and restricts nothing.
    let format = schema.text("format").filter(|format| *format != "password");
    if let Some(format) = format.filter(|_| schema.text("type") == Some("string")) {
        findings.report(
            "reply-constraint",
            &schema.at("format"),
            format!("a reply whose text is no {format} would not decode"),
            "say it in the description",
        );
    }
    if schema.get("minimum").and_then(Value::as_i64) == Some(1) {
        findings.report(
            "reply-constraint",
            &schema.at("minimum"),
            "typify turns this into a type without 0, so that a 0 would not decode",
            "write `minimum: 0`, and say the rest in the description",
        );
    }
    if schema.get("enum").is_some() {
        findings.report(
            "reply-constraint",
            &schema.at("enum"),
            "a reply with a value that is not listed would not decode",
            "write `type: string` with the known values in the description, and name a schema that lists them in `x-known-values`",
        );
    }
}
