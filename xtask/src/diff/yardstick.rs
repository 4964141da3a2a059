//! `cargo xtask diff --yardstick`: edits whose class is known, to find out whether the comparison sees them.

use std::path::Path;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::{Change, Class, Oasdiff};
use crate::document::Document;
use crate::recipes::recipes;
use crate::{Outcome, load, print, read};

/// The edits, relative to the project.
pub const EDITS: &str = "xtask/tools/diff/edits.toml";

/// An edit of the document. The file that holds them explains the members.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    name: String,
    class: Option<Class>,
    says: String,
    /// Whether it is classified without oasdiff.
    #[serde(default)]
    pub own: bool,
    before: Option<[String; 2]>,
    after: Option<[String; 2]>,
}

/// The edits of the project at `root`.
///
/// # Errors
/// When they cannot be read.
pub fn edits(root: &Path) -> anyhow::Result<Vec<Edit>> {
    #[derive(Deserialize)]
    struct Edits {
        edit: Vec<Edit>,
    }
    Ok(toml::from_str::<Edits>(&read(root, EDITS)?).context(EDITS)?.edit)
}

impl Edit {
    /// What is wrong with what `compare` says of the edit; nothing, if it is right.
    ///
    /// # Errors
    /// When the document does not have the lines that the edit replaces, or is none any more.
    pub fn fault(
        &self,
        document: &str,
        compare: impl Fn(&Value, &Value) -> anyhow::Result<Vec<Change>>,
    ) -> anyhow::Result<Option<String>> {
        let apply = |text: String, edit: &Option<[String; 2]>| -> anyhow::Result<String> {
            let Some([old, new]) = edit else { return Ok(text) };
            ensure!(
                text.contains(old),
                "{}: the document does not have these lines any more:\n{old}",
                self.name
            );
            Ok(text.replacen(old, new, 1))
        };
        let old = apply(document.to_owned(), &self.before)?;
        let new = Document::parse("edited.yaml", apply(old.clone(), &self.after)?)?;
        let changes = compare(Document::parse("edited.yaml", old)?.value(), new.value())?;
        let class = changes.iter().map(|change| change.class).max();
        let says = |change: &Change| Some(change.class) == class && change.text.contains(&self.says);
        let is_right = class == self.class && (class.is_none() || changes.iter().any(says));
        let wrong = || format!("{}: wanted {:?} {:?}, found {changes:#?}", self.name, self.class, self.says);
        Ok((!is_right).then(wrong))
    }
}

/// Classifies every edit, and every recipe, of the project at `root` with oasdiff and without it.
///
/// # Errors
/// When oasdiff cannot be run, or an edit does not fit the document.
pub fn run(root: &Path) -> anyhow::Result<Outcome> {
    let (oasdiff, document, edits) = (Oasdiff::find(root)?, load::read(root)?, edits(root)?);
    let mut wrong = 0;
    for edit in &edits {
        if let Some(fault) = edit.fault(document.text(), |old, new| oasdiff.all_changes(old, new))? {
            print(&fault);
            wrong += 1;
        }
    }
    for recipe in recipes(root)? {
        let copy = recipe.apply_to_copies(root)?;
        let (new, name) = (load::read(copy.path())?, &recipe.name);
        let changes = oasdiff.all_changes(document.value(), new.value())?;
        let class = changes.iter().map(|change| change.class).max();
        if class != Some(Class::Additive) {
            print(&format!("the recipe {name}: wanted Additive, found {changes:#?}"));
            wrong += 1;
        }
    }
    print(&format!("{} edits, {wrong} of them or of the recipes do not have their class", edits.len()));
    Ok(if wrong == 0 { Outcome::Done } else { Outcome::Broken })
}
