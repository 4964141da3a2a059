//! Emulators to run clients against.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, bail};

use crate::tools;

/// Builds the command `northbound` and returns its path.
pub(super) fn build(root: &Path) -> anyhow::Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--package", "northbound-cli"]).current_dir(root);
    // What cargo tells this process of its own package would have some dependencies built anew.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            build.env_remove(&name);
        }
    }
    tools::output(&mut build)?;
    Ok(crate::target_folder(root).join("debug").join(format!("northbound{}", std::env::consts::EXE_SUFFIX)))
}

/// An emulator that runs as long as this value lives.
#[derive(Debug)]
pub(super) struct Emulator {
    process: Child,
    /// Where it listens.
    pub(super) url: String,
}

impl Emulator {
    /// Starts one on a port of its own, with these further arguments.
    pub(super) fn start(northbound: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let process = Command::new(northbound)
            .args(["emulator", "serve", "--listen", "127.0.0.1:0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the emulator")?;
        let mut emulator = Self { process, url: String::new() };
        let stdout = emulator.process.stdout.take().context("the emulator has no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).context("the emulator does not say where it listens")?;
        let Some(url) = line.trim().strip_prefix("listening on ") else {
            bail!("the emulator does not listen with {}: run it by hand to see why", arguments.join(" "));
        };
        emulator.url = url.to_owned();
        Ok(emulator)
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}
