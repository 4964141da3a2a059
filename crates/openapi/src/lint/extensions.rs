//! Our extensions and editions: what shapes cannot say has rules, too.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::Document;
use crate::document::pointer::child;

use super::finding::Findings;
use super::outline::{Kind, Node, Outline};

/// Every extension, and where it may stand.
const EXTENSIONS: [(&str, Kind); 10] = [
    ("x-error-catalog", Kind::Components),
    ("x-error-codes", Kind::Response),
    ("x-quota", Kind::Document),
    ("x-lifecycle", Kind::Schema),
    ("x-content-schema", Kind::Schema),
    ("x-known-values", Kind::Schema),
    ("x-enum-varnames", Kind::Schema),
    ("x-mcp", Kind::Operation),
    ("x-codeSamples", Kind::Operation),
    ("x-source", Kind::Schema),
];

/// The names of our extensions below the top of the document.
pub fn extensions() -> impl Iterator<Item = &'static str> {
    EXTENSIONS.iter().map(|(name, _)| *name)
}

pub(super) fn check(outline: &Outline<'_>, document: &Document, findings: &mut Findings<'_>) {
    editions(outline.document(), findings);
    quota(outline.document(), findings);
    for node in outline.nodes() {
        known(node, findings);
        if node.kind == Kind::Schema {
            lifecycle(node, findings);
            content_schema(outline, node, findings);
            known_values(outline, node, findings);
            constant_names(node, findings);
        }
        if node.role == "responses" && document.has_unquoted_key(&node.pointer) {
            let status = node.name();
            findings.report(
                "openapi-schema",
                &node.pointer,
                format!("the status {status} is written as a number"),
                format!("write `'{status}':`, because not every reader takes a number for a key"),
            );
        }
    }
}

fn known(node: &Node<'_>, findings: &mut Findings<'_>) {
    for name in node.members.keys().filter(|name| name.starts_with("x-")) {
        let place = EXTENSIONS.iter().find(|(known, _)| known == name).map(|(_, kind)| *kind);
        if place == Some(node.kind) {
            continue;
        }
        let (message, advice) = match place {
            Some(kind) => {
                (format!("`{name}` says nothing here"), format!("it belongs to a {}: move it", kind.noun()))
            }
            None => {
                let names: Vec<&str> = EXTENSIONS.iter().map(|(name, _)| *name).collect();
                (
                    format!("`{name}` is no extension of ours"),
                    format!("correct it: we have {}", names.join(", ")),
                )
            }
        };
        findings.report("unknown-extension", &node.at(name), message, advice);
    }
}

fn editions(document: &Value, findings: &mut Findings<'_>) {
    let text = |pointer| document.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let version = text("/info/version");
    if !is_semantic_version(version) {
        findings.report(
            "document-version",
            "/info/version",
            format!("`{version}` is no semantic version"),
            "write the version of this document as `1.2.3`",
        );
    }
    let edition = text("/info/x-platform-edition");
    if !is_date(edition) {
        findings.report(
            "platform-edition",
            "/info/x-platform-edition",
            format!("`{edition}` is no date"),
            "write the date of the platform's page as `2022-02-24`",
        );
    }
}

fn quota(document: &Value, findings: &mut Findings<'_>) {
    let Some(quota) = document.get("x-quota") else { return };
    for member in ["calls", "seconds"] {
        if quota.get(member).and_then(Value::as_u64).is_none_or(|number| number == 0) {
            findings.report(
                "quota",
                &child("/x-quota", member),
                format!("the quota has no `{member}`"),
                "write a whole number above 0",
            );
        }
    }
    let code = quota.get("errorCode").and_then(Value::as_str);
    let catalog = document.pointer("/components/x-error-catalog");
    if code.is_none_or(|code| catalog.and_then(|catalog| catalog.get(code)).is_none()) {
        findings.report(
            "quota",
            "/x-quota/errorCode",
            "the quota does not name a code of the catalogue",
            "write the code that answers a call above the quota, in quotes",
        );
    }
}

fn lifecycle(schema: &Node<'_>, findings: &mut Findings<'_>) {
    if schema.get("x-lifecycle").is_none() {
        return;
    }
    let place = schema.at("x-lifecycle");
    let values: BTreeSet<&str> = schema.list("enum").iter().filter_map(Value::as_str).collect();
    let described: BTreeSet<&str> = schema.map("x-lifecycle").map(|(value, _)| value.as_str()).collect();
    for value in values.difference(&described) {
        findings.report(
            "lifecycle",
            &place,
            format!("the life cycle leaves `{value}` out"),
            format!("add `{value}:` with the list of what may follow, or `[]`"),
        );
    }
    for value in described.difference(&values) {
        stranger(&child(&place, value), value, findings);
    }
    for (from, followers) in schema.map("x-lifecycle") {
        let at = child(&place, from);
        let Some(followers) = followers.as_array() else {
            let message = format!("what may follow `{from}` is no list");
            findings.report("lifecycle", &at, message, "write a list of values, or `[]`");
            continue;
        };
        for (index, follower) in followers.iter().enumerate() {
            let name = follower.as_str().unwrap_or_default();
            if !values.contains(name) {
                stranger(&child(&at, index), name, findings);
            }
        }
    }
}

fn stranger(pointer: &str, value: &str, findings: &mut Findings<'_>) {
    findings.report(
        "lifecycle",
        pointer,
        format!("`{value}` is no value of the enum"),
        "correct it, or add it to `enum`",
    );
}

fn content_schema(outline: &Outline<'_>, schema: &Node<'_>, findings: &mut Findings<'_>) {
    let Some(value) = schema.get("x-content-schema") else { return };
    let target = value.as_str().and_then(|reference| outline.target(reference));
    if !target.is_some_and(|target| target.kind == Kind::Schema && target.is_component()) {
        findings.report(
            "content-schema",
            &schema.at("x-content-schema"),
            "`x-content-schema` does not name a schema of this document",
            "write `'#/components/schemas/…'`, in quotes",
        );
    }
}

/// An open list: a text whose description has the values that are known, which a schema lists for those who can use it.
fn known_values(outline: &Outline<'_>, schema: &Node<'_>, findings: &mut Findings<'_>) {
    let Some(value) = schema.get("x-known-values") else { return };
    let place = schema.at("x-known-values");
    let target = value.as_str().and_then(|reference| outline.target(reference)).filter(|target| {
        target.is_component() && target.text("type") == Some("string") && target.get("enum").is_some()
    });
    let Some(target) = target else {
        findings.report(
            "known-values",
            &place,
            "`x-known-values` does not name a schema of this document that lists texts",
            "write `'#/components/schemas/…'`, in quotes, with the name of a string schema that has `enum`",
        );
        return;
    };
    if schema.text("type") != Some("string") || schema.get("enum").is_some() {
        findings.report(
            "known-values",
            &schema.pointer,
            "a list that is open is a text of any value",
            "write `type: string` and no `enum`",
        );
    }
    let description = schema.text("description").unwrap_or_default();
    for value in target.list("enum").iter().filter_map(Value::as_str) {
        if !description.contains(&format!("`{value}`")) {
            findings.report(
                "known-values",
                &schema.at("description"),
                format!("the description leaves `{value}` out, which `{}` lists", target.name()),
                "name it there, because most readers see no other list",
            );
        }
    }
}

/// What generators call the values of an enum.
fn constant_names(schema: &Node<'_>, findings: &mut Findings<'_>) {
    if schema.get("x-enum-varnames").is_none() {
        return;
    }
    let names = schema.list("x-enum-varnames");
    let distinct: BTreeSet<&str> = names.iter().filter_map(Value::as_str).collect();
    if distinct.len() != names.len() || names.len() != schema.list("enum").len() {
        findings.report(
            "enum-varnames",
            &schema.at("x-enum-varnames"),
            "there is not one name for each value",
            "write as many different names as `enum` has values, in the same order",
        );
    }
}

/// `MAJOR.MINOR.PATCH`, each without leading zeros, and an optional pre-release or build behind it.
fn is_semantic_version(text: &str) -> bool {
    let is_number = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && (part == "0" || !part.starts_with('0'))
    };
    let is_suffix = |part: &str| {
        part.split('.')
            .all(|id| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'))
    };
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
    core.split('.').count() == 3
        && core.split('.').all(is_number)
        && [build, pre].into_iter().flatten().all(is_suffix)
}

/// `YYYY-MM-DD`, a day that the calendar has.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let digits = |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    if !(digits(year, 4) && digits(month, 2) && digits(day, 2)) {
        return false;
    }
    let number = |part: &str| part.parse::<u32>().unwrap_or(0);
    let (year, month, day) = (number(year), number(month), number(day));
    let is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let days = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_dates_are_told_from_what_only_looks_like_them() {
        for good in ["1.0.0", "0.10.3", "1.2.3-rc.1", "1.2.3+build-5"] {
            assert!(is_semantic_version(good), "{good}");
        }
        for bad in ["", "1", "1.0", "v1.0.0", "1.0.0.0", "01.0.0", "1.0.0-", "1.0.x"] {
            assert!(!is_semantic_version(bad), "{bad}");
        }
        for good in ["2022-02-24", "2024-02-29"] {
            assert!(is_date(good), "{good}");
        }
        for bad in
            ["", "2022-2-24", "2023-02-29", "2022-13-01", "2022-00-10", "24.02.2022", "2022-02-24T00:00"]
        {
            assert!(!is_date(bad), "{bad}");
        }
    }
}
