//! Which page to ask for next, which of its rows to deliver, and whether the read is complete.
//!
//! Page numbers over rows that change their status between two calls lose rows in silence, so a read goes in one of three
//! directions, each a state machine of its own: the [whole](whole) task, whose set is fixed; [forward](forward) through
//! rows that only come; [backward](backward) through rows that only go. They decide and do no I/O: [`crate::reads::stream`] makes
//! the calls, and the [model](model) feeds them from a platform whose rows move.

mod backward;
mod forward;
mod identity;
mod incomplete;
#[cfg(test)]
mod model;
mod order;
#[cfg(test)]
mod scripts;
mod seen;
#[cfg(test)]
mod simulation;
mod totals;
mod whole;

use std::collections::HashSet;
use std::num::NonZeroU32;

pub(crate) use identity::{Identity, Watch};
pub(crate) use incomplete::{Cause, Fault};

use crate::reads::plan::Direction;
use backward::Backward;
use forward::Forward;
use whole::Whole;

/// How many pages a read may ask for beyond those that the platform counts first, before it is called endless.
const PAGES_BEYOND: u64 = 10_000;
/// How many pages may come that bring a read no nearer to an end: behind the end that the totals before them tell, or with
/// rows that came before where no total tells an end.
const PAGES_ASTRAY: u32 = 100;
/// A larger total is not believed: no task is that large.
const MOST_ROWS: u64 = 100_000_000;

/// A page as the state machines see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived<'a> {
    /// The number that was asked for.
    pub(crate) page: u32,
    /// How many rows it has.
    pub(crate) len: usize,
    /// Who the rows are, one by one; empty if nobody watches for repeats.
    pub(crate) rows: &'a [Identity],
    /// What tells the page from another; `None` if it has no rows.
    pub(crate) digest: Option<u64>,
    /// All rows are equal, and have no param: pages of such rows may well follow each other.
    pub(crate) alike: bool,
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
    /// None yet: the page only shows where to begin, and will be asked for again.
    Nothing,
}

impl Deliver {
    pub(crate) fn but(repeats: Vec<usize>) -> Self {
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
    /// Rows may be missing: the read ends.
    Incomplete(Fault),
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
    pub(crate) fn take(&mut self, page: &Arrived<'_>) -> Taken {
        match self {
            Self::Whole(read) => read.take(page),
            Self::Forward(read) => read.take(page),
            Self::Backward(read) => read.take(page),
        }
    }

    /// Which rows have been delivered, of a page that was not delivered when it came.
    pub(crate) fn repeats(&mut self, rows: &[Identity]) -> Vec<usize> {
        match self {
            Self::Backward(read) => read.repeats(rows),
            Self::Whole(_) | Self::Forward(_) => Vec::new(),
        }
    }

    /// The next page would have a number that no request can hold.
    pub(crate) fn beyond(&self) -> Fault {
        let last = i32::MAX.unsigned_abs();
        match self {
            Self::Whole(read) => read.fault(last, Cause::Endless),
            Self::Forward(read) => read.fault(last, Cause::Endless),
            Self::Backward(read) => read.fault(last, Cause::Endless),
        }
    }
}

/// A number as requests hold it.
fn page_number(page: u64) -> Option<u32> {
    i32::try_from(page).ok().map(i32::unsigned_abs)
}

/// How long pages are (as long as asked, unless the platform caps them), and how far a read may go: every read ends.
#[derive(Clone, Debug)]
struct Lengths {
    asked: u64,
    longest: u64,
    calls: u64,
    /// Pages that the first total makes; a later one may grow without end.
    counted: Option<u64>,
    largest_total: Option<u64>,
    astray: u32,
    /// The pages so far, while no total has come.
    digests: HashSet<u64>,
}

impl Lengths {
    fn new(start: Start) -> Self {
        Self {
            asked: start.size.get().into(),
            longest: 0,
            calls: 0,
            counted: None,
            largest_total: None,
            astray: 0,
            digests: HashSet::new(),
        }
    }

    /// Whether more rows may follow a page: it is as long as asked, or as any before it, or as long as it says that pages
    /// are. Where pages are capped, a full page is a short one.
    fn may_be_full(&self, page: &Arrived<'_>) -> bool {
        let len = page.len as u64;
        len >= self.asked || (self.longest > 0 && len >= self.longest) || page.stated == Some(len)
    }

    /// Counts a page in; `repeats` of its rows came before, and `received` is how many rows there are with it, repeats included.
    /// An error if there are too many of them, or if there seems to be no end of pages.
    fn count(&mut self, page: &Arrived<'_>, received: u64, repeats: usize) -> Result<(), Cause> {
        let len = page.len as u64;
        self.longest = self.longest.max(len);
        self.calls += 1;
        let comes_nearer = match (self.largest_total, page.digest) {
            (Some(total), _) => received <= total,
            (None, Some(digest)) => self.digests.insert(digest) && repeats < page.len,
            (None, None) => true,
        };
        self.astray += u32::from(!comes_nearer && len > 0);
        let total = page.total.filter(|total| is_believed(*total));
        self.largest_total = self.largest_total.max(total);
        let counted = *self.counted.get_or_insert(total.unwrap_or(0).div_ceil(self.size()));
        let page_size = self.asked.max(self.longest);
        if len > 0 && self.largest_total.is_some_and(|total| received > total + page_size) {
            Err(Cause::TooMany)
        } else if self.astray >= PAGES_ASTRAY || self.calls >= PAGES_BEYOND + counted {
            Err(Cause::Endless)
        } else {
            Ok(())
        }
    }

    /// Whether a page is the one before it, given what tells that from others. Pages of equal rows may follow each other as
    /// long as a total tells where they end.
    fn is_same(&self, page: &Arrived<'_>, before: Option<u64>) -> bool {
        page.digest.is_some() && page.digest == before && !(page.alike && self.largest_total.is_some())
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

fn is_believed(total: u64) -> bool {
    total <= MOST_ROWS
}
