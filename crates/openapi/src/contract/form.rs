//! One schema in normal form: the many ways to write the same schema become one.

use serde_json::{Map, Value, json};

use super::fact::is_compared;
use super::reading::{Reading, quoted, text};
use crate::document::json::texts;

/// Keywords whose meaning depends on their neighbours: merging schemas would change what they say.
const NEIGHBOURLY: &str = "additionalProperties contains else if maxContains minContains patternProperties prefixItems then \
    unevaluatedItems unevaluatedProperties";

/// Keywords that forbid nothing: beside a reference they add to it.
const ANNOTATIONS: &[&str] = &["default", "deprecated", "nullable", "readOnly", "writeOnly"];

/// Keywords that hold the alternatives of a schema, or the parts that it is made of.
pub(super) const COMPOSITIONS: &[&str] = &["allOf", "anyOf", "oneOf"];

/// The way to a schema from the outermost one: for each step the reference that was followed, or an empty text, and the member to
/// which it led.
type Path = [(String, String)];

type Keywords = Map<String, Value>;

/// The normal form of a schema that no keyword restricts.
pub(super) fn any() -> Value {
    json!({ "type": "any" })
}

impl Reading<'_> {
    /// The normal form of a schema and of all inside it, with what it says by saying nothing.
    pub(super) fn form(&self, schema: &Value, path: &Path) -> Value {
        let mut form = self.shape(schema, path);
        if takes_any_type(&form) {
            form.retain(|keyword, value| keyword != "nullable" || *value != true);
            form.insert("type".to_owned(), "any".into());
        } else {
            form.entry("nullable").or_insert(false.into());
        }
        let is_a = |form: &Keywords, kind: &str| match form.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().any(|one| one == kind),
            one => one.is_some_and(|one| one == kind),
        };
        let of_objects = ["properties", "required", "additionalProperties"];
        if is_a(&form, "object") || of_objects.iter().any(|keyword| form.contains_key(*keyword)) {
            let required = form.get("required").cloned().unwrap_or_default();
            if let Value::Object(members) = form.entry("properties").or_insert_with(|| json!({})) {
                for name in texts(&required) {
                    members.entry(name).or_insert_with(any);
                }
            }
            form.entry("additionalProperties").or_insert_with(any);
        }
        if is_a(&form, "array") {
            form.entry("items").or_insert_with(any);
        }
        form.into()
    }

    /// What a schema says itself, with what its references and its only alternatives say merged into it.
    fn shape(&self, schema: &Value, path: &Path) -> Keywords {
        let of = |keyword: &str, value: Value| Map::from_iter([(keyword.to_owned(), value)]);
        if !self.step(path.len()) {
            return of("not read", "too deep, or too much".into());
        }
        let written = match schema {
            Value::Object(members) => members.clone(),
            Value::Bool(true) => Map::new(),
            Value::Bool(false) => of("not", json!({})),
            other => of("no schema", other.clone()),
        };
        let mut shape = Map::new();
        for (keyword, value) in written.into_iter().filter(|(keyword, _)| is_compared("schema", keyword)) {
            let form = |schema: &Value, step: &str| self.form(schema, &further(path, "", step));
            let value = match (keyword.as_str(), value) {
                ("properties", Value::Object(members)) => {
                    let forms = members.into_iter().map(|(name, schema)| {
                        let form = form(&schema, &format!(".{}", quoted(&name)));
                        (name, form)
                    });
                    forms.collect()
                }
                ("items", schema) => form(&schema, "[]"),
                ("additionalProperties", schema) if schema != false => form(&schema, ".*"),
                ("not", schema @ (Value::Object(_) | Value::Bool(_))) => form(&schema, "(not)"),
                ("$ref" | "allOf" | "anyOf" | "oneOf", value) => value,
                (_, value) => self.unfolded(&value, &[]),
            };
            if !is_implied(&keyword, &value) {
                shape.insert(keyword, value);
            }
        }
        write_alike(&mut shape);
        // Those that come from elsewhere are in normal form already.
        let mut own: Vec<&str> =
            COMPOSITIONS.iter().copied().filter(|one| shape.contains_key(*one)).collect();
        own.extend(self.follow(&mut shape, path));
        for composition in COMPOSITIONS.iter().filter(|composition| own.contains(composition)) {
            self.unite(&mut shape, composition, path);
        }
        if is_nullable(&shape)
            && let Some(Value::Array(values)) = shape.get_mut("enum")
        {
            // 3.1 lists null among the values of a nullable enum, 3.0 may leave it out.
            values.retain(|value| !value.is_null());
        }
        shape
    }

    /// Merges what the reference of a schema leads to, or else makes it one of its parts, whose keyword is returned. A reference
    /// that leads back, or nowhere, says so.
    ///
    /// 3.0 ignores what is written beside a reference and 3.1 does not: it counts here, so that it is never overlooked.
    fn follow(&self, shape: &mut Keywords, path: &Path) -> Option<&'static str> {
        let Some(Value::String(reference)) = shape.get("$ref").cloned() else { return None };
        let back = path.iter().find(|(followed, _)| *followed == reference);
        let instead = match (back, self.target(&reference)) {
            (Some((_, member)), _) if member.is_empty() => "back to the whole".to_owned(),
            (Some((_, member)), _) => format!("back to {}", member.trim_start_matches('.')),
            (None, None) => format!("to {reference:?}, which is not in the document"),
            (None, Some(target)) => {
                shape.remove("$ref");
                if merge(shape, &self.shape(target, &further(path, &reference, ""))) {
                    return None;
                }
                let part = json!({ "$ref": reference });
                match shape.entry("allOf").or_insert_with(|| json!([])) {
                    Value::Array(parts) => parts.push(part),
                    other => *other = json!([other.clone(), part]),
                }
                return Some("allOf");
            }
        };
        shape.insert("$ref".to_owned(), instead.into());
        None
    }

    /// Turns an alternative `null` into `nullable`, and merges a schema that is alone in `allOf`, `anyOf` or `oneOf`.
    fn unite(&self, shape: &mut Keywords, composition: &str, path: &Path) {
        let Some(Value::Array(schemas)) = shape.get(composition).cloned() else { return };
        if schemas.is_empty() {
            return;
        }
        let shaped = schemas.into_iter().map(|one| (self.shape(&one, path), one));
        let (nulls, others): (Vec<_>, Vec<_>) = shaped.partition(|(shape, _)| is_null(shape));
        // `oneOf` wants exactly one alternative to fit: null must not fit another one, too.
        let unites = !others.is_empty()
            && match composition {
                "anyOf" => !nulls.is_empty(),
                "oneOf" => nulls.len() == 1 && !others.iter().any(|(shape, _)| takes_null(shape)),
                _ => false,
            };
        let allow_null =
            |shape: &mut Keywords| unites.then(|| shape.insert("nullable".to_owned(), true.into()));
        allow_null(shape);
        let mut kept = if unites { others } else { [nulls, others].concat() };
        shape.remove(composition);
        if let [(only, _)] = kept.as_mut_slice() {
            allow_null(only);
            if merge(shape, only) {
                return;
            }
        }
        // Inside a part, a reference that leads back may mean the part or what is around it.
        let inside = further(path, "", &format!("({composition})"));
        let mut parts: Vec<Value> = kept.iter().map(|(_, one)| self.form(one, &inside)).collect();
        parts.sort_by_cached_key(text);
        shape.insert(composition.to_owned(), parts.into());
    }
}

fn further(path: &Path, reference: &str, step: &str) -> Vec<(String, String)> {
    let here = path.last().map_or("", |(_, member)| member);
    [path, &[(reference.to_owned(), format!("{here}{step}"))]].concat()
}

/// Writes keywords that say the same in the same way.
fn write_alike(shape: &mut Keywords) {
    if let Some(Value::Array(types)) = shape.get_mut("type") {
        let all = types.len();
        if all > 1 {
            types.retain(|kind| kind != "null");
        }
        let is_nullable = types.len() < all;
        sort(types);
        if let [only] = types.as_slice() {
            let only = only.clone();
            shape.insert("type".to_owned(), only);
        }
        if is_nullable {
            shape.insert("nullable".to_owned(), true.into());
        }
    }
    if let Some(value) = shape.remove("const") {
        shape.insert("enum".to_owned(), json!([value]));
    }
    for set in ["enum", "required"] {
        if let Some(Value::Array(values)) = shape.get_mut(set) {
            sort(values);
        }
    }
    // 3.0 says in a second keyword that a bound is excluded, 3.1 has another keyword for the bound.
    for (bound, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        if shape.get(exclusive).is_some_and(|value| *value == true)
            && let Some(value) = shape.remove(bound)
        {
            shape.insert(exclusive.to_owned(), value);
        }
    }
}

/// Adds what another schema demands as well; false, and nothing changed, if that cannot be said in one schema.
fn merge(shape: &mut Keywords, other: &Keywords) -> bool {
    let is_neighbourly = |shape: &Keywords| NEIGHBOURLY.split(' ').any(|keyword| shape.contains_key(keyword));
    let is_bare = |shape: &Keywords| shape.keys().all(|keyword| ANNOTATIONS.contains(&keyword.as_str()));
    if (is_neighbourly(shape) && !is_bare(other)) || (is_neighbourly(other) && !is_bare(shape)) {
        return false;
    }
    let mut merged = shape.clone();
    for (keyword, value) in other {
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
    match takes_null(shape) && takes_null(other) {
        true => drop(merged.insert("nullable".to_owned(), true.into())),
        false => merged.retain(|keyword, value| keyword != "nullable" || *value != true),
    }
    *shape = merged;
    true
}

fn is_null(shape: &Keywords) -> bool {
    let only_null = |(keyword, value): (&String, &Value)| match keyword.as_str() {
        "type" => value == "null",
        "enum" => *value == json!([null]),
        _ => false,
    };
    !shape.is_empty() && shape.iter().all(only_null)
}

fn is_nullable(shape: &Keywords) -> bool {
    shape.get("nullable").is_some_and(|value| *value == true)
}

fn takes_null(shape: &Keywords) -> bool {
    is_nullable(shape) || takes_any_type(shape)
}

/// Whether no keyword says what kind of value this is; then null is as good as any other.
fn takes_any_type(shape: &Keywords) -> bool {
    !["type", "enum", "$ref"].iter().chain(COMPOSITIONS).any(|keyword| shape.contains_key(*keyword))
}

/// Whether a keyword, in normal form, says what holds without it.
fn is_implied(keyword: &str, value: &Value) -> bool {
    match keyword {
        "nullable" | "uniqueItems" | "deprecated" | "readOnly" | "writeOnly" | "exclusiveMinimum"
        | "exclusiveMaximum" => value == false,
        "minLength" | "minItems" | "minProperties" => value.as_f64() == Some(0.0),
        "required" => *value == json!([]),
        "properties" => *value == json!({}),
        "items" | "additionalProperties" => *value == any(),
        _ => false,
    }
}

fn sort(values: &mut Vec<Value>) {
    values.sort_by_cached_key(Value::to_string);
    values.dedup();
}
