//! Rules that look at one node alone: `rules.yaml` has a JSON Schema for the node as it is written.

use std::collections::BTreeSet;

use super::explain_schema_error::explain;
use super::finding::Findings;
use super::outline::{Node, Outline};
use super::rules::RULES;

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    let replies = outline.reach(outline.responses(&['1', '2', '3', '4', '5', 'd']));
    let errors: BTreeSet<&str> =
        outline.responses(&['4', '5', 'd']).iter().map(|response| response.pointer.as_str()).collect();
    for node in outline.nodes() {
        let kinds = kinds(node, replies.contains(&*node.pointer), errors.contains(&*node.pointer));
        for rule in RULES.iter().filter(|rule| rule.on.iter().any(|kind| kinds.contains(kind))) {
            for fault in explain(rule.must.iter().flat_map(|must| must.iter_errors(node.value))) {
                let pointer = format!("{}{}", node.pointer, fault.pointer);
                findings.add(rule, &pointer, &rule.message.replace("{fault}", &fault.message));
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
        (!is_own, "reference"),
        (is_named, "named schema"),
        (is_schema && !node.wraps_reference(), "own schema"),
        (is_schema && node.wraps_reference(), "wrapped reference"),
        (is_schema && in_reply, "reply schema"),
        (is_schema && in_reply && !node.wraps_reference(), "own reply schema"),
        (is_error, "error response"),
    ];
    kinds.into_iter().filter(|(applies, _)| *applies).map(|(_, kind)| kind).collect()
}
