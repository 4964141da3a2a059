//! Where a report goes: into a file that is there only when it is whole, or to stdout.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failure::Failure;

pub(super) enum Destination {
    Stdout,
    File(Part),
}

/// A file in the making, beside the one whose name it will get. It goes with this value unless it is kept.
pub(super) struct Part {
    path: PathBuf,
    file: NamedTempFile,
}

impl Destination {
    /// Makes sure that it can be written.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        let cannot = |error: &dyn std::fmt::Display| {
            let advice = "name a new file in a folder that you may write to, or - for stdout";
            Failure::other(format!("cannot write the report to {}: {error}", path.display()), advice)
        };
        // A link stays, and what it points to is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        match fs::metadata(&path) {
            Ok(there) if there.is_dir() => return Err(cannot(&"it is a folder")),
            // A device or a pipe must not be replaced by a file.
            Ok(there) if !there.is_file() => return Err(cannot(&"it is no ordinary file")),
            // What is a page may be a report; anything else is somebody's work.
            Ok(there) if there.len() > 0 && !begins_as_page(&path) => return Err(cannot(&"it is no report")),
            _ => {}
        }
        let folder = folder(&path);
        let name = path.file_name().unwrap_or(OsStr::new("report.html")).to_string_lossy();
        let mut builder = tempfile::Builder::new();
        // A report is there to be handed on: it gets the rights of any new file.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let (prefix, suffix) = (format!(".{name}."), ".part");
        let file =
            builder.prefix(&prefix).suffix(suffix).tempfile_in(folder).map_err(|error| cannot(&error))?;
        Ok(Self::File(Part { path, file }))
    }

    /// A file without a name for what is not yet in its place. It needs as much room as the report.
    pub(super) fn scratch(&self) -> io::Result<File> {
        match self {
            Self::Stdout => tempfile::tempfile(),
            Self::File(part) => tempfile::tempfile_in(folder(&part.path)),
        }
    }
}

impl Part {
    pub(super) fn fill(&mut self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let mut out = BufWriter::new(self.file.as_file_mut());
        write(&mut out)?;
        out.flush()
    }

    /// Gives the file its name.
    pub(super) fn keep(self) -> io::Result<()> {
        let Self { path, file } = self;
        file.persist(&path).map_err(|error| error.error).map(drop)
    }
}

fn begins_as_page(path: &Path) -> bool {
    let mut start = [0; 9];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start.eq_ignore_ascii_case(b"<!doctype")
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}
