//! Folders of this user: where the command keeps what other users must not read.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::session::process::{Environment, NOT_UTF_8};

/// What is kept in such a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// What can be made again.
    Caches,
    /// What must not be lost: what was sent.
    State,
}

/// Where this user keeps it; `None` if the environment does not say.
pub(crate) fn folder(kept: Kept, environment: Environment<'_>) -> Option<PathBuf> {
    let is_path = |value: &String| !value.is_empty() && !value.contains(NOT_UTF_8);
    let of = |name: &str| environment(name).filter(is_path).map(PathBuf::from);
    let (xdg, usual, on_mac) = match kept {
        Kept::Caches => ("XDG_CACHE_HOME", ".cache", "Library/Caches"),
        Kept::State => ("XDG_STATE_HOME", ".local/state", "Library/Application Support"),
    };
    let folder = if cfg!(windows) {
        of("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        of("HOME").map(|home| home.join(on_mac))
    } else {
        of(xdg).or_else(|| of("HOME").map(|home| home.join(usual)))
    };
    // With a relative path, files would be all over the disk.
    folder.filter(|folder| folder.is_absolute()).map(|folder| folder.join("northbound"))
}

/// Makes the folder if it is not there. An error if others can open it, or if it is another user's.
pub(crate) fn make_private_folder(folder: &Path) -> io::Result<()> {
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

#[cfg(unix)]
pub(crate) fn is_private(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 == 0
}

/// Elsewhere a user's folders are closed to other users by themselves.
#[cfg(not(unix))]
pub(crate) fn is_private(_: &fs::Metadata) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_where_the_user_keeps_such_things() {
        let folder = |kept, names: &[(&str, &str)]| {
            let names: std::collections::HashMap<_, _> = names.iter().copied().collect();
            folder(kept, &|name: &str| names.get(name).map(|value| (*value).to_owned()))
        };
        assert_eq!(folder(Kept::Caches, &[]), None);
        if cfg!(all(unix, not(target_os = "macos"))) {
            let home = ("HOME", "/h");
            assert_eq!(folder(Kept::Caches, &[home]), Some("/h/.cache/northbound".into()));
            assert_eq!(folder(Kept::State, &[home]), Some("/h/.local/state/northbound".into()));
            assert_eq!(folder(Kept::State, &[home, ("XDG_STATE_HOME", "/s")]), Some("/s/northbound".into()));
            assert_eq!(folder(Kept::Caches, &[home, ("XDG_CACHE_HOME", "/c")]), Some("/c/northbound".into()));
            assert_eq!(folder(Kept::Caches, &[("XDG_CACHE_HOME", "relative")]), None);
        }
    }
}
