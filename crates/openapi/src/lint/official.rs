//! The official JSON Schema of OpenAPI 3.0, and the typed model that the client generator reads.

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
                let meant =
                    meant(name).map_or_else(String::new, |meant| format!(": did you mean `{meant}`?"));
                findings.report("unknown-keyword", &fault.pointer, format!("{}{meant}", fault.message));
            }
            None => findings.report("openapi-schema", &fault.pointer, &fault.message),
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
        );
    }
}

/// The keyword that somebody may have misspelt, of all that the official schema knows anywhere.
fn meant(name: &str) -> Option<&'static str> {
    let definitions = SCHEMA.get("definitions").and_then(Value::as_object).into_iter().flatten();
    let members = definitions.filter_map(|(_, definition)| definition.get("properties")?.as_object());
    let known: Vec<&str> = members.flat_map(|members| members.keys().map(String::as_str)).collect();
    similar::get_close_matches(name, &known, 1, 0.75).first().copied().filter(|meant| *meant != name)
}
