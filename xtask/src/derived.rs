//! Files derived from the document: written when they change, or compared with what is there.

use std::fs;
use std::path::Path;

use anyhow::Context as _;
use similar::TextDiff;

/// A file as it should be; its path is relative to the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    /// Path relative to the project, with `/`.
    pub path: String,
    /// The whole contents.
    pub contents: String,
}

impl Derived {
    /// A file that should stand at `path` with these `contents`.
    pub fn new(path: impl Into<String>, contents: impl Into<String>) -> Self {
        Self { path: path.into(), contents: contents.into() }
    }
}

/// A file that is not as it should be.
#[derive(Clone, Debug)]
pub struct Stale {
    /// Path relative to the project.
    pub path: String,
    /// From what is there to what should be, as a unified diff.
    pub diff: String,
    /// What should be there; nothing, if the file should not exist.
    wanted: Option<String>,
}

/// Finds the files that are not as they should be, those in `folder` that should not exist included.
///
/// # Errors
/// When the folder is there and cannot be listed.
pub fn stale(root: &Path, derived: &[Derived], folder: &str) -> anyhow::Result<Vec<Stale>> {
    let wanted = derived.iter().map(|file| (file.path.clone(), Some(file.contents.clone())));
    let present = files_in(root, folder)?.into_iter();
    let unknown =
        present.filter(|path| derived.iter().all(|file| file.path != *path)).map(|path| (path, None));
    let stale = wanted.chain(unknown).filter_map(|(path, wanted)| {
        let present = fs::read(root.join(&path)).ok();
        let present = present.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let text = |contents: &Option<String>| contents.clone().unwrap_or_default();
        let diff = unified_diff(&path, &text(&present), &text(&wanted));
        (present != wanted).then_some(Stale { path, diff, wanted })
    });
    Ok(stale.collect())
}

impl Stale {
    /// Makes the file as it should be.
    ///
    /// # Errors
    /// When it cannot be written or removed.
    pub fn renew(&self, root: &Path) -> anyhow::Result<()> {
        let path = root.join(&self.path);
        match &self.wanted {
            Some(contents) => replace(&path, contents),
            None => fs::remove_file(&path).with_context(|| format!("cannot remove {}", self.path)),
        }
    }
}

/// A unified diff of a file, old to new.
pub fn unified_diff(path: &str, old: &str, new: &str) -> String {
    let (old_name, new_name) = (format!("{path} (as it is)"), format!("{path} (as it should be)"));
    TextDiff::from_lines(old, new).unified_diff().context_radius(3).header(&old_name, &new_name).to_string()
}

/// Writes a file, in a folder that may not exist yet.
pub(crate) fn replace(path: &Path, contents: &str) -> anyhow::Result<()> {
    let folder = path.parent().unwrap_or(path);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(path, contents));
    written.with_context(|| format!("cannot write {}", path.display()))
}

fn files_in(root: &Path, folder: &str) -> anyhow::Result<Vec<String>> {
    let Ok(entries) = fs::read_dir(root.join(folder)) else {
        return Ok(Vec::new());
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot list {folder}"))?;
        files.push(format!("{folder}/{}", entry.file_name().to_string_lossy()));
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_files_are_shown_as_a_diff_written_once_and_removed_when_nothing_derives_them() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join("a")).unwrap();
        fs::write(root.path().join("a/old.rs"), "old\n").unwrap();
        fs::write(root.path().join("b.txt"), "one\ntwo\n").unwrap();
        let derived = [Derived::new("b.txt", "one\nthree\n"), Derived::new("a/c/d.txt", "new\n")];
        let found = stale(root.path(), &derived, "a").unwrap();
        assert_eq!(
            found[0].diff,
            "--- b.txt (as it is)\n+++ b.txt (as it should be)\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n"
        );
        found.iter().for_each(|stale| stale.renew(root.path()).unwrap());
        let paths: Vec<&str> = found.iter().map(|stale| stale.path.as_str()).collect();
        assert_eq!(paths, ["b.txt", "a/c/d.txt", "a/old.rs"]);
        assert_eq!(fs::read_to_string(root.path().join("a/c/d.txt")).unwrap(), "new\n");
        assert!(!root.path().join("a/old.rs").exists());
    }
}
