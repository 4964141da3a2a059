//! `cargo xtask diff`: what the changes of the document mean for clients, and whether its version and the changelog follow.

mod changes;
mod extensions;
mod git;
mod judge;
mod nesting;
mod prose;
mod report;
mod version;

use std::fs;
use std::path::Path;

use anyhow::ensure;

pub use changes::Change;
pub use judge::Class;
pub use version::CHANGELOG;

use crate::contract::contract;
use crate::document::Document;
use crate::{DOCUMENT, Outcome, load, print};

/// Runs the command in the project at `root`.
///
/// # Errors
/// As for [`report`].
pub fn run(root: &Path, revision: Option<&str>) -> anyhow::Result<Outcome> {
    let (outcome, text) = report(root, revision)?;
    print(&text);
    Ok(outcome)
}

/// Compares the document of the project at `root` with the one at a revision: the outcome, and what a person reads.
///
/// # Errors
/// When git has no such revision or document, or when a document cannot be read.
pub fn report(root: &Path, revision: Option<&str>) -> anyhow::Result<(Outcome, String)> {
    let base = git::base(root, revision, DOCUMENT)?;
    let old = Document::parse(format!("{DOCUMENT} at {}", base.shown), git::show(root, &base, DOCUMENT)?)?;
    let new = load::read(root)?;
    let versions = [
        version::version(old.value(), &old.path().display().to_string())?,
        version::version(new.value(), DOCUMENT)?,
    ];
    let changelog = fs::read_to_string(root.join(CHANGELOG)).unwrap_or_default();
    let changes = changes(&old, &new)?;
    let class = changes.iter().map(|change| change.class).max();
    let [before, now] = &versions;
    let missing = version::missing(before, now, class, &changelog);
    let (table, verdict) = (report::table(&changes), report::verdict(before, now, class, &missing));
    let outcome = if missing.is_empty() { Outcome::Done } else { Outcome::Broken };
    Ok((outcome, format!("compared with {}\n{table}{verdict}", base.shown)))
}

/// The changes from one document to another, those that break clients first. What differs only in words is editorial.
///
/// # Errors
/// When a document is nested too deeply to be compared.
pub fn changes(old: &Document, new: &Document) -> anyhow::Result<Vec<Change>> {
    let contracts = [contract(old.value()), contract(new.value())];
    let [before, after] = &contracts;
    for (contract, document) in [(before, old), (after, new)] {
        let path = document.path().display();
        ensure!(contract.is_complete(), "{path}: nested too deeply, or unfolds to too much, to be compared");
    }
    let mut changes = changes::changes((old.value(), before), (new.value(), after));
    let editorial = |place: String, why| Change {
        class: Class::Editorial,
        operation: "document".to_owned(),
        place,
        member: String::new(),
        what: "prose".to_owned(),
        before: None,
        after: None,
        why,
    };
    let prose = prose::differences(old.value(), new.value());
    changes.extend(prose.into_iter().map(|place| editorial(place, "programs do not act on it")));
    if changes.is_empty() && without_version(old) != without_version(new) {
        changes.push(editorial("text".to_owned(), "written differently, and says the same"));
    }
    Ok(changes)
}

/// The text but for the line of the version, which says nothing of its own.
fn without_version(document: &Document) -> Vec<&str> {
    let line = document.position("/info/version").line;
    document.text().lines().enumerate().filter(|(index, _)| index + 1 != line).map(|(_, text)| text).collect()
}
