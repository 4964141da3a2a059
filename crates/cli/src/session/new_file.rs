//! Files that the command writes: each is a new file, closed to other users, that gets its name and its mode when it is complete.
//!
//! So nobody reads half a file, and nothing is written through a link that somebody else has put there.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::NamedTempFile;

use crate::error::CliError;
use crate::session::interrupt::may_hang;

/// The names of files in the making.
const PREFIX: &str = ".northbound-";
const SUFFIX: &str = ".part";
/// A younger one may not be locked yet.
const LEFT: Duration = Duration::from_secs(60);

/// A file in the making, in the folder where it will have its name. It is removed with this value unless it is kept.
#[derive(Debug)]
pub(crate) struct NewFile {
    path: PathBuf,
    file: NamedTempFile,
}

impl NewFile {
    pub(crate) fn beside(path: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX);
        may_hang(|| fs::metadata(folder(path)))?;
        may_hang(|| remove_left(folder(path)));
        // The whole error has the name of the temporary file, which says nothing to the user.
        let file = may_hang(|| builder.tempfile_in(folder(path))).map_err(|error| error.kind())?;
        // It says that the file is in use. Where there are no locks, nobody removes such files.
        let _ = fs4::FileExt::try_lock(file.as_file());
        Ok(Self { path: path.to_owned(), file })
    }

    /// The same for a file that replaces nothing but an ordinary file: not a device, a pipe or a folder.
    pub(crate) fn replacing(path: &Path) -> io::Result<Self> {
        match may_hang(|| fs::metadata(path)) {
            Ok(there) if there.is_dir() => Err(io::Error::other("it is a folder")),
            Ok(there) if !there.is_file() || is_stream(path) => {
                Err(io::Error::other("it is no ordinary file"))
            }
            _ => Self::beside(path),
        }
    }

    pub(crate) fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    /// Writes the complete file, and gives it its name.
    pub(crate) fn write(mut self, content: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
        let mut out = BufWriter::new(self.file());
        content(&mut out)?;
        out.flush()?;
        drop(out);
        self.keep()
    }

    /// Gives the file its name. A file or a link of that name is replaced.
    pub(crate) fn keep(self) -> io::Result<()> {
        finish(self.file.as_file(), &self.path)?;
        self.file.persist(&self.path).map_err(|error| error.error).map(drop)
    }
}

/// Replaces a file that only its owner may read, in one go. When this returns, the file and its name are on the disk.
pub(crate) fn replace_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut new = NewFile::beside(path)?;
    may_hang(|| new.file().write_all(content).and_then(|()| unless_unsupported(new.file().sync_all())))?;
    new.file.persist(path).map_err(|error| error.error)?;
    // A new folder is an entry of the one above it, which may be another user's.
    #[cfg(unix)]
    for (height, folder) in folder(path).ancestors().take(3).enumerate() {
        let synced = may_hang(|| File::open(folder).and_then(|folder| unless_unsupported(folder.sync_all())));
        synced.or_else(|error| if height == 0 { Err(error) } else { Ok(()) })?;
    }
    Ok(())
}

/// Removes files in the making that killed processes have left: nobody has them locked.
fn remove_left(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_ours = name.to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX));
        let Some(file) = is_ours.then(|| open(&entry.path()).ok()).flatten() else { continue };
        let changed = file.metadata().and_then(|file| file.modified());
        let is_old = changed.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > LEFT));
        if is_old && fs4::FileExt::try_lock(&file).is_ok() {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Makes a file that has its name from the beginning. An error if there is anything of this name.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    may_hang(|| options.open(path))
}

/// Opens a file that an earlier process has left: no link, and nothing that could hang.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true);
    #[cfg(unix)]
    {
        use rustix::fs::OFlags;
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, flags);
    }
    let file = may_hang(|| options.open(path))?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("it is no ordinary file")) }
}

/// Removes a link, whose target is somebody else's file.
pub(crate) fn remove_link(path: &Path) -> io::Result<()> {
    if path.is_symlink() { fs::remove_file(path) } else { Ok(()) }
}

/// Puts a file on the disk that will replace whatever has this name, with the mode and the owner of what it replaces.
pub(crate) fn finish(file: &File, path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    inherit(file, path);
    #[cfg(not(unix))]
    let _ = path;
    unless_unsupported(file.sync_all())
}

/// Some file systems cannot be asked to put a file on the disk. They write it when they like, and the export is as complete.
fn unless_unsupported(synced: io::Result<()>) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, ReadOnlyFilesystem, Unsupported};
    let is_unsupported = |kind| matches!(kind, InvalidInput | ReadOnlyFilesystem | Unsupported);
    synced.or_else(|error| if is_unsupported(error.kind()) { Ok(()) } else { Err(error) })
}

/// What cannot be set stays as it is: the file is then open to fewer users.
#[cfg(unix)]
fn inherit(file: &File, path: &Path) {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};

    use rustix::fs::Mode;
    use rustix::process::umask;

    // The mask can be read only by setting it.
    let mask = umask(Mode::RWXG | Mode::RWXO);
    umask(mask);
    #[allow(clippy::useless_conversion, reason = "a Mac has modes of 16 bits")]
    let usual = 0o666 & !u32::from(mask.bits());
    let mode = match (fs::symlink_metadata(path), fs::metadata(path)) {
        (Ok(there), _) if there.is_file() => {
            let mode = there.mode() & 0o777;
            let (owner, group) = (Some(there.uid()), Some(there.gid()));
            // Only root may change the owner, and only a member of a group may give a file to it.
            let has_group = fchown(file, owner, group).or_else(|_| fchown(file, None, group)).is_ok();
            if has_group { mode } else { mode & !0o070 }
        }
        // A link says nothing of its own, and whoever made it must not open the file to more users.
        (Ok(_), Ok(target)) => usual & target.mode(),
        _ => usual,
    };
    let _ = file.set_permissions(fs::Permissions::from_mode(mode));
}

/// Whether this is the name of an open stream. It leads to an ordinary file where the shell has opened one.
pub(crate) fn is_stream(path: &Path) -> bool {
    ["/dev/stdout", "/dev/stderr", "/dev/fd", "/proc"].iter().any(|name| path.starts_with(name))
}

/// Refuses to replace a file that the result is made from.
pub(crate) fn refuse_input<'a>(
    out: &Path,
    inputs: impl IntoIterator<Item = Option<&'a Path>>,
) -> Result<(), CliError> {
    let Ok(place) = may_hang(|| out.canonicalize()) else { return Ok(()) };
    let is_input = |input: &&Path| may_hang(|| input.canonicalize()).is_ok_and(|input| input == place);
    match inputs.into_iter().flatten().find(is_input) {
        None => Ok(()),
        Some(_) => Err(CliError::usage(
            format!("{} is read, so the result cannot go there", out.display()),
            "give --out another name",
        )),
    }
}

pub(crate) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o7777
    }

    fn with_mode(path: &Path, mode: u32) {
        fs::write(path, "before").unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_file_keeps_its_mode_when_it_is_replaced_and_is_private_until_then() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        for kept in [0o600, 0o640, 0o664, 0o400] {
            with_mode(&path, kept);
            let mut file = NewFile::beside(&path).unwrap();
            file.file().write_all(b"after").unwrap();
            assert_eq!((file.file.as_file().metadata().unwrap().mode() & 0o777, mode(&path)), (0o600, kept));
            file.keep().unwrap();
            assert_eq!((mode(&path), fs::read(&path).unwrap()), (kept, b"after".to_vec()));
        }
        fs::remove_file(&path).unwrap();
        NewFile::beside(&path).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "what is not kept is removed");
    }

    #[test]
    fn what_is_read_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let [list, link, other] = ["list", "link", "other"].map(|name| folder.path().join(name));
        fs::write(&list, "").unwrap();
        symlink(&list, &link).unwrap();
        for (out, is_refused) in [(&list, true), (&link, true), (&other, false)] {
            assert_eq!(refuse_input(out, [None, Some(&*list)]).is_err(), is_refused, "{out:?}");
        }
    }

    #[test]
    fn what_a_killed_process_has_left_is_removed_unless_somebody_uses_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let [mut old, mut new] = [(); 2].map(|()| NewFile::beside(&path("x")).unwrap());
        let left = [".northbound-left.part", ".northbound-fresh.part", "other.part"].map(|name| {
            let file = File::create(path(name)).unwrap();
            let is_fresh = name.contains("fresh");
            let age = if is_fresh { Duration::ZERO } else { 2 * LEFT };
            file.set_modified(std::time::SystemTime::now() - age).unwrap();
            path(name)
        });
        old.file().set_modified(std::time::SystemTime::now() - 2 * LEFT).unwrap();
        NewFile::beside(&path("y")).unwrap();
        assert_eq!(left.map(|path| path.exists()), [false, true, true]);
        assert!([&mut old, &mut new].into_iter().all(|file| file.file.path().exists()));
    }

    #[test]
    fn a_link_is_replaced_and_its_target_stays() {
        let folder = tempfile::tempdir().unwrap();
        let [path, target] = ["x", "thesis"].map(|name| folder.path().join(name));
        for (kept, at_most) in [(0o600, 0o600), (0o666, 0o666)] {
            with_mode(&target, kept);
            symlink(&target, &path).unwrap();
            NewFile::beside(&path).and_then(|file| file.write(|out| out.write_all(b"after"))).unwrap();
            assert_eq!((mode(&target), fs::read(&target).unwrap()), (kept, b"before".to_vec()));
            assert!(!fs::symlink_metadata(&path).unwrap().is_symlink() && mode(&path) & !at_most == 0);
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn a_file_system_that_cannot_sync_ends_nothing_and_a_broken_or_full_disk_does() {
        use rustix::io::Errno;
        let outcome = |error: Errno| unless_unsupported(Err(error.into())).is_ok();
        assert!([Errno::INVAL, Errno::NOTSUP, Errno::OPNOTSUPP, Errno::NOSYS].into_iter().all(outcome));
        assert!(![Errno::IO, Errno::NOSPC, Errno::DQUOT].into_iter().any(outcome));
    }

    #[test]
    fn only_an_ordinary_file_is_opened() {
        let folder = tempfile::tempdir().unwrap();
        let [file, link, fifo] = ["file", "link", "fifo"].map(|name| folder.path().join(name));
        assert!(create(&file).is_ok() && create(&file).is_err() && open(&file).is_ok());
        symlink(&file, &link).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        for path in [&link, &fifo, folder.path()] {
            assert!(open(path).is_err() && create(path).is_err(), "{}", path.display());
        }
        remove_link(&link).unwrap();
        remove_link(&file).unwrap();
        assert!(fs::symlink_metadata(&link).is_err() && file.exists());
    }
}
