//! The tables language × scenario and language × mark: what is expected of each cell, and their rendering in Markdown.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Deserialize;

use super::all_clients;
use super::verdict::{Cell, Verdict};

/// Where the cells are that are no pass, relative to the project.
pub(super) const EXPECTED: &str = "spec/clients/expected.toml";

/// A scenario or a mark, with a cell for each client.
#[derive(Clone, Debug)]
pub(super) struct Row {
    name: String,
    label: String,
    pub(super) cells: Vec<Cell>,
}

impl Row {
    pub(super) fn new(name: &str, label: String) -> Self {
        Self { name: name.to_owned(), label, cells: Vec::new() }
    }
}

/// The file of that name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expected {
    marks: BTreeMap<String, String>,
    #[serde(default)]
    cell: Vec<Exception>,
}

/// Cells that are no pass.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    row: String,
    clients: Vec<String>,
    verdict: Verdict,
    why: String,
}

/// Reads what is expected.
///
/// # Errors
/// When the file is not as it should be.
pub(super) fn read(root: &Path) -> anyhow::Result<Expected> {
    parse(&crate::read(root, EXPECTED)?)
}

fn parse(text: &str) -> anyhow::Result<Expected> {
    let expected: Expected = toml::from_str(text).context(EXPECTED)?;
    for Exception { row, clients, why, .. } in &expected.cell {
        let known = clients.iter().all(|client| all_clients().any(|(name, _)| name == client));
        ensure!(known, "{EXPECTED}: {row}: not all of {clients:?} are clients");
        ensure!(crate::ledger::is_sentence(why), "{EXPECTED}: why is not a sentence on one line: {why:?}");
    }
    Ok(expected)
}

impl Expected {
    /// A mark's row in the table.
    pub(super) fn label(&self, mark: &str) -> anyhow::Result<String> {
        let words =
            self.marks.get(mark).with_context(|| format!("{EXPECTED} does not explain the mark {mark}"))?;
        Ok(if mark == "gateway" { format!("**{words}**") } else { format!("`{mark}`: {words}") })
    }

    fn exception(&self, row: &str, client: &str) -> Option<&Exception> {
        self.cell.iter().find(|one| one.row == row && one.clients.iter().any(|name| name == client))
    }

    /// A line for each cell that came out other than expected, and for each row that is expected and does not exist. A row may have
    /// cells for the first clients only.
    pub(super) fn surprises(&self, rows: &[Row], clients: &[(&str, &str)]) -> Vec<String> {
        let mut surprises = Vec::new();
        for row in rows {
            for ((client, title), Cell(verdict, why)) in clients.iter().zip(&row.cells) {
                let wanted = self.exception(&row.name, client).map_or(Verdict::Pass, |one| one.verdict);
                if *verdict != wanted {
                    surprises.push(format!("{title}, {}: {verdict}, expected {wanted}: {why}", row.label));
                }
            }
        }
        let unknown = self.cell.iter().filter(|one| !rows.iter().any(|row| row.name == one.row));
        surprises.extend(unknown.map(|one| format!("there is no scenario and no mark {:?}", one.row)));
        surprises
    }

    /// The table in Markdown, with the explanation of each cell that is no pass below it.
    pub(super) fn render(&self, heading: &str, rows: &[Row], clients: &[(&str, &str)]) -> String {
        let titles: String = clients.iter().map(|(_, title)| format!(" {title} |")).collect();
        let mut table = format!("| {heading} |{titles}\n|---|{}\n", "---|".repeat(clients.len()));
        let mut notes: Vec<&str> = Vec::new();
        for row in rows {
            table += &format!("| {} |", row.label);
            for ((client, _), Cell(verdict, _)) in clients.iter().zip(&row.cells) {
                let Some(Exception { why, .. }) = self.exception(&row.name, client) else {
                    table += &format!(" {verdict} |");
                    continue;
                };
                let number = notes.iter().position(|note| note == why).unwrap_or(notes.len());
                if number == notes.len() {
                    notes.push(why);
                }
                table += &format!(" **{verdict}** ({}) |", number + 1);
            }
            table.push('\n');
        }
        let notes: String = notes.iter().zip(1..).map(|(why, number)| format!("{number}. {why}\n")).collect();
        format!("{table}\n{notes}")
    }
}

#[cfg(test)]
mod tests {
    use super::super::CLIENTS;
    use super::*;

    const EXPECTED: &str = "
        [marks]
        quota = 'no call over the quota'
        [[cell]]
        row = 'b'
        clients = ['go', 'java']
        verdict = 'fails'
        why = 'It does.'
    ";

    /// Rows in which all clients pass but these two.
    fn rows(go: Verdict, java: Verdict) -> [Row; 2] {
        let row = |name: &str, verdicts: [Verdict; 5]| Row {
            cells: verdicts.map(|verdict| Cell(verdict, "seen".to_owned())).to_vec(),
            ..Row::new(name, name.to_owned())
        };
        let pass = Verdict::Pass;
        [row("a", [pass; 5]), row("b", [pass, pass, pass, go, java])]
    }

    #[test]
    fn every_cell_that_is_no_pass_is_explained_below_the_table() {
        let table =
            parse(EXPECTED).unwrap().render("scenario", &rows(Verdict::Fails, Verdict::Fails), &CLIENTS);
        let lines: Vec<_> = table.lines().skip(2).collect();
        let rows = [
            "| a | pass | pass | pass | pass | pass |",
            "| b | pass | pass | pass | **fails** (1) | **fails** (1) |",
        ];
        assert_eq!(lines, [rows[0], rows[1], "", "1. It does."]);
    }

    #[test]
    fn a_cell_that_differs_is_a_surprise_both_ways() {
        let expected = parse(EXPECTED).unwrap();
        let surprises = |go, java| expected.surprises(&rows(go, java), &CLIENTS);
        assert!(surprises(Verdict::Fails, Verdict::Fails).is_empty());
        assert_eq!(
            surprises(Verdict::Pass, Verdict::Lost),
            ["Go, b: pass, expected fails: seen", "Java, b: lost, expected fails: seen"]
        );
        assert_eq!(expected.surprises(&rows(Verdict::Pass, Verdict::Pass)[..1], &CLIENTS).len(), 1);
    }

    #[test]
    fn an_exception_without_a_reason_or_of_no_client_is_refused() {
        for (from, to) in [("It does.", "It does"), ("'go'", "'cobol'"), ("'fails'", "'slow'")] {
            assert!(parse(&EXPECTED.replace(from, to)).is_err(), "{to}");
        }
    }
}
