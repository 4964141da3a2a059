//! The file of an export while it is not complete: its rows, and beside them the checkpoint for `--resume`.
//!
//! Rows are written first, a page at a time, and the checkpoint is replaced after that, in one go. So the checkpoint never counts rows
//! that are not there, unless the machine itself stops. Rows that it does not count are cut off.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
#[cfg(unix)]
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use northbound_shared::private::{self, checksum};
use tempfile::TempPath;

use super::checkpoint::{Checkpoint, ExportRequest};
use super::delivered::Delivered;
use super::paths::{Paths, beside, is_taken, refused, unreadable, unwritable};
use crate::error::CliError;
use crate::session::interrupt::may_hang;
use crate::session::new_file;

/// A process that has just been killed may hold its lock for a moment.
const ENDING: Duration = Duration::from_millis(500);

/// An export that has begun, and that nobody else can write to.
#[derive(Debug)]
pub(crate) struct PartFile {
    pub(crate) paths: Paths,
    rows: File,
    pub(crate) checkpoint: Checkpoint,
    /// Whether a file of its name is replaced at the end.
    replace: bool,
}

/// What is exported to a part file, and what the user allows if there is something already.
#[derive(Clone, Debug)]
pub(crate) struct PartFileOptions {
    pub(crate) paths: Paths,
    pub(crate) request: ExportRequest,
    /// Resume an export that was interrupted.
    pub(crate) resume: bool,
    /// Replace a complete file; an interrupted export too, unless it is resumed.
    pub(crate) replace: bool,
}

impl PartFile {
    /// Begins an export, or resumes one. `None` if its file is there and stays.
    pub(crate) async fn open(options: PartFileOptions) -> Result<Option<Self>, CliError> {
        let PartFileOptions { ref paths, ref request, resume, replace, .. } = options;
        if paths.is_there() && !replace {
            if resume && paths.file.exists() {
                return Ok(None);
            }
            let advice = "add --replace to read it again, or name another file";
            return Err(CliError::usage(format!("{} exists", paths.file.display()), advice));
        }
        for link in [&paths.part, &paths.json] {
            new_file::remove_link(link).map_err(|error| refused(link, &error))?;
        }
        let rows = match new_file::open(&paths.part) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Self::begin(options).await.map(Some);
            }
            opened => opened.map_err(|error| refused(&paths.part, &error))?,
        };
        lock(&rows, paths).await?;
        if !is_at(&rows, &paths.part) {
            // Another process has completed it since, or has given up and removed it.
            return if resume && paths.is_there() { Ok(None) } else { Err(is_taken(paths)) };
        }
        let checkpoint = options.read_checkpoint(&rows)?;
        if !resume && !replace {
            let what = format!("{} exists: an export was interrupted", paths.part.display());
            let advice = format!("add --resume to continue it, or {}", paths.start_over());
            return Err(CliError::usage(what, advice));
        }
        let checkpoint = match checkpoint {
            Some(text) if resume => {
                Checkpoint::parse(&text).map_err(|fault| paths.damaged(&paths.json, fault))?
            }
            _ => return Self::begin_again(rows, options).await,
        };
        if let Some(difference) = checkpoint.export.difference(request) {
            return Err(CliError::usage(
                format!("{} is of another export: {difference}", paths.part.display()),
                format!("repeat the command of that export, name another file, or {}", paths.start_over()),
            ));
        }
        if let Some(fault) = &checkpoint.fault {
            return Err(paths.damaged(&paths.part, format_args!("cannot be completed: {fault}")));
        }
        let there = rows.metadata().map_err(|error| unreadable(&paths.part, &error))?.len();
        let written = &checkpoint.written;
        if there < written.bytes {
            let fault = format!(
                "has {there} bytes, but {} were written: it was changed, or the machine stopped before they were on the disk",
                written.bytes
            );
            return Err(paths.damaged(&paths.part, fault));
        }
        Ok(Some(Self { paths: options.paths, rows, checkpoint, replace }))
    }

    /// Begins an export if there is nothing yet, and leaves nothing behind if that fails.
    async fn begin(options: PartFileOptions) -> Result<Self, CliError> {
        let PartFileOptions { paths, request, replace, .. } = options;
        let rows = match new_file::create(&paths.part) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(is_taken(&paths)),
            created => created.map_err(|error| refused(&paths.part, &error))?,
        };
        lock(&rows, &paths).await?;
        let part = Self { paths, rows, checkpoint: Checkpoint::new(request), replace };
        match part.save(&part.checkpoint).map_err(|error| refused(&part.paths.json, &error)) {
            Ok(()) => Ok(part),
            Err(failure) => {
                part.discard();
                Err(failure)
            }
        }
    }

    /// Replaces an export whose rows are not wanted, or that has none. Its lock is held until then.
    async fn begin_again(rows: File, options: PartFileOptions) -> Result<Option<Self>, CliError> {
        for path in [&options.paths.part, &options.paths.json] {
            fs::remove_file(path)
                .or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
                .map_err(|error| refused(path, &error))?;
        }
        let part = Self::begin(options).await;
        drop(rows);
        part.map(Some)
    }

    /// Reads which rows were delivered, and cuts off what belongs to no complete page.
    pub(crate) fn remember(&mut self, delivered: &mut Delivered) -> Result<(), CliError> {
        let (part, written) = (&self.paths.part, &self.checkpoint.written);
        self.rows.rewind().map_err(|error| unreadable(part, &error))?;
        delivered.read(&self.rows, written).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => {
                self.paths.damaged(part, format_args!("is not as it was written: {error}"))
            }
            _ => unreadable(part, &error),
        })?;
        let cut = self.rows.set_len(written.bytes).and_then(|()| self.rows.seek(SeekFrom::End(0)));
        cut.map(drop).map_err(|error| unwritable(part, &error))
    }

    /// Adds the lines of a page; `checkpoint` is what is known once they are there.
    pub(crate) fn append(&mut self, lines: &[u8], mut checkpoint: Checkpoint) -> Result<(), CliError> {
        if !self.is_in_place() {
            return Err(self.changed());
        }
        may_hang(|| self.rows.write_all(lines)).map_err(|error| unwritable(&self.paths.part, &error))?;
        checkpoint.written.bytes += lines.len() as u64;
        checkpoint.written.checksum = checksum(checkpoint.written.checksum, lines);
        self.save(&checkpoint).map_err(|error| unwritable(&self.paths.json, &error))?;
        self.checkpoint = checkpoint;
        Ok(())
    }

    /// Whether the file of this name is still the one that is written, and nothing was cut off.
    pub(crate) fn is_in_place(&self) -> bool {
        let is_long_enough = |ours: fs::Metadata| ours.len() >= self.checkpoint.written.bytes;
        is_at(&self.rows, &self.paths.part) && self.rows.metadata().is_ok_and(is_long_enough)
    }

    fn is_as_written(&mut self) -> io::Result<bool> {
        let (mut sum, mut bytes, mut piece) = (0, 0, vec![0; 64 * 1024]);
        let written = &self.checkpoint.written;
        self.rows.rewind()?;
        loop {
            match self.rows.read(&mut piece)? {
                0 => return Ok((bytes, sum) == (written.bytes, written.checksum)),
                read => (bytes, sum) = (bytes + read as u64, checksum(sum, &piece[..read])),
            }
        }
    }

    fn changed(&self) -> CliError {
        let what = format!("{} was changed or removed while it was written", self.paths.part.display());
        let advice = "leave it alone as long as the export runs, and start again under another name";
        CliError::file(what, advice)
    }

    /// Says that nothing can be added.
    pub(crate) fn spoil(&mut self, fault: String) -> Result<(), CliError> {
        self.checkpoint.fault = Some(fault);
        self.save(&self.checkpoint).map_err(|error| unwritable(&self.paths.json, &error))
    }

    /// Gives the file its name, once it is known to hold what was written and nothing else.
    pub(crate) fn complete(mut self) -> Result<Paths, CliError> {
        if !self.is_in_place()
            || !self.is_as_written().map_err(|error| unreadable(&self.paths.part, &error))?
        {
            return Err(self.changed());
        }
        let Self { paths, rows, replace, .. } = self;
        new_file::finish(&rows, &paths.file).map_err(|error| unwritable(&paths.part, &error))?;
        if paths.is_there() && !replace {
            let what = format!("{} was created by another program meanwhile", paths.file.display());
            return Err(CliError::file(what, format!("the export is complete in {}", paths.part.display())));
        }
        fs::rename(&paths.part, &paths.file).map_err(|error| unwritable(&paths.file, &error))?;
        // It says nothing about a complete file, and nobody reads it then.
        let _ = fs::remove_file(&paths.json);
        Ok(paths)
    }

    /// Leaves nothing behind.
    pub(crate) fn discard(self) {
        // If a file stays, it is an export without rows, which `--resume` can use.
        let _ = fs::remove_file(&self.paths.json);
        let _ = fs::remove_file(&self.paths.part);
    }

    /// Puts the checkpoint in place in one go.
    fn save(&self, checkpoint: &Checkpoint) -> io::Result<()> {
        let next = TempPath::try_from_path(beside(&self.paths.json, ".new"))?;
        let text = serde_json::to_string_pretty(checkpoint)? + "\n";
        // An export that was killed may have left it.
        let _ = fs::remove_file(&next);
        new_file::create(&next)?.write_all(text.as_bytes())?;
        Ok(next.persist(&self.paths.json)?)
    }
}

/// Keeps other exports away.
async fn lock(rows: &File, paths: &Paths) -> Result<(), CliError> {
    match private::lock(rows, ENDING).await {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(is_taken(paths)),
        Err(error) => {
            let part = paths.part.display();
            tracing::warn!("{part} cannot be locked ({error}): start no second export to it");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

impl PartFileOptions {
    /// The text of the checkpoint, or `None` if nothing has been written.
    fn read_checkpoint(&self, rows: &File) -> Result<Option<Vec<u8>>, CliError> {
        let Paths { json, part, .. } = &self.paths;
        let mut text = Vec::new();
        match new_file::open(json).and_then(|mut file| file.read_to_end(&mut text)) {
            Ok(_) => Ok(Some(text)),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unreadable(json, &error)),
            Err(_) if rows.metadata().is_ok_and(|rows| rows.len() == 0) => Ok(None),
            Err(_) => {
                let (json, part) = (json.display(), part.display());
                let what = format!("{json} is missing, and nothing else says how far {part} has come");
                Err(CliError::file(what, format!("remove {part} to start from scratch")))
            }
        }
    }
}

/// Whether an open file has this name.
fn is_at(file: &File, path: &Path) -> bool {
    let (Ok(there), Ok(ours)) = (fs::symlink_metadata(path), file.metadata()) else { return false };
    #[cfg(unix)]
    return (there.dev(), there.ino()) == (ours.dev(), ours.ino());
    // Elsewhere a file that is open can be neither removed nor replaced.
    #[cfg(not(unix))]
    return there.is_file() && ours.is_file();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::export::checkpoint::Format;

    async fn begun(folder: &Path) -> PartFile {
        let request = ExportRequest {
            endpoint: "https://platform.example".to_owned(),
            application: "a".to_owned(),
            task: "t".to_owned(),
            statuses: Vec::new(),
            format: Format::Csv,
            page_size: 250,
            plan: "reads the whole task".to_owned(),
        };
        let paths = Paths::of(&folder.join("x.csv")).unwrap();
        let options = PartFileOptions { paths, request, resume: false, replace: false };
        PartFile::open(options).await.unwrap().unwrap()
    }

    fn is_changed(outcome: Result<(), CliError>) -> bool {
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
            part.append(b"d\n", part.checkpoint.clone()).unwrap();
            change(&part.paths.part);
            assert!(is_changed(part.append(b"e\n", part.checkpoint.clone())));
            let file = part.paths.file.clone();
            assert!(is_changed(part.complete().map(drop)) && !file.exists());
        }
    }

    #[tokio::test]
    async fn a_file_with_other_bytes_than_were_written_is_not_completed() {
        for (place, bytes) in [(SeekFrom::End(0), "junk"), (SeekFrom::Start(3), "X"), (SeekFrom::End(0), "")]
        {
            let folder = tempfile::tempdir().unwrap();
            let mut part = begun(folder.path()).await;
            part.append(b"d\n", part.checkpoint.clone()).unwrap();
            let mut other = File::options().write(true).open(&part.paths.part).unwrap();
            other.seek(place).and_then(|_| other.write_all(bytes.as_bytes())).unwrap();
            let file = part.paths.file.clone();
            let outcome = part.complete().map(drop);
            assert_eq!((outcome.is_ok(), file.exists()), (bytes.is_empty(), bytes.is_empty()), "{bytes}");
            assert!(outcome.is_ok() || is_changed(outcome));
        }
    }

    #[tokio::test]
    async fn a_part_file_in_use_is_distinguished_from_one_that_was_left() {
        let folder = tempfile::tempdir().unwrap();
        let part = begun(folder.path()).await;
        let (paths, request) = (part.paths.clone(), part.checkpoint.export.clone());
        let options = PartFileOptions { paths, request, resume: false, replace: false };
        let again = |resume, replace| PartFile::open(PartFileOptions { resume, replace, ..options.clone() });
        for (resume, replace) in [(false, false), (true, false), (false, true)] {
            let taken = again(resume, replace).await.unwrap_err().to_string();
            assert!(taken.starts_with("another export is writing"), "{taken}");
        }
        drop(part);
        let left = again(false, false).await.unwrap_err().to_string();
        assert!(left.ends_with("exists: an export was interrupted"), "{left}");
    }

    #[test]
    fn an_export_under_way_is_no_file_to_write() {
        for name in ["x.csv.part", "x.csv.part.json", "..", "", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"]
        {
            assert!(Paths::of(Path::new(name)).is_err(), "{name}");
        }
    }
}
