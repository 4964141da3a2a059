//! The report as a workbook for a spreadsheet.

use std::fs::File;
use std::io;
use std::path::Path;

use super::content::Content;
use super::list::{Headings, Row};
use crate::error::CliError;

/// A workbook in the making.
pub(super) struct Workbook;

impl Workbook {
    /// Temporary files are made in this folder.
    pub(super) fn new(_headings: &Headings, _folder: &Path) -> Result<Self, CliError> {
        Ok(Self)
    }

    pub(super) fn push(&mut self, _row: &Row<'_>) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn finish(self, _content: &Content, _out: &mut File) -> io::Result<()> {
        Err(io::Error::other("there are no workbooks yet"))
    }
}
