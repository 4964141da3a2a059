//! The recipes in `xtask/recipes`: how a change of the platform is carried out, as patches that say above the first file what a
//! person has to know.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use crate::tools::output;

/// One recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// What it does, as its file is called: `add-a-field`.
    pub name: String,
    patch: PathBuf,
}

/// The recipes of the project at `root`, by their names.
///
/// # Errors
/// When they cannot be listed.
pub fn recipes(root: &Path) -> anyhow::Result<Vec<Recipe>> {
    let folder = root.join("xtask/recipes");
    let mut recipes = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
        let patch = entry?.path();
        let name = patch.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        recipes.push(Recipe { name, patch });
    }
    recipes.sort_by(|left, right| left.name.cmp(&right.name));
    Ok(recipes)
}

impl Recipe {
    /// The files that it edits or adds.
    ///
    /// # Errors
    /// When the patch cannot be read.
    pub fn paths(&self) -> anyhow::Result<BTreeSet<String>> {
        let patch = fs::read_to_string(&self.patch).with_context(|| self.name.clone())?;
        Ok(patch.lines().filter_map(|line| line.strip_prefix("+++ b/")).map(str::to_owned).collect())
    }

    /// Carries the recipe out on the files in `folder`. Where somebody has already done that, nothing changes.
    ///
    /// # Errors
    /// When git is missing, or the files do not have the lines that the patch starts from.
    pub fn apply(&self, folder: &Path) -> anyhow::Result<()> {
        let apply = |options: &[&str]| {
            let mut git = Command::new("git");
            // A temporary folder inside of a repository must not be taken for a part of it.
            git.env("GIT_DIR", "none").arg("apply").args(options).arg(&self.patch).current_dir(folder);
            output(&mut git)
        };
        if apply(&["--check", "--reverse"]).is_ok() {
            return Ok(());
        }
        apply(&[])
            .map(drop)
            .with_context(|| format!("the recipe {} does not fit the project any more", self.name))
    }

    /// Carries the recipe out on copies of the files that it edits, in a new folder.
    ///
    /// # Errors
    /// As for [`Recipe::apply`], and when the files cannot be copied.
    pub fn apply_to_copies(&self, root: &Path) -> anyhow::Result<tempfile::TempDir> {
        let copy = tempfile::tempdir().context("cannot make a folder for the copies")?;
        for path in self.paths()?.into_iter().filter(|path| root.join(path).exists()) {
            copy_file(root, copy.path(), &path)?;
        }
        self.apply(copy.path())?;
        Ok(copy)
    }
}

/// Copies a file to the same place below another folder.
pub(crate) fn copy_file(root: &Path, copy: &Path, path: &str) -> anyhow::Result<()> {
    let to = copy.join(path);
    let copied = fs::create_dir_all(to.parent().unwrap_or(copy)).and_then(|()| fs::copy(root.join(path), to));
    copied.map(drop).with_context(|| format!("cannot copy {path}"))
}
