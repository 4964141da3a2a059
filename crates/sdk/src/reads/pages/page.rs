//! What all three state machines have in common: their input, a page, and their decision about it.

use std::num::NonZeroU32;

use super::fingerprints::Fingerprint;
use super::shortfall::{Cause, Shortfall};

/// A page as the state machines see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrived<'a> {
    /// The number that was asked for.
    pub(crate) page: u32,
    /// How many rows it has.
    pub(crate) len: usize,
    /// The fingerprints of the rows; empty if the check for repeats is off.
    pub(crate) rows: &'a [Fingerprint],
    /// What distinguishes the page from another; `None` if it has no rows.
    pub(crate) digest: Option<u64>,
    /// All rows are equal and have no param. Several such pages in a row are no sign of a repeated page.
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
    /// All but the rows at these places, in ascending order: they were delivered before.
    AllBut(Vec<usize>),
    /// None yet: the page only shows where to begin, and will be asked for again.
    Nothing,
}

/// What to do after a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Ask on.
    GoOn,
    /// Every row that the promise covers has been delivered.
    Complete,
    /// Rows may be missing: the read ends.
    Incomplete(Shortfall),
}

/// Where a read begins, and how large its pages are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) size: NonZeroU32,
    /// The page to begin with; unless given, the first one in the direction of the read.
    pub(crate) from: Option<u32>,
}

/// Pages that become smaller: what is left of an old page number is `parts` times as high.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Split {
    /// How many new pages make an old one.
    pub(crate) parts: u32,
    /// How many rows a new one has.
    pub(crate) size: NonZeroU32,
}

impl Split {
    /// The first of the pages that take the place of an old one.
    pub(super) fn first(self, page: u64) -> u64 {
        page.saturating_mul(self.parts.into())
    }

    /// The last of them.
    pub(super) fn last(self, page: u64) -> u64 {
        self.first(page.saturating_add(1)) - 1
    }
}

/// One read with one filter, in its direction.
pub(crate) trait Read: Send {
    /// The page to ask for now, if there is one to ask for before an earlier one has arrived. With a filter there is none: a
    /// plan makes one call at a time then.
    fn ask(&mut self) -> Option<u32>;

    /// Takes in a page; pages are taken in the order in which they were asked for.
    fn take(&mut self, page: &Arrived<'_>) -> Taken;

    /// Goes on with smaller pages, from the page that was to be taken in next: it is too long for one reply. Calls for later
    /// pages are asked for again. `None` if pages cannot become smaller.
    fn split(&mut self) -> Option<Split>;

    /// Which rows have been delivered, of a page that was not delivered when it came.
    fn repeats(&mut self, _: &[Fingerprint]) -> Vec<usize> {
        Vec::new()
    }

    /// Why the read ends at a page, in numbers.
    fn shortfall(&self, page: u32, cause: Cause) -> Shortfall;

    /// The same where the next page would have a number that no request can hold.
    fn beyond(&self) -> Shortfall {
        self.shortfall(i32::MAX.unsigned_abs(), Cause::Endless)
    }
}
