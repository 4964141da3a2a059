//! What the README and the page on creating tasks say is so.

use std::collections::BTreeSet;

use northbound_emulator::Scenario;

const README: &str = include_str!("../../README.md");
const CREATING: &str = include_str!("../../CREATING.md");

#[test]
fn the_scenarios_that_they_show_can_be_served() {
    let [scenario, creating] = [README, CREATING].map(|page| {
        let file = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
        Scenario::from_toml(file).unwrap()
    });
    assert_eq!(scenario.tasks.len(), 2);
    assert_eq!((creating.created_tasks.unfinished, creating.fleet.devices), (3, 5_000));
}

#[test]
fn the_file_that_the_command_prints_is_the_one_in_the_readme() {
    assert!(README.contains(&format!("```toml\n{}```\n", Scenario::EXAMPLE_FILE)));
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
