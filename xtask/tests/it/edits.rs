//! What is classified without oasdiff: the edits of `xtask/tools/diff/edits.toml` that say so. `.ci/run` classifies them all.

use xtask::diff::{Change, Class, Edit, edits, extension_changes};
use xtask::load;

use super::project;

#[test]
fn edits_of_extensions_and_prose_are_classified() {
    let document = load::read(project()).expect("the document is there");
    let own = edits(project()).expect("the edits are there").into_iter().filter(|edit| edit.own);
    let fault = |edit: &Edit| edit.fault(document.text(), |old, new| Ok(extension_changes(old, new)));
    let results: Vec<Option<String>> = own.map(|edit| fault(&edit).expect("it fits")).collect();
    assert!(results.len() > 10, "only {} edits are classified without oasdiff", results.len());
    let faults: Vec<String> = results.into_iter().flatten().collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn a_larger_quota_breaks_nobody() {
    let with_calls = |calls| serde_json::json!({ "x-quota": { "calls": calls } });
    let classes = |changes: Vec<Change>| changes.iter().map(|change| change.class).max();
    assert_eq!(classes(extension_changes(&with_calls(50), &with_calls(100))), Some(Class::Additive));
    assert_eq!(classes(extension_changes(&with_calls(100), &with_calls(50))), Some(Class::Breaking));
}
