//! `cargo xtask bench`: figures that anyone can rerun, each beside its goal.

mod build;
mod call;
mod emulator;
mod export;
mod server;
mod tools;
mod wrk;

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail, ensure};

use crate::Outcome;
pub use emulator::run as emulator;
pub use export::run as export;

/// Runs `cargo xtask bench sdk` in the project at `root`.
///
/// # Errors
/// When the benchmark does not build, a case does not deliver what it should, or a goal is missed.
pub fn sdk(root: &Path) -> anyhow::Result<Outcome> {
    needs_linux()?;
    let status = crate::cargo()
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

fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// Where `stat` of `proc(5)` holds CPU time, user and system: which number behind the program's name comes first.
const OWN: usize = 11;
/// The same for all processes that this one has started, theirs included, and waited for.
const CHILDREN: usize = 13;

/// CPU time of a process, by its number or `self`, from that place on.
fn cpu_seconds(process: &str, place: usize) -> anyhow::Result<f64> {
    /// Linux counts for programs in hundredths of a second.
    const TICKS_A_SECOND: f64 = 100.0;
    let path = format!("/proc/{process}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("cannot read CPU time from {path}"))?;
    // The name of the program stands in brackets and may hold spaces.
    let after_name = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let ticks: Vec<f64> =
        after_name.split(' ').skip(place).take(2).filter_map(|ticks| ticks.parse().ok()).collect();
    ensure!(ticks.len() == 2, "{path} does not hold CPU time");
    Ok(ticks.iter().sum::<f64>() / TICKS_A_SECOND)
}
