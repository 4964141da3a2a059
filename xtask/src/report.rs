//! `cargo xtask report`: reports that the command writes, and what a browser makes of them.

mod fleet;
mod seen;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use self::seen::{Listed, faults_of};
use crate::browser::seen::{self as browsed, Seen};
use crate::browser::{self, Browser};
use crate::emulator::{self, Emulator};
use crate::{Outcome, print, target_folder, tools};

/// The picture that the READMEs show.
const PICTURE: &str = "crates/cli/report.png";
/// What fits into a README without weighing on those who clone it, in bytes.
const LARGEST_PICTURE: usize = 150_000;
/// How many devices of the large task failed.
const MANY: u64 = 100_000;

/// The ways in which a report is looked at: medium (a screen unless it is named), width, whether in dark colours. A phone has 40 columns of text, and a sheet
/// of A4 is 688 pixels wide within its margins.
const LOOKS: [(&str, &str, u32, bool); 6] = [
    ("light", "", 1200, false),
    ("dark", "", 1200, true),
    ("phone", "", 340, false),
    ("dark-phone", "", 340, true),
    ("paper", "print", 688, false),
    ("paper-of-dark", "print", 688, true),
];

/// What a person does: turns pages, sorts, searches, opens a row, prints.
const USE: &str = include_str!("report/use.js");
/// What can be read and what sticks out, in the colours and the width of the moment.
const LOOK: &str = include_str!("report/look.js");
/// What stands on the page where scripts do not run.
const STILL: &str = "({ tools: document.getElementById('tools')?.hidden, \
                     told: document.body.innerText.includes('JavaScript'), \
                     shown: document.querySelectorAll('table.reasons tbody tr').length })";

/// What to do.
#[derive(Args, Debug)]
pub struct Options {
    /// Where to write the reports [default: report in the target folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Look at the reports in headless Chromium as well: uses them as a person would, wants no error and no request
    #[arg(long)]
    check: bool,
    /// Take the picture for the READMEs anew
    #[arg(long, requires = "check")]
    picture: bool,
}

/// A report, and what it has to list.
struct Report {
    name: &'static str,
    path: PathBuf,
    listed: Listed,
}

/// Runs the command in the project at `root`.
///
/// # Errors
/// When the command cannot be built, an emulator cannot be started, a report cannot be written, or the browser is missing.
pub fn run(root: &Path, options: &Options) -> anyhow::Result<Outcome> {
    let northbound = emulator::build(root)?;
    let folder = options.out.clone().unwrap_or_else(|| target_folder(root).join("report"));
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let folder = fs::canonicalize(&folder).with_context(|| format!("cannot find {}", folder.display()))?;
    let reports = write(&northbound, &folder)?;
    for report in &reports {
        print(&format!("{}: {}", report.name, report.path.display()));
    }
    if !options.check {
        return Ok(Outcome::Done);
    }
    let mut browser = Browser::start(1200, 1000)?;
    let mut faults = Vec::new();
    for report in &reports {
        let found = look(&mut browser, report, &folder)?;
        faults.extend(found.into_iter().map(|fault| format!("{}: {fault}", report.name)));
    }
    if !faults.is_empty() {
        print(&format!("the reports have faults:\n{}", faults.join("\n")));
        return Ok(Outcome::Broken);
    }
    print("the reports show, page, sort, search and print what the platform said, and ask for nothing");
    if options.picture {
        take_picture(root, &mut browser, &reports[0])?;
    }
    Ok(Outcome::Done)
}

/// Writes a report of each kind: of the demo task, of names that mean harm, and of very many devices.
fn write(northbound: &Path, folder: &Path) -> anyhow::Result<Vec<Report>> {
    let demo = Asked { northbound, endpoint: None, task: "demo" };
    let hostile = Asked { northbound, endpoint: Some(fleet::serve()?), task: "demo" };
    let (_emulator, url) = many(northbound, folder)?;
    let many = Asked { northbound, endpoint: Some(url), task: "many" };
    [("demo", demo), ("hostile", hostile), ("many", many)]
        .into_iter()
        .map(|(name, asked)| {
            let path = folder.join(format!("{name}.html"));
            asked.command(&["report", asked.task, "--out"], Some(&path))?;
            let rows =
                asked.command(&["subtasks", asked.task, "--status", "Fail,Timeout", "-o", "jsonl"], None)?;
            Ok(Report { name, path, listed: Listed::read(&rows)? })
        })
        .collect()
}

/// A platform to ask with the command, and for what.
struct Asked<'a> {
    northbound: &'a Path,
    /// Without one, the emulator inside the command is asked.
    endpoint: Option<String>,
    task: &'a str,
}

impl Asked<'_> {
    fn command(&self, words: &[&str], file: Option<&Path>) -> anyhow::Result<String> {
        let mut command = Command::new(self.northbound);
        match &self.endpoint {
            None => command.arg("--emulator"),
            Some(url) => command
                .args(["--endpoint", url, "--app-id", "demo-app", "--quota", "0"])
                .env("NORTHBOUND_SECRET", "demo-secret"),
        };
        tools::output(command.args(words).args(file))
    }
}

/// An emulator with a task all of whose devices failed.
fn many(northbound: &Path, folder: &Path) -> anyhow::Result<(Emulator, String)> {
    let scenario = folder.join("many.toml");
    let life = "{ sending_seconds = 1, answer_seconds = 1, timeout_seconds = 1, \
                outcomes = { success = 0, fail = 9, timeout = 1 } }";
    let text = format!(
        "clock = \"manual\"\n\
         [[applications]]\nid = \"demo-app\"\nsecret = \"demo-secret\"\n\
         [[tasks]]\nid = \"many\"\napplication = \"demo-app\"\n\
         content = {{ kind = \"generated\", subtasks = {MANY}, life = {life} }}\n"
    );
    fs::write(&scenario, text).with_context(|| format!("cannot write {}", scenario.display()))?;
    let emulator = Emulator::start(northbound, &["--scenario", &scenario.display().to_string()])?;
    emulator.post("/_emulator/clock/advance", &json!({ "milliseconds": 10_000 }))?;
    let url = emulator.url().to_owned();
    Ok((emulator, url))
}

/// Looks at one report; what is wrong with it.
fn look(browser: &mut Browser, report: &Report, folder: &Path) -> anyhow::Result<Vec<String>> {
    let url = browser::file_url(&report.path);
    let text = fs::read_to_string(&report.path).context("cannot read the report")?;
    let mut faults = seen::faults_of_text(&text);
    browser.resize(1200, 1000)?;
    browser.imitate("", false)?;
    browser.open(&url)?;
    let used = browser.evaluate(&format!("({USE})({})", report.listed.sought()))?;
    faults.extend(faults_of(&used, &report.listed));
    for (name, medium, width, dark) in LOOKS {
        browser.resize(width, 1000)?;
        browser.imitate(medium, dark)?;
        if medium == "print" {
            browser.evaluate("dispatchEvent(new Event('beforeprint'))")?;
        }
        let looks = browser.evaluate(LOOK)?;
        faults.extend(seen::faults_of_looks(name, &looks));
        keep(folder, report.name, name, "png", &browser.picture()?)?;
    }
    browser.imitate("", false)?;
    browser.resize(1200, 1000)?;
    let paper = browser.paper()?;
    faults.extend(seen::faults_of_paper(&paper, &report.listed));
    keep(folder, report.name, "paper", "pdf", &paper)?;
    faults.extend(browsed::faults(&Seen::of(&browser.events()), &url));
    browser.allow_scripts(false)?;
    browser.open(&url)?;
    let still = browser.evaluate(STILL)?;
    faults.extend(seen::faults_of_still(&still));
    browser.allow_scripts(true)?;
    browser.events();
    tell_times(report, &used, text.len());
    Ok(faults)
}

/// For whoever judges the look.
fn keep(folder: &Path, report: &str, name: &str, kind: &str, data: &[u8]) -> anyhow::Result<()> {
    let path = folder.join(format!("{report}-{name}.{kind}"));
    fs::write(&path, data).with_context(|| format!("cannot write {}", path.display()))
}

/// Times depend on the machine, so they are told and not judged.
fn tell_times(report: &Report, used: &Value, bytes: usize) {
    let time = |name: &str| used["times"][name].as_f64().unwrap_or(f64::NAN);
    print(&format!(
        "{}: {} devices in {:.1} MB, first paint after {:.0} ms, script {:.0} ms, sort {:.0} ms, search {:.0} ms",
        report.name,
        report.listed.devices(),
        bytes as f64 / 1e6,
        time("paint"),
        time("ready"),
        time("sort"),
        time("search"),
    ));
}

fn take_picture(root: &Path, browser: &mut Browser, report: &Report) -> anyhow::Result<()> {
    browser.resize(1200, 1000)?;
    browser.imitate("", false)?;
    browser.open(&browser::file_url(&report.path))?;
    browser.take_picture(root, PICTURE, LARGEST_PICTURE)
}
