//! What an OpenAPI document promises, in one canonical form: two documents promise the same if their lines are equal.
//!
//! The form is the same for 3.0 and 3.1, and does not depend on how a promise is written: references are resolved, defaults
//! filled in, sets sorted. Whatever this module does not know stays in as it is written, so that two documents may seem
//! to differ where they do not, but never the other way round.

mod fact;
mod form;
mod reading;
mod walk;

use std::fmt;

use serde_json::Value;
use similar::TextDiff;

pub use fact::{Fact, NOT_COMPARED, Side};
use reading::Reading;

/// All that a document promises, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    facts: Vec<Fact>,
    /// Whether the whole document was read. One that is nested too deeply, or that unfolds to far more than it holds, is not.
    complete: bool,
}

impl Contract {
    /// The promises.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// The promises as text, one a line.
    pub fn lines(&self) -> Vec<String> {
        self.facts.iter().map(Fact::to_string).collect()
    }
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.facts.iter().try_for_each(|fact| writeln!(f, "{fact}"))
    }
}

/// Brings a document to its canonical form. It takes any JSON: what is no OpenAPI shows in the lines as what it is.
pub fn contract(document: &Value) -> Contract {
    promises(document, None)
}

/// The promises of one schema of a document; their operation and place are empty.
pub fn schema(document: &Value, schema: &Value) -> Contract {
    promises(document, Some(schema))
}

fn promises(document: &Value, schema: Option<&Value>) -> Contract {
    let reading = Reading::of(document);
    let facts = walk::facts(&reading, schema);
    Contract { facts, complete: !reading.is_exhausted() }
}

/// How two contracts differ, as a unified diff from left to right; `None` if they are equal.
///
/// Each line says where it belongs, so the diff shows no lines that are equal.
pub fn difference(left_name: &str, left: &Contract, right_name: &str, right: &Contract) -> Option<String> {
    for (name, contract) in [(left_name, left), (right_name, right)] {
        if !contract.complete {
            return Some(format!("{name}: nested too deeply, or unfolds to too much, to be compared\n"));
        }
    }
    let (left, right) = (left.to_string(), right.to_string());
    let diff = TextDiff::from_lines(&left, &right);
    (left != right).then(|| diff.unified_diff().context_radius(0).header(left_name, right_name).to_string())
}

#[cfg(test)]
mod tests;
