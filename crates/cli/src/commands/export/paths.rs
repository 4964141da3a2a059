//! The names of an export's files, and the errors of those that cannot be used.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::CliError;
use crate::session::interrupt::may_hang;
use crate::session::new_file;

/// The files of an export.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    pub(crate) file: PathBuf,
    /// The rows, as long as some are missing.
    pub(crate) part: PathBuf,
    /// The checkpoint of these rows.
    pub(crate) json: PathBuf,
}

impl Paths {
    pub(crate) fn of(file: &Path) -> Result<Self, CliError> {
        let is_ordinary = may_hang(|| fs::metadata(file)).map_or(true, |there| there.is_file());
        if file.file_name().is_none() || !is_ordinary || new_file::is_stream(file) {
            return Err(CliError::usage(
                format!("`{}` is no name for a file", file.display()),
                "add --out FILE, or --out - for stdout",
            ));
        }
        let name = file.to_string_lossy();
        if name.ends_with(".part") || name.ends_with(".part.json") {
            return Err(CliError::usage(
                format!("`{}` is a name for an export that is not complete", file.display()),
                "name the file that it is to become",
            ));
        }
        Ok(Self { file: file.to_owned(), part: beside(file, ".part"), json: beside(file, ".part.json") })
    }

    /// Whether there is a file of this name: an export gets it when it is complete.
    pub(crate) fn is_there(&self) -> bool {
        fs::symlink_metadata(&self.file).is_ok()
    }

    /// One of the files is not as an export leaves it.
    pub(super) fn damaged(&self, path: &Path, fault: impl fmt::Display) -> CliError {
        CliError::file(format!("{} {fault}", path.display()), self.start_over())
    }

    /// The advice to begin again.
    pub(crate) fn start_over(&self) -> String {
        format!("use --replace without --resume to start from scratch: it removes {}", self.part.display())
    }
}

/// The same path with a suffix.
pub(super) fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

pub(super) fn is_taken(paths: &Paths) -> CliError {
    CliError::usage(
        format!("another export is writing {}", paths.part.display()),
        "wait until it has ended, or name another file",
    )
}

/// The file cannot even be begun, so nothing was sent.
pub(super) fn refused(path: &Path, error: &io::Error) -> CliError {
    CliError::usage(format!("cannot write {}: {error}", path.display()), advice(error))
}

pub(super) fn unwritable(path: &Path, error: &io::Error) -> CliError {
    CliError::file(format!("cannot write {}: {error}", path.display()), advice(error))
}

pub(super) fn unreadable(path: &Path, error: &io::Error) -> CliError {
    CliError::file(format!("cannot read {}: {error}", path.display()), advice(error))
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "check the path, and make the folder first",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "name a file in a folder where you may write"
        }
        // It is no file of ours: see `new_file::open`.
        io::ErrorKind::Other => "remove it, or name another file",
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on the disk",
        _ => "check the path, and that the disk has room",
    }
}
