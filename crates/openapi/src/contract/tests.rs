//! Each normalisation makes two documents equal. That each change of a promise shows is what the mutations in `tests/` prove.

use serde_json::{Value, json};

use super::{contract, difference};
use crate::document::json::list;
use crate::document::{Document, read_yaml};

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

#[test]
fn each_line_names_operation_and_member() {
    assert_eq!(contract(&document()).to_string(), include_str!("lines.txt"));
}

#[test]
fn pairs_of_schemas_promise_the_same_or_not() {
    let pairs = read_yaml(include_str!("pairs.yaml"));
    for case in list(&pairs) {
        for (relation, is_same) in [("same", true), ("other", false)] {
            for pair in list(&case[relation]) {
                let [old, new] = [("3.0.3", 0), ("3.1.0", 1)].map(|(of, at)| replying(of, pair[at].clone()));
                let diff = diff(&old, &new);
                assert_eq!(diff.is_none(), is_same, "{}: {pair}\n{}", case["fact"], diff.unwrap_or_default());
            }
        }
    }
    assert!(list(&pairs).count() > 10);
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
    let mut open = document();
    open["paths"]["/pages"]["post"]["security"] = json!([{}]);
    assert_same(&document(), &open);
    let mut nowhere = document();
    nowhere["paths"]["/pages"]["post"].as_object_mut().unwrap().remove("security");
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
    let read = Document::parse("api.json", document().to_string()).unwrap();
    assert!(read.pointers().count() > 70);
    for pointer in read.pointers() {
        for junk in &junk {
            let mut broken = document();
            *broken.pointer_mut(pointer).unwrap() = junk.clone();
            assert!(contract(&broken).lines().iter().all(|line| !line.contains('\n')));
        }
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
    assert!(difference("left", &bomb, "right", &bomb).unwrap().starts_with("left: nested too deeply"));
}
