//! The two readings of the platform's page, the hand-written document and the emulator's own, promise the same.

use northbound_openapi::contract::{NOT_COMPARED, contract, difference};
use serde_json::Value;
use xtask::load;

use crate::freshness::root;

fn document() -> Value {
    load::read(root()).unwrap().value().clone()
}

fn emulator() -> Value {
    serde_json::to_value(northbound_emulator::openapi()).unwrap()
}

#[test]
fn document_and_emulator_promise_the_same() {
    let (written, derived) = (contract(&document()), contract(&emulator()));
    if let Some(difference) = difference("spec/openapi.yaml", &written, "the emulator's code", &derived) {
        panic!("look at the platform's page (spec/page) for which of the two is wrong:\n{difference}");
    }
}

#[test]
fn the_comparison_covers_all_parts_of_a_call_and_the_texts_inside_strings() {
    let lines = contract(&document()).lines();
    for line in [
        "GET /iocm/app/batchtask/v1.1.0/taskDetails: query pageSize: maximum 250",
        "GET /iocm/app/batchtask/v1.1.0/taskDetails: query status: enum \"Fail\"",
        "GET /iocm/app/batchtask/v1.1.0/taskDetails: 403: error code 1010009",
        "POST /iocm/app/sec/v1.1.0/login: body application/x-www-form-urlencoded: appId: maxLength 256",
        "POST /iocm/app/batchtask/v1.1.0/tasks: body application/json: param.command.method: maxLength 128",
        "POST /iocm/app/batchtask/v1.1.0/tasks: 200: error code 105001",
        "GET /iocm/app/batchtask/v1.1.0/tasks/{taskId}: path taskId: minLength 1",
        "schema SubtaskFailure: error_code: type string",
        "schema BatchTaskStatus: enum \"Complete\"",
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
