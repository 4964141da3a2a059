//! Names that are different in the document and would be one and the same in Rust.

use std::collections::BTreeMap;

use heck::{ToPascalCase as _, ToSnakeCase as _};
use serde_json::Value;

use crate::document::pointer::child;

use super::finding::Findings;
use super::outline::{Kind, Node, Outline};

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    component_names(outline.document(), findings);
    schema_names(outline, findings);
    for schema in outline.of_kind(Kind::Schema) {
        property_names(schema, findings);
        enum_values(schema, findings);
    }
}

/// The official schema looks only at components whose names are legal, and passes over all others in silence.
fn component_names(document: &Value, findings: &mut Findings<'_>) {
    let sections = document.get("components").and_then(Value::as_object).into_iter().flatten();
    for (section, components) in sections.filter(|(section, _)| !section.starts_with("x-")) {
        let place = child("/components", section);
        for name in components.as_object().into_iter().flat_map(serde_json::Map::keys) {
            let is_legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
            if name.is_empty() || !name.chars().all(is_legal) {
                findings.report(
                    "component-name",
                    &child(&place, name),
                    format!("OpenAPI does not allow the name `{name}`"),
                    "use ASCII letters, digits, `.`, `-` and `_`",
                );
            }
        }
    }
}

fn schema_names(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    for schema in outline.of_kind(Kind::Schema).filter(|schema| schema.is_component()) {
        let (name, rust) = (schema.name(), schema.name().to_pascal_case());
        if let Some(other) = first.get(&rust) {
            findings.report(
                "schema-name",
                &schema.pointer,
                format!("`{name}` and `{other}` would both become the type `{rust}`"),
                "rename one of the two",
            );
        } else {
            first.insert(rust, name);
        }
    }
}

fn property_names(schema: &Node<'_>, findings: &mut Findings<'_>) {
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    if schema.get("additionalProperties").is_some_and(|extra| *extra != Value::Bool(false)) {
        first.insert("extra".to_owned(), "the map of further members");
    }
    for (name, _) in schema.map("properties") {
        let field = name.to_snake_case();
        if let Some(other) = first.get(&field) {
            findings.report(
                "property-name",
                &child(&schema.at("properties"), name),
                format!("`{name}` and `{other}` would both become the field `{field}`"),
                "rename one of the two, or leave one to `additionalProperties`",
            );
        } else {
            first.insert(field, name);
        }
    }
}

fn enum_values(schema: &Node<'_>, findings: &mut Findings<'_>) {
    let mut first: BTreeMap<String, &str> = BTreeMap::new();
    first.insert("Unknown".to_owned(), "the variant for values that are not listed");
    for (index, value) in schema.list("enum").iter().enumerate() {
        let Some(text) = value.as_str() else { continue };
        let pointer = child(&schema.at("enum"), index);
        if !is_variant(&variant_text(text)) {
            findings.report(
                "enum-name",
                &pointer,
                format!("the value `{text}` cannot become a Rust variant"),
                "a value has to begin with a letter; if the platform has none, describe the values in words",
            );
            continue;
        }
        // typify and our own open enums make different variants; the value has to be unique in both.
        let ours = variant_text(text);
        let typify = text.replace('\'', "").to_pascal_case();
        let other = first.get(&ours).or_else(|| first.get(&typify)).copied();
        match other {
            // The same value twice has a rule of its own.
            Some(other) if other == text => {}
            Some(other) => findings.report(
                "enum-name",
                &pointer,
                format!("`{text}` and `{other}` would both become the variant `{typify}`"),
                "keep one of the two, and describe the other in words",
            ),
            None => {
                first.insert(ours, text);
                first.insert(typify, text);
            }
        }
    }
}

/// The words of a value, each with a capital in front (`wait-for-quota` becomes `WaitForQuota`); it may be no name at all.
pub fn variant_text(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.flat_map(|word| [word[..1].to_ascii_uppercase(), word[1..].to_owned()]).collect()
}

/// Whether a text can stand as a variant in Rust as it is.
pub(super) fn is_variant(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric())
        && text != "Self"
}
