//! The commands against the project's own document and a small one.

#![allow(clippy::expect_used, reason = "a test may panic, and so may what only tests call")]

mod edits;
mod history;

use std::path::Path;

/// A small document that keeps every rule; each fault of the tests is one edit of it.
const GOOD: &str = include_str!("../../../crates/openapi/tests/it/good.yaml");

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the project")
}
