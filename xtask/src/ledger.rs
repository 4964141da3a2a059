//! The ledger of assumptions, `spec/assumptions.toml`, and the page made of it, `spec/ASSUMPTIONS.md`.

use std::collections::HashSet;
use std::fmt;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

/// The ledger, relative to the project.
pub const LEDGER: &str = "spec/assumptions.toml";
/// The page with all assumptions, relative to the project.
pub const PAGE: &str = "spec/ASSUMPTIONS.md";

/// The page above its table.
const HEAD: &str = include_str!("generate/assumptions.md");

/// Something that we rely on and that the platform's page does not say.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Assumption {
    /// Its name, in kebab-case.
    pub id: String,
    /// What is taken for granted.
    pub what: String,
    /// What kind of source it has.
    pub provenance: Provenance,
    /// The source in words.
    pub source: String,
    /// What protects us when it is wrong.
    pub guard: String,
    /// A test that shows the guard, or that fails when the emulator drops the assumption: `path::name`.
    pub test: String,
}

/// Where an assumption comes from.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, Hash)]
pub enum Provenance {
    /// Another edition of the same page says so.
    #[serde(rename = "other edition")]
    OtherEdition,
    /// The vendor's page on another call, or on a successor, says so.
    #[serde(rename = "other page")]
    OtherPage,
    /// Somebody's public code or notes show it, apparently from a live reply.
    #[serde(rename = "seen")]
    Seen,
    /// Nobody says so; we conclude it.
    #[serde(rename = "our conclusion")]
    OurConclusion,
    /// The page says two things, and we chose one.
    #[serde(rename = "page contradicts itself")]
    PageContradictsItself,
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ledger {
    assumption: Vec<Assumption>,
}

/// Reads the ledger and checks it: ids in kebab-case and each its own, no text empty, whole sentences.
pub fn read(assumptions_toml: &str) -> anyhow::Result<Vec<Assumption>> {
    let Ledger { assumption: assumptions } = toml::from_str(assumptions_toml).context(LEDGER)?;
    let mut ids = HashSet::new();
    for assumption in &assumptions {
        let id = assumption.id.as_str();
        ensure!(is_kebab_case(id), "{LEDGER}: {id:?} is not in kebab-case");
        ensure!(ids.insert(id), "{LEDGER}: {id} stands twice");
        for (name, text) in
            [("what", &assumption.what), ("source", &assumption.source), ("guard", &assumption.guard)]
        {
            ensure!(is_sentence(text), "{LEDGER}: {id}: {name} is not a sentence on one line: {text:?}");
        }
        let test = &assumption.test;
        ensure!(test.contains("::"), "{LEDGER}: {id}: test is not path::name: {test:?}");
    }
    Ok(assumptions)
}

/// The page in Markdown: the ledger as a table.
pub fn page(assumptions_toml: &str) -> anyhow::Result<String> {
    let mut table =
        format!("{HEAD}\n| What we rely on | Where it comes from | What guards us |\n|---|---|---|\n");
    for assumption in read(assumptions_toml)? {
        let Assumption { id, what, provenance, source, guard, test } = assumption;
        let (what, source, guard) = (cell(&what), cell(&source), cell(&guard));
        let (file, name) = test.rsplit_once("::").unwrap_or_default();
        table += &format!(
            "| **{id}**<br>{what} | *{provenance}*<br>{source} | {guard}<br>[`{name}`](../{file}) |\n"
        );
    }
    Ok(table)
}

/// Whether a text is a sentence, or several, on one line.
pub(crate) fn is_sentence(text: &str) -> bool {
    text.trim() == text && text.ends_with('.') && !text.contains('\n')
}

fn is_kebab_case(id: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    id.split('-').all(|word| !word.is_empty() && word.chars().all(is_letter))
}

/// A text that stays within one cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = r#"
        [[assumption]]
        id = "stable-order"
        what = "Rows keep `a|b` order."
        provenance = "our conclusion"
        source = "The page is silent."
        guard = "None."
        test = "tests/pages.rs::rows_keep_their_order"
    "#;

    #[test]
    fn an_assumption_is_a_row() {
        let page = page(ONE).unwrap();
        assert_eq!(
            page.lines().last().unwrap(),
            "| **stable-order**<br>Rows keep `a\\|b` order. | *our conclusion*<br>The page is silent. | \
             None.<br>[`rows_keep_their_order`](../tests/pages.rs) |"
        );
    }

    #[test]
    fn a_faulty_ledger_is_refused_with_the_place() {
        let cases = [
            (ONE.replace("stable-order", "Stable"), "\"Stable\" is not in kebab-case"),
            (ONE.replace("stable-order", "stable-"), "\"stable-\" is not in kebab-case"),
            (format!("{ONE}{ONE}"), "stable-order stands twice"),
            (ONE.replace("None.", ""), "stable-order: guard is not a sentence"),
            (ONE.replace("silent.", "silent"), "stable-order: source is not a sentence"),
            (ONE.replace("::", "/"), "stable-order: test is not path::name"),
            (ONE.replace("our conclusion", "a dream"), "unknown variant `a dream`"),
            (ONE.replace("guard", "gard"), "unknown field `gard`"),
        ];
        for (ledger, expected) in cases {
            let error = format!("{:#}", page(&ledger).unwrap_err());
            assert!(error.contains(expected), "{expected}: {error}");
        }
    }
}
