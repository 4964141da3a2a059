//! How many subtasks were printed or written, by status.

use std::collections::BTreeMap;
use std::fmt;

use northbound::{Subtask, SubtaskStatus};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::{CliError, Kind};
use crate::screen::layout::{counted, one_line};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Totals {
    all: u64,
    /// In the order of the document; subtasks without a status are in `all` alone.
    by_status: BTreeMap<SubtaskStatus, u64>,
    /// Rows that could not be read: they are in `all` alone as well.
    #[serde(default, skip_serializing_if = "is_none")]
    unreadable: u64,
    /// Rows that were read with a repair.
    #[serde(default, skip_serializing_if = "is_none")]
    repaired: u64,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// How many different statuses are counted one by one: a platform may send another one with every row.
const STATUSES: usize = 100;

impl Totals {
    pub(crate) fn add(&mut self, subtask: &Subtask) {
        self.unreadable += u64::from(subtask.unreadable().is_some());
        self.repaired += u64::from(subtask.is_repaired());
        self.count(subtask.status());
    }

    pub(crate) fn count(&mut self, status: Option<&SubtaskStatus>) {
        self.all += 1;
        let Some(status) = status else { return };
        if let Some(count) = self.by_status.get_mut(status) {
            *count += 1;
        } else {
            let is_kept = self.by_status.len() < STATUSES && status.as_str().len() <= 256;
            let status = if is_kept { status.clone() } else { SubtaskStatus::from("(another status)") };
            *self.by_status.entry(status).or_default() += 1;
        }
    }

    /// What to say of the rows that were repaired.
    pub(crate) fn repairs(&self) -> Option<String> {
        let rows = counted(self.repaired, "row");
        let note = format!("{rows} had to be repaired: the platform sends JSON that is not valid");
        (self.repaired > 0).then_some(note)
    }

    /// An error if rows could not be read.
    pub(crate) fn are_readable(&self) -> Result<(), CliError> {
        if self.unreadable == 0 {
            return Ok(());
        }
        let advice = "they are in the output as the platform sent them; jsonl shows them best";
        Err(CliError::own(Kind::Rows, format!("{} cannot be read", counted(self.unreadable, "row")), advice))
    }

    /// An error if rows have another status than those that were asked for.
    pub(crate) fn are_as_asked(&self, asked: &[SubtaskStatus]) -> Result<(), CliError> {
        let is_other = |status: &SubtaskStatus| !asked.is_empty() && !asked.contains(status);
        let others = self.by_status.iter().filter(|(status, _)| is_other(status));
        let why = match others.clone().find(|(status, _)| !SubtaskStatus::KNOWN.contains(status)) {
            Some((status, _)) => {
                let status = one_line(status.as_str());
                format!("the platform has statuses that its page does not list, such as {status}")
            }
            None => "the platform does not filter by status".to_owned(),
        };
        let others: u64 = others.map(|(_, count)| count).sum();
        let what = format!("{others} of {} have another status than was asked for", counted(self.all, "row"));
        let advice = why + ": read the task without --status, and choose the rows yourself";
        if others == 0 { Ok(()) } else { Err(CliError::own(Kind::Rows, what, advice)) }
    }

    /// The same as members of a result.
    pub(crate) fn result(&self) -> Value {
        json!({
            "rows": self.all,
            "byStatus": self.by_status,
            "settled": self.settled(),
            "failed": self.failed(),
            "unreadable": self.unreadable,
            "repaired": self.repaired,
        })
    }

    pub(crate) fn all(&self) -> u64 {
        self.all
    }

    /// Those in a final status.
    pub(crate) fn settled(&self) -> u64 {
        SubtaskStatus::KNOWN.iter().filter(|status| status.is_final()).map(|status| self.of(status)).sum()
    }

    /// Those that failed or timed out.
    pub(crate) fn failed(&self) -> u64 {
        self.of(&SubtaskStatus::Fail) + self.of(&SubtaskStatus::Timeout)
    }

    /// Whether they can be counts at all, wherever they were read from.
    pub(crate) fn are_sound(&self) -> bool {
        let sum = self.by_status.values().try_fold(0_u64, |sum, count| sum.checked_add(*count));
        sum.is_some_and(|sum| sum <= self.all)
    }

    /// All of them, as in `412 subtasks` and `no subtasks`.
    pub(crate) fn counted(&self) -> String {
        if self.all == 0 { "no subtasks".to_owned() } else { counted(self.all, "subtask") }
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
            write!(f, "{between}{count} {}", one_line(status.as_str()))?;
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
        assert_eq!(totals.to_string(), "no subtasks");
        totals.count(Some(&SubtaskStatus::Fail));
        assert_eq!(totals.to_string(), "1 subtask: 1 Fail");
        totals.count(Some(&SubtaskStatus::Pending));
        totals.count(Some(&SubtaskStatus::from("Stopped")));
        totals.count(None);
        assert_eq!(totals.to_string(), "4 subtasks: 1 Pending, 1 Fail, 1 Stopped, 1 without a status");
    }

    #[test]
    fn a_platform_that_invents_statuses_does_not_fill_the_memory() {
        let mut totals = Totals::default();
        (0..1000).for_each(|number| totals.count(Some(&SubtaskStatus::from(format!("made up {number}")))));
        assert_eq!((totals.all(), totals.by_status.len()), (1000, STATUSES + 1));
        assert_eq!(totals.of(&SubtaskStatus::from("(another status)")), 900);
    }
}
