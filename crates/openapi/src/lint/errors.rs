//! The error catalogue and the responses say the same: which codes there are, where they come, how they look.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::calls::json;
use super::finding::Findings;
use super::outline::{Node, Outline};
use crate::document::pointer::child;

const CATALOG: &str = "/components/x-error-catalog";
/// The members of both envelopes that hold a code.
const CODE_MEMBERS: [&str; 2] = ["error_code", "resultcode"];

pub(super) fn check(outline: &Outline<'_>, document: &Value, findings: &mut Findings<'_>) {
    let empty = Map::new();
    let catalog = document.pointer(CATALOG).and_then(Value::as_object).unwrap_or(&empty);
    let mut used = BTreeSet::new();
    for response in outline.responses(&['4', '5', 'd']) {
        let shown = codes_of_examples(outline, response);
        let listed: Vec<&str> = response.list("x-error-codes").iter().filter_map(Value::as_str).collect();
        for (index, code) in listed.iter().enumerate() {
            let pointer = child(&response.at("x-error-codes"), index);
            if !catalog.contains_key(*code) {
                findings.report(
                    "codes-unknown",
                    &pointer,
                    format!("the catalogue does not list the code {code}"),
                );
            }
            // An error without a body has a finding of its own.
            if json(outline, response).is_some() && !shown.iter().any(|(_, shown)| shown == code) {
                findings.report(
                    "code-without-example",
                    &pointer,
                    format!("no example of the response shows the code {code}"),
                );
            }
        }
        for (pointer, code) in shown.iter().filter(|(_, code)| !listed.contains(&code.as_str())) {
            findings.report(
                "example-code",
                pointer,
                format!("the example shows the code {code}, which the response does not list"),
            );
        }
        used.extend(listed);
    }
    for (code, entry) in catalog {
        if !used.contains(code.as_str()) && entry.get("source").is_none() {
            findings.breach("catalog-unused", &child(CATALOG, code));
        }
    }
}

/// The codes that the examples of a response show, each with its pointer.
fn codes_of_examples(outline: &Outline<'_>, response: &Node<'_>) -> Vec<(String, String)> {
    let Some(media) = json(outline, response) else { return Vec::new() };
    let named = outline.below(media, "examples").filter_map(|example| outline.resolve(example));
    let named = named.filter_map(|example| Some((example.at("value"), example.get("value")?)));
    let values = named.chain(media.get("example").map(|value| (media.at("example"), value)));
    let codes = values.flat_map(|(pointer, value)| {
        CODE_MEMBERS.into_iter().filter_map(move |member| {
            let code = value.get(member).filter(|code| !code.is_null())?;
            Some((child(&pointer, member), code.as_str().map_or_else(|| code.to_string(), str::to_owned)))
        })
    });
    codes.collect()
}
