//! The ledger of what we rely on and the platform's page does not say.

use std::collections::HashSet;

use xtask::ledger::{self, Assumption, LEDGER, Provenance};

use crate::freshness::root;

fn text_of(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn assumptions() -> Vec<Assumption> {
    ledger::read(&text_of(LEDGER)).unwrap_or_else(|error| panic!("{error:#}"))
}

/// Whether a source file has a test of this name.
fn has_test(source: &str, name: &str) -> bool {
    let mut lines = source.lines().map(str::trim);
    let is_attribute = |line: &str| line.starts_with("#[test") || line.starts_with("#[tokio::test");
    while let Some(line) = lines.next() {
        let behind =
            is_attribute(line).then(|| lines.by_ref().find(|line| !line.starts_with("#["))).flatten();
        let function = behind.map(|line| line.trim_start_matches("async ").trim_start_matches("fn "));
        if function
            .is_some_and(|function| function.strip_prefix(name).is_some_and(|rest| rest.starts_with('(')))
        {
            return true;
        }
    }
    false
}

#[test]
fn every_assumption_names_a_test_that_exists() {
    for Assumption { id, test, .. } in assumptions() {
        let (path, name) = test.rsplit_once("::").unwrap();
        assert!(root().join(path).is_file(), "{id}: there is no file {path}");
        assert!(has_test(&text_of(path), name), "{id}: {path} has no test {name}");
    }
}

#[test]
fn a_function_that_is_no_test_does_not_count_as_one() {
    let source = "fn plain() {}\n#[test]\nfn a_fact() {}\n#[tokio::test(start_paused = true)]\n#[ignore]\nasync fn later() {}";
    assert!(has_test(source, "a_fact") && has_test(source, "later"));
    assert!(!has_test(source, "plain") && !has_test(source, "a_fac") && !has_test(source, "a_fact_more"));
}

#[test]
fn every_kind_of_provenance_has_an_assumption() {
    let kinds: HashSet<Provenance> = assumptions().iter().map(|assumption| assumption.provenance).collect();
    assert_eq!(kinds.len(), 5, "{kinds:?}");
}

#[test]
fn the_contradictions_of_the_page_are_in_the_ledger() {
    let assumptions = assumptions();
    let contradictions: Vec<_> = assumptions
        .iter()
        .filter(|assumption| assumption.provenance == Provenance::PageContradictsItself)
        .map(|assumption| assumption.id.as_str())
        .collect();
    for id in [
        "example-counters",
        "one-subtask-is-a-list",
        "no-application-under-two-statuses",
        "no-application-remedy-means-app-key",
        "app-id-null-means-left-out",
        "unit-of-timeout",
        "select-tag-or-tags",
        "app-id-of-a-new-task",
    ] {
        assert!(contradictions.contains(&id), "{id} is not among {contradictions:?}");
    }
}
