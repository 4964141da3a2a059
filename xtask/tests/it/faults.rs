//! A table of faults: each edit of the good document is reported under the rule and at the line that it should be.

use std::collections::BTreeSet;

use xtask::document::Document;
use xtask::lint::lint;

use super::GOOD;

struct Fault {
    name: &'static str,
    /// What is replaced, once, and by what.
    edits: &'static [(&'static str, &'static str)],
    /// Every finding that is to be told: its rule, and what its line holds.
    wanted: &'static [(&'static str, &'static str)],
}

const fn fault(
    name: &'static str,
    edits: &'static [(&'static str, &'static str)],
    wanted: &'static [(&'static str, &'static str)],
) -> Fault {
    Fault { name, edits, wanted }
}

#[rustfmt::skip]
const FAULTS: &[Fault] = &[
    // The official schema, and reading.
    fault("other patch version", &[("3.0.3", "3.0.1")], &[("openapi-version", "openapi:")]),
    fault("misspelt keyword", &[("maxLength: 24", "maxLenght: 24")], &[("unknown-keyword", "maxLenght")]),
    fault("unknown type", &[("          type: string\n          nullable: true\n          description: The request.", "          type: str\n          nullable: true\n          description: The request.")], &[("openapi-schema", "type: str")]),
    fault("3.1 syntax", &[("          type: string\n          nullable: true\n          description: The request.", "          type: [string, 'null']\n          nullable: true\n          description: The request.")], &[("openapi-schema", "type: [string")]),
    fault("unquoted status", &[("'500':", "500:")], &[("openapi-schema", "500:")]),
    fault("component that no name reaches", &[("  schemas:\n", "  schemas:\n    my schema: 5\n")], &[("component-name", "my schema"), ("openapi-model", "my schema")]),

    // References.
    fault("reference to another file", &[("schema:\n                $ref: '#/components/schemas/SubtaskPage'", "schema:\n                $ref: 'other.yaml#/SubtaskPage'")],
        &[("external-ref", "other.yaml"), ("unused-component", "    SubtaskPage:"), ("unused-component", "    Subtask:"), ("unused-component", "    CommandOutput:")]),
    fault("reference to nothing", &[("- $ref: '#/components/parameters/TaskId'", "- $ref: '#/components/parameters/TaskID'")],
        &[("path-parameter", "get:"), ("ref-to-nothing", "TaskID"), ("unused-component", "    TaskId:")]),
    fault("reference of another kind", &[("items:\n            $ref: '#/components/schemas/Subtask'", "items:\n            $ref: '#/components/responses/Broken'")],
        &[("ref-kind", "responses/Broken"), ("unused-component", "    Subtask:"), ("unused-component", "    CommandOutput:")]),
    fault("siblings of a reference", &[("items:\n            $ref: '#/components/schemas/Subtask'", "items:\n            $ref: '#/components/schemas/Subtask'\n            nullable: true")],
        &[("ref-siblings", "$ref: '#/components/schemas/Subtask'")]),
    fault("path that is a reference", &[("  /login:\n", "  /other:\n    $ref: '#/paths/~1login'\n  /login:\n")], &[("path-item-ref", "$ref: '#/paths")]),
    fault("circle", &[("    AccessToken:\n      type: object\n", "    AccessToken:\n      allOf: [{$ref: '#/components/schemas/AccessToken'}]\n      type: object\n")], &[("ref-circle", "    AccessToken:")]),

    // Operations and parameters.
    fault("no operation id", &[("      operationId: login\n", "")], &[("operation-id", "post:")]),
    fault("same operation id", &[("operationId: login", "operationId: listSubtasks")], &[("operation-id", "operationId: listSubtasks")]),
    fault("operation ids of one method", &[("operationId: login", "operationId: list-subtasks")], &[("operation-id", "operationId: list-subtasks")]),
    fault("open brace", &[("/tasks/{taskId}/subtasks", "/tasks/{taskId/subtasks")], &[("path-template", "/tasks")]),
    fault("body of another kind", &[("application/x-www-form-urlencoded:", "application/xml:")], &[("request-media-type", "application/xml")]),
    fault("same parameter twice", &[("        - name: status\n", "        - $ref: '#/components/parameters/TaskId'\n        - name: status\n")], &[("double-parameter", "TaskId")]),
    fault("parameters of one argument", &[("name: pageSize", "name: task_id")], &[("parameter-name", "name: task_id")]),
    fault("parameter in a cookie", &[("name: pageSize\n          in: query", "name: pageSize\n          in: cookie")], &[("parameter-location", "in: cookie")]),
    fault("header of a security scheme", &[("name: pageSize\n          in: query", "name: App_Key\n          in: header")], &[("parameter-location", "name: App_Key")]),
    fault("style", &[("name: pageSize\n          in: query", "name: pageSize\n          in: query\n          style: pipeDelimited")], &[("parameter-style", "pipeDelimited")]),
    fault("parameter with content", &[("          schema:\n            $ref: '#/components/schemas/SubtaskStatus'\n          example: Fail", "          content:\n            application/json:\n              schema:\n                $ref: '#/components/schemas/SubtaskStatus'\n              example: Fail")],
        &[("missing-example", "name: status"), ("parameter-content", "content:")]),
    fault("undeclared path parameter", &[("/tasks/{taskId}/", "/tasks/{task}/")], &[("path-parameter", "get:"), ("path-parameter", "TaskId")]),

    // Responses.
    fault("default beside a typed reply", &[("        '500':\n", "        default:\n")], &[("default-response", "default:")]),
    fault("range", &[("        '500':\n", "        5XX:\n")], &[("status-range", "5XX")]),
    fault("error without a body", &[("        '500':\n          $ref: '#/components/responses/Broken'\n", "        '500':\n          description: Broken.\n          x-error-codes: ['50252']\n")],
        &[("error-without-body", "'500':"), ("unused-component", "    Broken:")]),
    fault("two error types", &[("          schema:\n            $ref: '#/components/schemas/ErrorResponse'\n          example:", "          schema:\n            $ref: '#/components/schemas/AccessToken'\n          example:")],
        &[("two-error-types", "'500':")]),
    fault("two success types", &[("        '403':\n          $ref: '#/components/responses/Refused'\n        '500':", "        '202':\n          description: Later.\n        '403':\n          $ref: '#/components/responses/Refused'\n        '500':")],
        &[("two-success-types", "'202':")]),
    fault("no success", &[("        '200':\n          description: A token.", "        '300':\n          description: A token.")], &[("missing-success", "responses:")]),
    fault("no 4xx", &[("                    accessToken: 9a9f\n        '403':\n          $ref: '#/components/responses/Refused'\n", "                    accessToken: 9a9f\n")], &[("missing-client-error", "responses:")]),
    fault("body without a schema", &[("            application/json:\n              schema:\n                $ref: '#/components/schemas/AccessToken'\n", "            application/json:\n")],
        &[("body-schema", "application/json"), ("unused-component", "    AccessToken:")]),
    fault("encoding", &[("            example:\n              appId: demo-app", "            encoding: {appId: {}}\n            example:\n              appId: demo-app")], &[("body-encoding", "encoding")]),

    // Schemas and names.
    fault("list of nothing", &[("          items:\n            $ref: '#/components/schemas/Subtask'\n          example: []", "          example: []")],
        &[("items-missing", "taskDetails:"), ("unused-component", "    Subtask:"), ("unused-component", "    CommandOutput:")]),
    fault("keyword of another type", &[("format: password\n          description: Its", "format: password\n          minimum: 1\n          description: Its")], &[("keyword-type", "minimum: 1")]),
    fault("enum value of the wrong type", &[("enum: [Pending, Success, Fail]", "enum: [Pending, Success, Fail, 5]")], &[("enum-type", "enum:")]),
    fault("enum value twice", &[("enum: [Pending, Success, Fail]", "enum: [Pending, Success, Fail, Fail]")], &[("enum-double", "enum:")]),
    fault("enum values of one variant", &[("enum: [Pending, Success, Fail]", "enum: [Pending, Success, Fail, fail]"), ("        Fail: []", "        Fail: []\n        fail: []")], &[("enum-name", "enum:")]),
    fault("enum value Unknown", &[("enum: [Pending, Success, Fail]", "enum: [Pending, Success, Fail, unknown]"), ("        Fail: []", "        Fail: []\n        unknown: []")], &[("enum-name", "enum:")]),
    fault("enum value without a letter", &[("enum: [Pending, Success, Fail]", "enum: [Pending, Success, Fail, '1st']"), ("        Fail: []", "        Fail: []\n        1st: []")], &[("enum-name", "enum:")]),
    fault("properties of one field", &[("        resultcode:\n", "        errorCode:\n"), ("resultcode: '1010009'", "errorCode: '1010009'")],
        &[("code-without-example", "x-error-codes: ['1010005', '1010009']"), ("property-name", "errorCode:")]),
    fault("schemas of one type", &[("  schemas:\n", "  schemas:\n    access_token:\n      $ref: '#/components/schemas/AccessToken'\n"), ("schema:\n                $ref: '#/components/schemas/AccessToken'", "schema:\n                $ref: '#/components/schemas/access_token'")],
        &[("schema-name", "    AccessToken:")]),
    fault("required but not declared", &[("required: [appId, secret]", "required: [appId, secret, scope]"), ("              secret: demo-secret\n", "              secret: demo-secret\n              scope: x\n"), ("\n        secret: demo-secret\n", "\n        secret: demo-secret\n        scope: x\n")],
        &[("required-undeclared", "required: [")]),

    // Bounds.
    fault("integer without format", &[("            format: int32\n", "")], &[("integer-format", "schema:")]),
    fault("integer without minimum", &[("            minimum: 1\n", "")], &[("integer-minimum", "schema:")]),
    fault("bounds in the wrong order", &[("            minimum: 1\n            maximum: 250\n            default: 25\n", "            minimum: 300\n            maximum: 250\n"), ("          example: 250", "          example: 300")],
        &[("bounds-order", "minimum: 300"), ("example-invalid", "example: 300")]),
    fault("bound outside of its format", &[("maximum: 250", "maximum: 2500000000")], &[("bounds-format", "maximum:")]),
    fault("exclusive without a bound", &[("            maximum: 250\n", "            exclusiveMaximum: true\n")], &[("exclusive-without-bound", "exclusiveMaximum")]),

    // Descriptions, examples.
    fault("operation without description", &[("      description: Logs in.\n", "")], &[("missing-description", "post:")]),
    fault("property without description", &[("          description: Its secret.\n", "")], &[("missing-description", "secret:")]),
    fault("property that is a bare reference", &[("          nullable: true\n          allOf:\n            - $ref: '#/components/schemas/SubtaskStatus'\n          description: Its status.\n          example: Fail", "          $ref: '#/components/schemas/SubtaskStatus'")],
        &[("missing-description", "        status:"), ("missing-example", "        status:"), ("reply-nullable", "        status:")]),
    fault("property without example", &[("          example: demo-secret\n", "")], &[("missing-example", "secret:")]),
    fault("parameter without example", &[("          example: 250\n", "")], &[("missing-example", "name: pageSize")]),
    fault("example with a wrong enum value", &[("          schema:\n            $ref: '#/components/schemas/SubtaskStatus'\n          example: Fail", "          schema:\n            $ref: '#/components/schemas/SubtaskStatus'\n          example: Nope")], &[("example-invalid", "example: Nope")]),
    fault("example within a body", &[("taskDetails: [{status: Fail,", "taskDetails: [{status: Nope,")], &[("example-invalid", "Nope")]),
    fault("example lacks a required property", &[("              secret: demo-secret\n", "")], &[("example-invalid", "            example:")]),
    fault("parameter example over maxLength", &[("example: 5c8ba99030344005c02316ad", "example: 5c8ba99030344005c02316adff")], &[("example-invalid", "example: 5c8b")]),
    fault("error example of the wrong type", &[("            error_code: '50252'", "            error_code: 50252")], &[("example-invalid", "error_code: 50252")]),
    fault("default over maximum", &[("default: 25", "default: 251")], &[("default-invalid", "default: 251")]),
    fault("text that is not the JSON it should be", &[("example: '{\"requestId\":\"4f1c\"}'", "example: '{\"requestId\":4'")], &[("embedded-example", "example: '{")]),
    fault("text whose JSON does not fit", &[("example: '{\"requestId\":\"4f1c\"}'", "example: '{\"requestId\":4}'")], &[("embedded-example", "example: '{")]),

    // The error catalogue.
    fault("unknown action", &[("action: log-in-again", "action: login")], &[("catalog-entry", "action: login")]),
    fault("no remedy", &[("      remedy: Log in again.\n", "")], &[("catalog-entry", "'1010005':")]),
    fault("same name twice", &[("name: Throttled", "name: InvalidToken")], &[("catalog-entry", "name: InvalidToken")]),
    fault("code as a number", &[("    '100501':", "    100501:")], &[("catalog-entry", "100501:")]),
    fault("code that no response lists", &[("      source: Another call of the platform.\n", "")], &[("catalog-unused", "'100501':")]),
    fault("error response without codes", &[("      x-error-codes: ['50252']\n", "")], &[("catalog-unused", "'50252':"), ("codes-missing", "    Broken:"), ("example-code", "error_code: '50252'")]),
    fault("code that the catalogue lacks", &[("x-error-codes: ['50252']", "x-error-codes: ['50252', '7']")], &[("code-without-example", "'7'"), ("codes-unknown", "'7'")]),
    fault("code listed twice", &[("x-error-codes: ['50252']", "x-error-codes: ['50252', '50252']")], &[("codes-double", "'50252'")]),
    fault("example of another code", &[("            error_code: '50252'", "            error_code: '1010005'")], &[("code-without-example", "['50252']"), ("example-code", "error_code: '1010005'")]),

    // Replies.
    fault("closed reply", &[("      additionalProperties: {}\n      example:\n        totalCount: 0", "      additionalProperties: false\n      example:\n        totalCount: 0")], &[("closed-reply", "additionalProperties: false")]),
    fault("reply that says nothing of further members", &[("      additionalProperties: {}\n      example:\n        requestId: 4f1c", "      example:\n        requestId: 4f1c")], &[("closed-reply", "    CommandOutput:")]),
    fault("required member of a reply", &[("      description: One page of subtasks.\n", "      description: One page of subtasks.\n      required: [totalCount]\n")], &[("reply-required", "required: [totalCount]")]),
    fault("member of a reply that cannot be null", &[("          minimum: 0\n          nullable: true\n", "          minimum: 0\n")], &[("reply-nullable", "totalCount:")]),
    fault("length rule in a reply", &[("          description: The request.\n", "          maxLength: 9\n          description: The request.\n")], &[("reply-constraint", "maxLength: 9")]),
    fault("closed enum in a reply", &[("          description: The request.\n", "          enum: [4f1c]\n          description: The request.\n")], &[("enum-name", "enum: [4f1c]"), ("reply-constraint", "enum: [4f1c]")]),

    // Extensions and the rest.
    fault("no semantic version", &[("version: 1.0.0", "version: '1.0'")], &[("document-version", "version: '1.0'")]),
    fault("no date", &[("'2022-02-24'", "February 2022")], &[("platform-edition", "February")]),
    fault("status that the life cycle leaves out", &[("        Success: []\n", "")], &[("lifecycle", "x-lifecycle:")]),
    fault("life cycle with a stranger", &[("Pending: [Success, Fail]", "Pending: [Success, Failed]")], &[("lifecycle", "Pending: [Success, Failed]")]),
    fault("content schema that does not exist", &[("x-content-schema: '#/components/schemas/CommandOutput'", "x-content-schema: '#/components/schemas/Output'")], &[("content-schema", "x-content-schema"), ("unused-component", "    CommandOutput:")]),
    fault("misspelt extension", &[("x-lifecycle:", "x-lifecyle:")], &[("unknown-extension", "x-lifecyle:")]),
    fault("quota without calls", &[("  calls: 100\n", "  calls: 0\n")], &[("quota", "calls: 0")]),
    fault("unused component", &[("  schemas:\n", "  schemas:\n    Lonely:\n      type: string\n      description: Nobody asks for it.\n      example: x\n")], &[("unused-component", "    Lonely:")]),
    fault("undefined security scheme", &[("        - AppKey: []", "        - AppKey: []\n          Bearer: []")], &[("undefined-security", "Bearer:")]),
    fault("operation without security", &[("      security: []\n", "")], &[("missing-security", "post:")]),
    fault("undeclared tag", &[("tags: [Batch tasks]\n      description: Logs", "tags: [Login]\n      description: Logs")], &[("undeclared-tag", "tags: [Login]")]),
];

fn broken(fault: &Fault) -> String {
    fault.edits.iter().fold(GOOD.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{}: there is no `{from}` to edit", fault.name);
        text.replacen(from, to, 1)
    })
}

#[test]
fn every_fault_is_reported_under_its_rule_and_at_its_line() {
    let mut wrong = String::new();
    for fault in FAULTS {
        let text = broken(fault);
        let lines: Vec<&str> = text.lines().collect();
        let found = match Document::parse("good.yaml", text.clone()) {
            Ok(document) => lint(&document),
            Err(error) => {
                wrong.push_str(&format!("{}: {error}\n", fault.name));
                continue;
            }
        };
        let as_wanted = found.len() == fault.wanted.len()
            && fault.wanted.iter().all(|(rule, line)| {
                found.iter().any(|one| one.rule == *rule && lines[one.position.line - 1].contains(line))
            });
        if !as_wanted {
            let found: String = found.iter().map(|one| format!("\n    {one}")).collect();
            wrong.push_str(&format!("{}: wanted {:?}, found{found}\n", fault.name, fault.wanted));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_rule_has_a_fault_that_shows_it() {
    let shown: BTreeSet<&str> = FAULTS.iter().flat_map(|fault| fault.wanted).map(|(rule, _)| *rule).collect();
    let missing: Vec<_> = xtask::lint::RULES.iter().filter(|rule| !shown.contains(**rule)).collect();
    assert!(missing.is_empty(), "no fault shows {missing:?}");
}
