//! Links of pages lead somewhere. Some pages are read in two places: beside the code, and in the crate's documentation.

use std::fs::read_to_string;
use std::path::{Path, PathBuf};

use crate::freshness::root;

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

/// The text outside fenced blocks.
fn prose(page: &Path) -> String {
    let text = read_to_string(page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
    text.split("```").step_by(2).collect()
}

fn links(prose: &str) -> impl Iterator<Item = &str> {
    prose
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|link| !link.starts_with("https://"))
}

/// Whether a page has a heading that GitHub gives this name to.
fn has_heading(page: &Path, name: &str) -> bool {
    prose(page).lines().filter(|line| line.starts_with('#')).any(|line| {
        let kept =
            line.trim_start_matches('#').trim().chars().filter(|&c| c.is_alphanumeric() || " -_".contains(c));
        kept.collect::<String>().to_lowercase().replace(' ', "-") == name
    })
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    // These pages are parts of derived ones, which are in another folder.
    let parts = root().join("xtask/src/generate");
    let pages: Vec<PathBuf> =
        pages(root()).into_iter().filter(|page| page.parent() != Some(&parts)).collect();
    assert!(pages.len() > 10, "{pages:?}");
    for page in &pages {
        for link in links(&prose(page)) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.with_file_name(file) };
            let is_fine = target.exists() && (heading.is_empty() || has_heading(&target, heading));
            assert!(is_fine, "{}: ]({link}) leads nowhere", page.display());
        }
    }
}

#[test]
fn no_page_of_a_crate_has_a_link_that_only_rustdoc_follows() {
    const IN_RUSTDOC: [&str; 3] = ["README.md", "WHAT_HAPPENS_WHEN.md", "READING_A_SET_THAT_MOVES.md"];
    let in_rustdoc = |page: &&PathBuf| IN_RUSTDOC.iter().any(|name| page.ends_with(name));
    for page in pages(&root().join("crates")).iter().filter(in_rustdoc) {
        let text = prose(page);
        let elsewhere: Vec<&str> = links(&text).filter(|link| !link.starts_with('#')).collect();
        assert_eq!(elsewhere, [""; 0], "{}", page.display());
        assert!(!text.contains("[`"), "{} has a link without a target", page.display());
    }
}
