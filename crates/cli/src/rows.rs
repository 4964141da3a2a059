//! Subtasks on the way out: as a table, as a JSON array, or as JSON lines.

use std::io::{self, Write};

use comfy_table::{Table, TableStyle};
use northbound::{Subtask, SubtaskStatus};

use crate::arguments::Output;

/// How many characters of a long text a table shows.
const TEXT_WIDTH: usize = 60;

/// Prints subtasks as they come; a table is printed at the end, when its widths are known.
pub(crate) struct Rows<'a> {
    output: Output,
    stdout: &'a mut dyn Write,
    table: Table,
    count: usize,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(output: Output, stdout: &'a mut dyn Write) -> Self {
        let mut table = Table::new();
        table.load_style(TableStyle::new()).set_header(["DEVICE", "STATUS", "REASON OR OUTPUT", "COMMAND"]);
        Self { output, stdout, table, count: 0 }
    }

    pub(crate) fn push(&mut self, subtask: &Subtask) -> io::Result<()> {
        match self.output {
            Output::Table => {
                self.table.add_row(cells(subtask));
            }
            Output::Json => {
                let before = if self.count == 0 { "[\n  " } else { ",\n  " };
                write!(self.stdout, "{before}{}", json(subtask)?)?;
            }
            Output::Jsonl | Output::Csv => writeln!(self.stdout, "{}", json(subtask)?)?,
        }
        self.count += 1;
        Ok(())
    }

    /// Ends the output. An array stays open if rows are missing, so that no program takes it for the whole.
    pub(crate) fn finish(mut self, complete: bool) -> io::Result<()> {
        match (self.output, self.count) {
            (Output::Table, 0) if complete => writeln!(self.stdout, "no subtasks")?,
            (Output::Table, 0) => {}
            (Output::Table, _) => self.print_table()?,
            (Output::Json, 0) if complete => writeln!(self.stdout, "[]")?,
            (Output::Json, 0) => {}
            (Output::Json, _) if complete => writeln!(self.stdout, "\n]")?,
            (Output::Json, _) => writeln!(self.stdout)?,
            (Output::Jsonl | Output::Csv, _) => {}
        }
        self.stdout.flush()
    }

    fn print_table(&mut self) -> io::Result<()> {
        for line in self.table.lines() {
            writeln!(self.stdout, "{}", line.trim())?;
        }
        Ok(())
    }
}

fn cells(subtask: &Subtask) -> [String; 4] {
    let reason = match subtask.error() {
        Some(_) => subtask.reason(),
        None => subtask.output().unwrap_or("-").into(),
    };
    [
        one_line(subtask.device_id().unwrap_or("-")),
        one_line(subtask.status().map_or("-", SubtaskStatus::as_str)),
        shortened(&one_line(&reason)),
        one_line(subtask.command_id().unwrap_or("-")),
    ]
}

/// A text without control characters: a device may bear any name, and a terminal obeys some of them.
fn one_line(text: &str) -> String {
    let obeyed = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if obeyed(c) { ' ' } else { c }).collect()
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= TEXT_WIDTH {
        return text.to_owned();
    }
    text.chars().take(TEXT_WIDTH - 1).chain(['…']).collect()
}

fn json(subtask: &Subtask) -> io::Result<String> {
    serde_json::to_string(subtask).map_err(io::Error::from)
}
