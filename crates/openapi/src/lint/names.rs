//! Names that are different in the document and would be one and the same in Rust.

use std::collections::HashMap;

use heck::{ToPascalCase as _, ToSnakeCase as _};
use serde_json::Value;

use super::finding::Findings;
use super::outline::{Node, Outline};
use crate::document::pointer::{child, parent};

pub(super) fn check(outline: &Outline<'_>, findings: &mut Findings<'_>) {
    let mut methods = Names::new("operation-id", "method");
    for operation in outline.of_kind("operation") {
        if let Some(id) = operation.text("operationId") {
            methods.add(&operation.at("operationId"), id, [id.to_snake_case()], findings);
        }
        arguments(outline, operation, findings);
    }
    let mut types = Names::new("schema-name", "type");
    for schema in outline.nodes().filter(|node| node.kind == "schema") {
        if schema.is_component() {
            types.add(&schema.pointer, &schema.name(), [schema.name().to_pascal_case()], findings);
        }
        fields(schema, findings);
        variants(schema, findings);
    }
    let mut codes = Names::new("catalog-entry", "error code");
    for (code, entry) in
        outline.of_kind("components").flat_map(|components| components.map("x-error-catalog"))
    {
        if let Some(name) = entry.get("name").and_then(Value::as_str) {
            codes.add(&format!("/components/x-error-catalog/{code}/name"), code, [name.to_owned()], findings);
        }
    }
}

/// The names of one scope in Rust, each with the name in the document of which it was made.
struct Names {
    rule: &'static str,
    noun: &'static str,
    taken: HashMap<String, String>,
}

impl Names {
    fn new(rule: &'static str, noun: &'static str) -> Self {
        Self { rule, noun, taken: HashMap::new() }
    }

    fn take(mut self, rust: &str, by: &str) -> Self {
        self.taken.insert(rust.to_owned(), by.to_owned());
        self
    }

    fn add<const N: usize>(
        &mut self,
        pointer: &str,
        name: &str,
        rust: [String; N],
        findings: &mut Findings<'_>,
    ) {
        match rust.iter().find_map(|rust| Some((rust, self.taken.get(rust)?))) {
            Some((rust, other)) => {
                let message = format!("`{name}` and `{other}` would both become the {} `{rust}`", self.noun);
                findings.report(self.rule, pointer, message);
            }
            None => self.taken.extend(rust.map(|rust| (rust, name.to_owned()))),
        }
    }
}

/// The parameters of an operation and of its path; one that replaces another is no second name.
fn arguments(outline: &Outline<'_>, operation: &Node<'_>, findings: &mut Findings<'_>) {
    let mut arguments = Names::new("parameter-name", "argument");
    if operation.get("requestBody").is_some() {
        arguments = arguments.take("body", "the request body");
    }
    let path = outline.at(parent(&operation.pointer));
    let listed =
        [Some(operation), path].into_iter().flatten().flat_map(|owner| outline.below(owner, "parameters"));
    let mut seen = Vec::new();
    for (at, parameter) in listed.filter_map(|node| Some((&node.pointer, outline.resolve(node)?))) {
        let this = (parameter.text("in"), parameter.text("name").unwrap_or_default());
        if !seen.contains(&this) {
            seen.push(this);
            arguments.add(at, this.1, [this.1.to_snake_case()], findings);
        }
    }
}

fn fields(schema: &Node<'_>, findings: &mut Findings<'_>) {
    let mut fields = Names::new("property-name", "field");
    if schema.get("additionalProperties").is_some_and(|extra| *extra != Value::Bool(false)) {
        fields = fields.take("extra", "the map of further members");
    }
    for (name, _) in schema.map("properties") {
        fields.add(&child(&schema.at("properties"), name), name, [name.to_snake_case()], findings);
    }
}

fn variants(schema: &Node<'_>, findings: &mut Findings<'_>) {
    let mut variants =
        Names::new("enum-name", "variant").take("Unknown", "the variant for values that are not listed");
    for (index, text) in
        schema.list("enum").iter().enumerate().filter_map(|(at, value)| Some((at, value.as_str()?)))
    {
        let pointer = child(&schema.at("enum"), index);
        // typify and our own open enums make different variants; the value has to be unique in both.
        let (ours, typify) = (variant_text(text), text.replace('\'', "").to_pascal_case());
        if ours.starts_with(|c: char| c.is_ascii_uppercase()) && ours != "Self" {
            variants.add(&pointer, text, [ours, typify], findings);
        } else {
            findings.report(
                "enum-name",
                &pointer,
                format!("the value `{text}` cannot become a Rust variant"),
            );
        }
    }
}

/// The words of a value, each with a capital in front (`wait-for-quota` becomes `WaitForQuota`); it may be no name at all.
pub fn variant_text(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.flat_map(|word| [word[..1].to_ascii_uppercase(), word[1..].to_owned()]).collect()
}
