//! One check of a promise.

use crate::report::Checked;
use crate::session::Session;

/// One promise, and how to check whether it is kept.
pub(crate) struct Check {
    /// The promise, as a fact.
    pub(crate) name: &'static str,
    /// Ids of the assumptions without which the document does not promise this.
    pub(crate) rests_on: &'static [&'static str],
    pub(crate) run: fn(&mut Session<'_>) -> Checked,
}

impl Check {
    pub(crate) const fn new(name: &'static str, run: fn(&mut Session<'_>) -> Checked) -> Self {
        Self { name, rests_on: &[], run }
    }

    pub(crate) const fn resting_on(self, rests_on: &'static [&'static str]) -> Self {
        Self { rests_on, ..self }
    }
}
