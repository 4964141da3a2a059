//! What a report says, before it is a page.

use std::time::{Duration, SystemTime};

use northbound::{FailureQuery, Summary};

use super::list::List;
use crate::screen::layout::one_line;

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
            .filter(|(_, listed, counted)| listed != counted)
            .map(|(status, listed, counted)| {
                format!("{listed} devices are listed as {status}, and {counted} were counted before: {why}")
            })
            .collect();
        if listed.without_status() > 0 {
            let without = listed.without_status();
            warnings.push(format!("{without} of the rows listed as failures came without a status"));
        }
        warnings
    }

    /// The result for the terminal.
    pub(super) fn in_one_line(&self) -> String {
        let reasons = match self.list.groups.groups().len() {
            0 => String::new(),
            1 => ", for 1 reason".to_owned(),
            reasons => format!(", for {reasons} reasons"),
        };
        let (failed, total) = (self.summary.failed(), self.summary.total());
        format!("{failed} of {total} subtasks failed or timed out{reasons}; {} calls", self.calls)
    }
}
