//! Reads the document of the project, and checks it.

use std::path::Path;

use anyhow::bail;

use crate::document::Document;
use crate::{DOCUMENT, Outcome, lint, print};

/// Reads the document of the project at `root`.
///
/// # Errors
/// When it is missing, or is no OpenAPI 3.0 document.
pub fn read(root: &Path) -> anyhow::Result<Document> {
    Document::read_in(root, Path::new(DOCUMENT))
}

/// Reads the document and makes sure that nothing is wrong with it.
///
/// # Errors
/// With all findings, a line each.
pub fn read_checked(root: &Path) -> anyhow::Result<Document> {
    let document = read(root)?;
    let findings = lint::lint(&document);
    if findings.is_empty() {
        return Ok(document);
    }
    let lines: String = findings.iter().map(|finding| format!("\n{finding}")).collect();
    bail!("{} faults in the document, nothing was written:{lines}", findings.len())
}

/// Runs `cargo xtask lint`.
///
/// # Errors
/// When there is no document to look at.
pub fn run(root: &Path) -> anyhow::Result<Outcome> {
    let findings = lint::lint(&read(root)?);
    findings.iter().for_each(|finding| print(&finding.to_string()));
    if findings.is_empty() {
        print(&format!("{DOCUMENT}: nothing to find fault with"));
        return Ok(Outcome::Done);
    }
    print(&format!("{} findings", findings.len()));
    Ok(Outcome::Broken)
}
