//! The error catalogue and the responses say the same: which codes there are, where they come, how they look.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::document::Document;
use crate::document::pointer::child;

use super::culprit::shown;
use super::examples::named_examples;
use super::finding::Findings;
use super::names::is_variant;
use super::operations::responses;
use super::outline::{Kind, Node, Outline};
use super::responses::json;

const CATALOG: &str = "/components/x-error-catalog";
const NEEDED: [&str; 5] = ["name", "text", "meaning", "remedy", "action"];
const ACTIONS: [&str; 5] = ["fix-request", "fix-configuration", "log-in-again", "wait-for-quota", "retry"];
/// The members of both envelopes that hold a code.
const CODE_MEMBERS: [&str; 2] = ["error_code", "resultcode"];

pub(super) fn check(outline: &Outline<'_>, document: &Document, findings: &mut Findings<'_>) {
    let empty = Map::new();
    let catalog = outline.document().pointer(CATALOG).and_then(Value::as_object).unwrap_or(&empty);
    let mut names = BTreeMap::new();
    for (code, entry) in catalog {
        let pointer = child(CATALOG, code);
        if document.has_unquoted_key(&pointer) {
            findings.report(
                "catalog-entry",
                &pointer,
                format!("the code {code} is written as a number"),
                format!("write `'{code}':`, because codes are text"),
            );
        }
        members(&pointer, code, entry, findings);
        unique_name(&pointer, code, entry, &mut names, findings);
    }
    let errors = error_responses(outline);
    for response in &errors {
        codes(response, catalog, findings);
        examples(outline, response, findings);
    }
    unused(catalog, &errors, findings);
}

fn members(pointer: &str, code: &str, entry: &Value, findings: &mut Findings<'_>) {
    let text = |name: &str| entry.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    for name in NEEDED.into_iter().filter(|name| text(name).is_none()) {
        let message = format!("the code {code} has no `{name}`");
        findings.report("catalog-entry", &child(pointer, name), message, format!("add `{name}`, as a text"));
    }
    if let Some(name) = text("name").filter(|name| !is_variant(name) || *name == "Unknown") {
        findings.report(
            "catalog-entry",
            &child(pointer, "name"),
            format!("the name `{name}` cannot become a Rust variant"),
            "write it in UpperCamelCase, with ASCII letters and digits; `Unknown` is taken",
        );
    }
    if let Some(action) = text("action").filter(|action| !ACTIONS.contains(action)) {
        findings.report(
            "catalog-entry",
            &child(pointer, "action"),
            format!("`{action}` is no action that a client knows"),
            format!("write one of {}", ACTIONS.join(", ")),
        );
    }
    for name in entry.as_object().into_iter().flat_map(Map::keys) {
        if !NEEDED.contains(&name.as_str()) && name != "source" {
            findings.report(
                "catalog-entry",
                &child(pointer, name),
                format!("`{name}` is no member of a catalogue entry"),
                format!("write one of {}, source", NEEDED.join(", ")),
            );
        }
    }
    if entry.get("source").is_some() && text("source").is_none() {
        findings.report(
            "catalog-entry",
            &child(pointer, "source"),
            "the source is no text",
            "say in words where the code is known from",
        );
    }
}

fn unique_name<'a>(
    pointer: &str,
    code: &'a str,
    entry: &'a Value,
    names: &mut BTreeMap<&'a str, &'a str>,
    findings: &mut Findings<'_>,
) {
    let Some(name) = entry.get("name").and_then(Value::as_str) else { return };
    match names.get(name) {
        Some(other) => findings.report(
            "catalog-entry",
            &child(pointer, "name"),
            format!("the codes {code} and {other} have the same name `{name}`"),
            "give each code a name of its own",
        ),
        None => drop(names.insert(name, code)),
    }
}

/// The responses that stand for an error in some operation.
fn error_responses<'n, 'a>(outline: &'n Outline<'a>) -> Vec<&'n Node<'a>> {
    let operations = outline.of_kind(Kind::Operation);
    let errors: BTreeSet<&str> = operations
        .flat_map(|operation| outline.below(operation, "responses"))
        .filter(|response| response.name().starts_with(['4', '5']) || response.name() == "default")
        .filter_map(|response| outline.resolve(response))
        .map(|response| response.pointer.as_str())
        .collect();
    responses(outline).into_iter().filter(|response| errors.contains(response.pointer.as_str())).collect()
}

fn codes(response: &Node<'_>, catalog: &Map<String, Value>, findings: &mut Findings<'_>) {
    let codes = response.list("x-error-codes");
    if codes.is_empty() {
        findings.report(
            "codes-missing",
            &response.pointer,
            "the error response does not say which codes it may carry",
            "add `x-error-codes`, a list of codes in quotes",
        );
    }
    for (index, code) in codes.iter().enumerate() {
        let pointer = child(&response.at("x-error-codes"), index);
        match code.as_str() {
            None => findings.report(
                "codes-unknown",
                &pointer,
                format!("the code {} is no text", shown(code)),
                "write it in quotes",
            ),
            Some(text) if !catalog.contains_key(text) => findings.report(
                "codes-unknown",
                &pointer,
                format!("the catalogue does not list the code {text}"),
                "describe it under `components/x-error-catalog`, or correct it",
            ),
            Some(_) => {}
        }
        if codes[..index].contains(code) {
            findings.report(
                "codes-double",
                &pointer,
                format!("the code {} is listed twice", shown(code)),
                "remove one of the two",
            );
        }
    }
}

fn examples(outline: &Outline<'_>, response: &Node<'_>, findings: &mut Findings<'_>) {
    let Some(media) = json(outline, response) else { return };
    let mut values = named_examples(outline, media);
    values.extend(media.get("example").map(|value| (media.at("example"), value)));
    let listed: Vec<&str> = response.list("x-error-codes").iter().filter_map(Value::as_str).collect();
    let mut seen = BTreeSet::new();
    for (pointer, value) in &values {
        for member in CODE_MEMBERS {
            let Some(code) = value.get(member).filter(|code| !code.is_null()) else { continue };
            let code = code.as_str().map_or_else(|| code.to_string(), str::to_owned);
            if !listed.contains(&code.as_str()) {
                findings.report(
                    "example-code",
                    &child(pointer, member),
                    format!("the example shows the code {code}, which the response does not list"),
                    "add it to `x-error-codes`, or correct the example",
                );
            }
            seen.insert(code);
        }
    }
    for (index, code) in listed.iter().enumerate().filter(|(_, code)| !seen.contains(**code)) {
        findings.report(
            "code-without-example",
            &child(&response.at("x-error-codes"), index),
            format!("no example of the response shows the code {code}"),
            "add one under `examples`",
        );
    }
}

fn unused(catalog: &Map<String, Value>, errors: &[&Node<'_>], findings: &mut Findings<'_>) {
    let used: BTreeSet<&str> =
        errors.iter().flat_map(|response| response.list("x-error-codes")).filter_map(Value::as_str).collect();
    for (code, entry) in catalog {
        if !used.contains(code.as_str()) && entry.get("source").is_none() {
            findings.report(
                "catalog-unused",
                &child(CATALOG, code),
                format!("no response lists the code {code}, and it does not say where it is known from"),
                "list it under `x-error-codes` of a response, or add `source`",
            );
        }
    }
}
