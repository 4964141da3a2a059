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

#[test]
fn the_good_document_and_that_of_the_project_keep_every_rule() {
    let good = Document::parse("good.yaml", GOOD.to_owned());
    for document in [good, Document::read_in(project(), Path::new(DOCUMENT))] {
        let findings: Vec<String> = lint(&document.unwrap()).iter().map(Finding::to_string).collect();
        assert!(findings.is_empty(), "{}", findings.join("\n"));
    }
}
