//! `cargo xtask diff`: what the changes of the document mean for clients, and whether its version and the changelog follow.
//!
//! oasdiff classifies what OpenAPI itself describes. What our extensions and prose mean is decided here.

mod extensions;
pub(crate) mod git;
mod oasdiff;
mod version;
mod yardstick;

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

pub use extensions::changes as extension_changes;
pub use oasdiff::Oasdiff;
pub use version::CHANGELOG;
pub use yardstick::{EDITS, Edit, edits, run as run_yardstick};

use crate::contract::contract;
use crate::document::Document;
use crate::{DOCUMENT, Outcome, load, print};

/// What a change means for clients.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Programs and generated clients of before work as before, and nothing is new for them.
    Editorial,
    /// Programs and generated clients of before work as before.
    Additive,
    /// A program or a generated client of before may fail, or not compile.
    Breaking,
}

/// One change for clients: its class, and what a person reads of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// What it means for clients.
    pub class: Class,
    /// Where it is, and what has changed.
    pub text: String,
}

/// Compares the project at `root` with a revision. Without one, that is the newest release or, before the first, the commit
/// that added the document.
///
/// # Errors
/// As for [`report`], and when oasdiff cannot be run.
pub fn run(root: &Path, revision: Option<&str>) -> anyhow::Result<Outcome> {
    let oasdiff = Oasdiff::find(root)?;
    let (outcome, text) = report(root, revision, |old, new| oasdiff.all_changes(old, new))?;
    print(&text);
    Ok(outcome)
}

/// Compares the document of the project at `root` with the one at a revision: the outcome, and what a person reads.
///
/// # Errors
/// When git has no such revision or document, or when a document cannot be read.
pub fn report(
    root: &Path,
    revision: Option<&str>,
    compare: impl Fn(&Value, &Value) -> anyhow::Result<Vec<Change>>,
) -> anyhow::Result<(Outcome, String)> {
    let base = git::base(root, revision, DOCUMENT)?;
    let old = Document::parse(format!("{DOCUMENT} at {}", base.shown), git::show(root, &base, DOCUMENT)?)?;
    let new = load::read(root)?;
    let before = version::version(old.value(), &old.path().display().to_string())?;
    let now = version::version(new.value(), DOCUMENT)?;
    let mut changes = compare(old.value(), new.value())?;
    let is_quiet = changes.iter().all(|change| change.class == Class::Editorial);
    if is_quiet && contract(old.value()).facts() != contract(new.value()).facts() {
        let text = "the documents promise different things, and no rule says what that means for clients";
        changes.push(Change { class: Class::Breaking, text: text.to_owned() });
    }
    if changes.is_empty() && before == now && old.text() != new.text() {
        let text = "the text differs, and means the same";
        changes.push(Change { class: Class::Editorial, text: text.to_owned() });
    }
    changes.sort_by(|left, right| (right.class, &left.text).cmp(&(left.class, &right.text)));
    let class = changes.first().map(|change| change.class);
    let changelog = fs::read_to_string(root.join(CHANGELOG)).unwrap_or_default();
    let missing = version::missing(&before, &now, class, &changelog);
    let mut text = format!("compared with {}\n", base.shown);
    for change in &changes {
        text += &format!("{}: {}\n", format!("{:?}", change.class).to_lowercase(), change.text);
    }
    text += &version::verdict(&before, &now, class);
    missing.iter().for_each(|line| text += &format!("error: {line}\n"));
    Ok((if missing.is_empty() { Outcome::Done } else { Outcome::Broken }, text))
}
