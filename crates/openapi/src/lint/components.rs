//! Components that nothing uses, and uses of security schemes and tags that nothing declares.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::pointer::child;

use super::finding::Findings;
use super::operations::shown;
use super::outline::{Kind, Node, Outline};

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    security(outline, findings);
    tags(outline, findings);
    unused(outline, findings);
}

fn unused(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    let reached = outline.reach(outline.of_kind(Kind::PathItem));
    let listed: BTreeSet<&str> = outline.nodes().filter_map(|node| node.text("x-known-values")).collect();
    let secured: BTreeSet<String> = requirements(outline).into_iter().map(|(_, name)| name).collect();
    for component in outline.nodes().filter(|node| node.is_component()) {
        let is_used = match component.kind {
            Kind::SecurityScheme => secured.contains(&component.name()),
            _ => {
                reached.contains(component.pointer.as_str())
                    || listed.contains(format!("#{}", component.pointer).as_str())
            }
        };
        if !is_used {
            findings.report(
                "unused-component",
                &component.pointer,
                format!("no operation leads to the {} `{}`", component.kind.noun(), component.name()),
                "refer to it, or remove it",
            );
        }
    }
}

/// The schemes that the document or an operation asks for, each with its pointer.
fn requirements(outline: &Outline<'_>) -> Vec<(String, String)> {
    let secured = outline.nodes().filter(|node| matches!(node.kind, Kind::Document | Kind::Operation));
    let mut found = Vec::new();
    for node in secured {
        for (index, alternative) in node.list("security").iter().enumerate() {
            let pointer = child(&node.at("security"), index);
            let names = alternative.as_object().into_iter().flat_map(|schemes| schemes.keys());
            found.extend(names.map(|name| (child(&pointer, name), name.clone())));
        }
    }
    found
}

fn security(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    for (pointer, name) in requirements(outline) {
        if outline.at(&child("/components/securitySchemes", &name)).is_none() {
            findings.report(
                "undefined-security",
                &pointer,
                format!("there is no security scheme `{name}`"),
                "define it under `components/securitySchemes`, or correct the name",
            );
        }
    }
    let is_global = outline.document().get("security").is_some();
    for operation in
        outline.of_kind(Kind::Operation).filter(|one| !is_global && one.get("security").is_none())
    {
        findings.report(
            "missing-security",
            &operation.pointer,
            format!("{} does not say how a call is authorised", shown(operation)),
            "add `security`, with an empty list if a call needs no authorisation",
        );
    }
}

fn tags(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    let listed = outline.document().get("tags").and_then(Value::as_array).into_iter().flatten();
    let declared: BTreeSet<&str> = listed.filter_map(|tag| tag.get("name")?.as_str()).collect();
    for operation in outline.of_kind(Kind::Operation) {
        undeclared(operation, &declared, findings);
    }
}

fn undeclared(operation: &Node<'_>, declared: &BTreeSet<&str>, findings: &mut Findings<'_>) {
    for (index, tag) in operation.list("tags").iter().enumerate() {
        if let Some(tag) = tag.as_str().filter(|tag| !declared.contains(tag)) {
            findings.report(
                "undeclared-tag",
                &child(&operation.at("tags"), index),
                format!("the tag `{tag}` is not described"),
                "add it with a description under `tags` of the document",
            );
        }
    }
}
