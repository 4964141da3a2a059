//! `cargo xtask rehearse`: carries each recipe of `xtask/recipes` out on a copy of the whole project.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::derived::replace;
use crate::recipes::{Recipe, copy_file, recipes};
use crate::tools::output;
use crate::{DOCUMENT, Outcome, cargo_in, print, target_folder};

/// Runs the command in the project at `root`.
///
/// # Errors
/// When a copy cannot be made, or a recipe does not lead to a project that passes its tests.
pub fn run(root: &Path) -> anyhow::Result<Outcome> {
    for recipe in recipes(root)? {
        print(&format!("rehearsing {}", recipe.name));
        rehearse(root, &recipe).with_context(|| recipe.name.clone())?;
    }
    Ok(Outcome::Done)
}

fn rehearse(root: &Path, recipe: &Recipe) -> anyhow::Result<()> {
    let copy = tempfile::tempdir().context("cannot make a folder for the copy")?;
    copy_project(root, copy.path())?;
    raise_version(copy.path())?;
    recipe.apply(copy.path())?;
    // One folder for all recipes, so that dependencies are built once.
    let target = target_folder(root).join("rehearsal");
    let accept: &[&str] = &["xtask", "generate", "--accept"];
    for arguments in [accept, &["xtask", "generate", "--check"], &["test", "--quiet", "--workspace"]] {
        // The simulation looks for faults of the SDK, which no recipe touches.
        output(cargo_in(copy.path(), &target, arguments).env("NORTHBOUND_SEEDS", "20"))?;
    }
    Ok(())
}

/// Raises the document's version, as CONTRIBUTING.md asks for after every change.
fn raise_version(copy: &Path) -> anyhow::Result<()> {
    let raised = crate::read(copy, DOCUMENT)?.replacen("\n  version: ", "\n  version: 9", 1);
    replace(&copy.join(DOCUMENT), &raised)
}

/// Copies what git tracks, as it is in the working tree.
fn copy_project(root: &Path, copy: &Path) -> anyhow::Result<()> {
    let listed = output(Command::new("git").args(["ls-files", "-z"]).current_dir(root))?;
    listed.split('\0').filter(|path| !path.is_empty()).try_for_each(|path| copy_file(root, copy, path))
}
