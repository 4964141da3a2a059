//! The recipes of `xtask/recipes`, carried out on copies of the files that they edit. Needs git; `.ci/run` does as well.

use std::fs;

use serde_json::Value;
use xtask::document::Document;
use xtask::recipes::{Recipe, recipes};
use xtask::{derived, generate, lint};

use crate::freshness::root;

fn recipe(name: &str) -> Recipe {
    recipes(root()).unwrap().into_iter().find(|recipe| recipe.name == name).unwrap()
}

/// Carries a recipe out: the document that comes of it, and what that changes in the derived files.
fn carried_out(recipe: &Recipe) -> (Document, Vec<derived::Stale>) {
    let copy = recipe.apply_to_copies(root()).unwrap();
    let text = fs::read_to_string(copy.path().join("spec/openapi.yaml")).unwrap();
    let document = Document::parse("spec/openapi.yaml", text).unwrap();
    let findings: Vec<String> = lint::lint(&document).iter().map(ToString::to_string).collect();
    assert_eq!(findings, [""; 0], "the recipe {} leaves faults in the document", recipe.name);
    let files = generate::derive(root(), &document).unwrap();
    let stale = derived::stale(root(), &files, generate::GENERATED).unwrap();
    (document, stale)
}

/// What a recipe adds to the Rust client, as a person reviews it.
fn added_to_the_client(stale: &[derived::Stale]) -> String {
    let rust = stale.iter().filter(|stale| stale.path.ends_with(".rs"));
    let diffs: String = rust.map(|stale| stale.diff.as_str()).collect();
    let changes = diffs.lines().filter(|line| line.starts_with(['+', '-']) && !line.contains("///"));
    changes.map(|line| format!("{}\n", line.trim_end())).collect()
}

#[test]
fn a_new_field_takes_two_files_and_reaches_the_client() {
    let recipe = recipe("add-a-field");
    let paths = recipe.paths().unwrap();
    assert_eq!(paths.len(), 2, "{paths:?}");
    let (document, stale) = carried_out(&recipe);
    assert!(document.value().pointer("/components/schemas/Subtask/properties/retransmissions").is_some());
    insta::assert_snapshot!(added_to_the_client(&stale));
}

#[test]
fn a_new_status_reaches_the_client() {
    let (document, stale) = carried_out(&recipe("add-a-status"));
    let values =
        document.value().pointer("/components/schemas/SubtaskStatus/enum").and_then(Value::as_array).unwrap();
    assert_eq!(values.len(), 6);
    insta::assert_snapshot!(added_to_the_client(&stale));
}

#[test]
fn a_new_error_code_reaches_the_client() {
    let (document, stale) = carried_out(&recipe("add-an-error-code"));
    assert!(document.value().pointer("/components/x-error-catalog/105006").is_some());
    insta::assert_snapshot!(added_to_the_client(&stale));
}

#[test]
fn a_new_operation_reaches_the_client() {
    let (document, stale) = carried_out(&recipe("add-an-operation"));
    let path = "/paths/~1iocm~1app~1batchtask~1v1.1.0~1taskCount/get";
    assert!(document.value().pointer(path).is_some());
    let added = added_to_the_client(&stale);
    let functions: Vec<&str> = added.lines().filter(|line| line.contains("pub fn")).collect();
    insta::assert_snapshot!(functions.join("\n"));
}

#[test]
fn a_renamed_member_makes_the_derived_files_stale() {
    let text = fs::read_to_string(root().join("spec/openapi.yaml")).unwrap();
    let document = Document::parse("spec/openapi.yaml", text.replace("totalCount:", "totalRows:")).unwrap();
    let files = generate::derive(root(), &document).unwrap();
    let stale = derived::stale(root(), &files, generate::GENERATED).unwrap();
    let paths: Vec<&str> = stale.iter().map(|stale| stale.path.as_str()).collect();
    let generated = "crates/client/src/generated";
    assert_eq!(
        paths,
        [
            "spec/openapi.json",
            "crates/conformance/openapi.json",
            "spec/RULES.md",
            &format!("{generated}/openapi.yaml"),
            &format!("{generated}/openapi.json"),
            &format!("{generated}/api.rs")
        ]
    );
    let code = &stale[5].diff;
    assert!(code.contains("+        #[serde(rename = \"totalRows\")]"), "{code}");
}
