//! What the results of commands have in common when they are JSON. `results.schema.json` describes each of them, and a test holds it.

use std::time::SystemTime;

use northbound::Summary;
use serde_json::{Map, Value, json};

/// The JSON Schema of all results.
pub(crate) const SCHEMA: &str = include_str!("../results.schema.json");

/// A result of calls to this endpoint that is complete now, with the members of some objects.
pub(crate) fn result_of(endpoint: Option<&str>, objects: impl IntoIterator<Item = Value>) -> Value {
    let at = humantime::format_rfc3339_millis(SystemTime::now()).to_string();
    let source = json!({ "at": at, "endpoint": endpoint.map(|endpoint| endpoint.trim_end_matches('/')) });
    let objects = [source].into_iter().chain(objects);
    objects.filter_map(|object| object.as_object().cloned()).flatten().collect::<Map<_, _>>().into()
}

/// The result of a summary, with further members.
pub(crate) fn summary(endpoint: &str, summary: &Summary, further: Value) -> Value {
    let counted = json!({ "settled": summary.settled(), "failed": summary.failed() });
    result_of(Some(endpoint), [json!(summary), counted, further])
}
