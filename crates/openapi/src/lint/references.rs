//! References: each stays in this document, names something that fits, and leads to an end.

use super::finding::Findings;
use super::outline::{Node, Outline};

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    for node in outline.nodes() {
        let Some(reference) = node.reference() else { continue };
        let fits = |target: &&Node<'_>| target.kind == node.kind && target.is_component();
        if outline.target(reference).filter(fits).is_none() {
            findings.report(
                "ref-to-nothing",
                &node.at("$ref"),
                format!("`{reference}` names no {} of this document", node.kind),
            );
        }
    }
    // Components that lead back to themselves through nothing but references and combinations.
    for node in outline.nodes().filter(|node| node.is_component()) {
        let reached = outline.closure(steps(outline, node), |node| steps(outline, node));
        if reached.contains(node.pointer.as_str()) {
            findings.breach("ref-circle", &node.pointer);
        }
    }
}

/// What has to be resolved before `node` itself is known.
fn steps<'n, 'a>(outline: &'n Outline<'a>, node: &'n Node<'a>) -> Vec<&'n Node<'a>> {
    if let Some(reference) = node.reference() {
        return outline.target(reference).into_iter().collect();
    }
    let parts = ["allOf", "oneOf", "anyOf"].into_iter().flat_map(|key| outline.below(node, key));
    parts.chain(outline.at(&node.at("not"))).collect()
}
