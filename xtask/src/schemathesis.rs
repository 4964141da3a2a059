//! `cargo xtask schemathesis`: lets a fuzzer hold the emulator against the document.
//!
//! Schemathesis knows nothing of us: it reads the document, makes requests that keep to it and requests that do not, and
//! judges the replies. A run in which a broken token got nothing but refusals would be clean as well, so each run has to
//! show which replies it got.

mod tally;

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Context as _;

use crate::emulator::{self, Emulator};
use crate::tools::Tools;
use crate::{DOCUMENT, Outcome, print};
use tally::Tally;

/// What is installed, every package with its version.
const REQUIREMENTS: &str = "xtask/schemathesis/requirements.txt";

/// The same requests every time.
const SEED: &str = "1";

/// It wants 401 where a header is missing; this platform answers 403.
const NOT_OURS: &str = "missing_required_header";

/// One run of the fuzzer.
struct Run {
    operation: &'static str,
    /// Whether its requests keep to the document.
    mode: &'static str,
    /// What the emulator knows, for the fuzzer to ask for.
    configuration: Option<&'static str>,
    /// The status that such requests are for, and the share of the replies that must have it, in percent.
    status: u16,
    share: usize,
}

/// The login is run apart: the fuzzer would cancel its own token, and see nothing but 403 from then on.
const RUNS: [Run; 4] = [
    Run { operation: LIST, mode: "positive", configuration: Some(SUBTASKS), status: 200, share: 70 },
    Run { operation: LIST, mode: "negative", configuration: Some(SUBTASKS), status: 400, share: 80 },
    Run { operation: LOGIN, mode: "positive", configuration: Some("login.toml"), status: 200, share: 70 },
    // A form has texts alone, so a value of another type is a wrong secret (401) and no wrong form.
    Run { operation: LOGIN, mode: "negative", configuration: None, status: 400, share: 20 },
];

const LIST: &str = "listSubtasks";
const LOGIN: &str = "login";
const SUBTASKS: &str = "subtasks.toml";

/// The headers of an application that has logged in.
fn log_in(url: &str) -> anyhow::Result<Vec<(String, String)>> {
    let form = [("appId", "demo-app"), ("secret", "demo-secret")];
    let mut reply = ureq::post(format!("{url}/iocm/app/sec/v1.1.0/login")).send_form(form)?;
    let body: serde_json::Value = serde_json::from_str(&reply.body_mut().read_to_string()?)?;
    let token =
        body.get("accessToken").and_then(serde_json::Value::as_str).context("a login without a token")?;
    let headers = [("app_key", "demo-app".to_owned()), ("Authorization", format!("Bearer {token}"))];
    Ok(headers.map(|(name, value)| (name.to_owned(), value)).to_vec())
}

/// Runs the command in the project at `root`, with so many examples in each run.
///
/// # Errors
/// When the fuzzer cannot be had or run, or when a run did not see what it is for.
pub fn run(root: &Path, examples: usize) -> anyhow::Result<Outcome> {
    let programs = Tools::of(root).python("schemathesis", &root.join(REQUIREMENTS))?;
    let emulator = Emulator::start(&emulator::build(root)?, &["--quota", "0"])?;
    let reports = tempfile::tempdir().context("cannot make a folder for the reports")?;
    let mut outcome = Outcome::Done;
    for run in &RUNS {
        print(&format!("{}, {} requests", run.operation, run.mode));
        let report = reports.path().join(format!("{}-{}.har", run.operation, run.mode));
        let configuration = run.configuration.map(|name| root.join("xtask/schemathesis").join(name));
        let headers = match run.operation {
            LOGIN => Vec::new(),
            _ => log_in(emulator.url())?,
        };
        let output = Command::new(programs.join("st"))
            .args(configuration.iter().flat_map(|path| [OsStr::new("--config-file"), path.as_os_str()]))
            .arg("run")
            .arg(root.join(DOCUMENT))
            .args(["--url", emulator.url(), "--include-operation-id", run.operation, "--mode", run.mode])
            .args(["--checks", "all", "--exclude-checks", NOT_OURS])
            .args(["--max-examples", &examples.to_string(), "--seed", SEED])
            .args(["--generation-database", "none", "--no-color", "--report", "har", "--report-har-path"])
            .arg(&report)
            .args(
                headers.iter().flat_map(|(name, value)| ["--header".to_owned(), format!("{name}: {value}")]),
            )
            // It leaves nothing behind where it runs.
            .current_dir(reports.path())
            .output()
            .context("cannot run Schemathesis")?;
        if !output.status.success() {
            print(&String::from_utf8_lossy(&output.stdout));
            print(&String::from_utf8_lossy(&output.stderr));
            outcome = Outcome::Broken;
        }
        let tally = Tally::of(&fs::read_to_string(&report).context("Schemathesis left no report")?)?;
        print(&format!("    {tally}"));
        tally.expect(run.status, run.share, examples)?;
    }
    if outcome == Outcome::Done {
        print("Schemathesis finds nothing");
    }
    Ok(outcome)
}
