//! The OpenAPI document as one raw tree that remembers where each node is in the text.
//!
//! Lint, the JSON copy and the generator all start from this tree. Nothing is ever written back from
//! typed structures, which silently drop a misspelt keyword.

pub mod operations;
pub mod pointer;
mod position;
mod reader;
pub mod reference;

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

pub use position::Position;

/// The value of a YAML text; nothing if it is no YAML.
pub(crate) fn read_yaml(text: &str) -> Option<Value> {
    reader::read(text).ok().map(|(value, _)| value)
}

/// What every message about another version ends with.
const WRITE_3_0_3: &str = "write `openapi: 3.0.3`, because progenitor accepts nothing newer";

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
    pub fn read_in(root: &Path, path: &Path) -> Result<Self, DocumentError> {
        let broken = |position, message| DocumentError { path: path.to_owned(), position, message };
        let bytes = fs::read(root.join(path)).map_err(|error| broken(None, unreadable(&error)))?;
        String::from_utf8(bytes).map_or_else(
            |error| {
                let valid = error.utf8_error().valid_up_to();
                let before = String::from_utf8_lossy(&error.as_bytes()[..valid]);
                let message = format!("byte {valid} is not UTF-8: save the document as UTF-8");
                Err(broken(Some(Position::of_byte(&before, before.len())), message))
            },
            |text| Self::parse(path, text),
        )
    }

    /// Parses a document that is already in memory; `path` is only shown.
    ///
    /// JSON is YAML too, so it is read as well.
    ///
    /// # Errors
    /// When the text is empty, not YAML, not a mapping, or not OpenAPI 3.0. Each message is one line that
    /// says where and what to do.
    pub fn parse(path: impl Into<PathBuf>, text: String) -> Result<Self, DocumentError> {
        let path = path.into();
        match reader::read(&text) {
            Ok((value, positions)) => Self { path, text, value, positions }.of_version_3_0(),
            Err((position, message)) => Err(DocumentError { path, position, message }),
        }
    }

    /// The whole document, its members in the order of the text.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The text, byte for byte as it was read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The path as it was given.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the node at a JSON pointer is: at its key if it has one, else at its first character.
    ///
    /// A node that does not exist has the position of its nearest parent.
    pub fn position(&self, pointer: &str) -> Position {
        let mut pointer = pointer;
        loop {
            if let Some(position) = self.positions.get(pointer) {
                return *position;
            }
            match pointer.rfind('/') {
                Some(slash) => pointer = &pointer[..slash],
                None => return Position::START,
            }
        }
    }

    fn of_version_3_0(self) -> Result<Self, DocumentError> {
        let version = |member| self.value.get(member).map(shown);
        let (member, message) = match (version("openapi"), version("swagger")) {
            _ if !self.value.is_object() => {
                ("", "this is not a mapping: an OpenAPI document starts with `openapi: 3.0.3`".to_owned())
            }
            (Some(version), _) if version.starts_with("3.0.") => return Ok(self),
            (Some(version), _) => ("openapi", format!("this is OpenAPI {version}: {WRITE_3_0_3}")),
            (None, Some(version)) => ("swagger", format!("this is Swagger {version}: {WRITE_3_0_3}")),
            (None, None) => ("", format!("this is not OpenAPI, it has no `openapi` member: {WRITE_3_0_3}")),
        };
        let position = Some(self.position(&pointer::child("", member)));
        Err(DocumentError { path: self.path, position, message })
    }
}

/// Why there is no document: one line that says where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentError {
    path: PathBuf,
    position: Option<Position>,
    message: String,
}

impl DocumentError {
    /// Where in the text the fault is, unless there is no text.
    pub fn position(&self) -> Option<Position> {
        self.position
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.path.display())?;
        if let Some(position) = self.position {
            write!(f, "{position}:")?;
        }
        write!(f, " {}", self.message)
    }
}

impl std::error::Error for DocumentError {}

fn unreadable(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file: check the path, or restore it from git".to_owned(),
        io::ErrorKind::IsADirectory => "this is a directory: give the path of the document itself".to_owned(),
        _ => format!("the file cannot be read ({error}): check its permissions"),
    }
}

/// A version as a person wrote it, on one line and not longer than a version needs to be.
fn shown(version: &Value) -> String {
    let text = match version {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return "of no readable version".to_owned(),
    };
    text.chars().take(20).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests;
