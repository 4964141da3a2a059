//! Each normalisation makes two documents equal. That each change of a promise shows is what the mutations in `tests/` prove.

use serde_json::{Value, json};

use super::{contract, difference};

/// A document of one operation, with a schema as the body of its reply.
fn replying(version: &str, schema: Value) -> Value {
    json!({
        "openapi": version,
        "paths": {
            "/pages": { "get": { "responses": { "200": { "content": { "application/json": { "schema": schema } } } } } },
            "/texts": { "get": { "responses": { "200": { "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/Page" }
            } } } } } }
        },
        "components": { "schemas": {
            "Text": { "type": "string", "minLength": 1 },
            "Page": { "type": "object", "properties": { "rows": { "$ref": "#/components/schemas/Text" } } }
        } }
    })
}

fn document() -> Value {
    json!({
        "openapi": "3.0.3",
        "security": [{ "Key": [] }],
        "paths": { "/pages": {
            "parameters": [{ "$ref": "#/components/parameters/Size" }],
            "get": {
                "operationId": "listPages",
                "parameters": [{ "name": "sort", "in": "query", "schema": { "type": "string", "enum": ["a", "b"] } }],
                "responses": {
                    "200": { "description": "A page.", "headers": { "X-Id": { "schema": { "type": "string" } } }, "content": {
                        "application/json": { "schema": { "$ref": "#/components/schemas/Page" } }
                    } },
                    "403": { "description": "No.", "x-error-codes": ["2", "1"] }
                }
            },
            "post": {
                "security": [],
                "requestBody": { "required": true, "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Page" }
                } } },
                "responses": { "204": { "description": "Kept." } }
            }
        } },
        "components": {
            "parameters": { "Size": { "name": "size", "in": "query", "schema": {
                "type": "integer", "format": "int32", "minimum": 1, "maximum": 250, "default": 25
            } } },
            "securitySchemes": { "Key": { "type": "apiKey", "in": "header", "name": "app_key" } },
            "schemas": { "Page": { "type": "object", "required": ["rows"], "properties": {
                "rows": { "type": "array", "items": { "$ref": "#/components/schemas/Page" } },
                "note": { "type": "string", "nullable": true }
            } } }
        }
    })
}

fn diff(left: &Value, right: &Value) -> Option<String> {
    difference("left", &contract(left), "right", &contract(right))
}

#[track_caller]
fn assert_same(left: &Value, right: &Value) {
    if let Some(diff) = diff(left, right) {
        panic!("{diff}");
    }
}

#[track_caller]
fn assert_same_schema(old: Value, new: Value) {
    assert_same(&replying("3.0.3", old), &replying("3.1.0", new));
}

#[track_caller]
fn assert_other_schema(old: Value, new: Value) {
    let (old, new) = (replying("3.0.3", old), replying("3.1.0", new));
    assert!(diff(&old, &new).is_some(), "{}", contract(&old));
}

/// The document with the value at a pointer replaced, or removed.
fn changed(pointer: &str, value: Option<Value>) -> Value {
    let mut document = document();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match (document.pointer_mut(parent).unwrap(), value) {
        (Value::Object(members), Some(value)) => drop(members.insert(name.to_owned(), value)),
        (Value::Object(members), None) => drop(members.remove(name).unwrap()),
        (Value::Array(items), Some(value)) => items[name.parse::<usize>().unwrap()] = value,
        (Value::Array(items), None) => drop(items.remove(name.parse().unwrap())),
        (other, _) => panic!("{other}"),
    }
    document
}

#[test]
fn each_line_names_operation_and_member() {
    assert_eq!(contract(&document()).to_string(), include_str!("lines.txt"));
}

#[test]
fn nullable_is_written_in_four_ways() {
    let nullable = json!({ "type": "string", "nullable": true });
    assert_same_schema(nullable.clone(), json!({ "type": ["null", "string"] }));
    assert_same_schema(nullable.clone(), json!({ "oneOf": [{ "type": "string" }, { "type": "null" }] }));
    assert_same_schema(nullable.clone(), json!({ "anyOf": [{ "const": null }, { "type": "string" }] }));
    assert_other_schema(nullable, json!({ "type": "string" }));
}

#[test]
fn null_is_allowed_where_a_schema_and_its_part_both_allow_it() {
    let reference = json!({ "$ref": "#/components/schemas/Text" });
    let beside = |part: &Value| json!({ "type": "string", "nullable": true, "allOf": [part] });
    let nullable = json!({ "type": "string", "nullable": true, "minLength": 1 });
    assert_same_schema(beside(&nullable), json!({ "oneOf": [{ "type": "null" }, reference] }));
    assert_same_schema(beside(&reference), reference.clone());
    assert_same_schema(json!({ "nullable": true, "allOf": [reference] }), reference.clone());
    assert_other_schema(json!({ "allOf": [reference] }), json!({ "oneOf": [{ "type": "null" }, reference] }));
}

#[test]
fn null_that_fits_two_alternatives_is_refused_by_one_of() {
    let nullable = json!({ "type": ["string", "null"] });
    assert_other_schema(nullable.clone(), json!({ "oneOf": [nullable, { "type": "null" }] }));
    assert_same_schema(nullable.clone(), json!({ "anyOf": [nullable, { "type": "null" }] }));
}

#[test]
fn null_among_the_values_of_a_nullable_enum_says_nothing_new() {
    assert_same_schema(
        json!({ "type": "string", "nullable": true, "enum": ["a", "b"] }),
        json!({ "type": ["string", "null"], "enum": ["b", null, "a", "a"] }),
    );
}

#[test]
fn a_constant_is_an_enum_of_one() {
    assert_same_schema(json!({ "type": "string", "enum": ["a"] }), json!({ "type": "string", "const": "a" }));
}

#[test]
fn a_reference_is_what_it_refers_to() {
    assert_same_schema(
        json!({ "$ref": "#/components/schemas/Text" }),
        json!({ "type": "string", "minLength": 1 }),
    );
    assert_same_schema(
        json!({ "$ref": "#/components/schemas/Page" }),
        json!({ "type": "object", "properties": { "rows": { "$ref": "#/components/schemas/Page/properties/rows" } } }),
    );
}

#[test]
fn what_is_beside_a_reference_counts() {
    assert_same_schema(
        json!({ "allOf": [{ "$ref": "#/components/schemas/Text" }], "default": "a" }),
        json!({ "$ref": "#/components/schemas/Text", "default": "a" }),
    );
    assert_other_schema(
        json!({ "$ref": "#/components/schemas/Text" }),
        json!({ "$ref": "#/components/schemas/Text", "maxLength": 7 }),
    );
}

#[test]
fn a_single_part_is_merged_unless_that_would_change_its_meaning() {
    let part = json!({ "type": "object", "properties": { "a": {} }, "required": ["a"] });
    assert_same_schema(
        json!({ "allOf": [part], "properties": { "b": { "type": "string" } }, "required": ["b"] }),
        json!({ "type": "object", "properties": { "b": { "type": "string" }, "a": true }, "required": ["a", "b"] }),
    );
    let closed = json!({ "type": "object", "properties": { "a": {} }, "additionalProperties": false });
    assert_other_schema(
        json!({ "allOf": [closed], "properties": { "b": {} } }),
        json!({ "type": "object", "properties": { "a": {}, "b": {} }, "additionalProperties": false }),
    );
    assert_other_schema(
        json!({ "allOf": [{ "maximum": 3 }], "type": "integer", "maximum": 5 }),
        json!({ "type": "integer", "maximum": 5 }),
    );
}

#[test]
fn parts_and_alternatives_are_sets() {
    for composition in ["allOf", "anyOf", "oneOf"] {
        let (text, number) = (json!({ "type": "string" }), json!({ "type": "integer" }));
        assert_same_schema(json!({ composition: [text, number] }), json!({ composition: [number, text] }));
        assert_other_schema(
            json!({ composition: [text, number] }),
            json!({ composition: [text, number, {}] }),
        );
    }
}

#[test]
fn an_excluded_bound_is_written_in_two_ways() {
    assert_same_schema(
        json!({ "type": "number", "minimum": 0, "exclusiveMinimum": true, "maximum": 9, "exclusiveMaximum": false }),
        json!({ "type": "number", "exclusiveMinimum": 0, "maximum": 9 }),
    );
    assert_other_schema(
        json!({ "type": "number", "minimum": 0 }),
        json!({ "type": "number", "exclusiveMinimum": 0 }),
    );
}

#[test]
fn an_object_is_open_unless_it_says_otherwise() {
    for open in [json!({}), json!(true), json!({ "description": "Whatever." }), json!({ "nullable": true })] {
        assert_same_schema(
            json!({ "type": "object" }),
            json!({ "type": "object", "additionalProperties": open }),
        );
    }
    for closed in [json!(false), json!({ "type": "string" })] {
        assert_other_schema(
            json!({ "type": "object" }),
            json!({ "type": "object", "additionalProperties": closed }),
        );
    }
}

#[test]
fn what_holds_anyway_may_be_written_or_not() {
    assert_same_schema(
        json!({ "type": "array", "items": {}, "minItems": 0, "uniqueItems": false, "deprecated": false }),
        json!({ "type": "array" }),
    );
    assert_same_schema(json!({ "nullable": true }), json!(true));
    assert_same_schema(
        json!({ "type": "object", "required": [], "properties": {}, "minProperties": 0, "nullable": false }),
        json!({ "type": ["object"] }),
    );
}

#[test]
fn a_keyword_that_nobody_knows_stays_in() {
    assert_other_schema(
        json!({ "type": "string" }),
        json!({ "type": "string", "contentEncoding": "base64" }),
    );
    assert_other_schema(json!({ "type": "string" }), json!({ "type": "string", "maxLenght": 7 }));
    let unfolds = |target: &str| json!({ "type": "string", "odd": [{ "$ref": format!("#/components/schemas/{target}") }] });
    assert_same_schema(
        unfolds("Text"),
        json!({ "type": "string", "odd": [{ "type": "string", "minLength": 1 }] }),
    );
}

#[test]
fn a_schema_may_contain_itself() {
    let mut named = replying("3.0.3", json!({ "$ref": "#/components/schemas/Tree" }));
    named["components"]["schemas"]["Tree"] = json!({ "properties": {
        "child": { "allOf": [{ "$ref": "#/components/schemas/Tree" }] }
    } });
    let mut renamed = replying("3.1.0", json!({ "$ref": "#/components/schemas/Node" }));
    renamed["components"]["schemas"]["Node"] = json!({ "properties": {
        "child": { "$ref": "#/components/schemas/Node" }
    } });
    assert_same(&named, &renamed);
    assert!(
        contract(&named).to_string().contains("200 application/json: child: reference back to the whole\n")
    );
}

#[test]
fn no_security_is_written_in_three_ways() {
    let open = changed("/paths/~1pages/post/security", Some(json!([{}])));
    assert_same(&document(), &open);
    let mut nowhere = changed("/paths/~1pages/post/security", None);
    nowhere.as_object_mut().unwrap().remove("security");
    nowhere["paths"]["/pages"]["get"]["security"] = json!([{ "Key": [] }]);
    assert_same(&document(), &nowhere);
}

#[test]
fn names_of_components_and_order_are_free() {
    let text = document().to_string().replace("Page\"", "Sheet\"").replace("\"Key\"", "\"AppKey\"");
    let mut renamed: Value =
        serde_json::from_str(&text.replace("parameters/Size", "parameters/PageSize")).unwrap();
    let size = renamed["components"]["parameters"].as_object_mut().unwrap().remove("Size").unwrap();
    renamed["components"]["parameters"]["PageSize"] = size;
    renamed["paths"]["/pages"]["get"]["responses"]["403"]["x-error-codes"] = json!(["1", "2"]);
    renamed["info"] = json!({ "title": "Another title" });
    assert_same(&document(), &renamed);
}

#[test]
fn a_parameter_of_the_operation_replaces_the_one_of_its_path() {
    let mut replaced = document();
    let size = replaced["components"]["parameters"]["Size"].clone();
    let own = replaced["paths"]["/pages"]["get"]["parameters"].as_array_mut().unwrap();
    own.push(size);
    own[1]["style"] = json!("form");
    own[1]["explode"] = json!(true);
    assert_same(&document(), &replaced);
    replaced["paths"]["/pages"]["get"]["parameters"][1]["required"] = json!(true);
    let diff = diff(&document(), &replaced).unwrap();
    assert_eq!(
        diff.lines().skip(3).collect::<Vec<_>>(),
        ["-GET /pages: query size: required no", "+GET /pages: query size: required yes"]
    );
}

#[test]
fn any_json_has_a_canonical_form() {
    let junk =
        [json!(null), json!(false), json!(-0.5), json!("#/"), json!([]), json!([7]), json!({ "$ref": "#" })];
    let mut pointers = Vec::new();
    collect(&document(), "", &mut pointers);
    assert!(pointers.len() > 70);
    for pointer in pointers {
        for junk in &junk {
            let broken =
                if pointer.is_empty() { junk.clone() } else { changed(&pointer, Some(junk.clone())) };
            let lines = contract(&broken).lines();
            assert!(lines.iter().all(|line| !line.contains('\n')));
        }
    }
}

fn collect(node: &Value, pointer: &str, pointers: &mut Vec<String>) {
    pointers.push(pointer.to_owned());
    let name = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match node {
        Value::Object(members) => {
            members
                .iter()
                .for_each(|(key, node)| collect(node, &format!("{pointer}/{}", name(key)), pointers));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, node)| collect(node, &format!("{pointer}/{index}"), pointers));
        }
        _ => {}
    }
}

#[test]
fn a_document_that_unfolds_without_end_is_not_called_equal() {
    let mut bomb = replying("3.1.0", json!({ "$ref": "#/components/schemas/S0" }));
    for level in 0..30 {
        let next = json!({ "$ref": format!("#/components/schemas/S{}", level + 1) });
        bomb["components"]["schemas"][format!("S{level}")] =
            json!({ "properties": { "a": next, "b": next } });
    }
    let bomb = contract(&bomb);
    assert!(!bomb.is_complete());
    assert!(difference("left", &bomb, "right", &bomb).unwrap().starts_with("left: nested too deeply"));
}
