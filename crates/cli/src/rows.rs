//! Subtasks on the way out: as a table, as a JSON array, as JSON lines, or as csv.
//!
//! Columns, formats and totals of rows are here. Which rows are read is decided in `commands`.

pub(crate) mod columns;
pub(crate) mod csv;
pub(crate) mod file;
pub(crate) mod table;
pub(crate) mod totals;

use std::io::{self, Write as _};

use northbound::Subtask;

use crate::arguments::global::Output;
use crate::rows::columns::Column;
use crate::rows::totals::Totals;
use crate::screen::layout::one_line;
use crate::screen::outlet::Outlet;

/// How many rows a table has; a longer read is printed as several tables, so that memory does not grow with it.
const PART: usize = 20_000;
/// The same, in bytes.
const PART_BYTES: usize = 8 * 1024 * 1024;

/// Prints subtasks as they come; a table is printed at its end, when its widths are known.
pub(crate) struct RowWriter<'a, 'p> {
    output: Output,
    columns: Vec<Column>,
    stdout: &'a mut Outlet<'p>,
    table: Vec<Vec<String>>,
    /// How long the cells in `table` are together.
    bytes: usize,
    totals: Totals,
}

impl<'a, 'p> RowWriter<'a, 'p> {
    pub(crate) fn new(output: Output, columns: Vec<Column>, stdout: &'a mut Outlet<'p>) -> Self {
        Self { output, columns, stdout, table: Vec::new(), bytes: 0, totals: Totals::default() }
    }

    pub(crate) fn push(&mut self, subtask: &Subtask) -> io::Result<()> {
        let first = self.totals.all() == 0;
        match self.output {
            Output::Table => {
                let cell = |column: &Column| one_line(column.of(subtask).as_deref().unwrap_or("-"));
                self.table.push(self.columns.iter().map(cell).collect());
                self.bytes += self.table.last().into_iter().flatten().map(String::len).sum::<usize>();
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
                if first {
                    self.print_csv_heading()?;
                }
                let cells = self.columns.iter().map(|column| column.of(subtask).unwrap_or_default());
                self.stdout.write_data(csv::line(cells).as_bytes())?;
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
            (Output::Table, _) => self.print_table()?,
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
        // Columns that were asked for are shown, however narrow the terminal is.
        let is_usual = self.columns == Column::TABLE;
        let in_table = |column: &Column| column.in_table(is_usual && *column == Column::Command);
        let columns: Vec<_> = self.columns.iter().map(in_table).collect();
        self.stdout.write_lines(&table::lines(&columns, &self.table, width, palette))?;
        self.table.clear();
        self.bytes = 0;
        Ok(())
    }

    fn print_csv_heading(&mut self) -> io::Result<()> {
        self.stdout.write_all(csv::line(self.columns.iter().map(|column| column.name())).as_bytes())
    }
}
