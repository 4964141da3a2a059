//! The page against the document.

use serde_json::{Value, json};

use super::compare::{differences, error_name, resolve};
use super::{Facts, text, the_document};

#[test]
fn every_row_of_the_page_is_in_the_document_and_nothing_else_is() {
    let found = differences(&Facts::read(), &the_document());
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_row_says_something_in_whole_sentences() {
    let facts = Facts::read();
    let mut sentences = Vec::new();
    for row in ["header", "query", "member"].into_iter().flat_map(|of| facts.rows(of)) {
        sentences.push((row["name"].to_string(), &row["says"]));
    }
    for row in facts.rows("error") {
        sentences.extend([(error_name(row), &row["says"]), (error_name(row), &row["remedy"])]);
    }
    for (row, sentence) in sentences {
        let text = text(sentence);
        assert!(text.ends_with('.') && text.trim() == text && text.len() > 10, "{row}: {text:?}");
    }
}

/// Changes of the document are in `mutations/cases.txt`.
#[test]
fn a_row_that_changes_is_seen() {
    let document = the_document();
    let facts = Facts::read();
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
