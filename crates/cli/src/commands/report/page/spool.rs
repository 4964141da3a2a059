//! The devices that failed, on their way into a page: JSON that no browser takes for markup.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use indexmap::IndexSet;
use northbound::ErrorCode;
use serde::Serialize;

use crate::codes::Codes;
use crate::commands::report::list::{List, Row};
use crate::rows::columns::Column;
use crate::rows::join::Join;

/// How many different texts are written once. Any more, as when each text names its device, are written in their rows.
const SHARED_TEXTS: usize = 1000;
/// A longer text is kept in its row, in bytes.
const SHARED_LENGTH: usize = 4096;

/// The rows while they come; memory does not grow with them.
///
/// The JSON is `{"rows":[[device, command, status, code, reason, output, error, words, new, own, …], …], "texts":[…], …}`. A number in a
/// row is the place of a text; null is what the platform did not say. Words are true where they are the reason.
pub(crate) struct Spool {
    rows: BufWriter<File>,
    texts: SharedTexts,
    is_empty: bool,
}

/// What a row of the table has in a column.
#[derive(Serialize)]
#[serde(untagged)]
enum Cell<'a> {
    Shared(usize),
    Own(&'a str),
    Is(bool),
}

/// What stands after the rows.
#[derive(Serialize)]
struct Rest<'a> {
    texts: &'a IndexSet<String>,
    /// The codes of the reasons, in their order.
    codes: Vec<Option<&'a str>>,
    /// The names of the user's columns.
    own: &'a [String],
    /// The place among these by which devices are counted, and the values in their order.
    by: Option<usize>,
    values: Vec<&'a str>,
    /// The names of the first columns of a row, as they are in csv.
    csv: Vec<String>,
    since: bool,
}

impl Spool {
    pub(crate) fn new(file: File) -> Self {
        Self { rows: BufWriter::new(file), texts: SharedTexts::default(), is_empty: true }
    }

    pub(crate) fn push(&mut self, row: &Row<'_>) -> io::Result<()> {
        let subtask = row.failure.subtask();
        // None of these columns explains a code.
        let codes = Codes::default();
        let columns = Column::CSV.map(|column| column.of(subtask, &codes));
        let [device, command, _, _, reason, ..] = columns.each_ref().map(Option::as_deref);
        let words = row.failure.text();
        let texts = &mut self.texts;
        let mut cells = vec![device.map(Cell::Own), command.map(Cell::Own)];
        cells.extend(columns[2..].iter().map(|text| text.as_deref().map(|text| texts.cell(text))));
        cells.push(if words == reason {
            words.map(|_| Cell::Is(true))
        } else {
            words.map(|text| texts.cell(text))
        });
        cells.push(row.is_new.map(Cell::Is));
        cells.extend(row.own.iter().map(|cell| Some(Cell::Own(cell))));
        let before = if self.is_empty { "{\"rows\":[\n" } else { ",\n" };
        self.is_empty = false;
        self.rows.write_all(before.as_bytes())?;
        self.rows.write_all(inert(&cells)?.as_bytes())
    }

    /// Ends the JSON.
    pub(crate) fn finish(mut self, list: &List) -> io::Result<File> {
        let before = if self.is_empty { "{\"rows\":[" } else { "\n" };
        let groups = list.groups.groups();
        let join = list.join.as_ref();
        let values = join.map(Join::groups).unwrap_or_default();
        let rest = Rest {
            texts: &self.texts.0,
            codes: groups.iter().map(|group| group.code().map(ErrorCode::as_str)).collect(),
            own: join.map_or(&[], Join::columns),
            by: join.and_then(Join::by),
            values: values.into_iter().map(|(value, _)| value).collect(),
            csv: Column::CSV.map(Column::name).to_vec(),
            since: list.earlier.is_some(),
        };
        let rest = inert(&rest)?;
        write!(self.rows, "{before}],{}", rest.trim_start_matches('{'))?;
        self.rows.into_inner().map_err(io::IntoInnerError::into_error)
    }
}

/// The texts that rows share: a task fails for few reasons.
#[derive(Default)]
struct SharedTexts(IndexSet<String>);

impl SharedTexts {
    fn cell<'a>(&mut self, text: &'a str) -> Cell<'a> {
        match self.0.get_index_of(text) {
            Some(place) => Cell::Shared(place),
            None if self.0.len() == SHARED_TEXTS || text.len() > SHARED_LENGTH => Cell::Own(text),
            None => Cell::Shared(self.0.insert_full(text.to_owned()).0),
        }
    }
}

/// JSON for a script element: nothing in it ends the element, or begins a comment. Two line separators are
/// written as escapes as well, for whoever takes the JSON for JavaScript.
fn inert<T: Serialize>(value: &T) -> io::Result<String> {
    let json = serde_json::to_string(value)?;
    Ok(json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_shared_until_there_are_too_many() {
        let mut texts = SharedTexts::default();
        let names: Vec<String> = (0..=SHARED_TEXTS).map(|number| format!("text {number}")).collect();
        for (place, name) in names[..SHARED_TEXTS].iter().enumerate() {
            assert!(matches!(texts.cell(name), Cell::Shared(shared) if shared == place));
        }
        assert!(matches!(texts.cell(&names[SHARED_TEXTS]), Cell::Own("text 1000")));
        assert!(matches!(texts.cell("text 7"), Cell::Shared(7)));
        assert!(matches!(SharedTexts::default().cell(&"x".repeat(SHARED_LENGTH + 1)), Cell::Own(_)));
        assert!(texts.0.iter().eq(&names[..SHARED_TEXTS]));
    }
}
