//! `cargo xtask bench export`: a million subtasks in a file, in one go and killed half way. Fails unless every row is there
//! once, both files are the same, and memory stays within the bound of the SDK.

use std::collections::HashSet;
use std::fs::{self, File};
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use super::needs_linux;
use crate::emulator::{self, Emulator};
use crate::{Outcome, print};

const ROWS: u64 = 1_000_000;
/// What `cargo xtask bench sdk` allows a read of so many rows with the repeat check on.
const GROWN_MIB: f64 = 32.0;
/// How often memory and record are looked at.
const LOOK: Duration = Duration::from_millis(5);

/// What is exported: the options, and in how many lines more than rows.
const CASES: [(&str, &[&str], u64); 3] = [
    ("jsonl, whole task", &["--format", "jsonl"], 0),
    ("csv, whole task", &["--format", "csv"], 1),
    ("jsonl, Success", &["--format", "jsonl", "--status", "Success"], 0),
];

/// Runs the command in the project at `root`.
///
/// # Errors
/// When an export fails, or a file is not what it should be.
pub fn run(root: &Path) -> anyhow::Result<Outcome> {
    needs_linux()?;
    let program = emulator::build_with(root, &["--release"])?;
    let emulator = Emulator::start(&program, &["--quota", "0", "--subtasks", &ROWS.to_string()])?;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let bench = Bench { program, url: emulator.url().to_owned(), folder: folder.path().to_owned() };

    let base = bench.base()?;
    print(&format!(
        "{ROWS} subtasks from the emulator without a quota; MiB beyond the {base:.1} that two rows take"
    ));
    print(&format!("{:20} {:12} {:>9} {:>8} {:>18}", "case", "run", "rows", "wall s", "MiB grown"));
    let mut within = true;
    for (name, options, heading) in CASES {
        let mut show = |run: &str, rows: u64, (peak, wall): (f64, Duration)| {
            let grown = peak - base;
            let verdict = if grown <= GROWN_MIB { "<=" } else { "OVER" };
            within &= grown <= GROWN_MIB;
            let wall = wall.as_secs_f64();
            print(&format!(
                "{name:20} {run:12} {rows:>9} {wall:>8.1} {:>18}",
                format!("{grown:.1} ({verdict} {GROWN_MIB:.0})")
            ));
        };
        let whole = bench.export("whole", options)?.finish()?;
        let rows = distinct_lines(&bench.path("whole"))? - heading;
        ensure!(
            options.contains(&"--status") || rows == ROWS,
            "{name}: {rows} distinct rows came, not {ROWS}"
        );
        show("in one go", rows, whole);

        let mut killed = bench.export("parts", options)?;
        let half = killed.until_written(&bench.path("parts.part.json"), rows / 2)?;
        let figures = (killed.peak, killed.begun.elapsed());
        // From here on it is dead.
        drop(killed);
        show("killed at", half, figures);
        let resumed = bench.export("parts", &[options, &["--resume"]].concat())?.finish()?;
        show("resumed", rows, resumed);
        ensure!(are_equal(&bench.path("whole"), &bench.path("parts"))?, "{name}: the two files differ");
        for file in ["whole", "parts"] {
            fs::remove_file(bench.path(file)).context("cannot remove a file")?;
        }
    }
    print(
        "every row is there once; a file that was resumed is byte for byte the one that was written in one go",
    );
    Ok(if within { Outcome::Done } else { Outcome::Broken })
}

struct Bench {
    program: PathBuf,
    url: String,
    folder: PathBuf,
}

impl Bench {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// What an export takes that has hardly begun, and waits for its quota after a login and two calls.
    fn base(&self) -> anyhow::Result<f64> {
        let options = ["--format", "jsonl", "--page-size", "1", "--status", "Fail"];
        let mut export = self.start("base", "3", &options)?;
        export.until_written(&self.path("base.part.json"), 2)?;
        export.has_ended()?;
        Ok(export.peak)
    }

    fn export(&self, name: &str, options: &[&str]) -> anyhow::Result<Export> {
        self.start(name, "0", options)
    }

    fn start(&self, name: &str, quota: &str, options: &[&str]) -> anyhow::Result<Export> {
        let log = self.path("stderr");
        let process = Command::new(&self.program)
            .args(["--endpoint", &self.url, "--app-id", "demo-app", "--quota", quota, "export", "demo"])
            .args(options)
            .arg("--out")
            .arg(self.path(name))
            .env("NORTHBOUND_SECRET", "demo-secret")
            .env_remove("NORTHBOUND_TOKEN")
            .stdin(Stdio::null())
            .stderr(File::create(&log).context("cannot write a log")?)
            .spawn()
            .context("cannot start the export")?;
        Ok(Export { process, log, peak: 0.0, begun: Instant::now() })
    }
}

/// An export under way; it is killed when it is dropped.
struct Export {
    process: Child,
    log: PathBuf,
    /// The most memory that it has had at once, in MiB.
    peak: f64,
    begun: Instant,
}

impl Export {
    /// Peak of memory and time of the whole run.
    fn finish(mut self) -> anyhow::Result<(f64, Duration)> {
        while !self.has_ended()? {
            sleep(LOOK);
        }
        Ok((self.peak, self.begun.elapsed()))
    }

    /// Waits until the record tells of so many rows; returns of how many it tells.
    fn until_written(&mut self, record: &Path, rows: u64) -> anyhow::Result<u64> {
        loop {
            let text = fs::read(record).unwrap_or_default();
            let told: Value = serde_json::from_slice(&text).unwrap_or_default();
            if let Some(written) = told["written"]["subtasks"]["all"].as_u64().filter(|all| *all >= rows) {
                return Ok(written);
            }
            ensure!(!self.has_ended()?, "the export ended before it could be killed");
            sleep(LOOK);
        }
    }

    /// Whether it has ended well; else looks at its memory.
    fn has_ended(&mut self) -> anyhow::Result<bool> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap_or_default();
        // A process that has ended has no memory any more.
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        if let Some(kib) = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<f64>().ok()) {
            self.peak = self.peak.max(kib / 1024.0);
        }
        match self.process.try_wait().context("cannot wait for the export")? {
            None => Ok(false),
            Some(status) if status.success() => Ok(true),
            Some(_) => bail!("the export failed: {}", fs::read_to_string(&self.log).unwrap_or_default()),
        }
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn distinct_lines(path: &Path) -> anyhow::Result<u64> {
    let (hasher, mut lines) = (RandomState::new(), HashSet::new());
    let mut file = BufReader::new(File::open(path).context("cannot read the export")?);
    let mut line = Vec::new();
    let mut all = 0;
    while file.read_until(b'\n', &mut line).context("cannot read the export")? > 0 {
        ensure!(line.ends_with(b"\n"), "the last line is not whole");
        lines.insert(hasher.hash_one(&line));
        line.clear();
        all += 1;
    }
    ensure!(lines.len() == all, "{} of {all} lines came twice", all - lines.len());
    Ok(all as u64)
}

fn are_equal(one: &Path, other: &Path) -> anyhow::Result<bool> {
    let open = |path| File::open(path).map(BufReader::new).context("cannot read the export");
    let (mut one, mut other) = (open(one)?.bytes(), open(other)?.bytes());
    loop {
        match (one.next().transpose()?, other.next().transpose()?) {
            (None, None) => return Ok(true),
            (one, other) if one != other => return Ok(false),
            _ => {}
        }
    }
}
