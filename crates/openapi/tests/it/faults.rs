//! A table of faults: each edit of the good document is reported under the rule and at the line that it should be.
//!
//! `faults.txt` holds a block for each: its name after `#`, the edit as in a unified diff (`@@` parts one hunk from the
//! next), and every finding that is wanted after `=`, with a piece of the line at which it has to stand.

use std::collections::BTreeSet;

use northbound_openapi::document::Document;
use northbound_openapi::lint::{lint, rules};

use super::GOOD;

struct Fault {
    name: &'static str,
    text: String,
    /// Rules, each with a piece of the line.
    wanted: Vec<(&'static str, &'static str)>,
}

fn faults() -> Vec<Fault> {
    include_str!("faults.txt").trim_end().split("\n\n").map(fault).collect()
}

fn fault(block: &'static str) -> Fault {
    let (name, rest) = block.split_once('\n').expect("a block has several lines");
    let (wanted, edit): (Vec<&str>, Vec<&str>) = rest.lines().partition(|line| line.starts_with("= "));
    let hunks = edit.split(|line| *line == "@@");
    Fault {
        name: name.trim_start_matches("# "),
        text: hunks.fold(GOOD.to_owned(), |text, hunk| apply(name, &text, hunk)),
        wanted: wanted.iter().map(|line| line[2..].split_once(" at ").expect("a rule and a line")).collect(),
    }
}

pub(super) fn apply(name: &str, text: &str, hunk: &[&str]) -> String {
    // A line break in front keeps a hunk from matching in the middle of a line.
    let side = |other: char| -> String {
        let lines = hunk.iter().filter(|line| !line.starts_with(other));
        lines.fold("\n".to_owned(), |side, line| format!("{side}{}\n", &line[1..]))
    };
    let (text, old) = (format!("\n{text}"), side('+'));
    assert!(text.contains(&old), "{name}: the document does not have these lines:{old}");
    text.replacen(&old, &side('-'), 1)[1..].to_owned()
}

#[test]
fn every_fault_is_reported_under_its_rule_and_at_its_line() {
    let mut wrong = String::new();
    for Fault { name, text, wanted } in faults() {
        let lines: Vec<&str> = text.lines().collect();
        let found = match Document::parse("good.yaml", text.clone()) {
            Ok(document) => lint(&document),
            Err(error) => {
                wrong.push_str(&format!("{name}: {error}\n"));
                continue;
            }
        };
        let is_told = |(rule, line): &(&str, &str)| {
            found.iter().any(|one| one.rule == *rule && lines[one.position.line - 1].contains(line))
        };
        if found.len() != wanted.len() || !wanted.iter().all(is_told) {
            let found: String = found.iter().map(|one| format!("\n    {one}")).collect();
            wrong.push_str(&format!("{name}: wanted {wanted:?}, found{found}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_rule_has_a_fault_that_shows_it() {
    let shown: BTreeSet<&str> =
        faults().iter().flat_map(|fault| &fault.wanted).map(|(rule, _)| *rule).collect();
    let missing: Vec<_> = rules().filter(|rule| !shown.contains(rule)).collect();
    assert!(missing.is_empty(), "no fault shows {missing:?}");
}
