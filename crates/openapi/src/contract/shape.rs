//! One schema in normal form: the many ways to write the same schema become one.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::fact::is_compared;
use super::reading::{Reading, plain};

/// What a schema says itself, with what its references and its only alternatives say merged into it.
///
/// The schemas inside it are as they are written.
#[derive(Clone, Debug, Default)]
pub(super) struct Shape {
    pub(super) nullable: bool,
    pub(super) keywords: BTreeMap<String, Value>,
    /// The references that led here: inside, they lead back.
    pub(super) followed: Vec<String>,
}

/// Keywords whose meaning depends on their neighbours: merging schemas would change what they say.
const NEIGHBOURLY: &str = "additionalProperties contains else if maxContains minContains patternProperties prefixItems then \
    unevaluatedItems unevaluatedProperties";

/// Keywords that forbid nothing: beside a reference they add to it.
const ANNOTATIONS: &[&str] = &["default", "deprecated", "readOnly", "writeOnly"];

/// Keywords that hold the alternatives of a schema, or the parts that it is made of.
const COMPOSITIONS: &[&str] = &["allOf", "anyOf", "oneOf"];

/// The normal form of a schema; `open` are the references whose targets contain it.
pub(super) fn shape(reading: &Reading<'_>, schema: &Value, open: &[String], depth: usize) -> Shape {
    if !reading.step(depth) {
        return Shape::of("not read", json!("too deep, or too much"));
    }
    let mut shape = match schema {
        Value::Object(members) => Shape::written(members),
        Value::Bool(true) => Shape::default(),
        Value::Bool(false) => Shape::of("not", json!({})),
        other => Shape::of("no schema", other.clone()),
    };
    shape.follow(reading, open, depth);
    for composition in COMPOSITIONS {
        shape.unite(reading, composition, open, depth);
    }
    if shape.nullable
        && let Some(Value::Array(values)) = shape.keywords.get_mut("enum")
    {
        // 3.1 lists null among the values of a nullable enum, 3.0 may leave it out.
        values.retain(|value| !value.is_null());
    }
    shape
}

impl Shape {
    fn of(keyword: &str, value: Value) -> Self {
        Self { keywords: BTreeMap::from([(keyword.to_owned(), value)]), ..Self::default() }
    }

    /// The schema as it is written, each keyword in its normal form.
    fn written(members: &Map<String, Value>) -> Self {
        let mut shape = Self::default();
        for (keyword, value) in members {
            if is_compared("schema", keyword) && !is_implied(keyword, value) {
                shape.keywords.insert(keyword.clone(), plain(value));
            }
        }
        if shape.keywords.get("nullable") == Some(&Value::Bool(true)) {
            shape.keywords.remove("nullable");
            shape.nullable = true;
        }
        if let Some(Value::Array(types)) = shape.keywords.get("type") {
            let mut types = types.clone();
            shape.nullable |= types.len() > 1 && types.contains(&json!("null"));
            types.retain(|kind| !shape.nullable || kind != "null");
            sort(&mut types);
            let types = if types.len() == 1 { types.remove(0) } else { Value::Array(types) };
            shape.keywords.insert("type".to_owned(), types);
        }
        if let Some(value) = shape.keywords.remove("const") {
            shape.keywords.insert("enum".to_owned(), json!([value]));
        }
        for set in ["enum", "required"] {
            if let Some(Value::Array(values)) = shape.keywords.get_mut(set) {
                sort(values);
            }
        }
        // 3.0 says in a second keyword that a bound is excluded, 3.1 has another keyword for the bound.
        for (bound, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
            if shape.keywords.get(exclusive) == Some(&Value::Bool(true))
                && let Some(value) = shape.keywords.remove(bound)
            {
                shape.keywords.insert(exclusive.to_owned(), value);
            }
        }
        shape
    }

    /// Merges what the reference of this schema leads to. One that leads back, or nowhere, stays as it is.
    ///
    /// 3.0 ignores what is written beside a reference and 3.1 does not: it counts here, so that it is never overlooked.
    fn follow(&mut self, reading: &Reading<'_>, open: &[String], depth: usize) {
        let Some(Value::String(reference)) = self.keywords.get("$ref").cloned() else {
            return;
        };
        let Some(target) = reading.target(&reference).filter(|_| !open.contains(&reference)) else {
            return;
        };
        self.keywords.remove("$ref");
        let mut inside = open.to_vec();
        inside.push(reference.clone());
        let mut inner = shape(reading, target, &inside, depth + 1);
        inner.followed.push(reference.clone());
        if !self.merge(&inner) {
            self.add_part(json!({ "$ref": reference }));
        }
    }

    fn add_part(&mut self, part: Value) {
        let parts = self.keywords.entry("allOf".to_owned()).or_insert_with(|| json!([]));
        match parts {
            Value::Array(parts) => parts.push(part),
            other => *other = json!([other.clone(), part]),
        }
    }

    /// Turns an alternative `null` into `nullable`, and merges a schema that is alone in `allOf`, `anyOf` or `oneOf`.
    fn unite(&mut self, reading: &Reading<'_>, composition: &str, open: &[String], depth: usize) {
        let Some(Value::Array(schemas)) = self.keywords.get(composition).cloned() else {
            return;
        };
        if schemas.is_empty() {
            return;
        }
        let shaped = schemas.into_iter().map(|one| (shape(reading, &one, open, depth + 1), one));
        let (nulls, others): (Vec<_>, Vec<_>) = shaped.partition(|(shape, _)| shape.is_null());
        // `oneOf` wants exactly one alternative to fit: null must not fit another one, too.
        let unites = !others.is_empty()
            && match composition {
                "anyOf" => !nulls.is_empty(),
                "oneOf" => nulls.len() == 1 && !others.iter().any(|(shape, _)| shape.takes_null()),
                _ => false,
            };
        self.nullable |= unites;
        let mut kept = if unites { others } else { nulls.into_iter().chain(others).collect() };
        self.keywords.remove(composition);
        if let [(only, _)] = kept.as_mut_slice() {
            only.nullable |= unites;
            if self.merge(only) {
                return;
            }
        }
        self.keywords.insert(composition.to_owned(), kept.into_iter().map(|(_, one)| one).collect());
    }

    /// Adds what another schema demands as well; false, and nothing changed, if that cannot be said in one schema.
    fn merge(&mut self, other: &Self) -> bool {
        let depends =
            (self.is_neighbourly() && !other.is_bare()) || (other.is_neighbourly() && !self.is_bare());
        if depends {
            return false;
        }
        let mut merged = self.keywords.clone();
        for (keyword, value) in &other.keywords {
            match (keyword.as_str(), merged.get_mut(keyword), value) {
                (_, None, value) => drop(merged.insert(keyword.clone(), value.clone())),
                ("default", ..) => {}
                ("required", Some(Value::Array(names)), Value::Array(more)) => {
                    names.extend(more.iter().cloned());
                    sort(names);
                }
                ("properties", Some(Value::Object(properties)), Value::Object(more)) => {
                    for (name, schema) in more {
                        if properties.insert(name.clone(), schema.clone()).is_some_and(|own| own != *schema) {
                            return false;
                        }
                    }
                }
                (_, Some(own), value) if own == value => {}
                _ => return false,
            }
        }
        // Each is a demand of its own: null is allowed where both allow it (OpenAPI's proposal 003).
        self.nullable = self.takes_null() && other.takes_null();
        self.keywords = merged;
        self.followed.extend(other.followed.iter().cloned());
        true
    }

    fn is_neighbourly(&self) -> bool {
        NEIGHBOURLY.split(' ').any(|keyword| self.keywords.contains_key(keyword))
    }

    fn is_bare(&self) -> bool {
        self.keywords.keys().all(|keyword| ANNOTATIONS.contains(&keyword.as_str()))
    }

    fn is_null(&self) -> bool {
        let only_null = |(keyword, value): (&String, &Value)| match keyword.as_str() {
            "type" => value == "null",
            "enum" => *value == json!([null]),
            _ => false,
        };
        !self.keywords.is_empty() && self.keywords.iter().all(only_null)
    }

    fn takes_null(&self) -> bool {
        self.nullable || self.takes_any_type()
    }

    /// Whether no keyword says what kind of value this is; then null is as good as any other.
    pub(super) fn takes_any_type(&self) -> bool {
        !["type", "enum", "$ref"]
            .iter()
            .chain(COMPOSITIONS)
            .any(|keyword| self.keywords.contains_key(*keyword))
    }
}

/// Whether a keyword says what holds without it.
fn is_implied(keyword: &str, value: &Value) -> bool {
    match keyword {
        "nullable" | "uniqueItems" | "deprecated" | "readOnly" | "writeOnly" | "exclusiveMinimum"
        | "exclusiveMaximum" => value == false,
        "minLength" | "minItems" | "minProperties" => value.as_f64() == Some(0.0),
        "required" => *value == json!([]),
        "properties" => *value == json!({}),
        "items" | "additionalProperties" | "unevaluatedItems" | "unevaluatedProperties" => {
            allows_anything(value)
        }
        _ => false,
    }
}

/// Whether a schema says nothing but what holds anyway.
fn allows_anything(schema: &Value) -> bool {
    let says_nothing =
        |(keyword, value): (&String, &Value)| !is_compared("schema", keyword) || is_implied(keyword, value);
    match schema {
        Value::Object(members) => members.iter().all(says_nothing),
        other => other == true,
    }
}

fn sort(values: &mut Vec<Value>) {
    values.sort_by_cached_key(Value::to_string);
    values.dedup();
}
