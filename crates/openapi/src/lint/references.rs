//! References: each stays in this document, names something that fits, and leads to an end.

use std::collections::HashSet;

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
    for pointer in in_circle(outline) {
        findings.breach("ref-circle", &pointer);
    }
}

/// The pointers of components that lead back to themselves through nothing but references and combinations.
fn in_circle(outline: &Outline<'_>) -> Vec<String> {
    let circular = outline.nodes().filter(|node| node.is_component() && returns(outline, node));
    circular.map(|node| node.pointer.clone()).collect()
}

fn returns(outline: &Outline<'_>, start: &Node<'_>) -> bool {
    let mut seen = HashSet::new();
    let mut waiting = vec![start];
    while let Some(node) = waiting.pop() {
        for next in steps(outline, node) {
            if next.pointer == start.pointer {
                return true;
            }
            if seen.insert(next.pointer.as_str()) {
                waiting.push(next);
            }
        }
    }
    false
}

/// What has to be resolved before `node` itself is known.
fn steps<'n, 'a>(outline: &'n Outline<'a>, node: &'n Node<'a>) -> Vec<&'n Node<'a>> {
    if let Some(reference) = node.reference() {
        return outline.target(reference).into_iter().collect();
    }
    let parts = ["allOf", "oneOf", "anyOf"].into_iter().flat_map(|key| outline.below(node, key));
    parts.chain(outline.at(&node.at("not"))).collect()
}
