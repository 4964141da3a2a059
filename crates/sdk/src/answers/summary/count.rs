//! Counts a task by the totals of pages of one row, and decides when these totals are not believed. It does no I/O.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use northbound_client::SubtaskStatus;

use super::lifecycle::counting_order;
use crate::subtask::Page;

/// What one call asks for: how many subtasks there are in all, or in one status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Total,
    Status(SubtaskStatus),
}

/// What one call came back with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sample {
    /// The platform does not take the filter.
    Refused,
    /// A page: the total that it claims, how many rows it has, and whether one of them has another status than asked.
    Page { total: Option<u64>, rows: u64, stray: bool },
}

/// Which check of the platform's totals failed, so that the whole task was read.
///
/// The platform's page never says that `totalCount` counts only the rows that match the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Doubt {
    /// The platform answered a query without a filter, and refuses a filter by status.
    FilterRefused,
    /// A row has another status than the requested one.
    FilterIgnored,
    /// A page has no total.
    NoTotal,
    /// A page has more rows than its total, as in the example of the platform's page.
    MoreRowsThanTotal,
    /// The first page has a total but no rows.
    TotalWithoutRows,
    /// A page of one row has a total of 1, which may be the number of rows on the page. Reading the task takes one call.
    MayCountThePage,
    /// The counts by status add up to more subtasks than the task has.
    MoreThanAll,
}

impl Doubt {
    /// Whether a subtask that moves between the platform's count and its list looks the same.
    fn may_be_a_race(self) -> bool {
        matches!(self, Self::FilterIgnored | Self::MoreRowsThanTotal | Self::TotalWithoutRows)
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FilterRefused => "the platform refuses a filter by status",
            Self::FilterIgnored => "a row came back in another status than the one asked for",
            Self::NoTotal => "a page has no total",
            Self::MoreRowsThanTotal => "a page has more rows than its total",
            Self::TotalWithoutRows => "a page counts rows and shows none",
            Self::MayCountThePage => "a total of 1 may count the rows of the page",
            Self::MoreThanAll => "the counts by status add up to more than the task has",
        })
    }
}

impl Sample {
    pub(crate) fn of(page: &Page, ask: &Ask) -> Self {
        let rows = page.rows();
        let stray = match ask {
            Ask::Total => false,
            Ask::Status(status) => rows.iter().any(|row| row.status.as_ref() != Some(status)),
        };
        Self::Page { total: page.total_count(), rows: rows.len() as u64, stray }
    }

    /// The count, if it can be believed.
    fn count(&self) -> Result<u64, Doubt> {
        match *self {
            Self::Refused => Err(Doubt::FilterRefused),
            Self::Page { stray: true, .. } => Err(Doubt::FilterIgnored),
            Self::Page { total: None, .. } => Err(Doubt::NoTotal),
            Self::Page { total: Some(total), rows, .. } if rows > total => Err(Doubt::MoreRowsThanTotal),
            Self::Page { total: Some(total), rows: 0, .. } if total > 0 => Err(Doubt::TotalWithoutRows),
            Self::Page { total: Some(total), .. } => Ok(total),
        }
    }
}

/// The counts of a task, and what is still to be asked.
#[derive(Clone, Debug)]
pub(crate) struct Counting {
    pub(crate) total: u64,
    pub(crate) by_status: BTreeMap<SubtaskStatus, u64>,
    asks: VecDeque<Ask>,
    /// The first ask was answered once with something that a change of status could explain.
    suspect: bool,
    calls: u64,
}

impl Counting {
    /// Asks for the whole task first: an id that does not exist, and a platform that refuses filters, show there.
    pub(crate) fn whole() -> Self {
        let statuses = counting_order().into_iter().cloned().map(Ask::Status);
        let asks = std::iter::once(Ask::Total).chain(statuses).collect();
        Self { total: 0, by_status: BTreeMap::new(), asks, suspect: false, calls: 0 }
    }

    /// Asks for these again, in this order; the other counts stay.
    pub(crate) fn recount(&mut self, asks: impl IntoIterator<Item = Ask>) {
        (self.asks, self.suspect) = (asks.into_iter().collect(), false);
        for ask in &self.asks {
            if let Ask::Status(status) = ask {
                // Else old and new counts of one subtask could stand side by side.
                self.by_status.remove(status);
            }
        }
    }

    /// Takes in the total and the counts by status that one call has brought together; all other counts are forgotten.
    pub(crate) fn put(&mut self, total: u64, by_status: impl IntoIterator<Item = (SubtaskStatus, u64)>) {
        self.calls += 1;
        self.total = total;
        self.by_status = by_status.into_iter().collect();
    }

    /// A call has brought nothing.
    pub(crate) fn called(&mut self) {
        self.calls += 1;
    }

    /// What to ask for now; `None` when everything has been counted.
    pub(crate) fn next(&self) -> Option<&Ask> {
        self.asks.front()
    }

    /// How many calls lie ahead.
    pub(crate) fn ahead(&self) -> usize {
        self.asks.len()
    }

    /// Takes in the answer to [`next`](Self::next).
    ///
    /// No separate check is needed for counts that all equal the total: two of them together exceed it.
    pub(crate) fn take(&mut self, sample: &Sample) -> Result<(), Doubt> {
        self.calls += 1;
        let count = match sample.count() {
            Ok(count) => count,
            Err(doubt) if doubt.may_be_a_race() && !self.suspect => {
                self.suspect = true;
                return Ok(());
            }
            Err(doubt) => return Err(doubt),
        };
        self.suspect = false;
        match self.asks.pop_front() {
            Some(Ask::Total) if count == 1 => return Err(Doubt::MayCountThePage),
            // A task keeps its subtasks: where a total shrinks, some are missing.
            Some(Ask::Total) => self.total = self.total.max(count),
            Some(Ask::Status(status)) => {
                self.by_status.insert(status, count);
            }
            None => {}
        }
        if self.sum() > self.total { Err(Doubt::MoreThanAll) } else { Ok(()) }
    }

    pub(crate) fn count(&self, status: &SubtaskStatus) -> Option<u64> {
        self.by_status.get(status).copied()
    }

    /// How many subtasks no count holds.
    pub(crate) fn uncounted(&self) -> u64 {
        self.total.saturating_sub(self.sum())
    }

    /// Calls since the last time that this was asked.
    pub(crate) fn take_calls(&mut self) -> u64 {
        std::mem::take(&mut self.calls)
    }

    /// Cannot overflow: it is compared with the total after each count, and both come as `i64`.
    fn sum(&self) -> u64 {
        self.by_status.values().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(total: u64, rows: u64) -> Sample {
        Sample::Page { total: Some(total), rows, stray: false }
    }

    fn honest(total: u64) -> Sample {
        page(total, total.min(1))
    }

    /// Counts with a platform that answers like this, until the end or a doubt.
    fn count(answer: impl Fn(&Ask) -> Sample) -> (Counting, Option<Doubt>) {
        let mut counting = Counting::whole();
        while let Some(ask) = counting.next() {
            let sample = answer(ask);
            if let Err(doubt) = counting.take(&sample) {
                return (counting, Some(doubt));
            }
        }
        (counting, None)
    }

    fn is(ask: &Ask, status: &SubtaskStatus) -> bool {
        matches!(ask, Ask::Status(asked) if asked == status)
    }

    #[test]
    fn the_largest_total_does_not_wrap_round_to_something_small() {
        assert_eq!(count(|_| page(i64::MAX.unsigned_abs(), 1)).1, Some(Doubt::MoreThanAll));
    }

    #[test]
    fn a_total_that_may_be_that_of_the_page_is_not_believed() {
        assert_eq!(count(|_| honest(1)).1, Some(Doubt::MayCountThePage));
        let one_of_two = |ask: &Ask| match ask {
            Ask::Total => honest(2),
            ask if is(ask, &SubtaskStatus::Fail) || is(ask, &SubtaskStatus::Success) => honest(1),
            Ask::Status(_) => honest(0),
        };
        assert_eq!(count(one_of_two).1, None);
        assert_eq!(count(|_| honest(0)).1, None);
    }

    #[test]
    fn rows_that_no_count_holds_are_uncounted() {
        let (counting, _) = count(|ask| if *ask == Ask::Total { honest(10) } else { honest(1) });
        assert_eq!(counting.uncounted(), 10 - SubtaskStatus::KNOWN.len() as u64);
    }

    #[test]
    fn a_recount_replaces_old_counts_before_it_adds_new_ones() {
        let (mut counting, _) = count(|ask| match ask {
            ask if *ask == Ask::Total || is(ask, &SubtaskStatus::Pending) => honest(10),
            _ => honest(0),
        });
        counting.recount([SubtaskStatus::Success, SubtaskStatus::Pending].map(Ask::Status));
        assert_eq!(counting.ahead(), 2);
        assert_eq!(counting.take(&honest(10)), Ok(()));
        assert_eq!(counting.take(&honest(0)), Ok(()));
        assert_eq!((counting.uncounted(), counting.next()), (0, None));
    }

    #[test]
    fn a_total_that_shrinks_does_not_make_rows_vanish() {
        let (mut counting, _) = count(|ask| if *ask == Ask::Total { honest(10) } else { honest(0) });
        for (total, expected) in [(9, 10), (0, 10), (12, 12)] {
            counting.recount([Ask::Total]);
            assert_eq!(counting.take(&honest(total)), Ok(()));
            assert_eq!((counting.total, counting.uncounted()), (expected, expected));
        }
    }
}
