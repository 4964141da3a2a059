//! What a report says, before it is a page.

use std::time::{Duration, SystemTime};

use northbound::{FailureQuery, Summary};

use super::list::List;
use crate::screen::layout::{counted, one_line};

/// Everything but the rows, and how the report was made.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) summary: Summary,
    pub(super) list: List,
    pub(super) endpoint: String,
    /// Whether that is the emulator inside this command, and not a platform.
    pub(super) by_emulator: bool,
    pub(super) at: SystemTime,
    pub(super) took: Duration,
    pub(super) calls: u64,
}

impl Content {
    pub(super) fn task(&self) -> String {
        one_line(self.summary.task_id())
    }

    /// Subtasks that have not settled, as far as is known.
    pub(super) fn under_way(&self) -> u64 {
        self.summary.total().saturating_sub(self.summary.settled())
    }

    /// Where the list and the counts, which were asked for before it, do not say the same.
    pub(super) fn warnings(&self) -> Vec<String> {
        let (summary, listed) = (&self.summary, &self.list.totals);
        let why = if summary.is_settled() {
            "the task had settled, so the platform contradicts itself"
        } else {
            "subtasks moved between the two"
        };
        let mut warnings: Vec<String> = FailureQuery::STATUSES
            .iter()
            .map(|status| (status, listed.of(status), summary.count(status)))
            .filter(|(_, listed, before)| listed != before)
            .map(|(status, listed, before)| {
                let devices = counted(listed, "device");
                format!("{devices} listed as {status}, and {before} counted before: {why}")
            })
            .collect();
        if listed.without_status() > 0 {
            let without = listed.without_status();
            let rows = counted(without, "row");
            warnings.push(format!("{rows} listed as failures came without a status"));
        }
        warnings
    }

    /// The result for the terminal.
    pub(super) fn in_one_line(&self) -> String {
        let reasons = match self.list.groups.groups().len() {
            0 => String::new(),
            reasons => format!(", for {}", counted(reasons as u64, "reason")),
        };
        let (failed, total) = (self.summary.failed(), counted(self.summary.total(), "subtask"));
        format!("{failed} of {total} failed or timed out{reasons}; {}", counted(self.calls, "call"))
    }
}
