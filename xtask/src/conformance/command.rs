//! The command: options, the server, and the report as it grows.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::facts::Facts;
use super::http::Http;
use super::session::{DEMO_APP_ID, DEMO_SECRET, DEMO_TASK, Subject};
use super::{Verdict, examine};
use crate::emulator::{self, Emulator};
use crate::{Outcome, load, print};

/// What the emulator knows when the command starts it: its demo, and an application that has authorized nobody.
const SCENARIO: &str = r#"
[[applications]]
id = "demo-app"
secret = "demo-secret"

[[applications]]
id = "stranger-app"
secret = "stranger-secret"
"#;

/// Which server, and what it knows that can be asked for. The defaults fit the demo of the emulator.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Base URL of the server, such as `https://platform.example:8743` [default: the project's emulator, started for this]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The application that asks. Its tokens of before are cancelled, whoever uses them
    #[arg(long, value_name = "ID", default_value = DEMO_APP_ID)]
    app_id: String,
    /// File that holds its secret [default: the secret in NORTHBOUND_SECRET, else that of the demo]
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// A batch task of the application, with some subtasks that no longer move
    #[arg(long, value_name = "ID", default_value = DEMO_TASK)]
    task: String,
    /// An application that exists and has not authorized the first one
    #[arg(long, value_name = "ID")]
    stranger: Option<String>,
    /// Also look when calls are throttled: this spends the quota of the application twice, and takes two minutes
    #[arg(long)]
    throttle: bool,
    /// Also look whether a token ends: this waits for its whole lifetime
    #[arg(long)]
    expiry: bool,
    /// File with the certificate of the authority to trust [default: those that the web trusts]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl Options {
    fn subject(&self) -> anyhow::Result<Subject> {
        let secret = match &self.secret_file {
            Some(path) => {
                let text =
                    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
                text.trim_end_matches(['\r', '\n']).to_owned()
            }
            None => std::env::var("NORTHBOUND_SECRET").unwrap_or_else(|_| DEMO_SECRET.to_owned()),
        };
        Ok(Subject {
            app_id: self.app_id.clone(),
            secret,
            task: self.task.clone(),
            stranger: self.stranger.clone(),
            throttle: self.throttle,
            expiry: self.expiry,
        })
    }
}

/// Runs the command in the project at `root`.
///
/// # Errors
/// When the server cannot be reached, or does not let the application in.
pub fn run(root: &Path, options: &Options) -> anyhow::Result<Outcome> {
    let facts = Facts::of(&load::read(root)?)?;
    let Some(url) = &options.url else { return run_on_emulator(root, &facts, options) };
    report(&facts, url, options, &options.subject()?)
}

fn run_on_emulator(root: &Path, facts: &Facts, options: &Options) -> anyhow::Result<Outcome> {
    let mut scenario = tempfile::NamedTempFile::new().context("cannot make a file for the scenario")?;
    scenario.write_all(SCENARIO.as_bytes()).context("cannot write the scenario")?;
    let path = scenario.path().to_string_lossy();
    let quota = if options.throttle { facts.quota.calls.to_string() } else { "0".to_owned() };
    let emulator = Emulator::start(&emulator::build(root)?, &["--scenario", &path, "--quota", &quota])?;
    let mut subject = options.subject()?;
    subject.stranger.get_or_insert_with(|| "stranger-app".to_owned());
    report(facts, emulator.url(), options, &subject)
}

fn report(facts: &Facts, url: &str, options: &Options, subject: &Subject) -> anyhow::Result<Outcome> {
    let mut server = Http::new(url, options.ca.as_deref())?;
    print(&format!("{url}: application {}, batch task {}", subject.app_id, subject.task));
    let lines = examine(&mut server, facts, subject, |line| print(&line.to_string()))?;
    let count = |is: fn(&Verdict) -> bool| lines.iter().filter(|line| is(&line.verdict)).count();
    let (passed, failed) =
        (count(|verdict| *verdict == Verdict::Pass), count(|verdict| matches!(verdict, Verdict::Fail(_))));
    print(&format!("{passed} passed, {failed} failed, {} skipped", lines.len() - passed - failed));
    Ok(if failed == 0 { Outcome::Done } else { Outcome::Broken })
}
