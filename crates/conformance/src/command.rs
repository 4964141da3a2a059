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
    /// File with the checks that this server is known to fail, a line each: the check, a colon, the reason
    #[arg(long, value_name = "FILE")]
    differences: Option<PathBuf>,
}

impl Options {
    fn secret(&self) -> anyhow::Result<String> {
        let Some(path) = &self.secret_file else {
            return Ok(std::env::var("NORTHBOUND_SECRET").unwrap_or_else(|_| "demo-secret".to_owned()));
        };
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// The checks that are known to fail, each with the reason.
    fn differences(&self) -> anyhow::Result<Vec<(String, String)>> {
        let Some(path) = &self.differences else { return Ok(Vec::new()) };
        let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let parts = lines.map(|line| line.split_once(": ").with_context(|| format!("no reason: {line}")));
        parts.map(|parts| parts.map(|(check, reason)| (check.to_owned(), reason.to_owned()))).collect()
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
    let mut differences = options.differences()?;
    let (mut passed, mut failed, mut skipped, mut differ) = (0, 0, 0, 0);
    examine(&mut server, &facts, &subject, |line| {
        let known = differences.iter().position(|(check, _)| *check == line.name);
        let counted = match (&line.verdict, known) {
            (Verdict::Fail(_), Some(known)) => {
                let (check, reason) = differences.remove(known);
                print(&format!("other {check}: {reason}"));
                differ += 1;
                return;
            }
            (Verdict::Pass, _) => &mut passed,
            (Verdict::Fail(_), None) => &mut failed,
            (Verdict::Skip(_), _) => &mut skipped,
        };
        *counted += 1;
        print(&line.to_string());
    })?;
    for (check, _) in &differences {
        print(&format!("FAIL  {check}: it is known to fail, and does not"));
    }
    let as_known = if differ > 0 { format!(", {differ} differ as is known") } else { String::new() };
    print(&format!("{passed} passed, {} failed, {skipped} skipped{as_known}", failed + differences.len()));
    Ok(failed == 0 && differences.is_empty())
}
