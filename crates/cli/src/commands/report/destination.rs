//! Where a report goes: into a file that is there only when it is whole, or to stdout.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

use crate::error::CliError;
use crate::session::new_file::{NewFile, folder};

/// Refuses a name that promises something else than a page for a browser.
pub(super) fn check_name(path: &Path) -> Result<(), CliError> {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    if !["csv", "json", "jsonl", "ndjson", "pdf"].contains(&ending.as_str()) {
        return Ok(());
    }
    let what = format!("a report is a page for a browser, and the name {} says .{ending}", path.display());
    Err(CliError::usage(what, "name a file that ends in .html; `northbound export` writes rows"))
}

/// Makes sure that a report can be written to this file.
pub(super) fn check(path: &Path) -> Result<(), CliError> {
    let checked = |_| match fs::metadata(path) {
        // What is a page may be a report; anything else is somebody's work.
        Ok(there) if there.len() > 0 && !begins_as_page(path) => Err(io::Error::other("it is no report")),
        _ => Ok(()),
    };
    NewFile::replacing(path).and_then(checked).map_err(|error| {
        let advice = "name a new file in a folder that you may write to, or - for stdout";
        CliError::usage(format!("cannot write the report to {}: {error}", path.display()), advice)
    })
}

/// A file without a name for what is not yet in its place. It needs as much room as the report.
pub(super) fn scratch(report: Option<&Path>) -> io::Result<File> {
    report.map_or_else(tempfile::tempfile, |path| tempfile::tempfile_in(folder(path)))
}

fn begins_as_page(path: &Path) -> bool {
    let mut start = [0; 9];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start.eq_ignore_ascii_case(b"<!doctype")
}
