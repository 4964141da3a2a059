//! What the pages beside the document say is so: `spec/README.md` and `spec/EXTENSIONS.md`.

use std::collections::BTreeSet;

use northbound_emulator::Scenario;
use serde_json::Value;

use super::emulator::Caller;
use super::{Facts, text_of, the_document};

const README: &str = "spec/README.md";
const EXTENSIONS: &str = "spec/EXTENSIONS.md";

/// The blocks of code in a language, in their order.
fn blocks(readme: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    readme.split(&fence).skip(1).filter_map(|rest| Some(rest.split_once("```")?.0.to_owned())).collect()
}

#[tokio::test]
async fn the_replies_that_the_readme_shows_are_those_of_the_emulator() {
    let facts = Facts::whole();
    let readme = text_of(README);
    let shown: Vec<Value> =
        blocks(&readme, "json").iter().map(|block| serde_json::from_str(block).unwrap()).collect();
    let demo = Caller::new(Scenario::default()).await;
    let page = demo.get(&facts, "taskId=demo&status=Fail&pageNo=0&pageSize=1").await;
    assert_eq!(shown, [demo.first_login.clone(), page.body]);
    let token = shown[0]["accessToken"].as_str().unwrap();
    assert!(
        readme.contains(&format!("Authorization: Bearer {token}")),
        "the call does not use the token of the login"
    );
}

#[test]
fn every_extension_of_the_document_is_explained_with_a_piece_of_it() {
    let page = text_of(EXTENSIONS);
    let headings = page.lines().filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`'));
    let explained: BTreeSet<_> = headings.map(str::to_owned).collect();
    let mut used = BTreeSet::new();
    collect_extensions(&the_document(), &mut used);
    let known =
        northbound_openapi::lint::extensions().chain(["x-platform-edition"]).map(str::to_owned).collect();
    assert_eq!(explained, known);
    assert!(used.is_subset(&explained));
    assert_eq!(blocks(&page, "yaml").len(), explained.len() - 1, "x-source alone has no piece to show");
}

/// Members that hold data of ours (examples, the catalogue) have no extensions of their own inside.
fn collect_extensions(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect_extensions(item, found)),
        Value::Object(members) => {
            found.extend(members.keys().filter(|name| name.starts_with("x-")).cloned());
            members.values().for_each(|value| collect_extensions(value, found));
        }
        _ => {}
    }
}

#[test]
fn every_piece_of_the_document_stands_there_as_it_is_shown() {
    let trimmed = |text: &str| text.lines().map(str::trim).collect::<Vec<_>>().join("\n");
    let document = format!("\n{}\n", trimmed(&text_of(xtask::DOCUMENT)));
    for block in blocks(&text_of(EXTENSIONS), "yaml") {
        assert!(
            document.contains(&format!("\n{}\n", trimmed(block.trim()))),
            "not in the document:\n{block}"
        );
    }
}

#[test]
fn every_action_of_the_catalogue_is_explained_and_everybody_who_acts() {
    let (page, document) = (text_of(EXTENSIONS), the_document());
    for (code, entry) in document["components"]["x-error-catalog"].as_object().unwrap() {
        for value in [&entry["action"], &entry["who"]].into_iter().filter_map(Value::as_str) {
            assert!(page.contains(&format!("`{value}`")), "{code}: {value}");
        }
    }
}
