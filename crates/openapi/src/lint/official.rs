//! The official JSON Schema of OpenAPI 3.0, and the typed model that the client generator reads.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jsonschema::{Draft, Validator};
use openapiv3::OpenAPI;
use serde_json::Value;
use serde_path_to_error::Segment;

use super::explain_schema_error::explain;
use super::finding::Findings;
use crate::document::pointer::child;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the file is the published schema, unchanged: it is JSON")]
    serde_json::from_str(include_str!("openapi-3.0.json")).expect("the official schema is JSON")
});

static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    let options = jsonschema::options().with_draft(Draft::Draft4);
    #[expect(clippy::expect_used, reason = "the file is the published schema, unchanged: it compiles")]
    options.build(&SCHEMA).expect("the official schema is a schema")
});

pub(super) fn check(document: &Value, findings: &mut Findings<'_>) {
    let faults = explain(VALIDATOR.iter_errors(document));
    for fault in &faults {
        match &fault.unknown {
            Some(name) => {
                findings.report("unknown-keyword", &fault.pointer, &fault.message, unknown_advice(name))
            }
            None => findings.report(
                "openapi-schema",
                &fault.pointer,
                &fault.message,
                "write what OpenAPI 3.0.3 defines for this place",
            ),
        }
    }
    // What the schema found, the typed model would only find again, in worse words.
    if faults.is_empty()
        && let Err(error) = serde_path_to_error::deserialize::<_, OpenAPI>(document)
    {
        let keys = error.path().iter().map_while(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { .. } | Segment::Unknown => None,
        });
        findings.report(
            "openapi-model",
            &keys.fold(String::new(), |pointer, key| child(&pointer, key)),
            format!("the typed model of OpenAPI cannot read this, {}", error.inner()),
            "write it in the way of the OpenAPI 3.0.3 examples",
        );
    }
}

fn unknown_advice(name: &str) -> String {
    // The names of all members that the official schema knows anywhere.
    let definitions = SCHEMA.get("definitions").and_then(Value::as_object).into_iter().flatten();
    let members = definitions.filter_map(|(_, definition)| definition.get("properties")?.as_object());
    let known: BTreeSet<&str> = members.flat_map(|members| members.keys().map(String::as_str)).collect();
    match similar::get_close_matches(name, &known.into_iter().collect::<Vec<_>>(), 1, 0.75).first() {
        Some(meant) if *meant != name => format!("did you mean `{meant}`?"),
        Some(_) => "OpenAPI 3.0.3 has it elsewhere, but not here: move or remove it".to_owned(),
        None => "remove it, or make it an extension by starting its name with `x-`".to_owned(),
    }
}
