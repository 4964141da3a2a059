//! Reading rows that only come: a final status is never left.
//!
//! Rows that come in push later ones to higher places, so a row that held the status from the beginning is never behind the
//! page that is asked for; what is pushed over the edge of a page comes twice, and is known by its fingerprint.
//!
//! The read ends at an empty page, or when the rows received are the total and the last page was not full. As many distinct
//! rows as were counted at the beginning must have come by then, and rows of the first page may have shifted no farther than
//! the totals moved. If that does not hold, rows may have come between the first list and its count, which no total shows: so
//! the read looks once more from the beginning, with totals from before it, and decides then.

use super::order::{Forth, Listed};
use super::seen::Seen;
use super::totals::Totals;
use super::{Arrived, Cause, Deliver, Fault, Lengths, Next, Start, Taken};

#[derive(Debug)]
pub(crate) struct Forward {
    start: Start,
    lengths: Lengths,
    seen: Seen,
    order: Forth,
    totals: Totals,
    next: u64,
    in_flight: bool,
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
        Self {
            start,
            lengths: Lengths::new(start),
            seen: Seen::default(),
            order: Forth::default(),
            totals: Totals::default(),
            next: start.from.unwrap_or(0).into(),
            in_flight: false,
            before: None,
            received: 0,
            distinct: 0,
            first_total: None,
            second_look: false,
            digest: None,
        }
    }

    pub(super) fn ask(&mut self) -> Option<u32> {
        let page = u32::try_from(self.next).ok().filter(|_| !self.in_flight)?;
        self.in_flight = true;
        Some(page)
    }

    pub(super) fn take(&mut self, page: &Arrived<'_>) -> Result<Taken, Fault> {
        self.in_flight = false;
        self.next += 1;
        let before = *self.before.get_or_insert_with(|| self.lengths.rows_before(page));
        self.first_total = self.first_total.or(page.total);
        let may_be_full = self.lengths.may_be_full(page);
        self.lengths.count(page).map_err(|cause| self.fault(page, cause))?;
        let explained = self.totals.push(page.total);
        if !explained {
            return Err(self.fault(page, Cause::Unexplained));
        }
        if page.len == 0 {
            return self.end(page, Vec::new());
        }
        if self.turned_back(page) {
            return Err(self.fault(page, Cause::SamePage));
        }
        let repeats = self.place(page)?;
        self.received += page.len as u64;
        self.distinct += (page.len - repeats.len()) as u64;
        let is_reached = self.totals.latest() == Some(before + self.received);
        if is_reached && !may_be_full && self.totals.settled() {
            return self.end(page, repeats);
        }
        Ok(Taken { deliver: Deliver::but(repeats), next: Next::GoOn })
    }

    /// Whether the platform does not turn its pages: the page is the one before, and too few rows came to push it whole. In
    /// the first look, rows that bear a fingerprint are watched one by one instead, if totals can tell what moved.
    fn turned_back(&mut self, page: &Arrived<'_>) -> bool {
        let before = std::mem::replace(&mut self.digest, page.digest);
        let moved = self.totals.moved();
        let one_by_one = !self.second_look && moved.is_some() && page.rows.iter().any(Option::is_some);
        page.digest.is_some()
            && page.digest == before
            && !one_by_one
            && moved.is_none_or(|rows| rows < page.len as u64)
    }

    /// Tells repeats from new rows, and holds the repeats against the order in which they came before.
    fn place(&mut self, page: &Arrived<'_>) -> Result<Vec<usize>, Fault> {
        let place = self.before.unwrap_or(0) + self.received;
        let listed = Listed { rows: page.rows, place, before: self.totals.before() };
        // What the first look showed says nothing of the order in the second.
        let seen = |fingerprint| !self.second_look && self.seen.contains(fingerprint);
        let shift = self.order.place(listed, seen).map_err(|cause| self.fault(page, cause))?;
        self.totals.shifted(shift);
        let is_repeat =
            |row: &usize| page.rows[*row].is_some_and(|fingerprint| !self.seen.insert(fingerprint));
        Ok((0..page.rows.len()).filter(is_repeat).collect())
    }

    fn end(&mut self, page: &Arrived<'_>, repeats: Vec<usize>) -> Result<Taken, Fault> {
        let have = self.before.unwrap_or(0) + self.distinct;
        let is_short = self.first_total.is_some_and(|total| have < total);
        let deliver = Deliver::but(repeats);
        if !is_short && (self.second_look || !self.totals.doubt()) {
            return Ok(Taken { deliver, next: Next::Complete });
        }
        if self.second_look {
            return Err(self.fault(page, Cause::Missing));
        }
        self.second_look = true;
        self.order = Forth::default();
        self.digest = None;
        (self.next, self.received) = (self.start.from.unwrap_or(0).into(), 0);
        Ok(Taken { deliver, next: Next::GoOn })
    }

    fn fault(&self, page: &Arrived<'_>, cause: Cause) -> Fault {
        Fault { cause, page: page.page, received: self.distinct, counted: self.totals.latest() }
    }
}
