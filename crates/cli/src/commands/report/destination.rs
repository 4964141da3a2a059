//! Where a report goes: into a file that is there only when it is whole, or to stdout.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::error::CliError;
use crate::session::new_file::{NewFile, folder};

pub(super) enum Destination {
    Stdout,
    File(PathBuf),
}

impl Destination {
    /// Makes sure that it can be written.
    pub(super) fn open(path: &Path) -> Result<Self, CliError> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        let cannot = |error: &dyn std::fmt::Display| {
            let advice = "name a new file in a folder that you may write to, or - for stdout";
            CliError::file(format!("cannot write the report to {}: {error}", path.display()), advice)
        };
        NewFile::replacing(path).map_err(|error| cannot(&error))?;
        // What is a page may be a report; anything else is somebody's work.
        if fs::metadata(path).is_ok_and(|there| there.len() > 0) && !begins_as_page(path) {
            return Err(cannot(&"it is no report"));
        }
        Ok(Self::File(path.to_owned()))
    }

    /// A file without a name for what is not yet in its place. It needs as much room as the report.
    pub(super) fn scratch(&self) -> io::Result<File> {
        match self {
            Self::Stdout => tempfile::tempfile(),
            Self::File(path) => tempfile::tempfile_in(folder(path)),
        }
    }
}

fn begins_as_page(path: &Path) -> bool {
    let mut start = [0; 9];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start.eq_ignore_ascii_case(b"<!doctype")
}
