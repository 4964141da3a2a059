//! Whatever is done to a document that can still be read, `lint` returns.

use northbound_openapi::document::Document;
use northbound_openapi::lint::lint;
use serde_json::{Value, json};

use super::GOOD;

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
    let document = Document::parse("good.yaml", GOOD.to_owned()).expect("a document");
    let (good, mut all) = (document.value(), document.pointers().collect::<Vec<_>>());
    all.sort_unstable();
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
        let pointer = all[index];
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
    let tree = json!({"type": "array", "items": {"$ref": "#/components/schemas/A"}});
    for (schemas, is_circle) in [
        (json!({"A": {"$ref": "#/components/schemas/A"}}), true),
        (json!({"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}), true),
        (json!({"A": {"allOf": [{"$ref": "#/components/schemas/A"}], "example": 1, "default": 2}}), true),
        (json!({"A": {"anyOf": [{"not": {"$ref": "#/components/schemas/A"}}], "example": 1}}), true),
        (json!({ "A": tree }), false),
    ] {
        let document = json!({"openapi": "3.0.3", "paths": {}, "components": {"schemas": schemas}});
        let document = Document::parse("circle.json", document.to_string()).expect("a document");
        let is_reported = lint(&document).iter().any(|finding| finding.rule == "ref-circle");
        assert_eq!(is_reported, is_circle, "{schemas}");
    }
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
