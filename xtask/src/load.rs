//! Reads the document of the project, and checks it.

use std::path::Path;

use anyhow::ensure;

use crate::document::Document;
use crate::{DOCUMENT, lint};

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
    let findings: Vec<String> = lint::lint(&document).iter().map(ToString::to_string).collect();
    ensure!(findings.is_empty(), "{} faults in the document:\n{}", findings.len(), findings.join("\n"));
    Ok(document)
}
