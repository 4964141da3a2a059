//! oasdiff, which classifies changes of everything that OpenAPI itself describes. `xtask/tools/diff` pins it, and says which of
//! its rules this project judges otherwise.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Change, Class, extensions};
use crate::tools::{GO, output};

/// oasdiff, ready to run.
#[derive(Debug)]
pub struct Oasdiff {
    go: PathBuf,
    pins: PathBuf,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Finding {
    level: u8,
    text: String,
    operation_id: Option<String>,
}

impl Oasdiff {
    /// Go, which gets oasdiff as `go.mod` and `go.sum` pin it.
    ///
    /// # Errors
    /// When Go is missing: says how to get it.
    pub fn find(root: &Path) -> anyhow::Result<Self> {
        Ok(Self { go: GO.found()?, pins: root.join("xtask/tools/diff") })
    }

    /// The changes from one document to another: those that oasdiff classifies, and those of our extensions.
    ///
    /// # Errors
    /// When oasdiff cannot be built or run, or prints something else than expected.
    pub fn all_changes(&self, old: &Value, new: &Value) -> anyhow::Result<Vec<Change>> {
        Ok([self.changes(old, new)?, extensions::changes(old, new)].concat())
    }

    fn changes(&self, old: &Value, new: &Value) -> anyhow::Result<Vec<Change>> {
        let folder = tempfile::tempdir().context("cannot make a folder for oasdiff")?;
        let write = |name: &str, document: &Value| -> anyhow::Result<PathBuf> {
            let path = folder.path().join(name);
            fs::write(&path, with_content(document).to_string()).context("cannot write for oasdiff")?;
            Ok(path)
        };
        let mut oasdiff = Command::new(&self.go);
        oasdiff.args(["tool", "oasdiff", "changelog", "--severity-levels", "levels.txt", "--format", "json"]);
        oasdiff.arg(write("old.json", old)?).arg(write("new.json", new)?).current_dir(&self.pins);
        let findings: Vec<Finding> =
            serde_json::from_str(&output(&mut oasdiff)?).context("oasdiff prints something unexpected")?;
        let change = |finding: Finding| Change {
            // 1 is information, 2 a warning, 3 an error.
            class: if finding.level == 1 { Class::Additive } else { Class::Breaking },
            text: format!("{}: {}", finding.operation_id.as_deref().unwrap_or("document"), finding.text),
        };
        Ok(findings.into_iter().map(change).collect())
    }
}

/// The document with the schema of each text that holds JSON in the place of the text, since oasdiff does not look inside texts.
fn with_content(document: &Value) -> Value {
    match document {
        Value::Object(members) => match members.get("x-content-schema") {
            Some(target) => json!({ "nullable": true, "allOf": [{ "$ref": target }] }),
            None => members.iter().map(|(name, member)| (name.clone(), with_content(member))).collect(),
        },
        Value::Array(items) => items.iter().map(with_content).collect(),
        other => other.clone(),
    }
}
