//! Starts the program of `crates/conformance`, against the project's emulator unless a server is named.

use std::path::Path;

use clap::Parser as _;

use crate::Outcome;
use crate::emulator::{self, Emulator};

/// What the emulator knows.
const SCENARIO: &str = "crates/conformance/emulator.toml";

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
    let emulator = Emulator::start(&emulator::build(root)?, &[&["--scenario", &path], quota].concat())?;
    let stranger: &[&str] = if has(&["--stranger"]) { &[] } else { &["--stranger", "stranger-app"] };
    examine(arguments, &[&["--url", emulator.url()], stranger].concat())
}

fn examine(arguments: &[String], more: &[&str]) -> anyhow::Result<Outcome> {
    let all = ["cargo xtask conformance"].into_iter().chain(arguments.iter().map(String::as_str));
    let options = northbound_conformance::Options::try_parse_from(all.chain(more.iter().copied()))
        .unwrap_or_else(|error| error.exit());
    Ok(if northbound_conformance::run(&options)? { Outcome::Done } else { Outcome::Broken })
}
