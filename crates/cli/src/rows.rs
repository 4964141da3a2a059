//! Subtasks on the way out: as a table, as a JSON array, as JSON lines, or as csv.
//!
//! Columns, formats and totals of rows are here. Which rows are read is decided in `commands`.

pub(crate) mod codes_seen;
pub(crate) mod columns;
pub(crate) mod csv;
pub(crate) mod csv_file;
pub(crate) mod file;
pub(crate) mod join;
pub(crate) mod selection;
pub(crate) mod table;
pub(crate) mod totals;

use std::io::{self, Write as _};

use northbound::Subtask;

use crate::arguments::global::Output;
use crate::codes::Codes;
use crate::rows::codes_seen::CodesSeen;
use crate::rows::columns::has_failed;
use crate::rows::join::Join;
use crate::rows::selection::Selection;
use crate::rows::totals::Totals;
use crate::screen::layout::one_line;
use crate::screen::outlet::Outlet;

/// How many rows a table has; a longer read is printed as several tables, so that memory does not grow with it.
const PART: usize = 20_000;
/// The same, in bytes.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// What rows are shown with.
pub(crate) struct Shown<'a> {
    pub(crate) selection: Selection,
    pub(crate) codes: &'a Codes,
    pub(crate) join: Option<&'a mut Join>,
}

/// Prints subtasks as they come; a table is printed at its end, when its widths are known.
pub(crate) struct RowWriter<'a, 'p> {
    output: Output,
    shown: Shown<'a>,
    stdout: &'a mut Outlet<'p>,
    table: Vec<Vec<String>>,
    /// How long the cells in `table` are together.
    bytes: usize,
    totals: Totals,
    codes_seen: CodesSeen,
}

impl<'a, 'p> RowWriter<'a, 'p> {
    pub(crate) fn new(output: Output, shown: Shown<'a>, stdout: &'a mut Outlet<'p>) -> Self {
        let (totals, codes_seen) = Default::default();
        Self { output, shown, stdout, table: Vec::new(), bytes: 0, totals, codes_seen }
    }

    pub(crate) fn push(&mut self, subtask: &Subtask) -> io::Result<()> {
        let first = self.totals.all() == 0;
        let Shown { selection, codes, join } = &mut self.shown;
        if let Some(join) = join.as_mut().filter(|_| has_failed(subtask)) {
            join.count_failed(subtask.device_id());
        }
        let own = join.as_mut().map(|join| join.cells(subtask.device_id())).unwrap_or_default();
        let cells = selection.cells(subtask, own, codes);
        match self.output {
            Output::Table => {
                let cell = |cell: Option<String>| one_line(cell.as_deref().unwrap_or("-"));
                self.table.push(cells.map(cell).collect());
                self.bytes += self.table.last().into_iter().flatten().map(String::len).sum::<usize>();
                if selection.has_reasons() {
                    self.codes_seen.add(subtask);
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
                let lines = self.codes_seen.lines(self.shown.codes, self.stdout.width());
                self.stdout.write_lines(&lines)?;
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
        let columns = self.shown.selection.table_columns(self.shown.join.as_deref());
        self.stdout.write_lines(&table::lines(&columns, &self.table, width, palette))?;
        self.table.clear();
        self.bytes = 0;
        Ok(())
    }

    fn print_csv_heading(&mut self) -> io::Result<()> {
        let names = self.shown.selection.names(self.shown.join.as_deref());
        self.stdout.write_data(csv::line(names).as_bytes())
    }
}
