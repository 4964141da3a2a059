//! The official JSON Schema of OpenAPI 3.0.

use std::sync::LazyLock;

use jsonschema::{Draft, Validator};
use serde_json::Value;

use super::explain_schema_error::{UNKNOWN, explain};
use super::finding::Findings;
use crate::document::json::members;
use crate::document::pointer::last;

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
    for fault in explain(VALIDATOR.iter_errors(document)) {
        if fault.message.starts_with(UNKNOWN) {
            let meant = meant(&last(&fault.pointer)).map(|meant| format!(": did you mean `{meant}`?"));
            let message = fault.message + &meant.unwrap_or_default();
            findings.report("unknown-keyword", &fault.pointer, message);
        } else {
            findings.report("openapi-schema", &fault.pointer, fault.message);
        }
    }
}

/// The keyword that somebody may have misspelt, of all that the official schema knows anywhere.
fn meant(name: &str) -> Option<&'static str> {
    let definitions = members(&SCHEMA["definitions"]);
    let known = definitions.flat_map(|(_, definition)| members(&definition["properties"]));
    let known: Vec<&str> = known.map(|(name, _)| name.as_str()).collect();
    similar::get_close_matches(name, &known, 1, 0.75).first().copied().filter(|meant| *meant != name)
}
