//! What a maintainer reads when the document is wrong.

use std::path::Path;

use xtask::document::{Document, Position};
use xtask::{lint, load};

use crate::freshness::root;

/// A fault that somebody could make: what is taken out of the document, and what is put in its place.
const FAULTS: [(&str, &str, &str); 14] = [
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
    ("a default out of bounds", "        default: 25", "        default: 251"),
    ("an example out of bounds", "      example: 250\n", "      example: 251\n"),
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
    let text = load::read(root()).unwrap().text().to_owned();
    let mut seen = String::new();
    for (name, old, new) in FAULTS {
        assert!(text.contains(old), "the document has no {old:?} any more: change the fault {name:?}");
        seen += &format!("# {name}\n");
        let text = text.replacen(old, new, 1);
        match Document::parse("spec/openapi.yaml", text.clone()) {
            Err(error) => seen += &format!("{}\n", at_its_line(&text, error.position(), &error.to_string())),
            Ok(document) => {
                let findings = lint::lint(&document);
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

#[test]
fn what_is_no_document_gets_one_clear_line() {
    let texts = [
        "",
        "# only a comment\n",
        "openapi: 3.0.3\ninfo: [unclosed\n",
        "openapi: 3.0.3\n\tinfo: {}\n",
        "just text",
        "- a\n- list\n",
        "title: no version\n",
        "openapi: 3.1.0\ninfo: {}\n",
        "swagger: '2.0'\n",
        "openapi: 3.0.3\nopenapi: 3.0.3\n",
    ];
    let mut seen = String::new();
    for text in texts {
        let error = Document::parse("spec/openapi.yaml", text.to_owned()).unwrap_err().to_string();
        assert_eq!(error.lines().count(), 1, "{error}");
        seen += &format!("{text:?}\n{error}\n\n");
    }
    let folder = tempfile::tempdir().unwrap();
    let missing = Document::read_in(folder.path(), Path::new("spec/openapi.yaml")).unwrap_err();
    seen += &format!("(no file)\n{missing}\n");
    insta::assert_snapshot!(seen);
}
