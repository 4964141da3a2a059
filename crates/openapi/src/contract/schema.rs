//! What a schema promises: each keyword of it and of the schemas inside it is a fact.

use serde_json::Value;

use super::fact::Fact;
use super::reading::{Reading, bare, sorted, text, yes_no};
use super::shape::{Shape, shape};

/// The facts of a schema, its own first, then those of its members by name. They say nothing of where it is used.
pub(super) fn facts(reading: &Reading<'_>, schema: &Value) -> Vec<Fact> {
    let facts = Unfolding { reading, entered: Vec::new() }.facts(schema, String::new(), 0).into_iter();
    let facts = facts.map(|fact| match fact.member.strip_prefix('.') {
        Some(member) => Fact { member: member.to_owned(), ..fact },
        None => fact,
    });
    facts.collect()
}

struct Unfolding<'a> {
    reading: &'a Reading<'a>,
    /// The references that lead to here, and the members at which they were followed.
    entered: Vec<(String, String)>,
}

impl Unfolding<'_> {
    /// `here` is the member within the outermost schema: a schema that contains itself refers to it.
    fn facts(&mut self, schema: &Value, here: String, depth: usize) -> Vec<Fact> {
        let shape = self.shape(schema, depth);
        let outside = self.entered.len();
        self.entered.extend(shape.followed.iter().map(|reference| (reference.clone(), here.clone())));
        let mut facts = self.own(&shape);
        facts.extend(self.members(&shape, &here, depth + 1));
        for (keyword, value) in &shape.keywords {
            match (keyword.as_str(), value) {
                ("allOf" | "anyOf" | "oneOf", Value::Array(schemas)) => {
                    facts.extend(self.set(keyword, schemas, &here, depth + 1));
                }
                ("not", Value::Object(_) | Value::Bool(_)) => {
                    facts.extend(self.inside(value, "(not)", &here, depth + 1));
                }
                _ => {}
            }
        }
        self.entered.truncate(outside);
        facts
    }

    fn shape(&self, schema: &Value, depth: usize) -> Shape {
        let open: Vec<String> = self.entered.iter().map(|(reference, _)| reference.clone()).collect();
        shape(self.reading, schema, &open, depth)
    }

    /// What the schema says of the value itself.
    fn own(&self, shape: &Shape) -> Vec<Fact> {
        let mut facts = Vec::new();
        if let Some(reference) = shape.keywords.get("$ref") {
            facts.push(Fact::new("reference", self.reference(reference)));
        }
        match shape.keywords.get("type") {
            Some(kind) => facts.push(Fact::new("type", bare(kind))),
            None if shape.takes_any_type() => facts.push(Fact::new("type", "any")),
            None => {}
        }
        if !shape.takes_any_type() {
            facts.push(Fact::new("nullable", yes_no(shape.nullable)));
        }
        for (keyword, value) in &shape.keywords {
            match (keyword.as_str(), value) {
                ("$ref" | "type" | "items" | "additionalProperties", _) => {}
                ("properties", Value::Object(_)) => {}
                ("required", Value::Array(names)) if names.iter().all(Value::is_string) => {}
                ("allOf" | "anyOf" | "oneOf", Value::Array(_)) => {}
                ("not", Value::Object(_) | Value::Bool(_)) => {}
                ("enum", Value::Array(values)) => {
                    facts.extend(values.iter().map(|value| Fact::new("enum", text(value))));
                }
                ("format" | "pattern", Value::String(value)) => {
                    facts.push(Fact::new(keyword, value.as_str()))
                }
                _ => facts.push(Fact::new(keyword, text(&self.reading.unfolded(value, &mut Vec::new(), 0)))),
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

    /// The members of an object, the listed ones by name, then the others; and the items of a list.
    fn members(&mut self, shape: &Shape, here: &str, depth: usize) -> Vec<Fact> {
        let mut facts = Vec::new();
        let keyword = |name| shape.keywords.get(name);
        let is_a = |kind: &str| match keyword("type") {
            Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
            one => one.is_some_and(|one| one == kind),
        };
        if is_a("object")
            || ["properties", "required", "additionalProperties"]
                .into_iter()
                .any(|one| keyword(one).is_some())
        {
            let mut members = keyword("properties").and_then(Value::as_object).cloned().unwrap_or_default();
            let required = keyword("required").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            let required: Vec<&str> = required.iter().map_while(Value::as_str).collect();
            for name in &required {
                members.entry(*name).or_insert(Value::Bool(true));
            }
            for (name, schema) in sorted(&members) {
                let member = format!(".{}", shown(name));
                facts.push(Fact::new("required", yes_no(required.contains(&name.as_str()))).inside(&member));
                facts.extend(self.inside(schema, &member, here, depth));
            }
            match keyword("additionalProperties").unwrap_or(&Value::Bool(true)) {
                Value::Bool(false) => facts.push(Fact::new("additionalProperties", "none")),
                // No keyword restricts it.
                schema if self.shape(schema, depth).keywords.is_empty() => {
                    facts.push(Fact::new("additionalProperties", "any"));
                }
                schema => facts.extend(self.inside(schema, ".*", here, depth)),
            }
        }
        if is_a("array") || keyword("items").is_some() {
            facts.extend(self.inside(keyword("items").unwrap_or(&Value::Bool(true)), "[]", here, depth));
        }
        facts
    }

    /// The alternatives of a schema, in an order that does not depend on how they are written.
    fn set(&mut self, keyword: &str, schemas: &[Value], here: &str, depth: usize) -> Vec<Fact> {
        let place = format!("{here}({keyword})");
        let mut alternatives: Vec<Vec<Fact>> =
            schemas.iter().map(|schema| self.facts(schema, place.clone(), depth)).collect();
        alternatives.sort();
        let of = alternatives.len();
        if of == 0 {
            return vec![Fact::new(keyword, "[]")];
        }
        let numbered = alternatives.into_iter().enumerate();
        let facts = numbered.flat_map(|(index, alternative)| {
            let member = format!("({keyword} {} of {of})", index + 1);
            alternative.into_iter().map(move |fact| fact.inside(&member))
        });
        facts.collect()
    }

    fn inside(&mut self, schema: &Value, member: &str, here: &str, depth: usize) -> Vec<Fact> {
        let facts = self.facts(schema, format!("{here}{member}"), depth);
        facts.into_iter().map(|fact| fact.inside(member)).collect()
    }
}

/// A name that could be mistaken for something else is in quotes.
fn shown(name: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "_-$@".contains(character);
    match !name.is_empty() && name.chars().all(plain) {
        true => name.to_owned(),
        false => format!("{name:?}"),
    }
}
