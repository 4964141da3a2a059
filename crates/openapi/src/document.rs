//! The OpenAPI document as one raw tree that remembers where each node is in the text.
//!
//! Lint, the JSON copy and the generator all start from this tree. Nothing is ever written back from
//! typed structures, which silently drop a misspelt keyword.

pub mod json;
pub mod operations;
pub mod pointer;
mod position;
mod reader;
pub mod reference;

use std::collections::HashMap;
use std::fs;
use std::iter;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, ensure};
use serde_json::Value;

pub use position::Position;

/// The value of a file of this crate.
#[expect(clippy::expect_used, reason = "the text was compiled in, and tests read it")]
pub(crate) fn read_yaml(text: &'static str) -> Value {
    reader::read(text).expect("a file of this crate is YAML").0
}

/// Names and values of the document may hold anything; a message is one line that a terminal can show.
pub(crate) fn on_one_line(text: &str) -> String {
    text.chars().flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] }).collect()
}

/// An OpenAPI 3.0 document that was read as YAML: syntax and version are right, nothing else is known.
#[derive(Debug, Clone)]
pub struct Document {
    path: PathBuf,
    text: String,
    value: Value,
    positions: HashMap<String, Position>,
}

impl Document {
    /// Reads the document at `path` below `root`; messages show `path` alone, the same on every machine.
    ///
    /// # Errors
    /// When the file cannot be read, and whenever [`Document::parse`] fails.
    pub fn read_in(root: &Path, path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(root.join(path));
        let what_to_do =
            || format!("{} cannot be read: check the path, or restore it from git", path.display());
        Self::parse(path, text.with_context(what_to_do)?)
    }

    /// Parses a document that is already in memory; `path` is only shown.
    ///
    /// JSON is YAML too, so it is read as well.
    ///
    /// # Errors
    /// When the text is empty, not YAML, not a mapping, or not OpenAPI 3.0. Each message is one line that
    /// says where and what to do.
    pub fn parse(path: impl Into<PathBuf>, text: String) -> anyhow::Result<Self> {
        let path = path.into();
        let broken = |(position, message)| anyhow!("{}:{position}: {message}", path.display());
        let (value, positions) = reader::read(&text).map_err(broken)?;
        let document = Self { path, text, value, positions };
        let version = document.value.get("openapi").and_then(Value::as_str).unwrap_or_default();
        ensure!(
            version.starts_with("3.0."),
            "{}:{}: this is not OpenAPI 3.0: write `openapi: 3.0.3`, because progenitor accepts nothing newer",
            document.path.display(),
            document.position("/openapi")
        );
        Ok(document)
    }

    /// The whole document, its members in the order of the text.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The text, byte for byte as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The pointer of every node.
    pub fn pointers(&self) -> impl Iterator<Item = &str> {
        self.positions.keys().map(String::as_str)
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the node at a JSON pointer is: at its key if it has one, else at its first character.
    ///
    /// A node that does not exist has the position of its nearest parent.
    pub fn position(&self, pointer: &str) -> Position {
        let mut around = iter::successors(Some(pointer), |inner| Some(&inner[..inner.rfind('/')?]));
        around.find_map(|pointer| self.positions.get(pointer)).copied().unwrap_or(Position::START)
    }
}

#[cfg(test)]
mod tests;
