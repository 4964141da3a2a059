//! The official JSON Schema of OpenAPI 3.0, and the typed model that the client generator reads.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jsonschema::{Draft, Validator};
use openapiv3::OpenAPI;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::document::pointer::child;

use super::culprit::{TWICE, culprits, place};
use super::finding::Findings;
use super::outline::Outline;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the file is the published schema, unchanged: it is JSON")]
    serde_json::from_str(include_str!("openapi-3.0.json")).expect("the official schema is JSON")
});

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let options = jsonschema::options().with_draft(Draft::Draft4);
    #[expect(clippy::expect_used, reason = "the file is the published schema, unchanged: it compiles")]
    options.build(&SCHEMA).expect("the official schema is a schema")
});

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    version(outline.document(), findings);
    let mut faults = culprits(VALIDATOR.iter_errors(outline.document()));
    // Two equal parameters have a rule of their own, which names them.
    faults.retain(|fault| !(fault.message == TWICE && fault.pointer.ends_with("/parameters")));
    for culprit in &faults {
        let pointer = place("", culprit);
        match &culprit.unknown {
            Some(name) => {
                findings.report("unknown-keyword", &pointer, &culprit.message, unknown_advice(name))
            }
            None => findings.report(
                "openapi-schema",
                &pointer,
                &culprit.message,
                "write what OpenAPI 3.0.3 defines for this place",
            ),
        }
    }
    // What the schema found, the typed model would only find again, in worse words.
    if faults.is_empty() {
        model(outline.document(), findings);
    }
}

fn version(document: &Value, findings: &mut Findings<'_>) {
    if document.get("openapi").and_then(Value::as_str) != Some("3.0.3") {
        findings.report(
            "openapi-version",
            "/openapi",
            "the document is not written for OpenAPI 3.0.3",
            "write `openapi: 3.0.3`, the edition that all the tools around it are tried with",
        );
    }
}

fn unknown_advice(name: &str) -> String {
    let keywords = keywords();
    let known: Vec<&str> = keywords.iter().map(String::as_str).collect();
    match similar::get_close_matches(name, &known, 1, 0.75).first() {
        Some(meant) if *meant != name => format!("did you mean `{meant}`?"),
        Some(_) => "OpenAPI 3.0.3 has it elsewhere, but not here: move or remove it".to_owned(),
        None => "remove it, or make it an extension by starting its name with `x-`".to_owned(),
    }
}

/// The names of all members that the official schema knows anywhere.
fn keywords() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let definitions = SCHEMA.get("definitions").and_then(Value::as_object);
    for definition in definitions.into_iter().flat_map(|definitions| definitions.values()) {
        let members = definition.get("properties").and_then(Value::as_object);
        found.extend(members.into_iter().flat_map(|members| members.keys().cloned()));
    }
    found
}

fn model(document: &Value, findings: &mut Findings<'_>) {
    if let Err(error) = serde_path_to_error::deserialize::<_, OpenAPI>(document) {
        let mut pointer = String::new();
        for segment in error.path() {
            match segment {
                Segment::Seq { index } => pointer = child(&pointer, index),
                Segment::Map { key } => pointer = child(&pointer, key),
                Segment::Enum { .. } | Segment::Unknown => break,
            }
        }
        findings.report(
            "openapi-model",
            &pointer,
            format!("the typed model of OpenAPI cannot read this, {}", error.inner()),
            "write it in the way of the OpenAPI 3.0.3 examples",
        );
    }
}
