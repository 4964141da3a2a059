//! What a maintainer reads when the document is wrong.

use std::path::Path;

use northbound_openapi::document::{Document, Position};
use northbound_openapi::lint::lint;

use super::{DOCUMENT, project};

/// A fault that somebody could make: what is taken out of the document, and what is put in its place.
const FAULTS: [(&str, &str, &str); 12] = [
    ("a misspelt keyword", "      minLength: 1", "      minLenght: 1"),
    (
        "a type that does not exist",
        "        type: integer\n        format: int32\n        minimum: 0",
        "        type: long\n        minimum: 0",
    ),
    ("a reference to nothing", "schemas/SubtaskPage'", "schemas/SubtaskPages'"),
    ("a reference to another file", "'#/components/schemas/SubtaskPage'", "'other.yaml#/SubtaskPage'"),
    ("the same operation twice", "operationId: login", "operationId: listSubtasks"),
    ("no operation id", "      operationId: login\n", ""),
    ("enum values that collide", "enum: [Pending, WaitResult,", "enum: [Pending, pending, WaitResult,"),
    ("a code that the catalogue does not know", "x-error-codes: ['100022']", "x-error-codes: ['100023']"),
    (
        "an error without a body",
        "        '404':\n          $ref: '#/components/responses/TaskNotFound'",
        "        '404':\n          description: Not found.",
    ),
    ("a default response", "        '404':\n          $ref", "        default:\n          $ref"),
    (
        "a closed reply",
        "      additionalProperties: {}\n      example:\n        deviceId",
        "      additionalProperties: false\n      example:\n        deviceId",
    ),
    ("no description", "      description: Identifies a batch task.\n      example", "      example"),
];

#[test]
fn every_fault_is_named_with_its_line_and_what_to_do() {
    let text = Document::read_in(project(), Path::new(DOCUMENT)).unwrap().text().to_owned();
    let mut seen = String::new();
    for (name, old, new) in FAULTS {
        assert!(text.contains(old), "the document has no {old:?} any more: change the fault {name:?}");
        seen += &format!("# {name}\n");
        let text = text.replacen(old, new, 1);
        match Document::parse(DOCUMENT, text.clone()) {
            Err(error) => panic!("{name}: {error}"),
            Ok(document) => {
                let findings = lint(&document);
                assert!(!findings.is_empty(), "{name} is not reported");
                for finding in findings {
                    seen +=
                        &format!("{}\n", at_its_line(&text, Some(finding.position), &finding.to_string()));
                }
            }
        }
        seen.push('\n');
    }
    insta::assert_snapshot!(seen);
}

/// A message with the line that it names in place of its number, which changes with every edit further up.
fn at_its_line(text: &str, position: Option<Position>, message: &str) -> String {
    let position = position.unwrap();
    let line = text.lines().nth(position.line - 1).unwrap().trim();
    let numbered = format!("spec/openapi.yaml:{position}: ");
    let message =
        message.strip_prefix(&numbered).unwrap_or_else(|| panic!("{message} does not start with {numbered}"));
    format!("{line}\n    {message}")
}
