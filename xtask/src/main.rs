//! `cargo xtask`: parses the command line and hands over to the library.

use std::path::Path;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::generate::{self, Mode};
use xtask::{Outcome, bench, diff, external, rehearse, sound};

/// Maintains northbound: one hand-written document, and everything that is derived from it.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Derive every file that comes from spec/openapi.yaml, and show what changes in the snapshots.
    ///
    /// Exits with 0 only if nothing is left to review, with 4 if snapshots wait for `--accept`, with 1 if the document, or
    /// what uses the derived files, is broken.
    Generate {
        /// Accept the changed snapshots, after you have read them.
        #[arg(long, conflicts_with = "check")]
        accept: bool,
        /// Write nothing: show what is stale, and exit with 4 if anything is.
        #[arg(long)]
        check: bool,
    },
    /// Report everything that is wrong with spec/openapi.yaml, each with its line and what to do.
    Lint {
        /// Ask Redocly CLI, Spectral and openapi-spec-validator as well. Needs Node.js with npm, and Python with venv.
        #[arg(long)]
        external: bool,
    },
    /// Say what the changes of spec/openapi.yaml since a revision mean for clients, and whether its version and the changelog follow.
    ///
    /// Exits with 1 if `info.version` or CHANGELOG.md has not moved enough.
    Diff {
        /// The revision to compare with, instead of the newest release tag (vX.Y.Z) or, before the first release, the commit that
        /// brought the document in.
        #[arg(long, value_name = "REV")]
        base: Option<String>,
    },
    /// Measure, as ratios in one run.
    Bench {
        #[command(subcommand)]
        what: Bench,
    },
    /// Carry out the recipes of CONTRIBUTING.md on copies of the project, and run its tests there. Takes minutes.
    Rehearse,
}

#[derive(Subcommand)]
enum Bench {
    /// What draining a large task costs: the SDK against a hand-written loop. Linux only.
    Sdk,
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let outcome = match Arguments::parse().command {
        Command::Generate { check: true, .. } => generate::run(root, Mode::Check),
        Command::Generate { accept: true, .. } => generate::run(root, Mode::Accept),
        Command::Generate { .. } => generate::run(root, Mode::Write),
        Command::Lint { external } => sound::run(root).and_then(|own| match external {
            true => external::run(root).map(|others| own.worse(others)),
            false => Ok(own),
        }),
        Command::Diff { base } => diff::run(root, base.as_deref()),
        Command::Bench { what: Bench::Sdk } => bench::sdk(root),
        Command::Rehearse => rehearse::run(root),
    };
    let outcome = outcome.unwrap_or_else(|error| {
        report(&format!("error: {error:#}"));
        Outcome::Broken
    });
    ExitCode::from(outcome.exit_code())
}

fn report(text: &str) {
    use std::io::Write as _;
    let _closed_pipe = writeln!(std::io::stderr(), "{text}");
}
