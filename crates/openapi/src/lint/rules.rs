//! The rules of `rules.yaml`. Those that look at one node alone are complete there, with a JSON Schema for the node.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::Value;

use super::explain_schema_error::explain;
use super::finding::Findings;
use super::outline::{Node, Outline};
use crate::document::pointer::last;
use crate::document::read_yaml;

static FILE: LazyLock<Value> = LazyLock::new(|| read_yaml(include_str!("rules.yaml")).unwrap_or_default());

static RULES: LazyLock<Vec<Rule>> =
    LazyLock::new(|| FILE.as_array().into_iter().flatten().map(Rule::of).collect());

/// A rule of the file.
struct Rule {
    id: &'static str,
    on: Vec<&'static str>,
    must: Option<Validator>,
    message: &'static str,
    advice: &'static str,
}

impl Rule {
    fn of(rule: &'static Value) -> Self {
        let text = |member: &str| rule.get(member).and_then(Value::as_str).unwrap_or_default();
        let on = rule.get("on").and_then(Value::as_array).into_iter().flatten();
        #[expect(
            clippy::expect_used,
            reason = "the file is part of this crate: each test of a rule compiles all of them"
        )]
        let must = rule.get("must").map(|schema| {
            jsonschema::options().should_validate_formats(true).build(schema).expect("`must` is a schema")
        });
        let on = on.filter_map(Value::as_str).collect();
        Self { id: text("rule"), on, must, message: text("message"), advice: text("advice") }
    }
}

/// The ids of all rules; one that has several parts comes several times.
pub fn rules() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.id)
}

/// What to do about a breach of a rule that compares nodes.
pub(super) fn advice(id: &str) -> &'static str {
    let rule = RULES.iter().find(|rule| rule.id == id && rule.must.is_none());
    debug_assert!(rule.is_some(), "rules.yaml has no advice for `{id}`");
    rule.map(|rule| rule.advice).unwrap_or_default()
}

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    let replies = outline.reach(outline.responses(&['1', '2', '3', '4', '5', 'd']));
    let errors: BTreeSet<&str> =
        outline.responses(&['4', '5', 'd']).iter().map(|response| response.pointer.as_str()).collect();
    for node in outline.nodes() {
        let kinds = kinds(node, replies.contains(&*node.pointer), errors.contains(&*node.pointer));
        let value = Value::Object(node.members.clone());
        for rule in RULES.iter().filter(|rule| rule.on.iter().any(|kind| kinds.contains(kind))) {
            for fault in explain(rule.must.iter().flat_map(|must| must.iter_errors(&value))) {
                let pointer = format!("{}{}", node.pointer, fault.pointer);
                let message = rule.message.replace("{name}", &last(&pointer));
                findings.add(rule.id, &pointer, &message.replace("{fault}", &fault.message), rule.advice);
            }
        }
    }
}

/// The kinds by which rules speak of a node.
fn kinds(node: &Node<'_>, in_reply: bool, is_error: bool) -> Vec<&'static str> {
    let is_own = node.reference().is_none();
    // A property that only refers to a schema has to say what it is itself: a `DeviceId` may be any device.
    let is_named = node.kind == "schema" && (node.role == "properties" || (is_own && node.is_component()));
    let is_schema = node.kind == "schema" && is_own;
    let kinds = [
        (is_own, node.kind),
        (is_named, "named schema"),
        (is_schema && !node.wraps_reference(), "own schema"),
        (is_schema && node.wraps_reference(), "wrapped reference"),
        (is_schema && in_reply, "reply schema"),
        (is_schema && in_reply && !node.wraps_reference(), "own reply schema"),
        (is_error, "error response"),
    ];
    kinds.into_iter().filter(|(applies, _)| *applies).map(|(_, kind)| kind).collect()
}
