//! The page against the document.

use serde_json::{Value, json};

use super::compare::{differences, differences_of_all, error_name, resolve};
use super::{Facts, text, text_of, the_document};

#[test]
fn every_row_of_the_pages_is_in_the_document_and_nothing_else_is() {
    let found = differences_of_all(&Facts::all(), &the_document());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_row_says_something_in_whole_sentences() {
    let pages = Facts::all();
    let mut sentences = Vec::new();
    for facts in &pages {
        for row in ["header", "query", "body", "member"].into_iter().flat_map(|of| facts.rows(of)) {
            sentences.push((row["name"].to_string(), &row["says"]));
        }
        for row in facts.rows("error") {
            // What could not be obtained is not made up.
            let is_known = |said: &&Value| facts.get("unobtained").is_none() || !said.is_null();
            let said = [&row["says"], &row["remedy"]].into_iter().filter(is_known);
            sentences.extend(said.map(|said| (error_name(row), said)));
        }
    }
    for (row, sentence) in sentences {
        let text = text(sentence);
        assert!(text.ends_with('.') && text.trim() == text && text.len() > 10, "{row}: {text:?}");
    }
}

#[test]
fn a_contradiction_between_editions_is_in_the_ledger() {
    let ledger = text_of(xtask::ledger::LEDGER);
    for facts in Facts::all() {
        for row in ["query", "body", "member", "error"].into_iter().flat_map(|of| facts.rows(of)) {
            let Some(id) = row.get("contradiction").map(text) else { continue };
            assert!(ledger.contains(&format!("\nid = \"{id}\"\n")), "{}: no assumption {id}", facts.name);
        }
    }
}

/// Changes of the document are in `mutations/cases.txt`.
#[test]
fn a_row_that_changes_is_seen() {
    let document = the_document();
    let facts = Facts::whole();
    type Change = fn(&mut Value);
    let pop = |rows: &mut Value| drop(rows.as_array_mut().unwrap().pop());
    let changes: [(&str, Change, &str); 7] = [
        ("/query", pop, "query: the list of parameters"),
        ("/member", pop, "ObjectNode: the list of members"),
        ("/error", pop, "errors: the list of rows"),
        ("/request_example/headers", pop, "request example: the list of headers"),
        ("/url/template", |url| *url = json!(text(url).replace("v1.1.0", "v1.2.0")), "url: the path"),
        ("/method/name", |name| *name = json!("POST"), "method: the name"),
        ("/query/1/pointer", |pointer| *pointer = json!("/nowhere"), "taskId: nothing is at /nowhere"),
    ];
    for (place, change, expected) in changes {
        let mut changed = facts.clone();
        change(changed.pointer_mut(place).unwrap());
        let found = differences(&changed, &document);
        assert!(found.iter().any(|line| line.starts_with(expected)), "{expected}: {found:#?}");
    }
}

#[test]
fn a_pointer_goes_on_behind_a_reference() {
    let document = json!({
        "a": { "$ref": "#/c/list" }, "c": { "list": [{ "$ref": "#/c/end" }], "end": { "x/y": 1 }, "lost": { "$ref": "#/no" } }
    });
    assert_eq!(resolve(&document, "/a/0/x~1y"), Some(&json!(1)));
    assert_eq!(resolve(&document, "/a/0"), Some(&json!({ "x/y": 1 })));
    for nowhere in ["/a/1", "/a/x", "/c/lost", "/b"] {
        assert_eq!(resolve(&document, nowhere), None, "{nowhere}");
    }
}
