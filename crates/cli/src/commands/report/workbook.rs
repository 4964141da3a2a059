//! The report as a workbook for a spreadsheet: a summary, the reasons, and the devices.
//!
//! Each text is a cell of text, also when somebody edits it: an id of digits keeps its zeros, and nothing becomes a formula or a
//! link. The rows go to files without a name beside the report as they come, so memory does not grow with them.

mod sheet;

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use rust_xlsxwriter::{DocProperties, Workbook as Book, Worksheet, XlsxError};

use self::sheet::{Cell, Sheet, guarded};
use super::content::{Content, Reason};
use super::list::{Headings, Row};
use crate::codes::Codes;
use crate::error::CliError;
use crate::screen::chart::{percent, unnamed};
use crate::screen::layout::counted;

/// How many rows a sheet holds, with its heading.
const ROWS: u32 = if cfg!(test) { 3 } else { 1_048_576 };
const REASONS: [&str; 7] =
    ["Code", "Devices", "Share", "Platform’s words", "Meaning", "Next step", "Who acts"];
/// The last columns, which are for whoever looks closer: they are not printed.
const SENT: [&str; 3] = ["Command", "Error", "Output"];
/// A workbook in the making.
pub(super) struct Workbook {
    book: Book,
    headings: Vec<String>,
    is_since: bool,
    /// Of the devices; the last one is not complete.
    sheets: Vec<Sheet>,
}

impl Workbook {
    /// Temporary files are made in this folder.
    pub(super) fn new(headings: &Headings, folder: &Path) -> Result<Self, CliError> {
        let own = headings.own.iter().map(String::as_str);
        let why = ["Status", "Code", "Platform’s words", "Next step", "Who acts"];
        let new = headings.is_since.then_some("New");
        let all = ["Device"].into_iter().chain(own).chain(why).chain(new).chain(SENT);
        let mut workbook = Self {
            book: Book::new(),
            headings: all.map(str::to_owned).collect(),
            is_since: headings.is_since,
            sheets: Vec::new(),
        };
        guarded(|| workbook.book.set_tempdir(folder).map(drop))?;
        workbook.begin_sheet()?;
        Ok(workbook)
    }

    fn begin_sheet(&mut self) -> io::Result<()> {
        let sheet = guarded(|| {
            let sheet = self.book.new_worksheet_with_constant_memory()?;
            let mut sheet = Sheet::new(sheet, self.headings.len(), false)?;
            sheet.push(self.headings.iter().map(|heading| Cell::Heading(heading)))?;
            Ok(sheet)
        })?;
        self.sheets.push(sheet);
        Ok(())
    }

    pub(super) fn push(&mut self, row: &Row<'_>, codes: &Codes) -> io::Result<()> {
        if self.sheets.last().is_none_or(|sheet| sheet.rows == ROWS) {
            self.begin_sheet()?;
        }
        let (failure, subtask) = (row.failure, row.failure.subtask());
        let code = failure.code().map(|code| code.as_str());
        let explained = code.and_then(|code| codes.explain(code));
        let new = self.is_since.then(|| row.is_new.filter(|is_new| *is_new).map(|_| "new"));
        let cells = [subtask.device_id()]
            .into_iter()
            .chain(row.own.iter().map(|cell| Some(cell.as_str())))
            .chain([subtask.status().map(|status| status.as_str()), code, failure.text()])
            .chain([explained.map(|known| known.next_step), explained.map(|known| known.who)])
            .chain(new)
            .chain([subtask.command_id(), subtask.error(), subtask.output()])
            .map(|text| Cell::Text(text.unwrap_or_default()));
        let Some(sheet) = self.sheets.last_mut() else { return Ok(()) };
        guarded(|| sheet.push(cells))
    }

    /// What to say of texts that do not fit into a cell.
    pub(super) fn cut(&self) -> Option<String> {
        let cut: u64 = self.sheets.iter().map(|sheet| sheet.cut).sum();
        let why = "longer than a cell holds (32,767 characters): cut, and marked as such; `northbound export` writes all of it";
        (cut > 0).then(|| format!("{} {why}", counted(cut, "text")))
    }

    /// Writes the workbook.
    pub(super) fn finish(mut self, content: &Content, out: &mut File) -> io::Result<()> {
        let cut = self.cut();
        // From this size on, the archive needs a form of numbers that some programs do not read.
        let is_large = self.sheets.iter().any(|sheet| sheet.bytes > u32::MAX.into());
        guarded(|| {
            self.book.set_properties(&DocProperties::new().set_title(content.heading()));
            self.book.push_worksheet(summary(content, cut)?);
            self.book.push_worksheet(reasons(content)?);
            if let Some((column, groups)) = content.by() {
                self.book.push_worksheet(by(column, &groups)?);
            }
            for (place, sheet) in self.sheets.into_iter().enumerate() {
                let name = if place == 0 { "Devices".to_owned() } else { format!("Devices {}", place + 1) };
                self.book.push_worksheet(sheet.list(&name, SENT.len())?);
            }
            self.book.use_zip_large_file(is_large);
            let mut out = BufWriter::new(out);
            self.book.save_to_writer(&mut out)?;
            Ok(out.flush()?)
        })
    }
}

/// What a reader has to know first, and the counts by status.
fn summary(content: &Content, cut: Option<String>) -> Result<Worksheet, XlsxError> {
    use Cell::{Count, Heading, Text};
    let mut sheet = Sheet::new(Worksheet::new(), 3, true)?;
    sheet.push([Heading(&content.heading())])?;
    let lines = [
        ("Batch task", content.task()),
        ("State", content.state()),
        ("Time", content.zone.show(content.at)),
        ("Platform", content.endpoint.clone()),
    ];
    let notes = content.notices().into_iter().chain(content.since()).chain(content.about_own_columns());
    for (what, text) in lines.into_iter().chain(notes.chain(cut).map(|note| ("Note", note))) {
        sheet.push([Heading(what), Text(&text)])?;
    }
    sheet.push([Heading("Failed devices"), Count(content.list.devices())])?;
    sheet.push([])?;
    sheet.push(["Status", "Subtasks", "Share"].map(Heading))?;
    let (summary, unnamed) = (&content.summary, unnamed(&content.summary));
    let other = (unnamed > 0).then_some(("none of these", unnamed));
    let by_status = summary.by_status().map(|(status, count)| (status.as_str(), count));
    for (status, count) in by_status.chain(other) {
        sheet.push([Text(status), Count(count), Text(&percent(count, summary.total()))])?;
    }
    sheet.plain("Summary")
}

/// A row a code: how many devices, and what it means.
fn reasons(content: &Content) -> Result<Worksheet, XlsxError> {
    use Cell::{Count, Heading, Text};
    let mut sheet = Sheet::new(Worksheet::new(), REASONS.len(), true)?;
    sheet.push(REASONS.map(Heading))?;
    for Reason { group, explained } in content.reasons() {
        let words: Vec<_> = group.texts().into_iter().map(|(text, _)| text).collect();
        let known = explained.map_or([""; 3], |known| [known.meaning, known.next_step, known.who]);
        let (code, devices) = (group.code().map_or("", |code| code.as_str()), content.list.devices());
        let counts = [Text(code), Count(group.count()), Text(&percent(group.count(), devices))];
        sheet.push(counts.into_iter().chain([Text(&words.join("\n"))]).chain(known.map(Text)))?;
    }
    sheet.list("Reasons", 0)
}

/// A row a value of the user's column: how many devices failed.
fn by(column: &str, groups: &[(&str, u64)]) -> Result<Worksheet, XlsxError> {
    let mut sheet = Sheet::new(Worksheet::new(), 2, false)?;
    sheet.push([Cell::Heading(column), Cell::Heading("Failed devices")])?;
    let (shown, rest) = groups.split_at(groups.len().min(ROWS as usize - 2));
    let rest = rest.iter().map(|(_, count)| count).sum();
    for (value, count) in shown.iter().copied().chain((rest > 0).then_some(("(other values)", rest))) {
        sheet.push([Cell::Text(value), Cell::Count(count)])?;
    }
    let mut sheet = sheet.list("Groups", 0)?;
    // Some names are not allowed: then it stays as it is called.
    let _ = sheet.set_name(format!("By {column}"));
    Ok(sheet)
}

#[cfg(test)]
mod tests {
    use northbound::Failure;

    use super::*;

    #[test]
    fn more_rows_than_a_sheet_holds_continue_on_the_next_one() {
        let folder = tempfile::tempdir().unwrap();
        let mut workbook = Workbook::new(&Headings::default(), folder.path()).unwrap();
        let failure = Failure::of(serde_json::from_str(r#"{ "status": "Fail" }"#).unwrap());
        for _ in 0..5 {
            workbook.push(&Row { failure: &failure, own: &[], is_new: None }, &Codes::default()).unwrap();
        }
        let rows: Vec<_> = workbook.sheets.iter().map(|sheet| sheet.rows).collect();
        assert_eq!(rows, [3, 3, 2], "each with its heading");
        assert_eq!(folder.path().read_dir().unwrap().count(), 0, "temporary files have no name");
    }
}
