//! Seventeen faults of the project's own document, as somebody could make them. Of the linters that are well known, none
//! reports all of them; this one has to.

use std::path::Path;

use northbound_openapi::document::Document;
use northbound_openapi::lint::{Finding, lint};

use super::{DOCUMENT, project};

/// A fault: its name, what is taken out of the document, what is put in its place, the rule that reports it, and a piece of
/// the line at which it does.
type Fault = (&'static str, &'static str, &'static str, &'static str, &'static str);

const FAULTS: [Fault; 17] = [
    (
        "example with a wrong enum value",
        "/SubtaskStatus'\n      example: Fail\n",
        "/SubtaskStatus'\n      example: Failed\n",
        "example-invalid",
        "example: Failed",
    ),
    (
        "example lacks a required property",
        "              appId: demo-app\n              secret: demo-secret\n",
        "              appId: demo-app\n",
        "example-invalid",
        "example:",
    ),
    (
        "parameter example over maxLength",
        "      schema:\n        $ref: '#/components/schemas/TaskId'\n",
        "      schema:\n        type: string\n        minLength: 1\n        maxLength: 3\n",
        "example-invalid",
        "example: demo",
    ),
    (
        "default over maximum",
        "        default: 25\n",
        "        default: 251\n",
        "default-invalid",
        "default: 251",
    ),
    (
        "`$ref` to nothing",
        "$ref: '#/components/schemas/SubtaskPage'",
        "$ref: '#/components/schemas/SubtaskPages'",
        "ref-to-nothing",
        "SubtaskPages",
    ),
    (
        "`type: str`",
        "    TaskId:\n      type: string\n",
        "    TaskId:\n      type: str\n",
        "openapi-schema",
        "type: str",
    ),
    (
        "required property not declared",
        "required: [appId, secret]",
        "required: [appId, secret, scope]",
        "required-undeclared",
        "required: [appId, secret, scope]",
    ),
    (
        "unused component",
        "    TaskId:\n      type: string\n",
        "    Lonely:\n      type: string\n      description: Nobody asks for it.\n      example: x\n    TaskId:\n      type: string\n",
        "unused-component",
        "Lonely:",
    ),
    (
        "undefined security scheme",
        "          BearerToken: []\n",
        "          Bearer: []\n",
        "undefined-security",
        "Bearer: []",
    ),
    (
        "same parameter twice",
        "        - $ref: '#/components/parameters/Status'\n",
        "        - $ref: '#/components/parameters/Status'\n        - $ref: '#/components/parameters/Status'\n",
        "double-parameter",
        "parameters/Status",
    ),
    (
        "same operationId twice",
        "operationId: login",
        "operationId: listSubtasks",
        "operation-id",
        "operationId: listSubtasks",
    ),
    (
        "misspelt keyword",
        "        maximum: 250\n",
        "        maximun: 250\n",
        "unknown-keyword",
        "maximun: 250",
    ),
    (
        "enum value of the wrong type",
        "      enum: [Pending, WaitResult,",
        "      enum: [Pending, 5, WaitResult,",
        "enum-type",
        "enum: [Pending, 5",
    ),
    (
        "3.1 syntax in a 3.0.3 document",
        "        error_desc:\n          type: string\n          nullable: true\n",
        "        error_desc:\n          type: [string, 'null']\n",
        "openapi-schema",
        "type: [string, 'null']",
    ),
    (
        "no 4xx response at all",
        "        '400':\n          $ref: '#/components/responses/LoginInvalid'\n        '401':\n          $ref: '#/components/responses/LoginRefused'\n",
        "",
        "missing-client-error",
        "responses:",
    ),
    (
        "minimum over maximum",
        "        minimum: 1\n        maximum: 250\n",
        "        minimum: 251\n        maximum: 250\n",
        "bounds-order",
        "minimum: 251",
    ),
    (
        "error example of the wrong type",
        "                error_code: '105005'\n",
        "                error_code: 105005\n",
        "example-invalid",
        "error_code: 105005",
    ),
];

/// The findings of the project's document with a fault in it, and its lines.
fn with_fault((name, old, new, ..): &Fault) -> (Vec<Finding>, Vec<String>) {
    let document = Document::read_in(project(), Path::new(DOCUMENT)).expect("the document is there");
    assert!(document.text().contains(old), "{name}: the document has no {old:?} any more");
    let text = document.text().replacen(old, new, 1);
    let lines = text.lines().map(str::to_owned).collect();
    (lint(&Document::parse(DOCUMENT, text).expect("the text is still a document")), lines)
}

#[test]
fn every_seeded_fault_is_reported_under_its_rule_and_at_its_line() {
    let mut missed = Vec::new();
    for fault in FAULTS {
        let (name, _, _, rule, piece) = fault;
        let (findings, lines) = with_fault(&fault);
        let is_told = |one: &Finding| one.rule == rule && lines[one.position.line - 1].contains(piece);
        if !findings.iter().any(is_told) {
            let found: String = findings.iter().map(|one| format!("\n    {one}")).collect();
            missed.push(format!("{name}: wanted {rule} at {piece:?}, found{found}"));
        }
    }
    assert!(missed.is_empty(), "{} of {} missed:\n{}", missed.len(), FAULTS.len(), missed.join("\n"));
}
