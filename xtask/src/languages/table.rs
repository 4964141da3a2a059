//! The table language × scenario: what is expected of each cell, and its rendering in `spec/README.md`.

use std::collections::HashMap;
use std::fmt::Write as _;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use super::client::Client;
use super::scenario::Scenario;
use super::verdict::{Judgement, Verdict};
use crate::ledger::is_sentence;

/// Where the cells stand that are not green, relative to the project.
pub(super) const EXPECTED: &str = "spec/clients/expected.toml";

/// A cell that is not green.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Cell {
    /// The scenario, by its name.
    pub(super) scenario: String,
    /// The client.
    pub(super) client: Client,
    /// How it goes; never a pass.
    pub(super) verdict: Verdict,
    /// What happens there, and what to do about it.
    pub(super) why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    #[serde(default)]
    cell: Vec<Cell>,
}

/// Reads the cells that are not green.
///
/// # Errors
/// When one is of no scenario, stands twice, is a pass or is not explained.
pub(super) fn read(text: &str, scenarios: &[Scenario]) -> anyhow::Result<Vec<Cell>> {
    let Expected { cell: cells } = toml::from_str(text).context(EXPECTED)?;
    for (index, Cell { scenario, client, verdict, why }) in cells.iter().enumerate() {
        let known = scenarios.iter().any(|one| one.name == *scenario);
        ensure!(known, "{EXPECTED}: there is no scenario {scenario:?}");
        let earlier = cells[..index].iter().any(|cell| cell.scenario == *scenario && cell.client == *client);
        ensure!(!earlier, "{EXPECTED}: {client:?} stands twice in {scenario:?}");
        ensure!(*verdict != Verdict::Pass, "{EXPECTED}: {scenario:?} of {client:?} passes: leave it out");
        ensure!(is_sentence(why), "{EXPECTED}: why is not a sentence on one line: {why:?}");
    }
    Ok(cells)
}

/// The table in Markdown, with the explanation of each cell that is not green below it.
pub(super) fn render(scenarios: &[Scenario], cells: &[Cell]) -> String {
    let mut notes: Vec<(Verdict, &str)> = Vec::new();
    let mut table = String::from("| scenario |");
    Client::ALL.iter().for_each(|client| table += &format!(" {} |", client.title()));
    table += &format!("\n|---|{}\n", "---|".repeat(Client::ALL.len()));
    for Scenario { name, .. } in scenarios {
        table += &format!("| {} |", name.replace('|', "\\|"));
        for client in Client::ALL {
            let cell = cells.iter().find(|cell| cell.scenario == *name && cell.client == client);
            let Some(Cell { verdict, why, .. }) = cell else {
                table += " pass |";
                continue;
            };
            let note = (*verdict, why.as_str());
            let number = notes.iter().position(|known| *known == note).unwrap_or_else(|| {
                notes.push(note);
                notes.len() - 1
            });
            table += &format!(" **{verdict}** ({}) |", number + 1);
        }
        table.push('\n');
    }
    if !notes.is_empty() {
        table.push('\n');
    }
    for (index, (_, why)) in notes.iter().enumerate() {
        // Writing to a string cannot fail.
        let _infallible = writeln!(table, "{}. {why}", index + 1);
    }
    table
}

/// What came of each scenario with a client.
pub(super) type Results = HashMap<(Client, String), Judgement>;

/// The table for a terminal, a line a scenario.
pub(super) fn show(scenarios: &[Scenario], clients: &[Client], results: &Results) -> String {
    let widest = scenarios.iter().map(|scenario| scenario.name.len()).max().unwrap_or_default();
    let mut text = format!("{:widest$}", "");
    clients.iter().for_each(|client| text += &format!("  {:24}", client.title()));
    for Scenario { name, .. } in scenarios {
        text = format!("{}\n{name:widest$}", text.trim_end());
        for client in clients {
            let verdict = results.get(&(*client, name.clone())).map_or(Verdict::Fails, |result| result.0);
            text += &format!("  {:24}", verdict.to_string());
        }
    }
    text.trim_end().to_owned()
}

/// The cells that came out other than expected, each in a line.
pub(super) fn surprises(
    scenarios: &[Scenario],
    clients: &[Client],
    cells: &[Cell],
    results: &Results,
) -> Vec<String> {
    let mut surprises = Vec::new();
    for Scenario { name, .. } in scenarios {
        for client in clients {
            let wanted = cells.iter().find(|cell| cell.scenario == *name && cell.client == *client);
            let wanted = wanted.map_or(Verdict::Pass, |cell| cell.verdict);
            let none = (Verdict::Fails, "there is no result".to_owned());
            let (verdict, why) = results.get(&(*client, name.clone())).unwrap_or(&none);
            if *verdict != wanted {
                let why = if why.is_empty() { String::new() } else { format!(": {why}") };
                surprises.push(format!("{}, {name}: {verdict}, expected {wanted}{why}", client.title()));
            }
        }
    }
    surprises
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CELL: &str = r#"
        [[cell]]
        scenario = "b"
        client = "go"
        verdict = "fails"
        why = "It does."
    "#;

    fn scenarios() -> Vec<Scenario> {
        let one = |name: &str| {
            serde_json::from_value(json!({ "name": name, "calls": { "login": {} }, "expect": {} })).unwrap()
        };
        vec![one("a"), one("b")]
    }

    #[test]
    fn every_cell_that_is_not_green_is_explained_below_the_table() {
        let cells = read(CELL, &scenarios()).unwrap();
        let table = render(&scenarios(), &cells);
        let lines: Vec<_> = table.lines().collect();
        assert_eq!(lines[2], "| a | pass | pass | pass | pass | pass |");
        assert_eq!(lines[3], "| b | pass | pass | pass | **fails** (1) | pass |");
        assert_eq!(lines[5], "1. It does.");
    }

    #[test]
    fn a_cell_that_differs_is_a_surprise_both_ways() {
        let cells = read(CELL, &scenarios()).unwrap();
        let result = |verdict, name: &str| ((Client::Go, name.to_owned()), (verdict, "why".to_owned()));
        let surprises = |a, b| {
            let results = [result(a, "a"), result(b, "b")].into();
            surprises(&scenarios(), &[Client::Go], &cells, &results)
        };
        assert!(surprises(Verdict::Pass, Verdict::Fails).is_empty());
        assert_eq!(surprises(Verdict::Lost, Verdict::Fails), ["Go, a: lost, expected pass: why"]);
        assert_eq!(surprises(Verdict::Pass, Verdict::Pass), ["Go, b: pass, expected fails: why"]);
    }

    #[test]
    fn a_cell_of_no_scenario_without_reason_or_that_passes_is_refused() {
        for (from, to, expected) in [
            ("\"b\"", "\"c\"", "there is no scenario \"c\""),
            ("fails", "pass", "leave it out"),
            ("It does.", "It does", "not a sentence"),
            ("\"go\"", "\"cobol\"", "unknown variant `cobol`"),
        ] {
            let error = format!("{:#}", read(&CELL.replace(from, to), &scenarios()).unwrap_err());
            assert!(error.contains(expected), "{error}");
        }
        let twice = CELL.repeat(2);
        assert!(read(&twice, &scenarios()).unwrap_err().to_string().contains("stands twice"));
    }
}
