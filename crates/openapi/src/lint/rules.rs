//! Rules that look at one node alone: `rules.yaml` lists them, each with a JSON Schema for the node as it is written.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Map, Value};

use super::explain_schema_error::explain;
use super::finding::Findings;
use super::outline::{Node, Outline};
use crate::document::pointer::last;
use crate::document::read_yaml;

/// A rule of `rules.yaml`.
struct Rule {
    text: Map<String, Value>,
    must: Validator,
}

impl Rule {
    fn of(text: &Value) -> Option<Self> {
        let must = jsonschema::options().should_validate_formats(true).build(text.get("must")?).ok()?;
        Some(Self { text: text.as_object()?.clone(), must })
    }

    fn says(&'static self, member: &str) -> &'static str {
        self.text.get(member).and_then(Value::as_str).unwrap_or_default()
    }
}

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rules = read_yaml(include_str!("rules.yaml"));
    #[expect(clippy::expect_used, reason = "the file is part of this crate, and every test reads it")]
    let rules = rules
        .as_ref()
        .and_then(Value::as_array)
        .map(|all| all.iter().map(Rule::of))
        .expect("a list of rules");
    #[expect(clippy::expect_used, reason = "as above")]
    rules.collect::<Option<_>>().expect("each rule has a schema")
});

/// The ids of these rules.
pub(super) fn ids() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|rule| rule.says("rule"))
}

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    let replies = outline.reach(outline.responses(&['1', '2', '3', '4', '5', 'd']));
    let errors: BTreeSet<&str> =
        outline.responses(&['4', '5', 'd']).iter().map(|response| response.pointer.as_str()).collect();
    for node in outline.nodes() {
        let kinds = kinds(node, replies.contains(&*node.pointer), errors.contains(&*node.pointer));
        let value = Value::Object(node.members.clone());
        for rule in &*RULES {
            let on = rule.text.get("on").and_then(Value::as_array).into_iter().flatten();
            if !on.filter_map(Value::as_str).any(|kind| kinds.contains(&kind)) || rule.must.is_valid(&value) {
                continue;
            }
            for fault in explain(rule.must.iter_errors(&value)) {
                let pointer = format!("{}{}", node.pointer, fault.pointer);
                let message = rule.says("message").replace("{name}", &last(&pointer));
                findings.report(
                    rule.says("rule"),
                    &pointer,
                    message.replace("{fault}", &fault.message),
                    rule.says("advice"),
                );
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
