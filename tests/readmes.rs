//! The pages of the crates are read in two places: beside the code, and in the crate's documentation.

use crate::freshness::root;

/// The text outside fenced blocks.
fn prose(page: &str) -> String {
    page.split("```").step_by(2).collect()
}

#[test]
fn no_page_of_a_crate_has_a_link_that_only_rustdoc_follows() {
    let mut pages = vec![root().join("crates/sdk/WHAT_HAPPENS_WHEN.md")];
    for entry in std::fs::read_dir(root().join("crates")).unwrap() {
        pages.push(entry.unwrap().path().join("README.md"));
    }
    for page in pages {
        let text =
            std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        let text = prose(&text);
        for target in text.split("](").skip(1) {
            assert!(
                target.starts_with("https://") || target.starts_with('#'),
                "{}: ]({target}",
                page.display()
            );
        }
        assert!(!text.contains("[`"), "{} has a link without a target", page.display());
    }
}
