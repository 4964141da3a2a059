//! Whatever is done to a document that can still be read, `lint` returns.

use northbound_openapi::document::Document;
use northbound_openapi::lint::lint;
use serde_json::{Value, json};

use super::GOOD;

/// Every pointer of a value, parents first.
fn pointers(value: &Value, pointer: &str, found: &mut Vec<String>) {
    found.push(pointer.to_owned());
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                pointers(member, &northbound_openapi::document::pointer::child(pointer, key), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                pointers(item, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

fn remove(document: &mut Value, pointer: &str) {
    let Some((parent, _)) = pointer.rsplit_once('/') else { return };
    let key = northbound_openapi::document::pointer::last(pointer);
    match document.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.shift_remove(&key)),
        Some(Value::Array(items)) => drop(items.remove(key.parse().expect("an index"))),
        _ => {}
    }
}

/// Lints a mutated tree, unless it is no OpenAPI document any more.
fn lint_if_read(mutated: &Value) {
    if let Ok(document) = Document::parse("mutated.json", mutated.to_string()) {
        lint(&document);
    }
}

#[test]
fn no_edit_of_a_single_node_makes_lint_panic() {
    let good = Document::parse("good.yaml", GOOD.to_owned()).expect("a document").value().clone();
    let mut all = Vec::new();
    pointers(&good, "", &mut all);
    assert!(all.len() > 250, "the good document has only {} nodes", all.len());
    let replacements = [
        json!(null),
        json!("x"),
        json!({}),
        json!(-1.5),
        json!(true),
        json!([{}]),
        json!({"": {"$ref": "#"}}),
        json!({"$ref": "#/components/schemas/Subtask"}),
    ];
    // Each node is removed, and replaced by one of these in turn: every kind of node meets every replacement.
    let mutate = |index: usize| {
        let pointer = &all[index];
        let mut removed = good.clone();
        remove(&mut removed, pointer);
        lint_if_read(&removed);
        let mut replaced = good.clone();
        *replaced.pointer_mut(pointer).expect("the pointer is of this tree") =
            replacements[index % replacements.len()].clone();
        lint_if_read(&replaced);
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let (mutate, last) = (&mutate, all.len());
        for first in 0..threads {
            scope.spawn(move || (first..last).step_by(threads).for_each(mutate));
        }
    });
}

#[test]
fn schemas_that_lead_back_to_themselves_are_reported_and_nothing_hangs() {
    for circle in [
        json!({"A": {"$ref": "#/components/schemas/A"}}),
        json!({"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}),
        json!({"A": {"allOf": [{"$ref": "#/components/schemas/A"}], "example": 1, "default": 2}}),
        json!({"A": {"nullable": true, "anyOf": [{"not": {"$ref": "#/components/schemas/A"}}], "example": 1}}),
    ] {
        let document = json!({"openapi": "3.0.3", "paths": {}, "components": {"schemas": circle}});
        let document = Document::parse("circle.json", document.to_string()).expect("a document");
        assert!(lint(&document).iter().any(|finding| finding.rule == "ref-circle"), "{circle}");
    }
}

#[test]
fn a_schema_that_holds_itself_as_an_item_is_fine() {
    let tree = json!({"Tree": {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}},
        "example": {"children": [{"children": []}]},
    }});
    let document = json!({"openapi": "3.0.3", "paths": {}, "components": {"schemas": tree}});
    let document = Document::parse("tree.json", document.to_string()).expect("a document");
    assert!(lint(&document).iter().all(|finding| !["ref-circle", "example-invalid"].contains(&finding.rule)));
}

#[test]
fn the_deepest_document_that_can_be_read_can_be_linted() {
    for (open, close) in [(r#"{"items":"#, "}"), (r#"{"allOf":["#, "]}"), (r#"{"properties":{"a":"#, "}}")] {
        let nested = |levels: usize| {
            let schema = format!("{}{{}}{}", open.repeat(levels), close.repeat(levels));
            let text = format!(
                r#"{{"openapi":"3.0.3","info":{{"title":"Deep","version":"1.0.0"}},"paths":{{}},
                    "components":{{"schemas":{{"A":{schema},"B":{{"example":{{}},"allOf":[{schema}]}}}}}}}}"#
            );
            Document::parse("deep.json", text).ok()
        };
        let deepest = (1..).map_while(nested).last().expect("a shallow document can be read");
        assert!(!lint(&deepest).is_empty());
    }
}
