//! The two readings of the platform's page, the hand-written document and the emulator's own, promise the same.

use serde_json::{Value, json};
use xtask::contract::{NOT_COMPARED, contract, difference};
use xtask::sound;

use crate::freshness::root;

fn document() -> Value {
    sound::read(root()).unwrap().value().clone()
}

fn emulator() -> Value {
    serde_json::to_value(northbound_emulator::openapi()).unwrap()
}

/// What the emulator's document says otherwise than this one.
fn difference_from_emulator(document: &Value) -> Option<String> {
    let (written, derived) = (contract(document), contract(&emulator()));
    difference("spec/openapi.yaml", &written, "the emulator's code", &derived)
}

#[test]
fn document_and_emulator_promise_the_same() {
    if let Some(difference) = difference_from_emulator(&document()) {
        panic!("look at the platform's page (spec/page.toml) for which of the two is wrong:\n{difference}");
    }
}

#[test]
fn the_comparison_covers_both_operations_and_the_texts_inside_strings() {
    let lines = contract(&document()).lines();
    for line in [
        "GET /iocm/app/batchtask/v1.1.0/taskDetails: query pageSize: maximum 250",
        "GET /iocm/app/batchtask/v1.1.0/taskDetails: 200 application/json: taskDetails[].status: enum \"Fail\"",
        "GET /iocm/app/batchtask/v1.1.0/taskDetails: 403: error code 1010009",
        "POST /iocm/app/sec/v1.1.0/login: body application/x-www-form-urlencoded: appId: maxLength 256",
        "schema SubtaskFailure: error_code: type string",
    ] {
        assert!(lines.iter().any(|found| found == line), "no line {line:?} in:\n{}", lines.join("\n"));
    }
}

#[test]
fn what_is_not_compared_says_why() {
    for (member, reason) in NOT_COMPARED {
        assert!(member.contains('.') && !reason.is_empty(), "{member}: {reason}");
    }
}

/// A change of the document: what is changed, where, into what (nothing: it goes), and what the difference must show.
type Mutation = (&'static str, &'static str, Option<Value>, &'static str);

const LIST: &str = "GET /iocm/app/batchtask/v1.1.0/taskDetails";

fn mutations() -> Vec<Mutation> {
    let renamed = json!({ "type": "integer", "format": "int64", "minimum": 0, "nullable": true });
    vec![
        (
            "bound widened",
            "/components/parameters/PageSize/schema/maximum",
            Some(json!(251)),
            "query pageSize: maximum",
        ),
        ("bound dropped", "/components/parameters/PageNo/schema/minimum", None, "query pageNo: minimum 0"),
        (
            "default",
            "/components/parameters/PageSize/schema/default",
            Some(json!(1)),
            "query pageSize: default 25",
        ),
        (
            "format",
            "/components/schemas/SubtaskPage/properties/pageNo/format",
            Some(json!("int32")),
            "pageNo: format",
        ),
        (
            "type",
            "/components/schemas/SubtaskPage/properties/pageNo/type",
            Some(json!("string")),
            "pageNo: type string",
        ),
        ("enum value dropped", "/components/schemas/SubtaskStatus/enum/4", None, "status: enum \"Timeout\""),
        (
            "enum value renamed",
            "/components/schemas/SubtaskStatus/enum/0",
            Some(json!("Waiting")),
            "enum \"Waiting\"",
        ),
        (
            "nullable dropped",
            "/components/schemas/Subtask/properties/error/nullable",
            None,
            "error: nullable no",
        ),
        (
            "member added",
            "/components/schemas/SubtaskPage/properties/total",
            Some(renamed),
            "total: format int64",
        ),
        (
            "member dropped",
            "/components/schemas/SubtaskParam/properties/commandId",
            None,
            "param.commandId: type string",
        ),
        (
            "member closed",
            "/components/schemas/SubtaskParam/additionalProperties",
            Some(json!(false)),
            "additionalProperties none",
        ),
        (
            "member needed",
            "/components/schemas/Subtask/required",
            Some(json!(["status"])),
            "status: required yes",
        ),
        (
            "parameter needed",
            "/components/parameters/DeviceId/required",
            Some(json!(true)),
            "query deviceId: required",
        ),
        ("parameter moved", "/components/parameters/AppId/in", Some(json!("header")), "header appid"),
        (
            "parameter dropped",
            "/paths/~1iocm~1app~1batchtask~1v1.1.0~1taskDetails/get/parameters/3",
            None,
            "query deviceId",
        ),
        (
            "security dropped",
            "/paths/~1iocm~1app~1batchtask~1v1.1.0~1taskDetails/get/security",
            None,
            "security none",
        ),
        (
            "proof renamed",
            "/components/securitySchemes/AppKey/name",
            Some(json!("appKey")),
            "header name appkey",
        ),
        (
            "status dropped",
            "/paths/~1iocm~1app~1batchtask~1v1.1.0~1taskDetails/get/responses/404",
            None,
            "404: media type",
        ),
        (
            "error code dropped",
            "/components/responses/Refused/x-error-codes/2",
            None,
            "403: error code 1010009",
        ),
        (
            "media type",
            "/components/responses/TaskNotFound/content",
            Some(json!({ "text/html": {} })),
            "text/html",
        ),
        (
            "body optional",
            "/paths/~1iocm~1app~1sec~1v1.1.0~1login/post/requestBody/required",
            None,
            "body: required no",
        ),
        (
            "text inside a string",
            "/components/schemas/CommandOutput/properties/requestId",
            None,
            "schema CommandOutput",
        ),
        (
            "operation dropped",
            "/paths/~1iocm~1app~1sec~1v1.1.0~1login/post",
            None,
            "POST /iocm/app/sec/v1.1.0/login",
        ),
    ]
}

#[test]
fn a_change_of_the_document_is_a_difference_that_names_what_changed() {
    let before = contract(&document());
    for (name, pointer, value, shown) in mutations() {
        let mut mutated = document();
        mutate(&mut mutated, pointer, value);
        let difference = difference("before", &before, "after", &contract(&mutated));
        let difference = difference.unwrap_or_else(|| panic!("{name}: no difference to the document before"));
        assert!(difference.contains(shown), "{name}: {shown:?} does not show in:\n{difference}");
        assert!(difference_from_emulator(&mutated).is_some(), "{name}: no difference to the emulator");
    }
}

#[test]
fn a_difference_is_a_line_that_names_operation_and_member() {
    let mut mutated = document();
    mutate(&mut mutated, "/components/parameters/PageSize/schema/maximum", Some(json!(100)));
    let difference = difference("before", &contract(&document()), "after", &contract(&mutated)).unwrap();
    let changed: Vec<&str> = difference.lines().skip(3).collect();
    assert_eq!(
        changed,
        [format!("-{LIST}: query pageSize: maximum 250"), format!("+{LIST}: query pageSize: maximum 100")]
    );
}

/// Puts a value at a pointer, or takes away what is there.
fn mutate(document: &mut Value, pointer: &str, value: Option<Value>) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = document.pointer_mut(parent).unwrap_or_else(|| panic!("the document has no {parent}"));
    match (parent, value) {
        (Value::Object(members), Some(value)) => drop(members.insert(name.to_owned(), value)),
        (Value::Object(members), None) => drop(members.shift_remove(name).unwrap()),
        (Value::Array(items), Some(value)) => items[name.parse::<usize>().unwrap()] = value,
        (Value::Array(items), None) => drop(items.remove(name.parse().unwrap())),
        (leaf, _) => panic!("{pointer}: {leaf} has no members"),
    }
}
