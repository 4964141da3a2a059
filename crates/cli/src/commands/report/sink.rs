//! Where the rows of a report go while they come: into a page or into a workbook.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use super::content::Content;
use super::list::{Headings, Row};
use super::page::{self, Spool};
use super::workbook::Workbook;
use crate::codes::Codes;
use crate::error::CliError;
use crate::screen::outlet::Outlet;
use crate::session::new_file::{NewFile, folder};

/// The names of a workbook's parts are in the last bytes of its file.
const DIRECTORY: u64 = 64 * 1024;

/// What a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Page,
    Workbook,
}

impl Format {
    /// By the ending of the file's name.
    pub(super) fn of(path: &Path) -> Self {
        if ending(path) == "xlsx" { Self::Workbook } else { Self::Page }
    }

    /// Refuses a name that promises something else than a report.
    pub(super) fn check_name(path: &Path) -> Result<(), CliError> {
        let ending = ending(path);
        if !["csv", "json", "jsonl", "ndjson", "pdf", "xls", "ods"].contains(&ending.as_str()) {
            return Ok(());
        }
        let what =
            format!("a report is a page or a workbook, and the name {} says .{ending}", path.display());
        Err(CliError::usage(what, "name a file that ends in .html or .xlsx; `northbound export` writes rows"))
    }

    /// Whether a file is such a report: a page begins as one, and a workbook names its parts at its end.
    pub(super) fn is_there(self, path: &Path) -> bool {
        let found = |from: SeekFrom, length: u64, text: &[u8]| {
            let mut file = File::open(path)?;
            file.seek(from)?;
            let mut read = Vec::new();
            file.take(length).read_to_end(&mut read)?;
            Ok::<_, io::Error>(read.to_ascii_lowercase().windows(text.len()).any(|part| part == text))
        };
        let end = || File::open(path)?.seek(SeekFrom::End(0)).map(|end| end.saturating_sub(DIRECTORY));
        match self {
            Self::Page => found(SeekFrom::Start(0), 9, b"<!doctype"),
            Self::Workbook => end().and_then(|at| found(SeekFrom::Start(at), DIRECTORY, b"xl/workbook.xml")),
        }
        .unwrap_or(false)
    }
}

fn ending(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase()
}

/// A report in the making.
pub(super) enum Sink {
    Page(Spool),
    Workbook(Box<Workbook>),
}

impl Sink {
    /// What is not yet in its place is in files without a name, beside the report. They need as much room as it.
    pub(super) fn new(report: Option<&Path>, headings: &Headings) -> Result<Self, CliError> {
        Ok(match report {
            Some(path) if Format::of(path) == Format::Workbook => {
                Self::Workbook(Box::new(Workbook::new(headings, folder(path))?))
            }
            Some(path) => Self::Page(Spool::new(tempfile::tempfile_in(folder(path))?)),
            None => Self::Page(Spool::new(tempfile::tempfile()?)),
        })
    }

    pub(super) fn push(&mut self, row: &Row<'_>, codes: &Codes) -> io::Result<()> {
        match self {
            Self::Page(spool) => spool.push(row),
            Self::Workbook(workbook) => workbook.push(row, codes),
        }
    }

    /// What the report does not show as it came.
    pub(super) fn cut(&self) -> Option<String> {
        if let Self::Workbook(workbook) = self { workbook.cut() } else { None }
    }

    /// Writes the whole report, to stdout if no file is named.
    pub(super) fn write(
        self,
        content: &Content,
        path: Option<&Path>,
        stdout: &mut Outlet<'_>,
    ) -> io::Result<()> {
        match (self, path) {
            (Self::Page(spool), None) => {
                page::write(content, spool, stdout)?;
                stdout.flush()
            }
            (Self::Page(spool), Some(path)) => {
                NewFile::beside(path)?.write(|out| page::write(content, spool, out))
            }
            (Self::Workbook(_), None) => Err(io::Error::other("a workbook needs a file")),
            (Self::Workbook(workbook), Some(path)) => {
                let mut file = NewFile::beside(path)?;
                workbook.finish(content, file.file())?;
                file.keep()
            }
        }
    }
}
