//! The generated types say what the document says; where they say less, a reviewed snapshot lists it.

mod probe;
mod rust;

use std::collections::{BTreeMap, BTreeSet};

use northbound_openapi::contract::{self, Fact, Side};
use northbound_openapi::document::reference;
use serde_json::{Map, Value, json};
use similar::TextDiff;
use xtask::load;

use crate::freshness::root;
use probe::{Probe, Sample};
use rust::{Fields, RustType};

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

#[test]
fn the_types_have_the_members_types_and_known_values_of_the_document() {
    assert_eq!(contradictions(document(), &Seen::of_types()), "");
}

#[test]
fn a_change_of_the_document_contradicts_the_types() {
    let changes = [
        ("/SubtaskPage/properties/totalCount/type", json!("string"), "-totalCount: type string"),
        ("/SubtaskPage/properties/taskDetails/items", json!({}), "-taskDetails[]: type any"),
        ("/SubtaskPage/properties/pageNo/format", json!("int32"), "SubtaskPage.pageNo: int32 became int64"),
        ("/SubtaskParam/properties/nodeId", json!({ "type": "string" }), "-nodeId: type string"),
        ("/Subtask/additionalProperties", json!(false), "-additionalProperties none"),
        ("/SubtaskStatus/enum/0", json!("Waiting"), "-enum \"Waiting\""),
    ];
    for (pointer, value, shown) in changes {
        let mut document = document();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match document["components"]["schemas"].pointer_mut(parent).unwrap() {
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
            members => members[name] = value,
        }
        let contradictions = contradictions(document, &Seen::of_types());
        assert!(contradictions.contains(shown), "{pointer}: {shown:?} does not show in:\n{contradictions}");
    }
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
        Self { text: seen.map(|fact| format!("{fact}\n")).collect(), formats: formats(&facts) }
    }

    /// Each type by its name.
    pub(crate) fn of_types() -> BTreeMap<String, Self> {
        let derived = rust::schemas();
        let names = rust::types().into_iter().map(|rust| rust.name);
        names.map(|name| (name.clone(), Self::of(&derived, &name))).collect()
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
            if let Some(rust) = rust.formats.get(&member).filter(|rust| **rust != format) {
                contradictions.push_str(&format!("{name}.{member}: {format} became {rust}\n"));
            }
        }
    }
    contradictions
}

/// Lists the known values beside each text that the document leaves open, as the types list them.
fn known_values(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    for (name, schema) in schemas.as_object().into_iter().flatten() {
        for (member, property) in members(schema) {
            let known = property.get("x-known-values").and_then(Value::as_str);
            let values = known.and_then(|known| reference::target(document, known)?.get("enum").cloned());
            let property = document["components"]["schemas"][name]["properties"].get_mut(member);
            if let (Some(values), Some(property)) = (values, property.and_then(Value::as_object_mut)) {
                property.insert("enum".to_owned(), values);
            }
        }
    }
}

fn formats(facts: &[Fact]) -> BTreeMap<String, String> {
    let formats = facts.iter().filter(|fact| fact.aspect == "format");
    formats.map(|fact| (fact.member.clone(), fact.value.clone())).collect()
}

#[test]
fn every_schema_of_the_document_is_looked_at() {
    let document = document();
    let looked_at: BTreeSet<String> = rust::types().into_iter().map(|rust| rust.name).collect();
    let fields = Fields::read();
    for (name, schema) in components(&document) {
        assert!(
            looked_at.contains(name) || fields.in_place_of(&document, name).is_some(),
            "{name}: add its Rust type to the list of types"
        );
        for (member, schema) in members(schema) {
            let inside = schema.get("items").unwrap_or(schema);
            assert!(
                inside.get("properties").is_none(),
                "{name}.{member}: give it a name, or nobody looks inside"
            );
        }
    }
    for generated in fields.structs() {
        assert!(looked_at.contains(generated), "{generated}: add it to the list of types");
    }
}

fn members(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

#[test]
fn what_the_types_do_not_hold_to_is_known() {
    let document = document();
    let mut lines = replaced(&document);
    for rust in rust::types() {
        if let Some(schema) = components(&document).get(&rust.name) {
            lines.extend(weakened(&document, schema, &rust));
        }
    }
    lines.extend(weakened_parameters(&document));
    insta::assert_snapshot!(lines.join("\n"));
}

/// The schemas that have no type of their own.
fn replaced(document: &Value) -> Vec<String> {
    let fields = Fields::read();
    let replaced = components(document).keys().filter_map(|name| {
        let rust = fields.in_place_of(document, name)?;
        (rust != *name).then(|| format!("{name}: no type of its own, {rust} in its place"))
    });
    replaced.collect()
}

/// What a type takes or loses against the document, of the value as a whole and of each member.
fn weakened(document: &Value, schema: &Value, rust: &RustType) -> Vec<String> {
    let facts = facts(document, &rust.name);
    let sample = Sample::new(rust, schema["example"].clone());
    let formats = formats(&self::facts(&rust::schemas(), &rust.name));
    let mut lines = Vec::new();
    for member in std::iter::once("").chain(members(schema).map(|(member, _)| member.as_str())) {
        let mut probe = Probe::new(&sample, member);
        // Null of a schema with a name is an `Option` of the members that refer to it.
        let is_option = |fact: &Fact| member.is_empty() && fact.aspect == "nullable";
        let facts_of_member = facts.iter().filter(|fact| fact.member == member && !is_option(fact));
        facts_of_member.for_each(|fact| probe.fact(fact));
        if facts.iter().any(|fact| fact.member == member && fact.aspect == "format")
            && !formats.contains_key(member)
        {
            probe.weaker("format, lost");
        }
        let name = if member.is_empty() { rust.name.clone() } else { format!("{}.{member}", rust.name) };
        lines.extend(probe.findings().map(|finding| format!("{name}: {finding}")));
    }
    lines
}

/// What the builders of calls take against the document. Parameters are text on the wire, so that only values matter.
fn weakened_parameters(document: &Value) -> Vec<String> {
    let fields = Fields::read();
    let contract = contract::contract(document);
    let mut lines = Vec::new();
    for (path, method, operation) in operations(document) {
        let called = format!("{} {path}", method.to_uppercase());
        let id = operation["operationId"].as_str().unwrap();
        let of_operation = contract.facts().iter().filter(|fact| fact.operation == called);
        let mut places: BTreeMap<&str, Vec<&Fact>> = BTreeMap::new();
        for fact in of_operation.filter(|fact| fact.side == Side::Request && fact.place.contains("query ")) {
            places.entry(fact.place.as_str()).or_default().push(fact);
        }
        for (place, facts) in places {
            let name = place.rsplit(' ').next().unwrap();
            let rust = rust::parameter(fields.parameter(id, name));
            let example = parameter_example(document, operation, name);
            let sample = Sample::new(&rust, example);
            let mut probe = Probe::new(&sample, "");
            let values = facts.into_iter().filter(|fact| Probe::is_value(&fact.aspect));
            values.for_each(|fact| probe.fact(fact));
            lines.extend(probe.findings().map(|finding| format!("{id} {place}: {finding}")));
        }
    }
    lines
}

fn operations(document: &Value) -> impl Iterator<Item = (&String, &String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths.iter().flat_map(|(path, item)| {
        let operations =
            item.as_object().unwrap().iter().filter(|(_, node)| node.get("operationId").is_some());
        operations.map(move |(method, operation)| (path, method, operation))
    })
}

fn parameter_example(document: &Value, operation: &Value, name: &str) -> Value {
    let parameters = operation["parameters"].as_array().unwrap().iter();
    let resolved = parameters.map(|node| reference::resolve(document, node).unwrap());
    let found = resolved.into_iter().find(|parameter| parameter["name"] == name);
    found.unwrap_or_else(|| panic!("no parameter {name}"))["example"].clone()
}
