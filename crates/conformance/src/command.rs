//! The command: options, the server, and the report as it grows.

use std::fs;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::examine::examine;
use crate::facts::Facts;
use crate::http::Http;
use crate::report::{Verdict, print};
use crate::session::Subject;

/// Hold a server that claims to be this API to the document: black box, over HTTP, a line for each promise.
///
/// It logs in several times, with wrong credentials too, and makes some 200 calls; where the server throttles, it waits. The
/// defaults fit the demo of the emulator. Exits with 0 if no check failed, with 1 if one did or if the server cannot be asked.
#[derive(Clone, clap::Parser)]
#[command(name = "northbound-conformance", version)]
pub struct Options {
    /// Base URL of the server, such as `https://platform.example:8743`
    #[arg(long, value_name = "URL")]
    url: String,
    #[command(flatten)]
    subject: Subject,
    /// File that holds its secret [default: the secret in NORTHBOUND_SECRET, else that of the demo]
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// File with the certificate of the authority to trust [default: those that the web trusts]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
}

impl Options {
    fn secret(&self) -> anyhow::Result<String> {
        let Some(path) = &self.secret_file else {
            return Ok(std::env::var("NORTHBOUND_SECRET").unwrap_or_else(|_| "demo-secret".to_owned()));
        };
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// Runs the command, and prints its report; whether no check failed.
///
/// # Errors
/// When the server cannot be reached, or does not let the application in.
pub fn run(options: &Options) -> anyhow::Result<bool> {
    let (facts, url) = (Facts::of_this_version()?, &options.url);
    let subject = Subject { secret: options.secret()?, ..options.subject.clone() };
    let mut server = Http::new(url, options.ca.as_deref())?;
    print(&format!("{url}: application {}, batch task {}", subject.app_id, subject.task));
    let lines = examine(&mut server, &facts, &subject, |line| print(&line.to_string()))?;
    let count = |is: fn(&Verdict) -> bool| lines.iter().filter(|line| is(&line.verdict)).count();
    let (passed, failed) =
        (count(|verdict| *verdict == Verdict::Pass), count(|verdict| matches!(verdict, Verdict::Fail(_))));
    print(&format!("{passed} passed, {failed} failed, {} skipped", lines.len() - passed - failed));
    Ok(failed == 0)
}
