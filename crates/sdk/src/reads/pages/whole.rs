//! Reading a whole task: its set of subtasks is fixed, whatever their status does meanwhile.
//!
//! Pages are requested in ascending order: first one, which says how many there are, then several at a time. They are processed
//! in that order. At the end the number of distinct rows is compared with `totalCount`: this shows whether the platform sorted
//! rows again between two calls.

use super::lengths::{Lengths, page_number};
use super::page::{Arrived, Deliver, Next, Read, Split, Start, Taken};
use super::seen::SeenRows;
use super::shortfall::{Cause, Shortfall};

#[derive(Debug, Default)]
pub(crate) struct Whole {
    lengths: Lengths,
    seen: SeenRows,
    /// The page to ask for next.
    ask: u64,
    /// How many pages have been asked for and not been taken.
    in_flight: u64,
    /// Rows before the page that the read began with.
    before: Option<u64>,
    received: u64,
    distinct: u64,
    total: Option<u64>,
    /// More rows came than the platform counts, or it counts again: its total ends nothing any more.
    counter_is_false: bool,
    digest: Option<u64>,
}

impl Whole {
    pub(super) fn new(start: Start) -> Self {
        Self { lengths: Lengths::new(start), ask: start.from.unwrap_or(0).into(), ..Self::default() }
    }
}

impl Read for Whole {
    /// Pages ahead of the one that is awaited only as far as the total says that they hold rows.
    fn ask(&mut self) -> Option<u32> {
        let pages = self.total.filter(|_| self.before.is_some()).unwrap_or(0).div_ceil(self.lengths.size());
        if self.in_flight > 0 && (self.counter_is_false || self.ask >= pages) {
            return None;
        }
        let page = page_number(self.ask)?;
        self.ask += 1;
        self.in_flight += 1;
        Some(page)
    }

    fn take(&mut self, page: &Arrived<'_>) -> Taken {
        self.in_flight = self.in_flight.saturating_sub(1);
        let repeats = self.seen.repeats(page.rows, false);
        let next = self
            .next(page, repeats.len())
            .unwrap_or_else(|cause| Next::Incomplete(self.shortfall(page.page, cause)));
        Taken { deliver: Deliver::AllBut(repeats), next }
    }

    fn split(&mut self) -> Option<Split> {
        let split = self.lengths.split(self.lengths.size())?;
        self.ask = split.first(self.ask - self.in_flight);
        self.in_flight = 0;
        Some(split)
    }

    fn shortfall(&self, page: u32, cause: Cause) -> Shortfall {
        Shortfall { cause, page, received: self.distinct, counted: self.total }
    }
}

impl Whole {
    fn next(&mut self, page: &Arrived<'_>, repeats: usize) -> Result<Next, Cause> {
        // The set is fixed: a total that grows counts something else.
        self.counter_is_false |= self.total.is_some() && page.total > self.total;
        self.total = page.total.or(self.total);
        let first = self.before.is_none();
        let before = *self.before.get_or_insert_with(|| self.lengths.rows_before(page));
        self.received += page.len as u64;
        self.distinct += (page.len - repeats) as u64;
        let have = before + self.received;
        self.lengths.count(page, self.received, repeats)?;
        if page.len == 0 {
            return self.verify();
        }
        if self.lengths.is_same(page, std::mem::replace(&mut self.digest, page.digest)) {
            return Err(Cause::SamePage);
        }
        self.counter_is_false |= self.total.is_some_and(|total| have > total);
        // A total that one full page reaches may count that page alone.
        let is_reached = self.total == Some(have) && !(first && page.len as u64 >= self.lengths.asked);
        if is_reached && !self.counter_is_false { self.verify() } else { Ok(Next::GoOn) }
    }

    /// The set is fixed, so as many distinct rows as the platform counts are all of them. If the counter cannot tell, that no
    /// row came twice has to do.
    fn verify(&self) -> Result<Next, Cause> {
        let have = self.before.unwrap_or(0) + self.distinct;
        match self.total {
            Some(total) if have < total => Err(Cause::Missing),
            Some(total) if have == total => Ok(Next::Complete),
            _ if self.distinct < self.received => Err(Cause::Disorder),
            _ => Ok(Next::Complete),
        }
    }
}
