//! `cargo xtask languages`: clients that generators make of the document, against the emulator.

mod client;
mod exam;
mod newcomer;
mod scenario;
mod table;
mod verdict;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

pub use client::Client;

use self::exam::{Marks, Sitting};
use self::scenario::{Kind, SCENARIOS, Scenario};
use self::table::{EXPECTED, Results};
use self::verdict::{Got, judge};
use crate::emulator::{self, Emulator};
use crate::{Outcome, load, print, read, tools};

/// Runs the command in the project at `root`, for these clients.
///
/// # Errors
/// When the machine lacks a program, or a client cannot be made.
pub fn run(root: &Path, clients: &[Client]) -> anyhow::Result<Outcome> {
    let missing = client::missing(clients);
    ensure!(missing.is_empty(), "this machine lacks what the clients need:\n{}", missing.join("\n"));
    let document = load::read_checked(root)?;
    let scenarios = scenario::read(&read(root, SCENARIOS)?, document.value())?;
    let cells = table::read(&read(root, EXPECTED)?, &scenarios)?;
    let failed = exam::read(&read(root, exam::EXPECTED)?)?;

    let northbound = emulator::build(root)?;
    let serve =
        |file: &str| Emulator::start(&northbound, &["--scenario", &root.join(file).to_string_lossy()]);
    let (usual, gateway) = (serve("spec/clients/emulator.toml")?, serve("spec/clients/gateway.toml")?);
    let address = |kind| match kind {
        Kind::Usual => usual.url().to_owned(),
        Kind::Gateway => gateway.url().to_owned(),
    };
    // Scenarios reset theirs, which ends exams.
    let exams = serve("spec/clients/emulator.toml")?;
    let plan = tempfile::NamedTempFile::new().context("cannot make a file for the scenarios")?;

    let workshop = client::Workshop::of(root);
    let (mut results, mut marks) = (Results::new(), Marks::new());
    for client in clients {
        print(&format!("{}: generating, compiling, running {} scenarios", client.title(), scenarios.len()));
        let runner = workshop.make(*client).with_context(|| client.title())?;
        let sitting = Sitting::begin(&exams)?;
        let calls = [scenario::plan(&scenarios, address)?, sitting.plan()].concat();
        let calls = serde_json::to_string_pretty(&calls).context(SCENARIOS)?;
        fs::write(plan.path(), calls).context("cannot write the scenarios")?;
        let got = got_of(runner, plan.path())?;
        results.extend(results_of(*client, &got, &scenarios));
        marks.insert(*client, sitting.hand_in(&exams, &got)?);
    }
    print(&format!("\n{}", table::show(&scenarios, clients, &results)));
    let (exam, unexpected) = exam::show(clients, &failed, &marks);
    print(&format!("\n{exam}"));
    let surprises = table::surprises(&scenarios, clients, &cells, &results);
    for (surprises, file) in [(&surprises, EXPECTED), (&unexpected, exam::EXPECTED)] {
        if !surprises.is_empty() {
            print(&format!("\nnot as {file} says:\n{}", surprises.join("\n")));
        }
    }
    if !surprises.is_empty() || !unexpected.is_empty() {
        return Ok(Outcome::Broken);
    }
    if clients == Client::ALL {
        print("oapi-codegen, and openapi-generator's Rust: generating and compiling");
        workshop.oapi_codegen().context("oapi-codegen")?;
        workshop.rust().context("openapi-generator's Rust")?;
    }
    newcomer::run(root, &northbound, clients)
}

#[derive(Deserialize)]
struct Line {
    scenario: String,
    got: Got,
}

/// What the runner prints, by the name of the scenario.
fn got_of(mut runner: Command, plan: &Path) -> anyhow::Result<HashMap<String, Got>> {
    let printed = tools::output(runner.arg(plan))?;
    let mut got = HashMap::new();
    for line in printed.lines() {
        let Line { scenario, got: one } =
            serde_json::from_str(line).with_context(|| format!("the runner prints {line}"))?;
        got.insert(scenario, one);
    }
    Ok(got)
}

fn results_of(client: Client, got: &HashMap<String, Got>, scenarios: &[Scenario]) -> Results {
    let judged =
        |Scenario { name, expect, .. }: &Scenario| ((client, name.clone()), judge(expect, got.get(name)));
    scenarios.iter().map(judged).collect()
}

/// The derived parts of `spec/README.md`: the table, and the examples.
pub(crate) fn readme(root: &Path, readme: &str, document: &serde_json::Value) -> anyhow::Result<String> {
    let scenarios = scenario::read(&read(root, SCENARIOS)?, document)?;
    let cells = table::read(&read(root, EXPECTED)?, &scenarios)?;
    let with_table = crate::markers::fill(readme, "languages", &table::render(&scenarios, &cells))?;
    let exam = exam::render(&exam::read(&read(root, exam::EXPECTED)?)?);
    let with_table = crate::markers::fill(&with_table, "exam", &exam)?;
    newcomer::with_examples(with_table, |path| read(root, path))
}
