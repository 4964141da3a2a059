//! Folders and files of this user that other users cannot read, and that several processes use.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use fs4::TryLockError;
use tokio::time::{Instant, sleep};

/// How soon to look whether another process has given up its lock; then later and later.
const LOOK_SOON: Duration = Duration::from_millis(1);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Makes the folder if it is not there. An error if others can open it, or if it is another user's.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(folder);
    refuse_another_users(there, true)?;
    builder.create(folder)?;
    if !is_private(&fs::metadata(folder)?) {
        return Err(io::Error::other("it is open to other users: `chmod 700` closes it"));
    }
    refuse_another_users(folder, false)
}

/// Refuses a folder of another user: who runs a command as root would lock that user out. A new folder may be made in one that
/// belongs to the system.
#[cfg(unix)]
fn refuse_another_users(folder: &Path, may_be_the_systems: bool) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;

    let owner = fs::metadata(folder)?.uid();
    // A new file belongs to whoever runs this process.
    if owner == tempfile::tempfile_in(folder)?.metadata()?.uid() || (may_be_the_systems && owner == 0) {
        return Ok(());
    }
    Err(io::Error::other(format!("{} belongs to another user", folder.display())))
}

#[cfg(not(unix))]
fn refuse_another_users(_: &Path, _: bool) -> io::Result<()> {
    Ok(())
}

/// Whether other users can do nothing with it.
#[cfg(unix)]
pub fn is_private(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 == 0
}

/// Elsewhere a user's folders are closed to other users by themselves.
#[cfg(not(unix))]
pub fn is_private(_: &fs::Metadata) -> bool {
    true
}

/// Waits for the lock of a file, which keeps other processes away until the file is closed, even if this process is killed. An
/// error of the kind `WouldBlock` if another process still has it when the time is over.
pub async fn lock(file: &File, patience: Duration) -> io::Result<()> {
    let (begun, mut pause) = (Instant::now(), LOOK_SOON);
    loop {
        // The standard library has a method of this name, from Rust 1.89 on.
        match fs4::FileExt::try_lock(file) {
            Err(TryLockError::WouldBlock) if begun.elapsed() < patience => sleep(pause).await,
            outcome => return Ok(outcome?),
        }
        pause = LOOK_AGAIN.min(2 * pause);
    }
}

/// Makes or opens a file in a private folder, and waits for its lock. Dropping the file lets the next process go on.
pub(crate) async fn open_locked(path: &Path, patience: Duration) -> io::Result<File> {
    let mut options = private();
    options.truncate(false);
    let file = options.open(path).or_else(|error| match error.kind() {
        // An earlier version of this command left it there when it ran as root.
        io::ErrorKind::PermissionDenied => fs::remove_file(path).and_then(|()| options.open(path)),
        _ => Err(error),
    })?;
    lock(&file, patience).await?;
    Ok(file)
}

/// Replaces a file in a private folder in one go, so that a process that is killed meanwhile leaves the old or the new one. Only
/// whoever has the lock of the file may do so.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let part = path.with_extension("part");
    // One that a killed process has left.
    let _ = fs::remove_file(&part);
    let written = private().create_new(true).open(&part).and_then(|mut file| file.write_all(content));
    written.and_then(|()| fs::rename(&part, path)).inspect_err(|_| _ = fs::remove_file(&part))
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Adds bytes to a checksum: FNV-1a, which is short and the same in every version.
pub fn checksum(sum: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(sum, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_is_the_same_in_every_version() {
        let sums = ["", "a", "foobar"].map(|text| checksum(0xcbf2_9ce4_8422_2325, text.as_bytes()));
        assert_eq!(sums, [0xcbf2_9ce4_8422_2325, 0xaf63_dc4c_8601_ec8c, 0x8594_4171_f739_67e8]);
    }
}
