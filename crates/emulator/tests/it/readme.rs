//! What the README says is so.

use std::collections::BTreeSet;

use northbound_emulator::Scenario;

const README: &str = include_str!("../../README.md");

#[test]
fn the_scenario_that_it_shows_can_be_served() {
    let file = README.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    assert_eq!(Scenario::from_toml(file).map(|scenario| scenario.tasks.len()), Ok(1));
}

#[test]
fn every_fault_that_there_is_stands_in_its_table_and_no_other() {
    let table = README.split("## Faults\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let shown: BTreeSet<&str> =
        table.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let error = Scenario::from_toml("faults = [{ fault = { kind = \"?\" } }]").unwrap_err().message;
    let known: BTreeSet<&str> = error
        .split_once("expected one of ")
        .unwrap()
        .1
        .split(", ")
        .map(|name| name.trim_matches('`'))
        .collect();
    assert_eq!(shown, known);
}
