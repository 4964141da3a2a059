//! Starts the program of `crates/conformance`, against the project's emulator and gateway unless a server is named.

use std::path::Path;
use std::process::Command;

use anyhow::Context as _;
use clap::Parser as _;

use crate::Outcome;
use crate::emulator::{self, Emulator};

/// What the emulator knows.
const SCENARIO: &str = "crates/conformance/emulator.toml";
/// What the gateway does otherwise.
const DIFFERENCES: &str = "crates/conformance/gateway.txt";

/// The secret of the emulator's application, and the key of the gateway.
const SECRET: &str = "demo-secret";

/// What the program is started with.
#[derive(Clone, Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub struct Options {
    /// Arguments of `northbound-conformance`; --help lists them. Without --url it asks the project's emulator, started for this
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

/// Runs the command in the project at `root`.
///
/// # Errors
/// When the server cannot be reached, or does not let the application in.
pub fn run(root: &Path, Options { arguments }: &Options) -> anyhow::Result<Outcome> {
    let has = |names: &[&str]| {
        let mut arguments = arguments.iter().map(|argument| argument.split('=').next().unwrap_or_default());
        arguments.any(|argument| names.contains(&argument))
    };
    if has(&["--url", "--help", "-h", "--version", "-V"]) {
        return examine(arguments, &[]);
    }
    let scenario = root.join(SCENARIO);
    let path = scenario.to_string_lossy();
    let quota: &[&str] = if has(&["--throttle"]) { &[] } else { &["--quota", "0"] };
    let northbound = emulator::build(root)?;
    let emulator = Emulator::start(&northbound, &[&["--scenario", &path], quota].concat())?;
    let stranger: &[&str] = if has(&["--stranger"]) { &[] } else { &["--stranger", "stranger-app"] };
    let outcome = examine(arguments, &[&["--url", emulator.url()], stranger].concat())?;
    if !arguments.is_empty() || outcome != Outcome::Done {
        return Ok(outcome);
    }
    let folder = tempfile::tempdir().context("cannot make a folder for the gateway")?;
    let key = folder.path().join("key");
    std::fs::write(&key, SECRET).context("cannot write the key of the gateway")?;
    let mut gateway = Command::new(northbound);
    gateway.args(["gateway", "--listen", "127.0.0.1:0", "--quota", "0", "--allow-create", "--key-file"]);
    gateway.arg(key).args(["--endpoint", emulator.url(), "--app-id", "demo-app"]);
    let gateway = Emulator::listening(
        gateway.env("NORTHBOUND_SECRET", SECRET).env("XDG_CACHE_HOME", folder.path()).current_dir(&folder),
    )?;
    let differences = root.join(DIFFERENCES);
    let differences = ["--differences", &differences.to_string_lossy()];
    examine(arguments, &[&["--url", gateway.url()], stranger, &differences].concat())
}

fn examine(arguments: &[String], more: &[&str]) -> anyhow::Result<Outcome> {
    let all = ["cargo xtask conformance"].into_iter().chain(arguments.iter().map(String::as_str));
    let options = northbound_conformance::Options::try_parse_from(all.chain(more.iter().copied()))
        .unwrap_or_else(|error| error.exit());
    Ok(if northbound_conformance::run(&options)? { Outcome::Done } else { Outcome::Broken })
}
