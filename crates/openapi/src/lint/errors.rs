//! The error catalogue and the responses say the same: which codes there are, where they come, how they look.

use std::collections::BTreeSet;

use serde_json::Value;

use super::calls::json;
use super::finding::Findings;
use super::outline::{Node, Outline};
use crate::document::json::{members, shown, texts};
use crate::document::pointer::child;

/// The members of both envelopes that hold a code.
const CODE_MEMBERS: [&str; 2] = ["error_code", "resultcode"];

pub(super) fn check(outline: &Outline<'_>, document: &Value, findings: &mut Findings<'_>) {
    let catalog = &document["components"]["x-error-catalog"];
    let mut used = BTreeSet::new();
    for response in outline.responses(&['2', '4', '5', 'd']) {
        let shown = codes_of_examples(outline, response);
        let listed: Vec<&str> = texts(&response.value["x-error-codes"]).collect();
        for (index, code) in listed.iter().enumerate() {
            let pointer = child(&response.at("x-error-codes"), index);
            if catalog.get(code).is_none_or(|entry| entry.get("of").is_some()) {
                let message = format!("the catalogue has no code {code} of calls");
                findings.report("codes-unknown", &pointer, message);
            }
            // An error without a body has a finding of its own.
            if json(outline, response).is_some() && !shown.iter().any(|(_, shown)| shown == code) {
                let message = format!("no example of the response shows the code {code}");
                findings.report("code-without-example", &pointer, message);
            }
        }
        for (pointer, code) in shown.iter().filter(|(_, code)| !listed.contains(&code.as_str())) {
            let message = format!("the example shows the code {code}, which the response does not list");
            findings.report("example-code", pointer, message);
        }
        used.extend(listed);
    }
    for (code, entry) in members(catalog) {
        if !used.contains(code.as_str()) && entry.get("source").is_none() {
            findings.breach("catalog-unused", &child("/components/x-error-catalog", code));
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
            Some((child(&pointer, member), shown(code)))
        })
    });
    codes.collect()
}
