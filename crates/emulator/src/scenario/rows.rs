//! Rows that a scenario gives: each is kept as the JSON text that comes back.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

/// A row of a scenario, a JSON object.
pub type Row = Map<String, Value>;

/// A file of rows, which is read when its scenario is. Clones share what was read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "PathBuf", into = "PathBuf")]
pub struct RowsFile {
    path: PathBuf,
    /// None until it is read.
    pub(crate) text: Option<Arc<String>>,
}

impl From<PathBuf> for RowsFile {
    fn from(path: PathBuf) -> Self {
        Self { path, text: None }
    }
}

impl From<RowsFile> for PathBuf {
    fn from(file: RowsFile) -> Self {
        file.path
    }
}

impl RowsFile {
    /// Reads the file, whose path is from this folder.
    pub(super) fn load(&mut self, folder: &Path) -> Result<(), String> {
        let path = folder.join(&self.path);
        let cannot = |error: &dyn fmt::Display| format!("cannot read {}: {error}", path.display());
        let text = fs::read_to_string(&path).map_err(|error| cannot(&error))?;
        if let Some((index, error)) = lines(&text).find_map(|(index, _, row)| Some((index, flaw(row)?))) {
            let rule =
                "each line has to be a row, a JSON object, as `northbound export -o jsonl` writes them";
            return Err(cannot(&format!("line {}: {error}; {rule}", index + 1)));
        }
        self.text = Some(text.into());
        Ok(())
    }
}

impl fmt::Debug for RowsFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}

/// The lines of a text that are not empty: number, place, and the row without what some programs write around it.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (usize, usize, &str)> {
    let is_around = |character: char| character.is_ascii_whitespace() || character == '\u{feff}';
    let mut next = 0;
    let lines = text.split_inclusive('\n').enumerate().map(move |(index, line)| {
        next += line.len();
        (index, next - line.len(), line.trim_matches(is_around))
    });
    lines.filter(|(_, _, row)| !row.is_empty())
}

/// Why a text is no row.
fn flaw(row: &str) -> Option<String> {
    match serde_json::from_str::<&RawValue>(row) {
        Ok(_) if row.starts_with('{') => None,
        Ok(_) => Some("this is JSON, but no object".to_owned()),
        // A place in the row would be taken for one in the file.
        Err(error) => error.to_string().split(" at line ").next().map(str::to_owned),
    }
}

/// The text of a row as it comes back.
pub(crate) fn as_sent(row: &Row) -> String {
    let mut row = row.clone();
    if row.contains_key("param") {
        return Value::Object(row).to_string();
    }
    let mut take = |name: &str| row.shift_remove(name).unwrap_or_default();
    let text = |value: Value| if value.is_object() { value.to_string().into() } else { value };
    let param = json!({ "deviceId": take("deviceId"), "commandId": take("commandId") });
    let (status, output, error) = (take("status"), text(take("output")), text(take("error")));
    let mut sent = json!({ "status": status, "output": output, "error": error, "param": param });
    if let Some(sent) = sent.as_object_mut() {
        sent.extend(row);
    }
    sent.to_string()
}
