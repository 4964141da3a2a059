//! `cargo xtask schemathesis`: lets a fuzzer hold the emulator and the gateway against their documents. `tests/schemathesis` says what it does; this
//! gets it what it needs.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::{Outcome, emulator, tools};

/// Runs the command in the project at `root`, with this number of examples in each run.
///
/// # Errors
/// When the command `northbound` cannot be built, or Schemathesis cannot be installed.
pub fn run(root: &Path, examples: usize) -> anyhow::Result<Outcome> {
    let folder = root.join("tests/schemathesis");
    let programs = tools::python(root, "schemathesis", &folder.join("requirements.txt"))?;
    let mut fuzz = Command::new(programs.join("python"));
    fuzz.arg("-B").arg(folder.join("fuzz.py")).arg(emulator::build(root)?).arg(examples.to_string());
    let status = fuzz.status().context("cannot run Python")?;
    Ok(if status.success() { Outcome::Done } else { Outcome::Broken })
}
