//! Maintainers' commands: what stands behind `cargo xtask`.

pub mod api;
pub mod browser;
pub mod conformance;
pub mod derived;
pub mod diff;
pub mod dist;
pub mod docs;
pub mod emulator;
pub mod external;
pub mod generate;
pub mod languages;
pub mod ledger;
pub mod load;
pub mod markers;
pub mod recipes;
pub mod rehearse;
mod rust_names;
pub mod schemathesis;
pub mod snapshots;
pub mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
pub use northbound_openapi::{contract, document, lint};

/// The hand-written document, relative to the project.
pub const DOCUMENT: &str = "spec/openapi.yaml";

/// How a command ended that could do its work, with the exit code of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing is left to do.
    Done = 0,
    /// Something needs a person: it is broken.
    Broken = 1,
    /// Something is out of date, or waits for a review.
    Stale = 4,
}

/// The text of a file, named from the folder `root`.
pub(crate) fn read(root: &Path, path: &str) -> anyhow::Result<String> {
    fs::read_to_string(root.join(path)).with_context(|| format!("cannot read {path}"))
}

/// Cargo: the one that runs this command, if one does.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Cargo with these arguments, for the project at `root`, which it builds in `target`.
pub fn cargo_in(root: &Path, target: &Path, arguments: &[&str]) -> Command {
    let mut cargo = cargo();
    cargo.args(arguments).env("CARGO_TARGET_DIR", target).current_dir(root);
    cargo
}

/// Where cargo builds the project at `root`, and where the commands put what they make.
pub fn target_folder(root: &Path) -> PathBuf {
    root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// Prints for the person at the terminal; a closed pipe is no error.
pub fn print(text: &str) {
    use std::io::Write as _;
    let _closed_pipe = writeln!(std::io::stdout(), "{}", text.trim_end_matches('\n'));
}
