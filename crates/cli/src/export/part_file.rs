//! The file of an export while it is not complete: its rows, and beside them what `--resume` goes by.
//!
//! Rows are written first, a page at a time, and the record of them is put in place after that, in one go. So the record never
//! tells of rows that are not there, unless the machine itself stops; rows that it does not tell of are cut off.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use fs4::TryLockError;
use tokio::time::Instant;

use super::delivered::{Damage, Delivered};
use super::record::{Record, Request};
use crate::failure::Failure;

/// A process that has just been killed may hold its lock for a moment.
const ENDING: Duration = Duration::from_millis(500);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Where an export stands on the disk.
#[derive(Clone, Debug)]
pub(crate) struct Paths {
    pub(crate) file: PathBuf,
    /// The rows, as long as some are missing.
    pub(crate) part: PathBuf,
    /// What is known of them.
    pub(crate) record: PathBuf,
}

/// An export that has begun, and that nobody else can write to.
#[derive(Debug)]
pub(crate) struct PartFile {
    paths: Paths,
    rows: File,
    record: Record,
}

impl Paths {
    pub(crate) fn of(file: &Path) -> Result<Self, Failure> {
        let is_file = file.file_name().is_some() && !file.is_dir();
        if !is_file {
            return Err(Failure::usage(
                format!("{} is no name for a file", quoted(file)),
                "add --out FILE, or --out - for stdout",
            ));
        }
        let name = file.to_string_lossy();
        if name.ends_with(".part") || name.ends_with(".part.json") {
            return Err(Failure::usage(
                format!("{} is a name for an export that is not complete", quoted(file)),
                "name the file that it is to become",
            ));
        }
        Ok(Self { file: file.to_owned(), part: beside(file, ".part"), record: beside(file, ".part.json") })
    }

    /// Whether there is a file of this name: an export gets it when it is complete.
    pub(crate) fn is_there(&self) -> bool {
        fs::symlink_metadata(&self.file).is_ok()
    }

    /// How to get rid of what is there.
    pub(crate) fn begin_anew(&self) -> String {
        format!("remove {} and {} to begin anew", self.part.display(), self.record.display())
    }
}

impl PartFile {
    /// Begins an export where there is nothing yet.
    pub(crate) async fn create(paths: Paths, request: Request, heading: &str) -> Result<Self, Failure> {
        if paths.is_there() {
            let advice =
                "name another file, remove this one, or add --resume to leave a complete export alone";
            return Err(Failure::usage(format!("{} exists", paths.file.display()), advice));
        }
        let rows = match OpenOptions::new().read(true).write(true).create_new(true).open(&paths.part) {
            Ok(rows) => rows,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(left_over(&paths).await),
            Err(error) => return Err(refused(&paths.part, &error)),
        };
        lock(&rows, &paths).await?;
        Self::begin(paths, rows, request, heading)
    }

    /// Goes on with an export; begins it if there is nothing to go on with. `None` if its file is there.
    pub(crate) async fn resume(
        paths: Paths,
        request: Request,
        heading: &str,
    ) -> Result<Option<Self>, Failure> {
        if paths.is_there() {
            return Ok(None);
        }
        let rows = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&paths.part);
        let rows = rows.map_err(|error| refused(&paths.part, &error))?;
        lock(&rows, &paths).await?;
        if paths.is_there() {
            // Another process has completed it since; what was opened is empty, or the complete file itself.
            let _ = fs::remove_file(&paths.part);
            return Ok(None);
        }
        if fs::symlink_metadata(&paths.part).is_err() {
            // Another process gave up meanwhile and removed what was opened.
            return Err(is_taken(&paths));
        }
        let there = rows.metadata().map_err(|error| unreadable(&paths.part, &error))?.len();
        // Neither was finished, or both were about to be removed.
        let is_bare = there <= heading.len() as u64;
        let record = match fs::read(&paths.record) {
            Ok(text) => Record::parse(&text).map_err(|fault| {
                Failure::other(format!("{} {fault}", paths.record.display()), paths.begin_anew())
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && is_bare => {
                return Self::begin(paths, rows, request, heading).map(Some);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let (record, part) = (paths.record.display(), paths.part.display());
                let what = format!("{record} is missing, and nothing else tells how far {part} got");
                return Err(Failure::other(what, format!("remove {part} to begin anew")));
            }
            Err(error) => return Err(unreadable(&paths.record, &error)),
        };
        if let Some(difference) = record.export.difference(&request) {
            return Err(Failure::usage(
                format!("{} is of another export: {difference}", paths.part.display()),
                format!("repeat the command of that one, name another file, or {}", paths.begin_anew()),
            ));
        }
        if let Some(fault) = &record.fault {
            let what = format!("{} cannot be completed: {fault}", paths.part.display());
            return Err(Failure::other(what, paths.begin_anew()));
        }
        if there < record.written.bytes && record.written.subtasks.all() == 0 {
            return Self::begin(paths, rows, request, heading).map(Some);
        }
        if there < record.written.bytes {
            let what = format!(
                "{} has {there} bytes where {} were written: it was changed, or the machine was stopped before they were on the disk",
                paths.part.display(),
                record.written.bytes
            );
            return Err(Failure::other(what, paths.begin_anew()));
        }
        rows.set_len(record.written.bytes).map_err(|error| unwritable(&paths.part, &error))?;
        Ok(Some(Self { paths, rows, record }))
    }

    fn begin(paths: Paths, mut rows: File, request: Request, heading: &str) -> Result<Self, Failure> {
        let mut record = Record::new(request);
        rows.set_len(0)
            .and_then(|()| rows.write_all(heading.as_bytes()))
            .map_err(|error| unwritable(&paths.part, &error))?;
        record.written.bytes = heading.len() as u64;
        let part = Self { paths, rows, record };
        part.save(&part.record)?;
        Ok(part)
    }

    pub(crate) fn record(&self) -> &Record {
        &self.record
    }

    pub(crate) fn paths(&self) -> &Paths {
        &self.paths
    }

    /// Reads which rows were delivered.
    pub(crate) fn remember(&mut self, delivered: &mut Delivered) -> Result<(), Failure> {
        let written = &self.record.written;
        let part = &self.paths.part;
        self.rows.seek(SeekFrom::Start(0)).map_err(|error| unreadable(part, &error))?;
        delivered.read(&self.rows, written.bytes, written.subtasks.all()).map_err(|damage| match damage {
            Damage::Unreadable(error) => unreadable(part, &error),
            damage => Failure::other(
                format!("{} is not as it was written: {damage}", part.display()),
                self.paths.begin_anew(),
            ),
        })?;
        self.rows.seek(SeekFrom::Start(written.bytes)).map_err(|error| unreadable(part, &error))?;
        Ok(())
    }

    /// Adds the lines of a page; `record` tells what is known once they are there.
    pub(crate) fn append(&mut self, lines: &[u8], mut record: Record) -> Result<(), Failure> {
        self.check_place()?;
        self.rows.write_all(lines).map_err(|error| unwritable(&self.paths.part, &error))?;
        record.written.bytes += lines.len() as u64;
        self.save(&record)?;
        self.record = record;
        Ok(())
    }

    /// Whether the file of this name is still the one that is written, and nothing was cut off.
    pub(crate) fn is_in_place(&self) -> bool {
        let same = |there: &fs::Metadata, ours: &fs::Metadata| {
            is_same_file(there, ours) && ours.len() >= self.record.written.bytes
        };
        let there = fs::symlink_metadata(&self.paths.part);
        matches!((there, self.rows.metadata()), (Ok(there), Ok(ours)) if same(&there, &ours))
    }

    fn check_place(&self) -> Result<(), Failure> {
        if self.is_in_place() {
            return Ok(());
        }
        let what = format!("{} was changed or removed while it was written", self.paths.part.display());
        let advice = "leave it alone as long as the export runs, and begin anew under another name";
        Err(Failure::other(what, advice))
    }

    /// Says that nothing can be added.
    pub(crate) fn spoil(&mut self, fault: String) -> Result<(), Failure> {
        self.record.fault = Some(fault);
        self.save(&self.record)
    }

    /// Gives the file its name.
    pub(crate) fn complete(self) -> Result<Paths, Failure> {
        self.check_place()?;
        let Self { paths, rows, .. } = self;
        rows.sync_all().map_err(|error| unwritable(&paths.part, &error))?;
        if paths.is_there() {
            let what = format!("{} was made by somebody else meanwhile", paths.file.display());
            return Err(Failure::other(what, format!("the export is complete in {}", paths.part.display())));
        }
        fs::rename(&paths.part, &paths.file).map_err(|error| unwritable(&paths.file, &error))?;
        // It says nothing about a complete file, and nobody reads it then.
        let _ = fs::remove_file(&paths.record);
        Ok(paths)
    }

    /// Leaves nothing behind.
    pub(crate) fn discard(self) {
        // Whatever stays is an export without rows, with which `--resume` goes on.
        let _ = fs::remove_file(&self.paths.record);
        let _ = fs::remove_file(&self.paths.part);
    }

    /// Puts the record in place in one go.
    fn save(&self, record: &Record) -> Result<(), Failure> {
        let next = beside(&self.paths.record, ".new");
        let saved = serde_json::to_string_pretty(record)
            .map_err(io::Error::from)
            .and_then(|text| fs::write(&next, text + "\n"))
            .and_then(|()| fs::rename(&next, &self.paths.record));
        saved.map_err(|error| unwritable(&self.paths.record, &error))
    }
}

/// The same path with something behind its name.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Keeps other exports away until the file is closed, be it that the process is killed.
async fn lock(rows: &File, paths: &Paths) -> Result<(), Failure> {
    let begun = Instant::now();
    loop {
        // The standard library has a method of this name, from Rust 1.89 on.
        match fs4::FileExt::try_lock(rows) {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if begun.elapsed() < ENDING => tokio::time::sleep(LOOK_AGAIN).await,
            Err(TryLockError::WouldBlock) => {
                return Err(is_taken(paths));
            }
            Err(TryLockError::Error(error)) => {
                let part = paths.part.display();
                tracing::warn!("{part} cannot be locked ({error}): start no second export to it");
                return Ok(());
            }
        }
    }
}

/// What to do about a file that another export has left, or is writing.
async fn left_over(paths: &Paths) -> Failure {
    match OpenOptions::new().write(true).open(&paths.part) {
        Ok(rows) => match lock(&rows, paths).await {
            Ok(()) => Failure::usage(
                format!("{} exists: an export was interrupted", paths.part.display()),
                format!("add --resume to go on with it, or {}", paths.begin_anew()),
            ),
            Err(taken) => taken,
        },
        Err(error) => refused(&paths.part, &error),
    }
}

#[cfg(unix)]
fn is_same_file(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Elsewhere a file that is open can be neither removed nor replaced.
#[cfg(not(unix))]
fn is_same_file(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    one.is_file() && other.is_file()
}

fn is_taken(paths: &Paths) -> Failure {
    Failure::usage(
        format!("another export is writing {}", paths.part.display()),
        "wait until it has ended, or name another file",
    )
}

fn quoted(path: &Path) -> String {
    format!("`{}`", path.display())
}

/// The file cannot even be begun, so nothing was sent.
fn refused(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("cannot write {}: {error}", path.display()), advice(error))
}

fn unwritable(path: &Path, error: &io::Error) -> Failure {
    Failure::other(format!("cannot write {}: {error}", path.display()), advice(error))
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::other(format!("cannot read {}: {error}", path.display()), advice(error))
}

fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "check the path, and make the folder first",
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "name a file in a folder where you may write"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on the disk",
        _ => "check the path, and that the disk has room",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::Format;

    async fn begun(folder: &Path) -> PartFile {
        let request = Request {
            endpoint: "https://platform.example".to_owned(),
            application: "a".to_owned(),
            task: "t".to_owned(),
            statuses: Vec::new(),
            format: Format::Csv,
            page_size: 250,
            plan: "reads the whole task".to_owned(),
        };
        let paths = Paths::of(&folder.join("x.csv")).unwrap();
        PartFile::create(paths, request, "device\n").await.unwrap()
    }

    fn is_changed(outcome: Result<(), Failure>) -> bool {
        outcome.is_err_and(|failure| failure.to_string().ends_with("changed or removed while it was written"))
    }

    #[tokio::test]
    async fn a_file_that_somebody_changes_is_neither_written_nor_completed() {
        let changes: [fn(&Path); 3] = [
            |part| fs::remove_file(part).unwrap(),
            |part| fs::remove_file(part).and_then(|()| fs::write(part, "device\n")).unwrap(),
            |part| File::options().write(true).truncate(true).open(part).map(drop).unwrap(),
        ];
        for change in changes {
            let folder = tempfile::tempdir().unwrap();
            let mut part = begun(folder.path()).await;
            part.append(b"d\n", part.record().clone()).unwrap();
            change(&part.paths().part);
            assert!(is_changed(part.append(b"e\n", part.record().clone())));
            let file = part.paths().file.clone();
            assert!(is_changed(part.complete().map(drop)) && !file.exists());
        }
    }

    #[tokio::test]
    async fn what_is_being_written_is_told_from_what_was_left() {
        let folder = tempfile::tempdir().unwrap();
        let part = begun(folder.path()).await;
        let again =
            |part: &PartFile| PartFile::create(part.paths().clone(), part.record().export.clone(), "");
        let taken = again(&part).await.unwrap_err().to_string();
        assert!(taken.starts_with("another export is writing"), "{taken}");
        let (paths, request) = (part.paths().clone(), part.record().export.clone());
        drop(part);
        let left = PartFile::create(paths, request, "").await.unwrap_err().to_string();
        assert!(left.ends_with("exists: an export was interrupted"), "{left}");
    }

    #[test]
    fn an_export_under_way_is_no_file_to_write() {
        for name in ["x.csv.part", "x.csv.part.json", "..", ""] {
            assert!(Paths::of(Path::new(name)).is_err(), "{name}");
        }
    }
}
