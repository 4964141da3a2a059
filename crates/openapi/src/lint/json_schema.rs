//! Schemas of OpenAPI 3.0 as JSON Schemas of draft 4, from which they differ in `nullable` and little else.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use super::outline::{Kind, Outline};
use super::references::in_circle;

const PREFIX: &str = "#/components/schemas/";

/// All named schemas, translated, so that a schema with references to them can be compiled.
pub(super) struct Translated {
    named: BTreeMap<String, Value>,
}

impl Translated {
    pub(super) fn of(outline: &Outline<'_>) -> Self {
        let circles = in_circle(outline);
        let components = outline.of_kind(Kind::Schema).filter(|schema| schema.is_component());
        let named = components
            .filter(|schema| !circles.contains(&schema.pointer))
            .map(|schema| (schema.name(), translate(&Value::Object(schema.members.clone()))))
            .collect();
        Self { named }
    }

    /// A validator for a schema of the document; `None` if the schema is too broken for one.
    pub(super) fn validator(&self, schema: &Value) -> Option<Validator> {
        let mut root = translate(schema);
        let mut needed = BTreeSet::new();
        self.link(&mut root, &mut needed);
        let mut schemas = Map::new();
        let mut waiting: Vec<String> = needed.iter().cloned().collect();
        while let Some(name) = waiting.pop() {
            let Some(mut schema) = self.named.get(&name).cloned() else { continue };
            let mut more = BTreeSet::new();
            self.link(&mut schema, &mut more);
            waiting.extend(more.into_iter().filter(|name| needed.insert(name.clone())));
            schemas.insert(name, schema);
        }
        let whole = json!({ "allOf": [root], "components": { "schemas": schemas } });
        jsonschema::options().with_draft(Draft::Draft4).should_validate_formats(true).build(&whole).ok()
    }

    /// Notes the names that a translated schema refers to; a reference to nothing then allows anything, because
    /// it has its own finding.
    fn link(&self, schema: &mut Value, needed: &mut BTreeSet<String>) {
        match schema {
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    match reference.strip_prefix(PREFIX).filter(|name| self.named.contains_key(*name)) {
                        Some(name) => drop(needed.insert(name.to_owned())),
                        None => members.clear(),
                    }
                    return;
                }
                // What `enum` lists are values, whatever they look like.
                let parts = members.iter_mut().filter(|(key, _)| *key != "enum");
                parts.for_each(|(_, part)| self.link(part, needed));
            }
            Value::Array(parts) => parts.iter_mut().for_each(|part| self.link(part, needed)),
            _ => {}
        }
    }
}

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];
const COUNTS: [&str; 6] =
    ["maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"];

/// Takes over what restricts a value, and only where it has the form that draft 4 wants: the rest is either of no
/// weight for an example or found by the official schema.
fn translate(schema: &Value) -> Value {
    let Some(members) = schema.as_object() else { return json!({}) };
    if let Some(reference @ Value::String(_)) = members.get("$ref") {
        return json!({ "$ref": reference });
    }
    let mut out = Map::new();
    for (key, value) in members {
        let translated = match (key.as_str(), value) {
            ("type", Value::String(name)) if TYPES.contains(&name.as_str()) => value.clone(),
            ("pattern" | "format", Value::String(_)) | ("uniqueItems", Value::Bool(_)) => value.clone(),
            ("minimum" | "maximum", Value::Number(_)) => value.clone(),
            ("exclusiveMinimum", Value::Bool(_)) if is_number(members, "minimum") => value.clone(),
            ("exclusiveMaximum", Value::Bool(_)) if is_number(members, "maximum") => value.clone(),
            ("multipleOf", Value::Number(number)) if number.as_f64().is_some_and(|number| number > 0.0) => {
                value.clone()
            }
            (key, Value::Number(number)) if COUNTS.contains(&key) && number.is_u64() => value.clone(),
            ("enum", Value::Array(values)) if !values.is_empty() => value.clone(),
            ("required", Value::Array(names)) if is_list_of_names(names) => value.clone(),
            ("properties", Value::Object(properties)) => {
                properties.iter().map(|(name, property)| (name.clone(), translate(property))).collect()
            }
            ("items" | "not" | "additionalProperties", Value::Object(_)) => translate(value),
            ("additionalProperties", Value::Bool(_)) => value.clone(),
            ("allOf" | "oneOf" | "anyOf", Value::Array(parts)) if !parts.is_empty() => {
                parts.iter().map(translate).collect()
            }
            _ => continue,
        };
        out.insert(key.clone(), translated);
    }
    // `nullable` adds null to the type beside it. What `allOf` or `enum` forbid stays forbidden (OpenAPI's proposal 003).
    if members.get("nullable") == Some(&Value::Bool(true))
        && let Some(kind) = out.get_mut("type")
    {
        *kind = json!([kind.take(), "null"]);
    }
    Value::Object(out)
}

fn is_number(members: &Map<String, Value>, key: &str) -> bool {
    members.get(key).is_some_and(Value::is_number)
}

fn is_list_of_names(names: &[Value]) -> bool {
    let unique: BTreeSet<&str> = names.iter().filter_map(Value::as_str).collect();
    !names.is_empty() && unique.len() == names.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nullable_and_exclusive_bounds_are_translated() {
        assert_eq!(
            translate(&json!({"type": "string", "nullable": true, "example": "x", "x-a": 1})),
            json!({"type": ["string", "null"]})
        );
        let part = json!({"$ref": "#/components/schemas/A"});
        assert_eq!(
            translate(&json!({"nullable": true, "type": "string", "enum": ["a"], "allOf": [part]})),
            json!({"type": ["string", "null"], "enum": ["a"], "allOf": [part]})
        );
        assert_eq!(translate(&json!({"nullable": true, "allOf": [part]})), json!({"allOf": [part]}));
        assert_eq!(translate(&json!({"exclusiveMinimum": true})), json!({}));
        assert_eq!(
            translate(&json!({"minimum": 1, "exclusiveMinimum": true})),
            json!({"minimum": 1, "exclusiveMinimum": true})
        );
    }
}
