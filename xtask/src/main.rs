//! `cargo xtask`: parses the command line and hands over to the library.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{
    DOCUMENT, Outcome, api, browser, cargo_in, conformance, diff, dist, docs, emulator, external, generate,
    languages, load, print, rehearse, schemathesis, target_folder, tools,
};

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
    /// Compare the public API of the crates that others depend on with crates/*/api.txt, and these with the last release.
    ///
    /// Shows what changed and exits with 4, or with 1 if something is gone that the version promises. The listings are what the rustdoc of one toolchain says: see xtask/src/api.rs.
    Api {
        /// Write the listings anew, after you have read the changes.
        #[arg(long)]
        accept: bool,
    },
    /// Report what breaks a rule of ours, or the official schema, in spec/openapi.yaml, each with its line and what to do.
    ///
    /// What well-known linters report is left to them: see `--external`.
    Lint {
        /// Ask Redocly CLI, Spectral, openapi-spec-validator and openapi-schema-validator as well. Needs Node.js with npm, and
        /// Python with venv.
        #[arg(long)]
        external: bool,
    },
    /// Say what the changes of spec/openapi.yaml since a revision mean for clients, and whether its version and the changelog follow.
    ///
    /// Exits with 1 if `info.version` or CHANGELOG.md has not moved enough. Needs Go, for oasdiff.
    Diff {
        /// The revision to compare with, instead of the newest release tag (vX.Y.Z) or, before the first release, the commit that
        /// brought the document in.
        #[arg(long, value_name = "REV")]
        base: Option<String>,
        /// Instead, classify the edits of xtask/tools/diff/edits.toml, whose class is known
        #[arg(long, conflicts_with = "base")]
        yardstick: bool,
    },
    /// Make clients in other languages of the document, and run one table of scenarios with them against the emulator.
    ///
    /// Then compiles two more clients, carries out the steps that each client's README.md gives to newcomers, and writes the tables in
    /// spec/clients/README.md; exits with 4 if these change. Needs a network, and Python, Node.js, Go, a JDK and Maven; says what is
    /// missing.
    Languages {
        /// Only this client; may be given several times.
        #[arg(long, value_name = "CLIENT", value_parser = languages::all_clients().map(|(name, _)| name).collect::<Vec<_>>())]
        only: Vec<String>,
    },
    /// Write the docs page of the emulator as files.
    Docs {
        /// Where to write the files [default: docs in the target folder]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Use the docs page and reports of the command in a browser, as a person would. Needs Chromium, and Node.js with npm.
    Browser {
        /// Take the pictures for the READMEs again
        #[arg(long)]
        pictures: bool,
    },
    /// Make what is handed out, in the folder `dist` of the target folder, and try it in empty environments. Takes minutes.
    ///
    /// That is the command as a program for Linux on x86-64 and as a Python wheel, the packages of the crates, and their checksums.
    /// Needs Python with venv, and PyPI.
    Dist {
        /// Then make it again in another folder, and compare the bytes
        #[arg(long)]
        reproduce: bool,
    },
    /// Hold a server that claims to be this API to the document: black box, over HTTP, a line for each promise.
    ///
    /// It logs in several times, with wrong credentials too, and makes some 150 calls; where the server throttles, it waits.
    Conformance(conformance::Options),
    /// Let Schemathesis fuzz the emulator and the gateway by their documents. Needs Python 3 and PyPI; takes minutes.
    Schemathesis {
        /// Requests that are made up in each of the four runs
        #[arg(long, value_name = "N", default_value_t = 1000)]
        examples: usize,
    },
    /// Measure what a page through the gateway costs beside a page of the SDK, and what waiting callers need. Takes minutes.
    Bench {
        #[arg(value_parser = ["gateway"])]
        what: String,
    },
    /// Carry out the recipes of xtask/recipes on copies of the project, and run its tests there. Takes minutes.
    Rehearse,
}

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."));
    let outcome = match Arguments::parse().command {
        Command::Generate { check: true, .. } => generate::check(root),
        Command::Generate { accept, .. } => generate::run(root, accept),
        Command::Api { accept } => api::run(root, accept),
        Command::Languages { only } => languages::run(root, &only),
        Command::Lint { external } => load::read_checked(root).and_then(|_| {
            print(&format!("{DOCUMENT}: nothing to find fault with"));
            if external { external::run(root) } else { Ok(Outcome::Done) }
        }),
        Command::Diff { yardstick: true, .. } => diff::run_yardstick(root),
        Command::Diff { base, .. } => diff::run(root, base.as_deref()),
        Command::Dist { reproduce } => dist::run(root, reproduce),
        Command::Docs { out } => {
            let folder = out.unwrap_or_else(|| target_folder(root).join("docs"));
            emulator::build(root).and_then(|northbound| docs::write(root, &northbound, &folder)).map(|()| {
                print(&format!("the docs page is {}", folder.join("index.html").display()));
                Outcome::Done
            })
        }
        Command::Browser { pictures } => browser::run(root, pictures),
        Command::Conformance(options) => conformance::run(root, &options),
        Command::Schemathesis { examples } => schemathesis::run(root, examples),
        Command::Bench { what } => {
            let bench = ["bench", "--quiet", "--package", &format!("northbound-{what}"), "--bench", "page"];
            tools::output(&mut cargo_in(root, &target_folder(root), &bench)).map(|figures| {
                print(&figures);
                Outcome::Done
            })
        }
        Command::Rehearse => rehearse::run(root),
    };
    let outcome = outcome.unwrap_or_else(|error| {
        let _closed_pipe = writeln!(std::io::stderr(), "error: {error:#}");
        Outcome::Broken
    });
    ExitCode::from(outcome as u8)
}
