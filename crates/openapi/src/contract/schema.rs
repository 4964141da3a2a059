//! What a schema promises: each keyword of it and of the schemas inside it is a fact.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::reading::{Reading, text};
use super::shape::{COMPOSITIONS, Shape, shape};
use super::{Fact, Side};

/// A fact of a schema, wherever the schema is used.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SchemaFact {
    member: String,
    aspect: String,
    value: String,
}

impl SchemaFact {
    fn own(aspect: &str, value: impl Into<String>) -> Self {
        Self { member: String::new(), aspect: aspect.to_owned(), value: value.into() }
    }

    fn inside(mut self, member: &str) -> Self {
        self.member.insert_str(0, member);
        self
    }

    /// The fact where the schema is used.
    pub(super) fn at(self, operation: &str, side: Side, place: &str) -> Fact {
        Fact {
            operation: operation.to_owned(),
            side,
            place: place.to_owned(),
            member: self.member.strip_prefix('.').unwrap_or(&self.member).to_owned(),
            aspect: self.aspect,
            value: self.value,
        }
    }
}

/// The facts of a schema, its own first, then those of its members by name.
pub(super) fn facts(reading: &Reading<'_>, schema: &Value) -> Vec<SchemaFact> {
    Unfolding { reading, entered: Vec::new() }.facts(schema, String::new(), 0)
}

/// Keywords that hold one schema, which is no member, item or alternative of the value.
const CONDITIONS: &[&str] = &[
    "contains",
    "contentSchema",
    "else",
    "if",
    "not",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// Keywords that hold schemas by name.
const BY_NAME: &[&str] = &["dependentSchemas", "patternProperties"];

struct Unfolding<'a> {
    reading: &'a Reading<'a>,
    /// The references that lead to here, and the members at which they were followed.
    entered: Vec<(String, String)>,
}

impl Unfolding<'_> {
    /// `here` is the member within the outermost schema: a schema that contains itself refers to it.
    fn facts(&mut self, schema: &Value, here: String, depth: usize) -> Vec<SchemaFact> {
        let open: Vec<String> = self.entered.iter().map(|(reference, _)| reference.clone()).collect();
        let shape = shape(self.reading, schema, &open, depth);
        let outside = self.entered.len();
        self.entered.extend(shape.followed.iter().map(|reference| (reference.clone(), here.clone())));
        let mut facts = self.own(&shape);
        facts.extend(self.parts(shape, &here, depth + 1));
        self.entered.truncate(outside);
        facts
    }

    /// What the schema says of the value itself.
    fn own(&self, shape: &Shape) -> Vec<SchemaFact> {
        let mut facts = Vec::new();
        if let Some(reference) = shape.keywords.get("$ref") {
            facts.push(SchemaFact::own("reference", self.reference(reference)));
        }
        match shape.keywords.get("type") {
            Some(kind) => facts.push(SchemaFact::own("type", types(kind))),
            None if shape.takes_any_type() => facts.push(SchemaFact::own("type", "any")),
            None => {}
        }
        if !shape.takes_any_type() {
            facts.push(SchemaFact::own("nullable", yes_no(shape.nullable)));
        }
        for (keyword, value) in &shape.keywords {
            match (keyword.as_str(), value) {
                ("$ref" | "type" | "required" | "properties" | "items" | "additionalProperties", _) => {}
                ("enum", Value::Array(values)) => {
                    facts.extend(values.iter().map(|value| SchemaFact::own("enum", text(value))));
                }
                ("format" | "pattern", Value::String(value)) => {
                    facts.push(SchemaFact::own(keyword, value.as_str()))
                }
                _ if is_part(keyword, value) => {}
                _ => facts.push(SchemaFact::own(keyword, text(&self.reading.unfolded(value)))),
            }
        }
        facts
    }

    /// A reference that was not followed leads back to a schema around this one, or nowhere.
    fn reference(&self, reference: &Value) -> String {
        let target = self.entered.iter().find(|(entered, _)| Some(entered.as_str()) == reference.as_str());
        match target {
            Some((_, member)) if member.is_empty() => "back to the whole".to_owned(),
            Some((_, member)) => format!("back to {}", member.strip_prefix('.').unwrap_or(member)),
            None => format!("to {}, which is not in the document", text(reference)),
        }
    }

    /// What the schema says of the values inside, and what its alternatives say.
    fn parts(&mut self, mut shape: Shape, here: &str, depth: usize) -> Vec<SchemaFact> {
        let mut facts = self.members(&mut shape, here, depth);
        if shape.keywords.contains_key("items") || is_a(&shape, "array") {
            let items = shape.keywords.remove("items").unwrap_or(Value::Bool(true));
            facts.extend(self.inside(&items, "[]", here, depth));
        }
        for (keyword, value) in &shape.keywords {
            match value {
                _ if !is_part(keyword, value) => {}
                Value::Array(schemas) if COMPOSITIONS.contains(&keyword.as_str()) => {
                    facts.extend(self.set(keyword, schemas, here, depth));
                }
                Value::Array(schemas) => {
                    for (index, schema) in schemas.iter().enumerate() {
                        facts.extend(self.inside(schema, &format!("[{index}]"), here, depth));
                    }
                }
                Value::Object(schemas) if BY_NAME.contains(&keyword.as_str()) => {
                    for (name, schema) in sorted(schemas) {
                        facts.extend(self.inside(schema, &format!("({keyword} {name:?})"), here, depth));
                    }
                }
                schema => facts.extend(self.inside(schema, &format!("({keyword})"), here, depth)),
            }
        }
        facts
    }

    /// The members of an object: the listed ones by name, then the others.
    fn members(&mut self, shape: &mut Shape, here: &str, depth: usize) -> Vec<SchemaFact> {
        let says = |keyword| shape.keywords.contains_key(keyword);
        if !["properties", "required", "additionalProperties"].into_iter().any(says) && !is_a(shape, "object")
        {
            return Vec::new();
        }
        let mut facts = Vec::new();
        let listed = shape.keywords.remove("properties");
        let needed = shape.keywords.remove("required");
        let mut members: BTreeMap<String, Value> = BTreeMap::new();
        match &listed {
            Some(Value::Object(properties)) => {
                members.extend(properties.iter().map(|(name, schema)| (name.clone(), schema.clone())));
            }
            Some(other) => facts.push(SchemaFact::own("properties", text(other))),
            None => {}
        }
        let mut required: Vec<&str> = Vec::new();
        match &needed {
            Some(Value::Array(names)) if names.iter().all(Value::is_string) => {
                required.extend(names.iter().filter_map(Value::as_str));
            }
            Some(other) => facts.push(SchemaFact::own("required", text(other))),
            None => {}
        }
        for name in &required {
            members.entry((*name).to_owned()).or_insert_with(|| json!({}));
        }
        for (name, schema) in &members {
            let member = format!(".{}", shown(name));
            facts
                .push(SchemaFact::own("required", yes_no(required.contains(&name.as_str()))).inside(&member));
            facts.extend(self.inside(schema, &member, here, depth));
        }
        let others = shape.keywords.remove("additionalProperties").unwrap_or(Value::Bool(true));
        facts.extend(self.other_members(&others, here, depth));
        facts
    }

    fn other_members(&mut self, schema: &Value, here: &str, depth: usize) -> Vec<SchemaFact> {
        let open: Vec<String> = self.entered.iter().map(|(reference, _)| reference.clone()).collect();
        if *schema == Value::Bool(false) {
            return vec![SchemaFact::own("additionalProperties", "none")];
        }
        if shape(self.reading, schema, &open, depth).takes_anything() {
            return vec![SchemaFact::own("additionalProperties", "any")];
        }
        self.inside(schema, ".*", here, depth)
    }

    /// The alternatives of a schema, in an order that does not depend on how they are written.
    fn set(&mut self, keyword: &str, schemas: &[Value], here: &str, depth: usize) -> Vec<SchemaFact> {
        let place = format!("{here}({keyword})");
        let mut alternatives: Vec<Vec<SchemaFact>> =
            schemas.iter().map(|schema| self.facts(schema, place.clone(), depth)).collect();
        alternatives.sort();
        let of = alternatives.len();
        let mut facts = Vec::new();
        if of == 0 {
            facts.push(SchemaFact::own(keyword, "[]"));
        }
        for (index, alternative) in alternatives.into_iter().enumerate() {
            let member = format!("({keyword} {} of {of})", index + 1);
            facts.extend(alternative.into_iter().map(|fact| fact.inside(&member)));
        }
        facts
    }

    fn inside(&mut self, schema: &Value, member: &str, here: &str, depth: usize) -> Vec<SchemaFact> {
        let facts = self.facts(schema, format!("{here}{member}"), depth);
        facts.into_iter().map(|fact| fact.inside(member)).collect()
    }
}

/// Whether a keyword holds schemas that are unfolded; what has another form is shown as it is written.
fn is_part(keyword: &str, value: &Value) -> bool {
    match value {
        Value::Array(_) => COMPOSITIONS.contains(&keyword) || keyword == "prefixItems",
        Value::Object(_) | Value::Bool(_) if CONDITIONS.contains(&keyword) => true,
        Value::Object(_) => BY_NAME.contains(&keyword),
        _ => false,
    }
}

fn is_a(shape: &Shape, kind: &str) -> bool {
    match shape.keywords.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
        Some(one) => one == kind,
        None => false,
    }
}

fn types(kind: &Value) -> String {
    match kind {
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) if kinds.iter().all(Value::is_string) => {
            kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or ")
        }
        other => text(other),
    }
}

/// A name that could be mistaken for something else stands in quotes.
fn shown(name: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "_-$@".contains(character);
    match !name.is_empty() && name.chars().all(plain) {
        true => name.to_owned(),
        false => format!("{name:?}"),
    }
}

fn sorted(schemas: &Map<String, Value>) -> BTreeMap<&String, &Value> {
    schemas.iter().collect()
}

pub(super) fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}
