//! The generated types against the examples of the document.

use std::fmt::Write as _;

use northbound_client::types::SubtaskPage;
use northbound_openapi::document::pointer::last;
use northbound_openapi::document::reference;
use serde_json::{Value, json};
use xtask::load;

use crate::freshness::root;
use crate::types::rust;

/// The examples of every response, with the place where they stand, and the name of their schema.
fn examples() -> Vec<(String, String, Value)> {
    let document = load::read(root()).unwrap().value().clone();
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let mut found = Vec::new();
    for operation in operations {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let response = reference::resolve(&document, response).unwrap();
            let body = &response["content"]["application/json"];
            let schema = last(body["schema"]["$ref"].as_str().unwrap());
            for (name, example) in body["examples"].as_object().unwrap() {
                let operation = operation["operationId"].as_str().unwrap();
                let place = format!("{operation} {status} {name}");
                found.push((place, schema.clone(), example["value"].clone()));
            }
        }
    }
    found
}

#[test]
fn every_example_of_the_document_decodes_and_is_written_back_whole() {
    let mut seen = String::new();
    let types = rust::types();
    for (place, schema, example) in examples() {
        let rust = types.iter().find(|rust| rust.name == schema).unwrap();
        let written =
            (rust.read_and_write)(example.clone()).unwrap_or_else(|| panic!("{place} does not decode"));
        let decoded = (rust.shown)(example.clone());
        assert!(is_whole(&written, &example), "{place}: {written}");
        writeln!(seen, "{place}\n{decoded}\n").unwrap();
    }
    assert!(!seen.contains("9a9f1c666261daa9e2664b12c6355"), "a token shows in Debug");
    insta::assert_snapshot!(seen);
}

/// Whether what came is written back: everything that came is there, and whatever else is there is null, because a member
/// that the document lists and the reply does not have reads as null.
fn is_whole(written: &Value, came: &Value) -> bool {
    match (written, came) {
        (Value::Object(written), Value::Object(came)) => {
            came.iter().all(|(name, came)| written.get(name).is_some_and(|written| is_whole(written, came)))
                && written.iter().all(|(name, written)| written.is_null() || came.contains_key(name))
        }
        (Value::Array(written), Value::Array(came)) => {
            written.len() == came.len()
                && written.iter().zip(came).all(|(written, came)| is_whole(written, came))
        }
        _ => written == came,
    }
}

#[test]
fn what_is_missing_reads_as_null_and_null_is_written_as_null() {
    let came = json!({ "taskDetails": [{}, { "param": null }] });
    let page: SubtaskPage = serde_json::from_value(came.clone()).unwrap();
    let written = serde_json::to_value(page).unwrap();
    assert!(is_whole(&written, &came), "{written}");
    for name in ["error", "output", "param", "status"] {
        assert_eq!(written["taskDetails"][0].get(name), Some(&Value::Null), "{name}");
    }
    for name in ["pageNo", "pageSize", "totalCount"] {
        assert_eq!(written.get(name), Some(&Value::Null), "{name}");
    }
}
