//! Folders of this user: where the command keeps what other users must not read, and where the user's own settings are.

use std::path::PathBuf;

use crate::session::process::{Environment, NOT_UTF_8};

/// What is kept in such a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// What can be made again.
    Caches,
    /// What must not be lost: what was sent.
    State,
    /// What the user writes.
    Settings,
}

/// Where this user keeps it; `None` if the environment does not say.
pub(crate) fn folder(kept: Kept, environment: Environment<'_>) -> Option<PathBuf> {
    let is_path = |value: &String| !value.is_empty() && !value.contains(NOT_UTF_8);
    let of = |name: &str| environment(name).filter(is_path).map(PathBuf::from);
    let (xdg, usual, on_mac) = match kept {
        Kept::Caches => ("XDG_CACHE_HOME", ".cache", "Library/Caches"),
        Kept::State => ("XDG_STATE_HOME", ".local/state", "Library/Application Support"),
        Kept::Settings => ("XDG_CONFIG_HOME", ".config", "Library/Application Support"),
    };
    let folder = if cfg!(windows) {
        of(if kept == Kept::Settings { "APPDATA" } else { "LOCALAPPDATA" })
    } else if cfg!(target_os = "macos") {
        of("HOME").map(|home| home.join(on_mac))
    } else {
        of(xdg).or_else(|| of("HOME").map(|home| home.join(usual)))
    };
    // With a relative path, files would be all over the disk.
    folder.filter(|folder| folder.is_absolute()).map(|folder| folder.join("northbound"))
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
            assert_eq!(folder(Kept::Settings, &[home]), Some("/h/.config/northbound".into()));
            assert_eq!(folder(Kept::Caches, &[("XDG_CACHE_HOME", "relative")]), None);
        }
    }
}
