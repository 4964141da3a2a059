//! Names that are different in the document and would be one and the same in Rust.

use std::collections::HashMap;

use heck::{ToPascalCase as _, ToSnakeCase as _};
use serde_json::Value;

use super::finding::Findings;
use super::outline::{Node, Outline};
use crate::document::json::members;
use crate::document::pointer::child;

/// A name of the document: its pointer, itself, and the names that Rust makes of it.
type Name = (String, String, Vec<String>);

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    let methods = outline.of_kind("operation").filter_map(|operation| {
        let id = operation.text("operationId")?;
        Some((operation.at("operationId"), id.to_owned(), vec![id.to_snake_case()]))
    });
    collide("operation-id", "method", methods, findings);
    for operation in outline.of_kind("operation") {
        let body = operation.get("requestBody").map(|_| taken("the request body", "body"));
        let arguments = outline.parameters(operation).into_iter().filter_map(|(at, parameter)| {
            let name = parameter.text("name")?;
            Some((at.to_owned(), name.to_owned(), vec![name.to_snake_case()]))
        });
        collide("parameter-name", "argument", body.into_iter().chain(arguments), findings);
    }
    let types = outline.nodes().filter(|node| node.kind == "schema" && node.is_component());
    let types = types.map(|one| (one.pointer.clone(), one.name(), vec![one.name().to_pascal_case()]));
    collide("schema-name", "type", types, findings);
    for schema in outline.of_kind("schema") {
        let extra = schema.get("additionalProperties").filter(|extra| **extra != Value::Bool(false));
        let extra = extra.map(|_| taken("the map of further members", "extra"));
        let fields = members(&schema.value["properties"]).map(|(name, _)| {
            (child(&schema.at("properties"), name), name.clone(), vec![name.to_snake_case()])
        });
        collide("property-name", "field", extra.into_iter().chain(fields), findings);
        let mut variants = variants(schema, findings);
        variants.insert(0, taken("the variant for values that are not listed", "Unknown"));
        collide("enum-name", "variant", variants.into_iter(), findings);
    }
    let codes =
        outline.of_kind("components").flat_map(|components| members(&components.value["x-error-catalog"]));
    let codes = codes.filter_map(|(code, entry)| {
        let name = entry.get("name")?.as_str()?.to_owned();
        Some((format!("/components/x-error-catalog/{code}/name"), code.clone(), vec![name]))
    });
    collide("catalog-entry", "error code", codes, findings);
}

/// A name that Rust code has already, whatever the document says.
fn taken(by: &str, rust: &str) -> Name {
    (String::new(), by.to_owned(), vec![rust.to_owned()])
}

/// Reports each name of a scope that becomes the same in Rust as one before it.
fn collide(rule: &'static str, noun: &str, names: impl Iterator<Item = Name>, findings: &mut Findings<'_>) {
    let mut taken: HashMap<String, String> = HashMap::new();
    for (pointer, name, rust) in names {
        match rust.iter().find_map(|rust| Some((rust, taken.get(rust)?))) {
            Some((rust, other)) => {
                let message = format!("`{name}` and `{other}` would both become the {noun} `{rust}`");
                findings.report(rule, &pointer, message);
            }
            None => taken.extend(rust.into_iter().map(|rust| (rust, name.clone()))),
        }
    }
}

/// The values of an enum that can become variants; the others are reported.
fn variants(schema: &Node<'_>, findings: &mut Findings<'_>) -> Vec<Name> {
    let values = schema.list("enum").iter().enumerate();
    let named = values.filter_map(|(index, value)| {
        let (text, pointer) = (value.as_str()?, child(&schema.at("enum"), index));
        // typify and our own open enums make different variants; the value has to be unique in both.
        let (ours, typify) = (variant_text(text), text.replace('\'', "").to_pascal_case());
        if ours.starts_with(|c: char| c.is_ascii_uppercase()) && ours != "Self" {
            return Some((pointer, text.to_owned(), vec![ours, typify]));
        }
        findings.report("enum-name", &pointer, format!("the value `{text}` cannot become a Rust variant"));
        None
    });
    named.collect()
}

/// The words of a value, each with a capital in front (`wait-for-quota` becomes `WaitForQuota`); it may be no name at all.
pub fn variant_text(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.flat_map(|word| [word[..1].to_ascii_uppercase(), word[1..].to_owned()]).collect()
}
