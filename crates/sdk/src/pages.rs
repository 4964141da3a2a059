//! Which page to ask for next, which of its rows to deliver, and whether the read is complete.
//!
//! Page numbers over rows that change their status between two calls lose rows in silence, so a read goes in one of three
//! directions, each a state machine of its own: the [whole](whole) task, whose set is fixed; [forward](forward) through
//! rows that only come; [backward](backward) through rows that only go. They decide and do no I/O: [`crate::stream`] makes
//! the calls, and the [model](model) feeds them from a platform whose rows move.

mod backward;
mod forward;
mod identity;
mod incomplete;
#[cfg(test)]
mod model;
mod order;
mod plan;
#[cfg(test)]
mod scripts;
mod seen;
mod totals;
mod whole;

use std::num::NonZeroU32;

pub(crate) use identity::{Identity, Watch};
pub use incomplete::Incomplete;
pub(crate) use incomplete::{Cause, Fault};
pub use plan::{Direction, Plan};
pub(crate) use plan::{Leg, Wanted};

use backward::Backward;
use forward::Forward;
use whole::Whole;

/// How many pages a read may ask for beyond those that the platform counts, before it is called endless: 25 million rows.
const PAGES_BEYOND: u64 = 100_000;

/// A page as the state machines see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived<'a> {
    /// The number that was asked for.
    pub(crate) page: u32,
    /// How many rows it has.
    pub(crate) len: usize,
    /// Who the rows are, one by one; empty if nobody watches for repeats.
    pub(crate) rows: &'a [Identity],
    /// What tells the page from another; `None` if nothing on it does.
    pub(crate) digest: Option<u64>,
    /// `totalCount` of the reply.
    pub(crate) total: Option<u64>,
    /// `pageSize` of the reply.
    pub(crate) stated: Option<u64>,
}

/// What to do with a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) deliver: Deliver,
    pub(crate) next: Next,
}

/// Which rows of a page the user gets.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Deliver {
    All,
    /// All but the rows at these places, in ascending order: they were delivered before.
    AllBut(Vec<usize>),
    /// None yet: the page only shows where to begin.
    Nothing,
}

impl Deliver {
    fn but(repeats: Vec<usize>) -> Self {
        if repeats.is_empty() { Self::All } else { Self::AllBut(repeats) }
    }
}

/// What to do after a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Ask on.
    GoOn,
    /// Every row that the promise covers has been delivered.
    Complete,
}

/// Where a read begins, and how large its pages are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) size: NonZeroU32,
    /// The page to begin with; unless given, the first one in the direction of the read.
    pub(crate) from: Option<u32>,
}

/// One read with one filter, in its direction.
#[derive(Debug)]
pub(crate) enum Read {
    Whole(Whole),
    Forward(Forward),
    Backward(Box<Backward>),
}

impl Read {
    pub(crate) fn new(direction: Direction, start: Start) -> Self {
        match direction {
            Direction::Whole => Self::Whole(Whole::new(start)),
            Direction::Forward => Self::Forward(Forward::new(start)),
            Direction::Backward => Self::Backward(Box::new(Backward::new(start))),
        }
    }

    /// The page to ask for now, if there is one to ask for before an earlier one has arrived.
    pub(crate) fn ask(&mut self) -> Option<u32> {
        match self {
            Self::Whole(read) => read.ask(),
            Self::Forward(read) => read.ask(),
            Self::Backward(read) => read.ask(),
        }
    }

    /// Takes in a page; pages are taken in the order in which they were asked for.
    pub(crate) fn take(&mut self, page: &Arrived<'_>) -> Result<Taken, Fault> {
        match self {
            Self::Whole(read) => read.take(page),
            Self::Forward(read) => read.take(page),
            Self::Backward(read) => read.take(page),
        }
    }
}

/// How long pages are: as long as asked, unless the platform caps them.
#[derive(Clone, Copy, Debug)]
struct Lengths {
    asked: u64,
    longest: u64,
    calls: u64,
    /// Pages that the first total makes; a later one may grow without end.
    counted: Option<u64>,
}

impl Lengths {
    fn new(start: Start) -> Self {
        Self { asked: start.size.get().into(), longest: 0, calls: 0, counted: None }
    }

    /// Whether more rows may follow a page: it is as long as asked, or as any before it, or as long as it says that pages
    /// are. Where pages are capped, a full page is a short one.
    fn may_be_full(&self, page: &Arrived<'_>) -> bool {
        let len = page.len as u64;
        len >= self.asked || (self.longest > 0 && len >= self.longest) || page.stated == Some(len)
    }

    /// Counts a page in; an error if there seems to be no end of them.
    fn count(&mut self, page: &Arrived<'_>) -> Result<(), Cause> {
        self.longest = self.longest.max(page.len as u64);
        self.calls += 1;
        let pages = page.total.map(|total| total.div_ceil(self.size()));
        let counted = *self.counted.get_or_insert(pages.unwrap_or(0));
        if self.calls >= PAGES_BEYOND.saturating_add(counted) { Err(Cause::Endless) } else { Ok(()) }
    }

    /// Rows on a full page, as far as is known.
    fn size(&self) -> u64 {
        if self.longest > 0 { self.longest } else { self.asked }
    }

    /// How many rows stand before a page that a read begins with: page numbers count capped pages, if pages are capped.
    fn rows_before(&self, page: &Arrived<'_>) -> u64 {
        let (number, len) = (u64::from(page.page), page.len as u64);
        let as_asked = number.saturating_mul(self.asked);
        match page.total {
            Some(total) if len > 0 && len <= self.asked && as_asked + len != total => number * len,
            _ => as_asked,
        }
    }
}
