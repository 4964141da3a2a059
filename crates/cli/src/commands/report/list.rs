//! The devices that failed, on their way into a page: JSON that no browser takes for markup.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use indexmap::IndexSet;
use northbound::{ErrorCode, Failure, FailureGroups};
use serde::Serialize;

use crate::rows::totals::Totals;

/// How many different texts are written once. Any more, as when each text names its device, are written in their rows.
const SHARED_TEXTS: usize = 1000;
/// A longer text is kept in its row, in bytes.
const SHARED_LENGTH: usize = 4096;

/// What was listed, without the rows.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) totals: Totals,
    pub(super) groups: FailureGroups,
}

/// The rows while they come; memory does not grow with them.
///
/// The JSON is `{"rows":[[device, command, status, code, words, error, output], …], "texts":[…], "codes":[…]}`. A number in a row
/// is the place of a text; null is what the platform did not say. The codes are those of the groups, in their order.
pub(super) struct Spool {
    rows: BufWriter<File>,
    texts: SharedTexts,
    list: List,
}

/// What a row of the table has in a column.
#[derive(Serialize)]
#[serde(untagged)]
enum Cell<'a> {
    Shared(usize),
    Own(&'a str),
}

impl Spool {
    pub(super) fn new(file: File) -> Self {
        Self { rows: BufWriter::new(file), texts: SharedTexts::default(), list: List::default() }
    }

    pub(super) fn push(&mut self, failure: &Failure) -> io::Result<()> {
        let subtask = failure.subtask();
        let texts = &mut self.texts;
        let row = [
            subtask.device_id().map(Cell::Own),
            subtask.command_id().map(Cell::Own),
            subtask.status().map(|status| texts.cell(status.as_str())),
            failure.code().map(|code| texts.cell(code.as_str())),
            failure.text().map(|text| texts.cell(text)),
            subtask.error().map(|error| texts.cell(error)),
            subtask.output().map(|output| texts.cell(output)),
        ];
        let before = if self.list.totals.all() == 0 { "{\"rows\":[\n" } else { ",\n" };
        self.rows.write_all(before.as_bytes())?;
        self.rows.write_all(inert(&row)?.as_bytes())?;
        self.list.totals.add(subtask);
        self.list.groups.add(failure);
        Ok(())
    }

    /// How many there are by now.
    pub(super) fn rows(&self) -> u64 {
        self.list.totals.all()
    }

    /// Ends the JSON.
    pub(super) fn finish(mut self) -> io::Result<(File, List)> {
        let before = if self.list.totals.all() == 0 { "{\"rows\":[" } else { "\n" };
        let groups = self.list.groups.groups();
        let codes: Vec<_> = groups.iter().map(|group| group.code().map(ErrorCode::as_str)).collect();
        let (texts, codes) = (inert(&self.texts.0)?, inert(&codes)?);
        write!(self.rows, "{before}],\"texts\":{texts},\"codes\":{codes}}}")?;
        let rows = self.rows.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok((rows, self.list))
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
