//! References: each stays in this document, names something that exists and fits, and leads to an end.

use std::collections::HashSet;

use crate::document::pointer::child;

use super::finding::Findings;
use super::outline::{Kind, Node, Outline};

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    for node in outline.nodes() {
        let Some(reference) = node.reference() else { continue };
        if node.kind == Kind::PathItem {
            findings.report(
                "path-item-ref",
                &node.at("$ref"),
                "progenitor refuses a path that is a reference",
                "write the operations of the path in place",
            );
            continue;
        }
        target(outline, node, reference, findings);
        siblings(node, findings);
    }
    circles(outline, findings);
}

fn target(outline: &Outline<'_>, node: &Node<'_>, reference: &str, findings: &mut Findings<'_>) {
    let pointer = node.at("$ref");
    let Some(local) = reference.strip_prefix('#') else {
        findings.report(
            "external-ref",
            &pointer,
            format!("`{reference}` leads out of this document, where progenitor does not follow"),
            "copy what it names into `components`, and write `#/components/…`",
        );
        return;
    };
    let Some(section) = node.kind.component() else { return };
    let wanted = format!("#/components/{section}/…");
    let Some(target) = outline.at(local) else {
        findings.report(
            "ref-to-nothing",
            &pointer,
            format!("`{reference}` names nothing"),
            format!("check the spelling, or define it as `{wanted}`"),
        );
        return;
    };
    if target.kind != node.kind || !target.is_component() {
        findings.report(
            "ref-kind",
            &pointer,
            format!("`{reference}` is no {} with a name of its own", node.kind.noun()),
            format!("refer to `{wanted}`, because progenitor looks only there"),
        );
    }
}

fn siblings(node: &Node<'_>, findings: &mut Findings<'_>) {
    let names: Vec<String> =
        node.members.keys().filter(|name| *name != "$ref").map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        return;
    }
    let advice = match node.kind {
        Kind::Schema => "write `allOf: [{$ref: …}]` in its place and keep them beside it",
        _ => "move them to what the reference names, or remove them",
    };
    findings.report(
        "ref-siblings",
        &node.at("$ref"),
        format!("every reader ignores {} beside `$ref`", names.join(", ")),
        advice,
    );
}

fn circles(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    for pointer in in_circle(outline) {
        findings.report(
            "ref-circle",
            &pointer,
            "the definition leads back to itself without a property or item in between",
            "let one of the references go, because it can never be resolved",
        );
    }
}

/// The pointers of components that lead back to themselves through nothing but references and combinations.
pub(super) fn in_circle(outline: &Outline<'_>) -> Vec<String> {
    outline
        .nodes()
        .filter(|node| node.is_component() && returns(outline, node))
        .map(|n| n.pointer.clone())
        .collect()
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
    if node.kind != Kind::Schema {
        return Vec::new();
    }
    let combined = ["allOf", "oneOf", "anyOf"].into_iter();
    let parts = combined.flat_map(|key| {
        (0..node.list(key).len()).filter_map(move |index| outline.at(&child(&node.at(key), index)))
    });
    parts.chain(outline.at(&node.at("not"))).collect()
}
