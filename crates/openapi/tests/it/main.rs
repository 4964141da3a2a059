//! The rules against documents that are good, broken in one place, and broken everywhere.

#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod faults;
mod messages;
mod mutations;

use std::path::Path;

use northbound_openapi::document::Document;
use northbound_openapi::lint::{Finding, lint};

/// A small document that keeps every rule; each fault of the tests is one edit of it.
const GOOD: &str = include_str!("good.yaml");

/// The hand-written document, relative to the project.
const DOCUMENT: &str = "spec/openapi.yaml";

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("the crate lies in the project")
}

fn findings(text: &str) -> Vec<Finding> {
    lint(&Document::parse("good.yaml", text.to_owned()).expect("the text is still a document"))
}

#[test]
fn the_document_of_the_project_keeps_every_rule() {
    let document = Document::read_in(project(), Path::new(DOCUMENT)).expect("the document is there");
    let findings: Vec<String> = lint(&document).iter().map(Finding::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}

#[test]
fn the_good_document_keeps_every_rule() {
    let findings: Vec<String> = findings(GOOD).iter().map(Finding::to_string).collect();
    assert!(findings.is_empty(), "{}", findings.join("\n"));
}
