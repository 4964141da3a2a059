//! The generated types against the examples of the document.

use std::fmt::Write as _;

use northbound_client::types::{AccessToken, ErrorResponse, SubtaskPage};
use northbound_openapi::document::reference;
use serde_json::{Value, json};
use xtask::load;

use crate::freshness::root;

/// The examples of every response, with the place where they stand.
fn examples() -> Vec<(String, Value)> {
    let document = load::read(root()).unwrap().value().clone();
    let operations =
        document["paths"].as_object().unwrap().values().flat_map(|item| item.as_object().unwrap().values());
    let mut found = Vec::new();
    for operation in operations {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let response = reference::resolve(&document, response).unwrap();
            for (name, example) in response["content"]["application/json"]["examples"].as_object().unwrap() {
                let operation = operation["operationId"].as_str().unwrap();
                found.push((format!("{operation} {status} {name}"), example["value"].clone()));
            }
        }
    }
    found
}

#[test]
fn every_example_of_the_document_decodes_and_is_written_back_whole() {
    let mut seen = String::new();
    for (place, example) in examples() {
        let (decoded, written) = match place.split(' ').take(2).collect::<Vec<_>>()[..] {
            ["listSubtasks", "200"] => both::<SubtaskPage>(&example),
            ["login", "200"] => both::<AccessToken>(&example),
            _ => both::<ErrorResponse>(&example),
        };
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

fn both<T: serde::de::DeserializeOwned + serde::Serialize + std::fmt::Debug>(
    example: &Value,
) -> (String, Value) {
    let decoded: T = serde_json::from_value(example.clone()).unwrap();
    (format!("{decoded:#?}"), serde_json::to_value(&decoded).unwrap())
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
