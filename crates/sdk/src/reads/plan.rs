//! What a read will ask for, decided before anything is sent.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZeroU32;

use northbound_client::SubtaskStatus;

/// In which direction a read goes through the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Direction {
    /// The whole task without a filter by status, from page 0 on, several pages at a time. Its set of rows does not change.
    Whole,
    /// From page 0 on, one call at a time. For final statuses: rows are only added, because a final status is never left.
    Forward,
    /// From the last page down to page 0, one call at a time. For Pending: rows are only removed, because no subtask becomes
    /// Pending again.
    Backward,
}

/// How a read will ask for its rows. Made by [`SubtaskQuery::plan`](crate::SubtaskQuery::plan).
///
/// Display is one sentence, such as `asks for Fail, then for Timeout, 250 rows a call, forward, one call at a time`.
///
/// ```no_run
/// # fn example(client: northbound::Client) -> Result<(), northbound::Error> {
/// let plan = client.subtasks("5c8ba99030344005c02316ad").plan()?;
/// println!("{plan}, at most {} calls at a time", plan.calls_at_a_time());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub(crate) direction: Direction,
    pub(crate) sent: Vec<SubtaskStatus>,
    pub(crate) kept: Vec<SubtaskStatus>,
    pub(crate) page_size: NonZeroU32,
    pub(crate) from_page: Option<u32>,
    pub(crate) prefetch: usize,
}

impl Plan {
    /// In which direction the read goes.
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// The statuses that are sent as a filter, one after another; empty if none is sent.
    pub fn filter(&self) -> &[SubtaskStatus] {
        &self.sent
    }

    /// The statuses whose rows the client picks from a whole task; empty if every row is delivered.
    pub fn picks(&self) -> &[SubtaskStatus] {
        &self.kept
    }

    /// Rows asked for in one call.
    pub fn page_size(&self) -> u32 {
        self.page_size.get()
    }

    /// The page at which the read resumes; `None` if it starts at the beginning.
    pub fn from_page(&self) -> Option<u32> {
        self.from_page
    }

    /// How many calls may be under way at a time.
    pub fn calls_at_a_time(&self) -> usize {
        if self.direction == Direction::Whole { self.prefetch } else { 1 }
    }

    /// The parts of the read, one after another: one a status that is sent.
    pub(crate) fn passes(&self) -> VecDeque<FilterPass> {
        if self.sent.is_empty() {
            return VecDeque::from([None]);
        }
        self.sent.iter().cloned().map(Some).collect()
    }
}

/// A part of a read: the status that is sent as a filter, if one is.
pub(crate) type FilterPass = Option<SubtaskStatus>;

/// The statuses that the user wants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted(pub(crate) Option<Vec<SubtaskStatus>>);

impl Wanted {
    pub(crate) fn new(statuses: impl IntoIterator<Item = SubtaskStatus>) -> Self {
        let mut distinct = Vec::new();
        for status in statuses {
            if !distinct.contains(&status) {
                distinct.push(status);
            }
        }
        Self(Some(distinct))
    }

    /// The direction in which the wanted rows can be read without losing one, and whether the statuses are sent.
    ///
    /// It follows from the lifecycle in the document: subtasks only enter a final status, and only leave the first one. For a
    /// status that subtasks enter and leave, or an undocumented one, the whole task is read and the rows are picked. The same
    /// applies if such a status is among several: in a read of one part after another, rows that move from a part still to be
    /// read to one already read would be lost.
    pub(crate) fn direction(&self) -> Direction {
        let statuses = self.0.as_deref().unwrap_or_default();
        if !statuses.is_empty() && statuses.iter().all(SubtaskStatus::is_final) {
            return Direction::Forward;
        }
        match statuses {
            [status] if is_first(status) => Direction::Backward,
            _ => Direction::Whole,
        }
    }
}

/// Whether the document lists the status, and no other one that leads to it.
fn is_first(status: &SubtaskStatus) -> bool {
    let leads_here = |known: &SubtaskStatus| known.successors().is_some_and(|next| next.contains(status));
    SubtaskStatus::KNOWN.contains(status) && !SubtaskStatus::KNOWN.iter().any(leads_here)
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |statuses: &[SubtaskStatus], between| {
            statuses.iter().map(SubtaskStatus::as_str).collect::<Vec<_>>().join(between)
        };
        if self.sent.is_empty() {
            write!(f, "reads the whole task")?;
        } else {
            write!(f, "asks for {}", list(&self.sent, ", then for "))?;
        }
        if !self.kept.is_empty() {
            write!(f, " and picks {}", list(&self.kept, ", "))?;
        }
        let is_backward = self.direction == Direction::Backward;
        let direction = if is_backward { "from the last page backward" } else { "forward" };
        write!(f, ", {} rows a call, {direction}, ", self.page_size)?;
        match self.calls_at_a_time() {
            1 => write!(f, "one call at a time")?,
            calls => write!(f, "up to {calls} calls at a time")?,
        }
        self.from_page.map_or(Ok(()), |page| write!(f, ", from page {page}"))
    }
}

#[cfg(test)]
mod tests {
    use SubtaskStatus::{Fail, Pending, Success, Timeout, WaitResult};

    use super::*;

    fn plan(direction: Direction) -> Plan {
        let (sent, kept) = (vec![Fail, Timeout], vec![Pending]);
        let page_size = NonZeroU32::new(250).unwrap();
        Plan { direction, sent, kept, page_size, from_page: Some(7), prefetch: 4 }
    }

    #[test]
    fn a_read_has_a_part_for_each_status_that_is_sent() {
        let mut plan = plan(Direction::Forward);
        assert_eq!(plan.passes(), [Some(Fail), Some(Timeout)]);
        plan.sent.clear();
        assert_eq!(plan.passes(), [None]);
    }

    #[test]
    fn the_direction_follows_from_the_lifecycle() {
        let unknown = SubtaskStatus::from("Stopped");
        for (wanted, direction) in [
            (vec![Pending], Direction::Backward),
            (vec![Fail], Direction::Forward),
            (vec![Success, Fail, Timeout], Direction::Forward),
            (vec![WaitResult], Direction::Whole),
            (vec![Pending, WaitResult], Direction::Whole),
            (vec![Pending, Fail], Direction::Whole),
            (vec![unknown.clone()], Direction::Whole),
            (vec![Fail, unknown], Direction::Whole),
        ] {
            assert_eq!(Wanted::new(wanted.clone()).direction(), direction, "{wanted:?}");
        }
        assert_eq!(Wanted::default().direction(), Direction::Whole);
        assert_eq!(Wanted::new([Pending, Pending]).direction(), Direction::Backward);
    }
}
