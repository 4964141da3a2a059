//! Subtasks on the way out: as a table, as a JSON array, as JSON lines, or as csv.
//!
//! Columns, formats and totals of rows are here. Which rows are read is decided in `commands`.

pub(crate) mod columns;
pub(crate) mod csv;
pub(crate) mod csv_file;
pub(crate) mod file;
pub(crate) mod join;
pub(crate) mod selection;
pub(crate) mod table;
pub(crate) mod totals;

use std::io::{self, Write as _};

use northbound::{Failure, FailureGroups, Subtask};

use crate::arguments::global::Output;
use crate::codes::{Codes, Explained};
use crate::rows::columns::{code, has_failed};
use crate::rows::join::Join;
use crate::rows::selection::Selection;
use crate::rows::totals::Totals;
use crate::screen::layout::{counted, one_line, wrapped};
use crate::screen::outlet::Outlet;

/// How many rows a table has; a longer read is printed as several tables, so that memory does not grow with it.
const PART: usize = 20_000;
/// The same, in bytes.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// Prints subtasks as they come; a table is printed at its end, when its widths are known.
pub(crate) struct RowWriter<'a, 'p> {
    output: Output,
    selection: Selection,
    codes: &'a Codes,
    join: Option<&'a mut Join>,
    stdout: &'a mut Outlet<'p>,
    table: Vec<Vec<String>>,
    /// How long the cells in `table` are together.
    bytes: usize,
    totals: Totals,
    /// What a table explains at its end.
    failures: FailureGroups,
}

impl<'a, 'p> RowWriter<'a, 'p> {
    pub(crate) fn new(
        output: Output,
        selection: Selection,
        codes: &'a Codes,
        join: Option<&'a mut Join>,
        stdout: &'a mut Outlet<'p>,
    ) -> Self {
        let (table, bytes, totals, failures) = Default::default();
        Self { output, selection, codes, join, stdout, table, bytes, totals, failures }
    }

    pub(crate) fn push(&mut self, subtask: &Subtask) -> io::Result<()> {
        let first = self.totals.all() == 0;
        let mut own: &[String] = &[];
        if let Some(join) = &mut self.join {
            if has_failed(subtask) {
                join.count_failed(subtask.device_id());
            }
            own = join.cells(subtask.device_id());
        }
        let cells = self.selection.cells(subtask, own, self.codes);
        match self.output {
            Output::Table => {
                let cell = |cell: Option<String>| one_line(cell.as_deref().unwrap_or("-"));
                self.table.push(cells.map(cell).collect());
                self.bytes += self.table.last().into_iter().flatten().map(String::len).sum::<usize>();
                if self.selection.has_reasons() && code(subtask).is_some() {
                    self.failures.add(&Failure::of(subtask.clone()));
                }
                if self.table.len() == PART || self.bytes > PART_BYTES {
                    self.print_table()?;
                }
            }
            Output::Json => {
                let before = if first { "[\n  " } else { ",\n  " };
                self.stdout.write_all(before.as_bytes())?;
                self.stdout.write_data(&serde_json::to_vec(subtask)?)?;
            }
            Output::Jsonl => {
                self.stdout.write_data(&serde_json::to_vec(subtask)?)?;
                self.stdout.write_all(b"\n")?;
            }
            Output::Csv => {
                let line = csv::line(cells.map(Option::unwrap_or_default));
                if first {
                    self.print_csv_heading()?;
                }
                self.stdout.write_data(line.as_bytes())?;
            }
        }
        self.totals.add(subtask);
        Ok(())
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u64 {
        self.totals.all()
    }

    /// Ends the output. An array stays open if rows are missing, so that no program takes it for the whole.
    pub(crate) fn finish(mut self, complete: bool) -> io::Result<Totals> {
        match (self.output, self.totals.all()) {
            (Output::Table, 0) if complete => writeln!(self.stdout, "no subtasks")?,
            (Output::Table, _) => {
                self.print_table()?;
                self.explain_codes()?;
            }
            (Output::Json, 0) if complete => writeln!(self.stdout, "[]")?,
            (Output::Json, 0) => {}
            (Output::Json, _) if complete => writeln!(self.stdout, "\n]")?,
            (Output::Json, _) => writeln!(self.stdout)?,
            (Output::Csv, 0) if complete => self.print_csv_heading()?,
            (Output::Jsonl | Output::Csv, _) => {}
        }
        self.stdout.flush()?;
        Ok(self.totals)
    }

    fn print_table(&mut self) -> io::Result<()> {
        if self.table.is_empty() {
            return Ok(());
        }
        let (width, palette) = (self.stdout.width(), self.stdout.palette);
        let columns = self.selection.table_columns();
        self.stdout.write_lines(&table::lines(&columns, &self.table, width, palette))?;
        self.table.clear();
        self.bytes = 0;
        Ok(())
    }

    /// A paragraph for each code that the table has, the most frequent first.
    fn explain_codes(&mut self) -> io::Result<()> {
        for (place, group) in self.failures.groups().into_iter().enumerate() {
            let Some(code) = group.code() else { continue };
            let what = match self.codes.explain(code.as_str()) {
                Some(Explained { meaning, next_step, who, .. }) => {
                    let meaning = meaning.trim_end_matches(['.', '。']);
                    format!("{meaning}. Next step ({who}): {next_step}")
                }
                None => "not in the catalogue; --codes FILE explains your own".to_owned(),
            };
            let text = one_line(&format!("{code}, {}: {what}", counted(group.count(), "row")));
            let lines = wrapped(&text, self.stdout.width().unwrap_or(usize::MAX));
            self.stdout.write_all(if place == 0 { b"\n" } else { b"" })?;
            self.stdout.write_lines(&lines)?;
        }
        Ok(())
    }

    fn print_csv_heading(&mut self) -> io::Result<()> {
        self.stdout.write_data(csv::line(self.selection.names()).as_bytes())
    }
}
