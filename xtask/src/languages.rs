//! `cargo xtask languages`: clients that generators make of the document, against the emulator. `spec/clients` has a folder for
//! each, with a script that makes it and runs it; here, what the clients hand out is judged.

mod exam;
mod table;
mod verdict;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::{Value, json};

use self::exam::{Mark, Sitting};
use self::table::Row;
use self::verdict::{Cell, Expectation, Got, Verdict, judge};
use crate::derived::{replace, unified_diff};
use crate::emulator::{self, Emulator};
use crate::{Outcome, load, markers, print, read, target_folder, tools};

/// The clients that run scenarios: their folders, and their names in the tables.
pub const CLIENTS: [(&str, &str); 5] = [
    ("python", "Python"),
    ("python-httpx", "Python, with httpx"),
    ("typescript", "TypeScript"),
    ("go", "Go"),
    ("java", "Java"),
];
/// Clients that are not generated, and only sit the exam.
const BY_HAND: [(&str, &str); 3] =
    [("rules", "Python, by hand"), ("command", "the command"), ("curl", "curl and jq")];
/// Those that keep to the quota when they ask the emulator.
const KEEP_QUOTA: [&str; 2] = ["rules", "command"];
/// The clients that are made and compiled, and not run.
const COMPILED: [&str; 2] = ["oapi-codegen", "rust"];

const CLIENTS_FOLDER: &str = "spec/clients";
const SCENARIOS: &str = "spec/clients/scenarios.json";
/// The page that has the tables.
const PAGE: &str = "spec/clients/README.md";
/// How many subtasks of the task `demo` failed, and the first of them: what the steps for newcomers print.
const FAILED: (usize, &str) = (115, "4d8dbbe5-a63b-4e7b-80bc-cbc1e7d426b7");

/// One thing that a program wants of the platform.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    name: String,
    /// `gateway` if the emulator of `gateway.toml` answers, instead of that of `emulator.toml`.
    #[serde(default)]
    emulator: Option<String>,
    /// What a runner does. It never sees what is expected.
    calls: Value,
    expect: Expectation,
}

/// Runs the command in the project at `root`, for these clients or, if there are none, for all.
///
/// # Errors
/// When the machine lacks a program, or a client cannot be made.
pub fn run(root: &Path, only: &[String]) -> anyhow::Result<Outcome> {
    let clients: Vec<_> =
        all_clients().filter(|(name, _)| only.is_empty() || only.iter().any(|one| one == name)).collect();
    let generated: Vec<_> = clients.iter().copied().filter(|client| CLIENTS.contains(client)).collect();
    let compiled: &[&str] = if only.is_empty() { &COMPILED } else { &[] };
    let missing = missing(root, clients.iter().map(|(name, _)| *name).chain(compiled.iter().copied()))?;
    ensure!(missing.is_empty(), "this machine lacks what the clients need:\n{missing}");

    let document = load::read_checked(root)?;
    let mut scenarios: Vec<Scenario> = serde_json::from_str(&read(root, SCENARIOS)?).context(SCENARIOS)?;
    let mut names = BTreeSet::new();
    for Scenario { name, emulator, expect, .. } in &mut scenarios {
        ensure!(names.insert(name.clone()), "{SCENARIOS}: {name:?} is there twice");
        let known = matches!(emulator.as_deref(), None | Some("gateway"));
        ensure!(known, "{SCENARIOS}: {name}: there is no emulator {emulator:?}");
        expect.resolve(document.value()).with_context(|| format!("{SCENARIOS}: {name}"))?;
    }
    let expected = table::read(root)?;
    let northbound = emulator::build(root)?;
    let serve = |file: &str| {
        Emulator::start(&northbound, &["--scenario", &root.join("spec/clients").join(file).to_string_lossy()])
    };
    let (usual, gateway) = (serve("emulator.toml")?, serve("gateway.toml")?);
    // Scenarios reset theirs, which ends exams.
    let exams = serve("emulator.toml")?;

    let short_window = example(root)?;

    let mut rows: Vec<Row> = scenarios.iter().map(|one| Row::new(&one.name, one.name.clone())).collect();
    let mut marks: Vec<Row> = vec![Row::new("gateway", expected.label("gateway")?)];
    for (name, title) in &clients {
        print(&format!("{title}: made, then run: scenarios, the exam, and the exam through the gateway"));
        let is_generated = generated.iter().any(|(one, _)| one == name);
        let sitting = Sitting::begin(&exams, KEEP_QUOTA.contains(name))?;
        let through = Sitting::through_gateway(&exams, &short_window)?;
        let mut plan = [sitting.plan(), through.plan()].concat();
        for Scenario { name, emulator, calls, .. } in scenarios.iter().filter(|_| is_generated) {
            let mut calls = calls.clone();
            calls["name"] = json!(name);
            calls["url"] = json!(if emulator.is_some() { gateway.url() } else { usual.url() });
            plan.push(calls);
        }
        let got = got(script(root, name, "scenarios")?, &plan)?;
        for (row, scenario) in rows.iter_mut().zip(&scenarios).filter(|_| is_generated) {
            row.cells.push(judge(&scenario.expect, got.get(&scenario.name)));
        }
        let missed: Vec<_> = through.hand_in(&exams, &got)?.into_iter().filter(|mark| !mark.passed).collect();
        let words: Vec<_> = missed.iter().map(|Mark { mark, seen, .. }| format!("{mark}: {seen}")).collect();
        let verdict = if missed.is_empty() { Verdict::Pass } else { Verdict::Fails };
        marks[0].cells.push(Cell(verdict, words.join("; ")));
        for (index, mark) in (1..).zip(sitting.hand_in(&exams, &got)?) {
            if marks.len() == index {
                marks.push(Row::new(&mark.mark, expected.label(&mark.mark)?));
            }
            marks[index].cells.push(mark.cell());
        }
    }
    print(&expected.render("scenario", &rows, &generated));
    print(&expected.render("mark", &marks, &clients));
    let all: Vec<Row> = rows.iter().chain(&marks).cloned().collect();
    let surprises = expected.surprises(&all, &clients);
    if !surprises.is_empty() {
        print(&format!("not as {} says:\n{}", table::EXPECTED, surprises.join("\n")));
        return Ok(Outcome::Broken);
    }
    for name in compiled {
        print(&format!("{name}: generating and compiling"));
        tools::output(&mut script(root, name, "make")?)?;
    }
    let with_steps =
        clients.iter().filter(|(name, _)| root.join(CLIENTS_FOLDER).join(name).join("README.md").exists());
    for (name, title) in with_steps {
        print(&format!("{title}: the steps of its README.md, in an empty folder"));
        let mut serve = Command::new(&northbound);
        let gateway = Emulator::listening(serve.args(["gateway", "--emulator", "--listen", "127.0.0.1:0"]))?;
        let printed = tools::output(script(root, name, "steps")?.env("NORTHBOUND_ENDPOINT", gateway.url()))?;
        let is_right = printed.lines().count() == FAILED.0 && printed.starts_with(FAILED.1);
        ensure!(is_right, "{title}: not {} failed devices, the first {}, but\n{printed}", FAILED.0, FAILED.1);
    }
    if !only.is_empty() {
        return Ok(Outcome::Done);
    }
    let before = read(root, PAGE)?;
    let with_table = markers::fill(&before, "languages", &expected.render("scenario", &rows, &CLIENTS))?;
    let page = markers::fill(&with_table, "exam", &expected.render("mark", &marks, &clients))?;
    if page == before {
        return Ok(Outcome::Done);
    }
    print(&unified_diff(PAGE, &before, &page));
    replace(&root.join(PAGE), &page)?;
    Ok(Outcome::Stale)
}

/// All clients that are run.
pub fn all_clients() -> impl Iterator<Item = (&'static str, &'static str)> {
    CLIENTS.into_iter().chain(BY_HAND)
}

/// Builds the gateway with a quota that can be set, an example of its crate; where it is.
fn example(root: &Path) -> anyhow::Result<PathBuf> {
    let target = target_folder(root);
    let build = ["build", "--quiet", "--package", "northbound-gateway", "--example", "short_window"];
    tools::output(&mut crate::cargo_in(root, &target, &build))?;
    Ok(target.join("debug/examples/short_window"))
}

/// The script of a client, in an empty folder of its own.
fn script(root: &Path, name: &str, what: &str) -> anyhow::Result<Command> {
    let folder = target_folder(root).join("languages").join(format!("{name}-{what}"));
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut script = Command::new("sh");
    script.arg(root.join("spec/clients").join(name).join("run")).arg(what).current_dir(folder);
    Ok(script)
}

/// What the machine lacks, each program with how to get it.
fn missing<'a>(root: &Path, names: impl Iterator<Item = &'a str>) -> anyhow::Result<String> {
    let mut missing = BTreeSet::new();
    for name in names {
        let output = script(root, name, "check")?.output().context("cannot run sh")?;
        missing.extend(String::from_utf8_lossy(&output.stderr).lines().map(|line| format!("{line}\n")));
    }
    Ok(missing.into_iter().collect())
}

/// What the runner prints, by the name of the scenario.
fn got(mut script: Command, plan: &[Value]) -> anyhow::Result<HashMap<String, Got>> {
    #[derive(Deserialize)]
    struct Line {
        scenario: String,
        got: Got,
    }
    let file = tempfile::NamedTempFile::new().context("cannot make a file for the scenarios")?;
    fs::write(file.path(), json!(plan).to_string()).context("cannot write the scenarios")?;
    let printed = tools::output(script.arg(file.path()))?;
    let lines = printed.lines().map(|line| {
        let Line { scenario, got } =
            serde_json::from_str(line).with_context(|| format!("the runner prints {line}"))?;
        Ok((scenario, got))
    });
    lines.collect()
}
