//! What a maintainer reads when the document is wrong.

use std::path::Path;

use northbound_openapi::document::Document;
use northbound_openapi::lint::lint;

use super::faults::apply;
use super::{DOCUMENT, project};

/// Faults that somebody could make, each an edit of the document. Those that lint lets pass are left to the linters of others,
/// which `cargo xtask lint --external` holds to the same list.
const FAULTS: &str = include_str!("../../../../xtask/tools/lint/faults.txt");

#[test]
fn every_fault_is_named_with_its_line_and_what_to_do() {
    let document = Document::read_in(project(), Path::new(DOCUMENT)).unwrap();
    let mut seen = String::new();
    for (name, edit) in FAULTS.trim_end().split("\n\n").filter_map(|block| block.split_once('\n')) {
        let text = apply(name, document.text(), &edit.lines().collect::<Vec<_>>());
        seen += &format!("{name}\n");
        for finding in lint(&Document::parse(DOCUMENT, text.clone()).unwrap()) {
            // The line itself in place of its number, which changes with every edit further up.
            let line = text.lines().nth(finding.position.line - 1).unwrap().trim();
            let shown = finding.to_string();
            let message = shown.strip_prefix(&format!("{DOCUMENT}:{}: ", finding.position)).unwrap();
            seen += &format!("{line}\n    {message}\n");
        }
        seen.push('\n');
    }
    insta::assert_snapshot!(seen);
}
