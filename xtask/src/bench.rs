//! `cargo xtask bench`: figures that anyone can rerun.

mod call;
mod emulator;
mod server;
mod tools;
mod wrk;

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::Outcome;
pub use emulator::run as emulator;

/// Runs `cargo xtask bench sdk` in the project at `root`.
///
/// # Errors
/// When the benchmark does not build, or a case does not deliver what it should.
pub fn sdk(root: &Path) -> anyhow::Result<Outcome> {
    if !cfg!(target_os = "linux") {
        bail!("this benchmark reads CPU time and memory from /proc: run it on Linux");
    }
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["bench", "--quiet", "--package", "northbound-tests", "--bench", "drain"])
        .current_dir(root)
        .status()
        .context("cannot run cargo for the benchmark")?;
    if !status.success() {
        bail!("the benchmark failed: see above");
    }
    Ok(Outcome::Done)
}
