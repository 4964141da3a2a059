//! Numbers and their bounds.

use serde_json::Value;

use super::finding::Findings;
use super::outline::{Kind, Node, Outline};

/// Lower and upper bounds that belong together.
const PAIRS: [(&str, &str); 4] = [
    ("minimum", "maximum"),
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
];

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    for schema in outline.of_kind(Kind::Schema).filter(|schema| schema.reference().is_none()) {
        order(schema, findings);
        exclusive(schema, findings);
        // What wraps a reference has the bounds of its target.
        if schema.text("type") == Some("integer") && !schema.wraps_reference() {
            integer(schema, findings);
        }
    }
}

fn order(schema: &Node<'_>, findings: &mut Findings<'_>) {
    for (lower, upper) in PAIRS {
        let (Some(low), Some(high)) = (number(schema, lower), number(schema, upper)) else { continue };
        let is_exclusive = schema.is_true("exclusiveMinimum") || schema.is_true("exclusiveMaximum");
        if low > high || (lower == "minimum" && low >= high && is_exclusive) {
            findings.report(
                "bounds-order",
                &schema.at(lower),
                format!("no value lies between {lower} {low} and {upper} {high}"),
                "exchange or correct them",
            );
        }
    }
}

fn exclusive(schema: &Node<'_>, findings: &mut Findings<'_>) {
    for (flag, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if schema.get(flag).is_some() && schema.get(bound).is_none() {
            findings.report(
                "exclusive-without-bound",
                &schema.at(flag),
                format!("`{flag}` without `{bound}` means nothing, and progenitor panics on it"),
                format!("add `{bound}`, or remove `{flag}`"),
            );
        }
    }
}

fn integer(schema: &Node<'_>, findings: &mut Findings<'_>) {
    if schema.get("minimum").is_none() {
        findings.report(
            "integer-minimum",
            &schema.pointer,
            "the integer has no explicit minimum",
            "add `minimum`: 0 for a count, or the least that the page allows",
        );
    }
    let range = match schema.text("format") {
        Some("int32") => (f64::from(i32::MIN), f64::from(i32::MAX)),
        Some("int64") => (-9_223_372_036_854_775_808.0, 9_223_372_036_854_775_807.0),
        _ => {
            findings.report(
                "integer-format",
                &schema.pointer,
                "the integer does not say how large it is",
                "add `format: int32` or `format: int64`",
            );
            return;
        }
    };
    for bound in ["minimum", "maximum"] {
        let outside = number(schema, bound).is_some_and(|value| value < range.0 || value > range.1);
        if outside || schema.get(bound).is_some_and(Value::is_f64) {
            findings.report(
                "bounds-format",
                &schema.at(bound),
                format!(
                    "`{bound}` is no number of the format `{}`",
                    schema.text("format").unwrap_or_default()
                ),
                "write a whole number that the format can hold, or widen the format",
            );
        }
    }
}

fn number(schema: &Node<'_>, key: &str) -> Option<f64> {
    schema.get(key).and_then(Value::as_f64)
}
