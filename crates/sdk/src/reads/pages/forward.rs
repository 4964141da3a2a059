//! Reads rows that are only added: a final status is never left.
//!
//! New rows push later ones to higher places, so a row that has not been read can only move to a page that is still to be read.
//! A row that is pushed from one page to the next comes twice, and is recognised by its fingerprint.
//!
//! The read ends at an empty page, or when it has received as many rows as the total and the last page was not full. Then two
//! things are checked. The number of distinct rows must be at least the total at the beginning. Rows of the first page must not
//! have shifted farther than the totals changed. If a check fails, rows may have been added between the first list and its
//! count, which no total shows. So the read starts once more at the beginning, with totals from before, and then decides.

use super::lengths::{Lengths, page_number};
use super::order::{ForwardOrder, Listed};
use super::page::{Arrived, Deliver, Next, Read, Split, Start, Taken};
use super::seen::SeenRows;
use super::shortfall::{Cause, Shortfall};
use super::totals::Totals;

#[derive(Debug, Default)]
pub(crate) struct Forward {
    /// The page that each look begins with.
    from: u64,
    lengths: Lengths,
    seen: SeenRows,
    order: ForwardOrder,
    totals: Totals,
    next: u64,
    /// Rows before the page that the read began with.
    before: Option<u64>,
    /// Rows of this look, those that came twice included: every place up to it has been looked at.
    received: u64,
    distinct: u64,
    /// The first total: rows that surely held the status when the read began.
    first_total: Option<u64>,
    second_look: bool,
    digest: Option<u64>,
}

impl Forward {
    pub(super) fn new(start: Start) -> Self {
        let from = start.from.unwrap_or(0).into();
        Self { from, next: from, lengths: Lengths::new(start), ..Self::default() }
    }
}

impl Read for Forward {
    fn ask(&mut self) -> Option<u32> {
        page_number(self.next)
    }

    fn take(&mut self, page: &Arrived<'_>) -> Taken {
        self.next += 1;
        let before = *self.before.get_or_insert_with(|| self.lengths.rows_before(page));
        self.first_total = self.first_total.or(page.total);
        let may_be_full = self.lengths.may_be_full(page);
        let explained = self.totals.push(page.total);
        let listed = Listed { rows: page.rows, place: before + self.received, before: self.totals.before() };
        // What the first look showed says nothing of the order in the second.
        let seen = |fingerprint| !self.second_look && self.seen.contains(fingerprint);
        let shift = self.order.place(listed, seen);
        let repeats = self.seen.repeats(page.rows, self.second_look);
        self.received += page.len as u64;
        self.distinct += (page.len - repeats.len()) as u64;
        let counted = self.lengths.count(page, self.received, repeats.len());
        let next = counted.and_then(|()| {
            if !explained {
                return Err(Cause::Unexplained);
            }
            if page.len == 0 {
                return self.end();
            }
            if self.turned_back(page) {
                return Err(Cause::SamePage);
            }
            self.totals.shifted(shift?);
            let is_reached = self.totals.latest() == Some(before + self.received);
            if is_reached && !may_be_full && self.totals.settled() { self.end() } else { Ok(Next::GoOn) }
        });
        let next = next.unwrap_or_else(|cause| Next::Incomplete(self.shortfall(page.page, cause)));
        Taken { deliver: Deliver::AllBut(repeats), next }
    }

    fn split(&mut self) -> Option<Split> {
        let split = self.lengths.split(self.lengths.size())?;
        (self.from, self.next) = (split.first(self.from), split.first(self.next));
        Some(split)
    }

    fn shortfall(&self, page: u32, cause: Cause) -> Shortfall {
        Shortfall { cause, page, received: self.distinct, counted: self.totals.latest() }
    }
}

impl Forward {
    /// Whether the platform does not turn its pages: the page is the one before, and too few rows came to push it whole. In
    /// the first look, rows that have a fingerprint are watched one by one instead, if totals can tell what moved.
    fn turned_back(&mut self, page: &Arrived<'_>) -> bool {
        let before = std::mem::replace(&mut self.digest, page.digest);
        let moved = self.totals.moved();
        let one_by_one = !self.second_look && moved.is_some() && page.rows.iter().any(Option::is_some);
        self.lengths.is_same(page, before) && !one_by_one && moved.is_none_or(|rows| rows < page.len as u64)
    }

    fn end(&mut self) -> Result<Next, Cause> {
        let have = self.before.unwrap_or(0) + self.distinct;
        let is_short = self.first_total.is_some_and(|total| have < total);
        if !is_short && (self.second_look || !self.totals.doubt()) {
            return Ok(Next::Complete);
        }
        if self.second_look {
            return Err(Cause::Missing);
        }
        self.second_look = true;
        self.order = ForwardOrder::default();
        self.digest = None;
        (self.next, self.received) = (self.from, 0);
        Ok(Next::GoOn)
    }
}
