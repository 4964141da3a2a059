//! The command: options, the server, and the report as it grows.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::{Facts, Http, Subject, Verdict, examine};

/// Hold a server that claims to be this API to the document: black box, over HTTP, a line for each promise.
///
/// It logs in several times, with wrong credentials too, and makes some 200 calls; where the server throttles, it waits. The
/// defaults fit the demo of the emulator. Exits with 0 if no check failed, with 1 if one did or if the server cannot be asked.
#[derive(Clone, Debug, clap::Parser)]
#[command(name = "northbound-conformance", version)]
pub struct Options {
    /// Base URL of the server, such as `https://platform.example:8743`
    #[arg(long, value_name = "URL")]
    url: String,
    /// The application that asks. Its earlier tokens are cancelled, whoever uses them
    #[arg(long, value_name = "ID", default_value = "demo-app")]
    app_id: String,
    /// File that holds its secret [default: the secret in NORTHBOUND_SECRET, else that of the demo]
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// A batch task of the application, with some subtasks that no longer move
    #[arg(long, value_name = "ID", default_value = "demo")]
    task: String,
    /// An application that exists and has not authorized the first one
    #[arg(long, value_name = "ID")]
    stranger: Option<String>,
    /// Also check when calls are throttled: this spends the quota of the application twice, and takes two minutes
    #[arg(long)]
    throttle: bool,
    /// Also check whether a token ends: this waits for its whole lifetime
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
            None => std::env::var("NORTHBOUND_SECRET").unwrap_or_else(|_| "demo-secret".to_owned()),
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

/// Runs the command, and prints its report; whether no check failed.
///
/// # Errors
/// When the server cannot be reached, or does not let the application in.
pub fn run(options: &Options) -> anyhow::Result<bool> {
    let Options { url, app_id, task, .. } = options;
    let (facts, subject) = (Facts::of_this_version()?, options.subject()?);
    let mut server = Http::new(url, options.ca.as_deref())?;
    print(&format!("{url}: application {app_id}, batch task {task}"));
    let lines = examine(&mut server, &facts, &subject, |line| print(&line.to_string()))?;
    let count = |is: fn(&Verdict) -> bool| lines.iter().filter(|line| is(&line.verdict)).count();
    let (passed, failed) =
        (count(|verdict| *verdict == Verdict::Pass), count(|verdict| matches!(verdict, Verdict::Fail(_))));
    print(&format!("{passed} passed, {failed} failed, {} skipped", lines.len() - passed - failed));
    Ok(failed == 0)
}

/// A closed pipe is no error.
pub(crate) fn print(text: &str) {
    let _closed_pipe = writeln!(std::io::stdout(), "{text}");
}
