//! `cargo xtask rehearse`: carries the recipes of `CONTRIBUTING.md` out on a copy of the whole project.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::recipes::{Recipe, recipes};
use crate::{Outcome, print, target_folder};

/// Runs the command in the project at `root`.
///
/// # Errors
/// When a copy cannot be made, or a recipe does not lead to a project that passes its tests.
pub fn run(root: &Path) -> anyhow::Result<Outcome> {
    for recipe in recipes(&crate::read(root, "CONTRIBUTING.md")?)? {
        print(&format!("rehearsing {:?}: {}", recipe.title, recipe.paths().join(", ")));
        rehearse(root, &recipe).with_context(|| format!("{:?} of CONTRIBUTING.md", recipe.title))?;
    }
    Ok(Outcome::Done)
}

fn rehearse(root: &Path, recipe: &Recipe) -> anyhow::Result<()> {
    let copy = tempfile::tempdir().context("cannot make a folder for the copy")?;
    copy_project(root, copy.path())?;
    raise_version(copy.path())?;
    for (path, text) in recipe.apply(|path| crate::read(copy.path(), path))? {
        fs::write(copy.path().join(&path), text).with_context(|| format!("cannot write {path}"))?;
    }
    // One folder for all recipes, so that dependencies are built once.
    let target = target_folder(root).join("rehearsal");
    cargo(copy.path(), &target, &["xtask", "generate", "--accept"])?;
    cargo(copy.path(), &target, &["xtask", "generate", "--check"])?;
    cargo(copy.path(), &target, &["test", "--quiet", "--workspace"])
}

/// Raises the document's version, as CONTRIBUTING.md asks for after every change.
fn raise_version(copy: &Path) -> anyhow::Result<()> {
    let path = copy.join(crate::DOCUMENT);
    let text = fs::read_to_string(&path).context("cannot read the document")?;
    let raised = text.replacen("\n  version: ", "\n  version: 9", 1);
    fs::write(path, raised).context("cannot write the document")
}

/// Copies what git tracks, as it is in the working tree.
fn copy_project(root: &Path, copy: &Path) -> anyhow::Result<()> {
    let output =
        Command::new("git").args(["ls-files", "-z"]).current_dir(root).output().context("cannot run git")?;
    if !output.status.success() {
        bail!("git does not list the project's files: {}", String::from_utf8_lossy(&output.stderr));
    }
    let listed = String::from_utf8(output.stdout).context("a path of the project")?;
    for path in listed.split('\0').filter(|path| !path.is_empty()) {
        let (from, to) = (root.join(path), copy.join(path));
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        fs::copy(&from, &to).with_context(|| format!("cannot copy {path}"))?;
    }
    Ok(())
}

fn cargo(folder: &Path, target: &Path, arguments: &[&str]) -> anyhow::Result<()> {
    let output = crate::cargo()
        .args(arguments)
        .env("CARGO_TARGET_DIR", target)
        // The simulation looks for faults of the SDK, which no recipe touches.
        .env("NORTHBOUND_SEEDS", "20")
        .current_dir(folder)
        .output()
        .context("cannot run cargo")?;
    if output.status.success() {
        return Ok(());
    }
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    bail!("`cargo {}` failed:\n{stdout}{stderr}", arguments.join(" "))
}
