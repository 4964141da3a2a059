//! What a report says, before it is a page.

use std::time::{Duration, SystemTime};

use northbound::{ErrorInfo, FailureGroup, FailureQuery, Method};

use super::list::List;
use crate::rows::totals::Totals;
use crate::screen::chart::Counts;

/// Everything but the rows.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) counts: Counts,
    pub(super) listed: Totals,
    /// The largest first.
    pub(super) reasons: Vec<Reason>,
    pub(super) origin: Origin,
}

/// Failures that have the same code, or none.
#[derive(Debug)]
pub(super) struct Reason {
    pub(super) code: Option<String>,
    /// The platform's words, the most frequent first.
    pub(super) texts: Vec<(String, u64)>,
    pub(super) count: u64,
    pub(super) timed_out: u64,
    pub(super) info: Option<&'static ErrorInfo>,
}

/// How the report was made.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) endpoint: String,
    /// Whether that is the emulator inside this command, and not a platform.
    pub(super) by_emulator: bool,
    pub(super) at: SystemTime,
    pub(super) took: Duration,
    pub(super) calls: u64,
    pub(super) method: Method,
}

impl Content {
    pub(super) fn new(counts: Counts, list: &List, origin: Origin) -> Self {
        let reasons = list.groups.groups().into_iter().map(Reason::from).collect();
        Self { counts, listed: list.totals.clone(), reasons, origin }
    }

    /// Subtasks that are still on their way, or whose status says nothing of it.
    pub(super) fn under_way(&self) -> u64 {
        self.counts.total.saturating_sub(self.counts.settled)
    }

    /// Where the list and the counts, which were asked for before it, do not say the same.
    pub(super) fn warnings(&self) -> Vec<String> {
        let Self { counts, listed, .. } = self;
        let why = if counts.is_settled {
            "the task had settled, so the platform contradicts itself"
        } else {
            "subtasks moved between the two"
        };
        let mut warnings: Vec<String> = FailureQuery::STATUSES
            .iter()
            .map(|status| (status, listed.of(status), counts.of(status)))
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
        let Counts { total, failed, .. } = &self.counts;
        let reasons = self.reasons.len();
        let reasons = match reasons {
            0 => String::new(),
            1 => ", for 1 reason".to_owned(),
            _ => format!(", for {reasons} reasons"),
        };
        format!("{failed} of {total} subtasks failed or timed out{reasons}; {} calls", self.origin.calls)
    }
}

impl From<&FailureGroup> for Reason {
    fn from(group: &FailureGroup) -> Self {
        Self {
            code: group.code().map(|code| code.as_str().to_owned()),
            texts: group.texts().into_iter().map(|(text, count)| (text.to_owned(), count)).collect(),
            count: group.count(),
            timed_out: group.timed_out(),
            info: group.info(),
        }
    }
}
