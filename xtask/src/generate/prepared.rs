//! The document as progenitor reads it: some things are written for all generators in a way that loses something in Rust.

use serde_json::{Value, json};

/// Members that are written out because null is allowed there, each with the schema that says the same without null. Its Rust
/// type keeps what is no text: no call finds the id of a task that could not be read.
const WRITTEN_OUT: [(&str, &str); 3] = [
    ("/components/schemas/CreatedBatchTask/properties/taskID", "#/components/schemas/EmbeddedText"),
    ("/components/schemas/SubtaskParam/properties/commandId", "#/components/schemas/CommandId"),
    ("/components/schemas/SubtaskParam/properties/deviceId", "#/components/schemas/DeviceId"),
];

/// The document with its named schemas back in place, and in the form that typify keeps the names of.
pub(super) fn prepared(document: &Value) -> Value {
    let mut prepared = document.clone();
    for (member, target) in WRITTEN_OUT {
        if let Some(Value::Object(member)) = prepared.pointer_mut(member) {
            member.insert("allOf".to_owned(), json!([{ "$ref": target }]));
        }
    }
    let schemas = prepared.pointer_mut("/components/schemas").and_then(Value::as_object_mut);
    for schema in schemas.into_iter().flat_map(|schemas| schemas.values_mut()) {
        // typify would wrap a schema that may be null into a second type. An optional member takes null anyway, and the rule
        // `nullable-required` reports all other uses.
        if let Some(members) = schema.as_object_mut() {
            members.shift_remove("nullable");
        }
    }
    refer_by_name(&mut prepared);
    keep_empty_lists(&mut prepared);
    prepared
}

/// Lets an optional list be null, so that Rust distinguishes an empty list from none: progenitor leaves an empty one out of a
/// request.
fn keep_empty_lists(node: &mut Value) {
    match node {
        Value::Object(members) => {
            let required: Vec<Value> =
                members.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
            for (name, property) in
                members.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten()
            {
                if property["type"] == "array" && !required.contains(&json!(name)) {
                    property["nullable"] = json!(true);
                }
            }
            members.values_mut().for_each(keep_empty_lists);
        }
        Value::Array(items) => items.iter_mut().for_each(keep_empty_lists),
        _ => {}
    }
}

/// Refers to the schema of known values, so that a status is an open enum in Rust. Then takes `type` away where `allOf` refers
/// to a schema that has it: typify would separate the two and lose the name. The document has it because `nullable` means
/// nothing without a type.
fn refer_by_name(node: &mut Value) {
    match node {
        Value::Object(members) => {
            if let Some(target @ Value::String(_)) = members.get("x-known-values").cloned() {
                members.insert("allOf".to_owned(), json!([{ "$ref": target }]));
            }
            let refers = |part: &Value| part.get("$ref").is_some();
            let all_of = members.get("allOf").and_then(Value::as_array);
            if all_of.is_some_and(|parts| parts.len() == 1 && parts.iter().all(refers)) {
                members.shift_remove("type");
            }
            members.values_mut().for_each(refer_by_name);
        }
        Value::Array(items) => items.iter_mut().for_each(refer_by_name),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_list_refers_to_its_known_values_and_keeps_null() {
        let status =
            json!({ "type": "string", "nullable": true, "x-known-values": "#/components/schemas/Status" });
        let row = json!({ "type": "object", "nullable": true, "properties": { "status": status } });
        let prepared = prepared(&json!({ "components": { "schemas": { "Row": row } } }));
        let row = &prepared["components"]["schemas"]["Row"];
        assert_eq!(row["nullable"], Value::Null);
        let status = row["properties"]["status"].as_object().unwrap();
        assert!(!status.contains_key("type") && status["nullable"] == true);
        assert_eq!(status["allOf"], json!([{ "$ref": "#/components/schemas/Status" }]));
    }
}
