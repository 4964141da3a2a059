//! The error codes that came in a table, which ends with an explanation of each.

use indexmap::IndexMap;
use northbound::Subtask;

use crate::codes::{Codes, Explained};
use crate::rows::columns::code;
use crate::screen::layout::{counted, one_line, wrapped};

/// How many codes are explained: a platform may send another one with every row.
const CODES: usize = 100;

/// How many rows have which code.
#[derive(Debug, Default)]
pub(crate) struct CodesSeen {
    rows: IndexMap<String, u64>,
    /// Rows with a code that is not among them.
    others: u64,
}

impl CodesSeen {
    pub(crate) fn add(&mut self, subtask: &Subtask) {
        let Some(code) = code(subtask) else { return };
        if let Some(rows) = self.rows.get_mut(code.as_str()) {
            *rows += 1;
        } else if self.rows.len() < CODES && code.as_str().len() <= 256 {
            self.rows.insert(code.as_str().to_owned(), 1);
        } else {
            self.others += 1;
        }
    }

    /// A paragraph for each code, the most frequent first.
    pub(crate) fn lines(&self, codes: &Codes, width: Option<usize>) -> Vec<String> {
        let mut rows: Vec<_> = self.rows.iter().collect();
        rows.sort_by_key(|(_, rows)| std::cmp::Reverse(**rows));
        let explained = rows.into_iter().map(|(code, rows)| {
            let head = format!("{code}, {}", counted(*rows, "row"));
            match codes.explain(code) {
                Some(Explained { meaning, next_step, who, .. }) => {
                    let meaning = meaning.trim_end_matches(['.', '。']);
                    format!("{head}: {meaning}. Next step ({who}): {next_step}")
                }
                None => format!("{head}: not in the catalogue; --codes FILE explains your own"),
            }
        });
        let others = (self.others > 0).then(|| format!("other codes, {}", counted(self.others, "row")));
        let texts: Vec<String> = explained.chain(others).map(|text| one_line(&text)).collect();
        let before = (!texts.is_empty()).then(String::new);
        let lines = texts.iter().flat_map(|text| wrapped(text, width.unwrap_or(usize::MAX)));
        before.into_iter().chain(lines).collect()
    }
}
