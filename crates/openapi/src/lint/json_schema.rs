//! Schemas of OpenAPI 3.0 as JSON Schemas of draft 4, from which they differ in `nullable` and little else.

use std::collections::BTreeSet;

use jsonschema::{Draft, Validator};
use serde_json::{Value, json};

use super::explain_schema_error::{Fault, explain};
use super::outline::Node;
use crate::document::Document;

/// What keeps a value from fitting a schema; nothing, if the schema is too broken to tell.
pub(super) fn faults(document: &Document, schema: &Node<'_>, value: &Value) -> BTreeSet<Fault> {
    let validator = validator(document, schema.value);
    explain(validator.iter().flat_map(|validator| validator.iter_errors(value)))
}

/// What validates JSON against a schema of the document; none if the schema is too broken for that.
pub fn validator(document: &Document, schema: &Value) -> Option<Validator> {
    let mut components = document.value().get("components").cloned().unwrap_or_default();
    if let Some(Value::Object(schemas)) = components.get_mut("schemas") {
        schemas.values_mut().for_each(translate);
    }
    let mut schema = schema.clone();
    translate(&mut schema);
    let whole = json!({ "allOf": [schema], "components": components });
    jsonschema::options().with_draft(Draft::Draft4).should_validate_formats(true).build(&whole).ok()
}

/// `nullable` adds null to the type beside it. What `allOf` or `enum` forbid stays forbidden (OpenAPI's proposal 003).
fn translate(schema: &mut Value) {
    let Value::Object(members) = schema else { return };
    if members.get("nullable") == Some(&Value::Bool(true))
        && let Some(kind) = members.get_mut("type")
    {
        *kind = json!([kind.take(), "null"]);
    }
    for (keyword, value) in members {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => properties.values_mut().for_each(translate),
            ("allOf" | "oneOf" | "anyOf", Value::Array(parts)) => parts.iter_mut().for_each(translate),
            ("items" | "not" | "additionalProperties", part) => translate(part),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nullable_adds_null_to_the_type_beside_it_and_overrides_nothing_else() {
        let text = "{openapi: 3.0.3, components: {schemas: {Text: {type: string}}}}".to_owned();
        let document = Document::parse("api.yaml", text).unwrap();
        let part = json!({ "$ref": "#/components/schemas/Text" });
        for (schema, takes_null) in [
            (json!({ "type": "string", "nullable": true, "example": 5 }), true),
            (json!({ "type": "string" }), false),
            (json!({ "type": "string", "nullable": true, "enum": ["a"] }), false),
            (json!({ "type": "string", "nullable": true, "allOf": [part] }), false),
            (json!({ "nullable": true, "allOf": [part] }), false),
        ] {
            assert_eq!(validator(&document, &schema).unwrap().is_valid(&Value::Null), takes_null, "{schema}");
        }
    }
}
