//! `cargo xtask bench`: figures that anyone can rerun, each beside its goal.

mod build;

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
/// When the benchmark does not build, a case does not deliver what it should, or a goal is missed.
pub fn sdk(root: &Path) -> anyhow::Result<Outcome> {
    needs_linux()?;
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["bench", "--quiet", "--package", "northbound", "--bench", "drain"])
        .current_dir(root)
        .status()
        .context("cannot run cargo for the benchmark")?;
    if !status.success() {
        bail!("the benchmark fails, or misses a goal: see above");
    }
    Ok(Outcome::Done)
}

/// Runs `cargo xtask bench build` in the project at `root`: [`Outcome::Broken`] if the goal is missed.
///
/// # Errors
/// When a consumer of the crates does not build.
pub fn build(root: &Path) -> anyhow::Result<Outcome> {
    needs_linux()?;
    build::run(root)
}

fn needs_linux() -> anyhow::Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("this benchmark reads CPU time and memory from /proc: run it on Linux");
    }
    Ok(())
}
