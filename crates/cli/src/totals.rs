//! How many subtasks were printed or written, by status.

use std::collections::BTreeMap;
use std::fmt;

use northbound::SubtaskStatus;
use serde::{Deserialize, Serialize};

use crate::layout::counted;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Totals {
    all: u64,
    /// In the order of the document; subtasks without a status are in `all` alone.
    by_status: BTreeMap<SubtaskStatus, u64>,
}

impl Totals {
    pub(crate) fn add(&mut self, status: Option<&SubtaskStatus>) {
        self.all += 1;
        if let Some(status) = status {
            *self.by_status.entry(status.clone()).or_default() += 1;
        }
    }

    pub(crate) fn all(&self) -> u64 {
        self.all
    }

    /// Whether they can be counts at all, wherever they were read from.
    pub(crate) fn are_sound(&self) -> bool {
        let sum = self.by_status.values().try_fold(0_u64, |sum, count| sum.checked_add(*count));
        sum.is_some_and(|sum| sum <= self.all)
    }

    /// All of them, as in `412 subtasks`.
    pub(crate) fn counted(&self) -> String {
        counted(self.all, "subtask")
    }

    pub(crate) fn of(&self, status: &SubtaskStatus) -> u64 {
        self.by_status.get(status).copied().unwrap_or_default()
    }

    pub(crate) fn without_status(&self) -> u64 {
        self.all - self.by_status.values().sum::<u64>()
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.counted())?;
        let mut between = ": ";
        for (status, count) in &self.by_status {
            write!(f, "{between}{count} {}", crate::layout::one_line(status.as_str()))?;
            between = ", ";
        }
        match self.without_status() {
            0 => Ok(()),
            rest => write!(f, "{between}{rest} without a status"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_read_as_one_line() {
        let mut totals = Totals::default();
        assert_eq!(totals.to_string(), "0 subtasks");
        totals.add(Some(&SubtaskStatus::Fail));
        assert_eq!(totals.to_string(), "1 subtask: 1 Fail");
        totals.add(Some(&SubtaskStatus::Pending));
        totals.add(Some(&SubtaskStatus::from("Stopped")));
        totals.add(None);
        assert_eq!(totals.to_string(), "4 subtasks: 1 Pending, 1 Fail, 1 Stopped, 1 without a status");
    }
}
