//! wrk: one thread, eight connections, and proof that every reply was whole.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use super::call::Call;

const CONNECTIONS: u64 = 8;

/// What a run of wrk found.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Run {
    pub(super) requests: u64,
    /// Replies with an error status, and connections that failed.
    failed: u64,
    bytes: u64,
    seconds: f64,
    pub(super) p99_ms: f64,
}

impl Run {
    pub(super) fn requests_a_second(&self) -> f64 {
        self.requests as f64 / self.seconds
    }

    /// Whether every reply was a success and had `length` bytes. A reply may be under way on each connection at the end.
    pub(super) fn check(&self, length: u64) -> anyhow::Result<()> {
        let Self { requests, failed, bytes, .. } = self;
        if *requests == 0 || *failed > 0 {
            bail!("{failed} of {requests} requests failed");
        }
        let whole = requests * length..=(requests + CONNECTIONS) * length;
        if !whole.contains(bytes) {
            bail!("{requests} replies of {length} bytes each cannot be {bytes} bytes in all");
        }
        Ok(())
    }
}

/// Repeats a call for so many seconds. `folder` is for wrk's script.
pub(super) fn run(call: &Call, seconds: u32, folder: &Path) -> anyhow::Result<Run> {
    let script = folder.join("wrk.lua");
    std::fs::write(&script, include_str!("wrk.lua")).context("cannot write wrk's script")?;
    let mut wrk = Command::new("wrk");
    wrk.args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{seconds}s"), "-s"]).arg(script);
    for (name, value) in &call.headers {
        wrk.args(["-H", &format!("{name}: {value}")]);
    }
    let output =
        wrk.arg(format!("http://{}{}", call.address, call.target)).output().context("cannot run wrk")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let figures = text.lines().find_map(|line| figures(line.strip_prefix("figures ")?));
    figures.with_context(|| format!("wrk: {text}{}", String::from_utf8_lossy(&output.stderr)))
}

fn figures(line: &str) -> Option<Run> {
    let figures: Vec<u64> = line.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
    let [requests, failed, bytes, duration_us, p99_us] = figures[..] else { return None };
    Some(Run { requests, failed, bytes, seconds: duration_us as f64 / 1e6, p99_ms: p99_us as f64 / 1e3 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(line: &str) -> Run {
        figures(line).unwrap_or_else(|| panic!("{line}"))
    }

    #[test]
    fn a_line_of_figures_is_read() {
        let run = run("1000 0 300000 2000000 1500");
        assert_eq!((run.requests_a_second(), run.p99_ms), (500.0, 1.5));
        assert_eq!(figures("1000 0 300000"), None);
    }

    #[test]
    fn every_reply_must_be_whole() {
        assert!(run("1000 0 300000 1 1").check(300).is_ok());
        assert!(run("1000 0 302400 1 1").check(300).is_ok(), "eight more are under way");
        assert!(run("1000 0 302401 1 1").check(300).is_err());
        assert!(run("1000 0 299999 1 1").check(300).is_err(), "one was short");
    }

    #[test]
    fn no_reply_may_fail_and_some_must_come() {
        assert!(run("1000 1 300000 1 1").check(300).is_err());
        assert!(run("0 0 0 1 1").check(300).is_err());
    }
}
