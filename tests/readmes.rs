//! Links of pages lead somewhere. The README of a crate is also read as the crate's documentation.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

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

/// The names that links give to the headings of a page, as GitHub makes them.
fn headings(page: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
    let heading =
        |line: &str| line.starts_with('#').then(|| line.trim_start_matches('#').trim().to_lowercase());
    let kept =
        |heading: String| heading.chars().filter(|&c| c.is_alphanumeric() || " -_".contains(c)).collect();
    prose(&text).lines().filter_map(heading).map(kept).map(|name: String| name.replace(' ', "-")).collect()
}

/// The pages in a folder and below it.
fn pages(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| {
        let name = path.file_name().unwrap().to_string_lossy();
        match path.is_dir() {
            true if name.starts_with('.') || name == "target" || name == "node_modules" => Vec::new(),
            true => pages(&path),
            false => vec![path],
        }
    });
    found.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

#[test]
fn every_link_from_page_to_page_leads_to_a_file_and_a_heading() {
    // These pages are parts of derived ones, which are in another folder.
    let parts = root().join("xtask/src/generate");
    let pages: Vec<PathBuf> =
        pages(root()).into_iter().filter(|page| page.parent() != Some(&parts)).collect();
    assert!(pages.len() > 10, "{pages:?}");
    for page in &pages {
        let text = prose(&std::fs::read_to_string(page).unwrap());
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.with_file_name(file) };
            let is_fine = link.starts_with("https://")
                || target.exists() && (heading.is_empty() || headings(&target).contains(heading));
            assert!(is_fine, "{}: ]({link}) leads nowhere", page.display());
        }
    }
}
