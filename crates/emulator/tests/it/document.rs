//! The document that follows from the code.

use northbound_emulator::openapi;
use serde_json::{Value, json};

use crate::support::assert_every_reference_resolves;

fn document() -> Value {
    serde_json::to_value(openapi()).unwrap()
}

#[test]
fn the_document_is_the_same_text_every_time() {
    let first = openapi().to_pretty_json().unwrap();
    for _ in 0..20 {
        assert_eq!(openapi().to_pretty_json().unwrap(), first);
    }
}

#[test]
fn both_operations_document_their_statuses_and_codes() {
    let document = document();
    let codes = |path: &str, method: &str| {
        let responses = document["paths"][path][method]["responses"].as_object().unwrap().clone();
        let codes = |response: Value| response.get("x-error-codes").cloned().unwrap_or_default();
        responses.into_iter().map(|(status, response)| (status, codes(response))).collect::<Value>()
    };
    assert_eq!(
        codes("/iocm/app/batchtask/v1.1.0/taskDetails", "get"),
        json!({
            "200": null,
            "400": ["100022"],
            "403": ["100203", "100217", "1010009", "1010005"],
            "404": ["105005"],
            "500": ["100203", "50252"],
        })
    );
    assert_eq!(
        codes("/iocm/app/sec/v1.1.0/login", "post"),
        json!({ "200": null, "400": ["100247", "102202"], "401": ["100208"], "500": ["50252"] })
    );
}

#[test]
fn both_headers_are_needed_for_subtasks_and_none_for_the_login() {
    let document = document();
    let security = |path: &str, method: &str| document["paths"][path][method]["security"].clone();
    assert_eq!(
        security("/iocm/app/batchtask/v1.1.0/taskDetails", "get"),
        json!([{ "AppKey": [], "BearerToken": [] }])
    );
    assert_eq!(security("/iocm/app/sec/v1.1.0/login", "post"), json!([{}]));
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!((&schemes["AppKey"]["in"], &schemes["AppKey"]["name"]), (&json!("header"), &json!("app_key")));
    assert_eq!(
        (&schemes["BearerToken"]["type"], &schemes["BearerToken"]["scheme"]),
        (&json!("http"), &json!("bearer"))
    );
}

#[test]
fn no_query_parameter_may_be_null() {
    let document = document();
    let parameters = &document["paths"]["/iocm/app/batchtask/v1.1.0/taskDetails"]["get"]["parameters"];
    let needs: Value = parameters
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| {
            let schema = &parameter["schema"];
            assert!(schema["$ref"].is_string() || schema["type"].is_string(), "{parameter}");
            (parameter["name"].as_str().unwrap().to_owned(), parameter["required"].clone())
        })
        .collect();
    assert_eq!(
        needs,
        json!({
            "appId": false, "taskId": true, "status": false, "deviceId": false, "commandId": false, "pageNo": false,
            "pageSize": false
        })
    );
}

#[test]
fn every_reference_resolves() {
    assert_every_reference_resolves(&document());
}
