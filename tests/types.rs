//! The generated types say what the document says; where they say less, a reviewed snapshot lists it.

mod probe;
pub(crate) mod rust;

use std::collections::{BTreeMap, BTreeSet};

use northbound_openapi::contract::{self, Fact};
use northbound_openapi::document::reference;
use serde_json::{Map, Value, json};
use similar::TextDiff;
use xtask::load;

use crate::freshness::root;

/// What schemars can see of a type. Bounds, defaults and needs it cannot: those are probed.
const SEEN: &[&str] = &["additionalProperties", "enum", "reference", "type"];

fn document() -> Value {
    load::read(root()).unwrap().value().clone()
}

fn components(document: &Value) -> &Map<String, Value> {
    document["components"]["schemas"].as_object().unwrap()
}

/// What a document promises of one of its components.
fn facts(document: &Value, component: &str) -> Vec<Fact> {
    let reference = json!({ "$ref": format!("#/components/schemas/{component}") });
    contract::schema(document, &reference).facts().to_vec()
}

fn members(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

/// What schemars sees of a schema, as text, and the formats of its members.
pub(crate) struct Seen {
    text: String,
    formats: BTreeMap<String, String>,
}

impl Seen {
    fn of(document: &Value, component: &str) -> Self {
        let facts = facts(document, component);
        let seen = facts.iter().filter(|fact| SEEN.contains(&fact.aspect.as_str()));
        let formats = facts.iter().filter(|fact| fact.aspect == "format");
        Self {
            text: seen.map(|fact| format!("{fact}\n")).collect(),
            formats: formats.map(|fact| (fact.member.clone(), fact.value.clone())).collect(),
        }
    }

    /// Each type by its name.
    pub(crate) fn of_types() -> BTreeMap<String, Self> {
        let derived = rust::schemas();
        let names = components(&derived).keys();
        names.map(|name| (name.clone(), Self::of(&derived, name))).collect()
    }
}

/// Where the types say something else than a document; where they merely say less is not among it.
pub(crate) fn contradictions(mut written: Value, types: &BTreeMap<String, Seen>) -> String {
    // The document leaves error codes open; the ones that it knows stand in its catalogue.
    let catalog = written["components"]["x-error-catalog"].as_object().into_iter().flatten();
    let codes: Vec<String> = catalog.map(|(code, _)| code.clone()).collect();
    if let Some(schema) = written.pointer_mut("/components/schemas/ErrorCode").and_then(Value::as_object_mut)
    {
        schema.insert("enum".to_owned(), json!(codes));
    }
    known_values(&mut written);
    let mut contradictions = String::new();
    for (name, rust) in types {
        if written["components"]["schemas"].get(name).is_none() {
            continue;
        }
        let document = Seen::of(&written, name);
        if document.text != rust.text {
            let diff = TextDiff::from_lines(&document.text, &rust.text);
            let diff = diff.unified_diff().context_radius(0).header(name, "northbound_client").to_string();
            contradictions.push_str(&diff);
        }
        for (member, format) in document.formats {
            let rust = rust.formats.get(&member).map_or("nothing", String::as_str);
            if rust != format {
                contradictions.push_str(&format!("{name}.{member}: {format} became {rust}\n"));
            }
        }
    }
    contradictions
}

/// Lists the known values beside each text that the document leaves open, as the types list them.
fn known_values(document: &mut Value) {
    let before = document.clone();
    let schemas = document["components"]["schemas"].as_object_mut();
    let schemas =
        schemas.into_iter().flat_map(Map::values_mut).filter_map(|schema| schema.get_mut("properties"));
    for property in schemas.filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        let known = property.get("x-known-values").and_then(Value::as_str);
        let values = known.and_then(|known| reference::target(&before, known)?.get("enum").cloned());
        if let (Some(values), Some(property)) = (values, property.as_object_mut()) {
            property.insert("enum".to_owned(), values);
        }
    }
}

/// Changes that must contradict the types are in `mutations/cases.txt`.
#[test]
fn the_types_have_the_members_types_and_known_values_of_the_document() {
    assert_eq!(contradictions(document(), &Seen::of_types()), "");
}

#[test]
fn every_schema_of_the_document_is_looked_at() {
    let listed: BTreeSet<String> = rust::types().into_iter().map(|rust| rust.name).collect();
    for name in components(&rust::schemas()).keys() {
        assert!(listed.contains(name), "{name}: add it to the list of types");
    }
    for (name, schema) in components(&document()) {
        for (member, schema) in members(schema) {
            let inside = schema.get("items").unwrap_or(schema);
            assert!(
                inside.get("properties").is_none(),
                "{name}.{member}: give it a name, or nobody looks inside"
            );
        }
    }
}

#[test]
fn what_the_types_do_not_hold_to_is_known() {
    let document = document();
    let types = rust::types();
    let mut lines = Vec::new();
    for (name, schema) in components(&document) {
        match types.iter().find(|rust| rust.name == *name) {
            Some(rust) => lines.extend(probe::weaker(rust, &schema["example"], &facts(&document, name))),
            None => lines.push(format!("{name}: no type has this name")),
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}
