//! Reads rows that are only removed: no subtask becomes Pending again.
//!
//! When rows are removed, later rows move to lower places. So the read begins at the last page and goes down to page 0: a row
//! that has not been read can only move to a page that is still to be read. The first request is for page 0, only to learn how
//! many rows there are and how long pages are. Its rows are delivered at the end of the read. Rows that were delivered may come
//! again at the end of a lower page.

use std::collections::HashMap;

use super::fingerprints::Fingerprint;
use super::lengths::{Lengths, PAGES_BEYOND, is_believed, page_number};
use super::order::{BackwardOrder, Listed};
use super::page::{Arrived, Deliver, Next, Read, Split, Start, Taken};
use super::seen::SeenRows;
use super::shortfall::{Cause, Shortfall};
use super::totals::Totals;

/// How far the read is.
#[derive(Clone, Copy, Debug, Default)]
enum Stage {
    /// Asks for page 0, to learn the total.
    #[default]
    Probe,
    /// Looks for an empty page, since no total says where the end is.
    Climb(u64),
    /// Goes down.
    Down(u64),
    /// Asks for page 0 once more, since the last total is not what came.
    Confirm,
}

#[derive(Debug, Default)]
pub(crate) struct Backward {
    /// The page that the user gave to begin with.
    from: Option<u64>,
    lengths: Lengths,
    seen: SeenRows,
    order: BackwardOrder,
    totals: Totals,
    stage: Stage,
    /// The rows of the probe, with their places.
    probe: HashMap<u64, usize>,
    /// The page before, while the end is looked for.
    digest: Option<u64>,
    /// Rows on a page: what the probe held, if that is less than was asked for.
    size: u64,
    /// Rows that a read resumed from a position leaves to the one before it.
    before: u64,
    /// The place where the empty page begins that came last, if no row came since.
    empty: Option<u64>,
    /// Rows of pages that only showed where to begin.
    looked_at: u64,
    received: u64,
}

impl Backward {
    pub(super) fn new(start: Start) -> Self {
        let size = start.size.get().into();
        Self { from: start.from.map(Into::into), size, lengths: Lengths::new(start), ..Self::default() }
    }
}

impl Read for Backward {
    fn ask(&mut self) -> Option<u32> {
        let page = match self.stage {
            Stage::Probe | Stage::Confirm => 0,
            Stage::Climb(page) | Stage::Down(page) => page,
        };
        page_number(page)
    }

    fn take(&mut self, page: &Arrived<'_>) -> Taken {
        let may_be_full = self.lengths.may_be_full(page);
        let explained = if self.totals.push(page.total) { Ok(()) } else { Err(Cause::Unexplained) };
        let found = match self.stage {
            Stage::Down(number) => return self.down(page, number, explained),
            Stage::Confirm => return self.down(page, 0, explained),
            Stage::Probe => explained.map(|()| self.probed(page, may_be_full)),
            Stage::Climb(number) => explained.and_then(|()| self.climbed(page, number)),
        };
        self.looked_at += page.len as u64;
        match found.and_then(|deliver| self.lengths.count(page, self.looked_at, 0).map(|()| deliver)) {
            Ok(Deliver::Nothing) => Taken { deliver: Deliver::Nothing, next: Next::GoOn },
            Ok(deliver) => Taken { deliver, next: Next::Complete },
            Err(cause) => {
                let deliver = self.delivered(page);
                Taken { deliver, next: Next::Incomplete(self.shortfall(page.page, cause)) }
            }
        }
    }

    fn split(&mut self) -> Option<Split> {
        let split = self.lengths.split(self.size)?;
        self.size = split.size.get().into();
        self.from = self.from.map(|page| split.last(page));
        self.stage = match self.stage {
            Stage::Climb(page) => Stage::Climb(split.first(page)),
            Stage::Down(page) => Stage::Down(split.last(page)),
            stage => stage,
        };
        // The others stand on pages of their own now.
        self.probe.retain(|_, place| (*place as u64) < self.size);
        Some(split)
    }

    fn repeats(&mut self, rows: &[Fingerprint]) -> Vec<usize> {
        self.seen.repeats(rows, false)
    }

    fn shortfall(&self, page: u32, cause: Cause) -> Shortfall {
        Shortfall { cause, page, received: self.received, counted: self.totals.latest() }
    }
}

impl Backward {
    /// Counts the rows of a page as delivered, unless they were before.
    fn delivered(&mut self, page: &Arrived<'_>) -> Deliver {
        let repeats = self.seen.repeats(page.rows, matches!(self.stage, Stage::Confirm));
        self.received += (page.len - repeats.len()) as u64;
        Deliver::AllBut(repeats)
    }

    /// If page 0 holds all there is, it is the answer. Otherwise it only says where to begin.
    fn probed(&mut self, page: &Arrived<'_>, may_be_full: bool) -> Deliver {
        let len = page.len as u64;
        let holds_all = page.total.map_or(len == 0, |total| len >= total);
        if holds_all && !may_be_full {
            return self.delivered(page);
        }
        self.probe = page.rows.iter().enumerate().filter_map(|(place, row)| Some(((*row)?, place))).collect();
        self.digest = page.digest;
        if len > 0 {
            self.size = self.size.min(len);
        }
        match page.total.filter(|total| is_believed(*total)) {
            Some(total) if total >= len => self.begin(total.div_ceil(self.size).saturating_sub(1), total),
            // There is no total, or a wrong one. Rows are only removed, so an empty page stays empty, and all rows are before
            // it.
            _ => self.stage = Stage::Climb(1),
        }
        Deliver::Nothing
    }

    fn climbed(&mut self, page: &Arrived<'_>, number: u64) -> Result<Deliver, Cause> {
        if page.len == 0 {
            self.begin(number - 1, number * self.size);
        } else if self.lengths.is_same(page, self.digest) {
            return Err(Cause::SamePage);
        } else if number >= PAGES_BEYOND {
            return Err(Cause::Endless);
        } else {
            self.digest = page.digest;
            self.stage = Stage::Climb(number * 2);
        }
        Ok(Deliver::Nothing)
    }

    /// Goes down from a page, or from the one that the user gave if it is lower.
    fn begin(&mut self, page: u64, rows: u64) {
        let first = self.from.map_or(page, |from| page.min(from));
        self.before = rows.saturating_sub((first + 1) * self.size);
        self.stage = Stage::Down(first);
    }

    fn down(&mut self, page: &Arrived<'_>, number: u64, explained: Result<(), Cause>) -> Taken {
        let place = number * self.size;
        // Rows that go may have pulled all that is left below an empty page.
        let is_last = (1..self.size).contains(&(page.len as u64));
        let listed = Listed { rows: page.rows, place, before: self.totals.before() };
        let shift = self.order.place(listed, is_last, |fingerprint| self.seen.contains(fingerprint));
        let before = self.received;
        let deliver = self.delivered(page);
        let repeats = page.len - (self.received - before) as usize;
        let next = self
            .lengths
            .count(page, self.received, repeats)
            .and(explained)
            .and_then(|()| self.check_probe(page, number))
            .and_then(|()| self.check_empty(page, place))
            .and_then(|()| {
                self.totals.shifted(shift?);
                self.after(page, number)
            });
        let next = next.unwrap_or_else(|cause| Next::Incomplete(self.shortfall(page.page, cause)));
        Taken { deliver, next }
    }

    /// The next page: below this one, and not above the last page by the total.
    fn after(&mut self, page: &Arrived<'_>, number: u64) -> Result<Next, Cause> {
        if let Some(below) = number.checked_sub(1) {
            // A page that has rows is followed by the one below, whatever the total says.
            let total = page.total.filter(|_| page.len == 0);
            let highest = total.map_or(below, |total| total.div_ceil(self.size).saturating_sub(1));
            self.stage = Stage::Down(below.min(highest));
            return Ok(Next::GoOn);
        }
        // Rows only go, so those that are left were all delivered.
        let is_short = page.total.is_some_and(|total| self.before + self.received < total);
        let confirmed = matches!(self.stage, Stage::Confirm);
        if !is_short && (confirmed || self.totals.settled()) {
            return Ok(Next::Complete);
        }
        if confirmed {
            return Err(Cause::Missing);
        }
        // What went after the count and before the list is in the next total.
        self.stage = Stage::Confirm;
        Ok(Next::GoOn)
    }

    /// Rows of the probe only move down: on page 0 they stand first, in their old order, and on no other page at all.
    fn check_probe(&self, page: &Arrived<'_>, number: u64) -> Result<(), Cause> {
        let mut at_least = Some(0);
        for fingerprint in page.rows.iter().flatten() {
            at_least = match (self.probe.get(fingerprint), at_least) {
                (None, _) => None,
                (Some(place), Some(least)) if number == 0 && *place >= least => Some(*place),
                _ => return Err(Cause::Disorder),
            };
        }
        Ok(())
    }

    /// Refuses two empty pages in a row if the total of the later one says that the earlier one has rows: the platform does
    /// not show them.
    fn check_empty(&mut self, page: &Arrived<'_>, place: u64) -> Result<(), Cause> {
        if page.len > 0 {
            self.empty = None;
            return Ok(());
        }
        match (self.empty.replace(place), page.total) {
            (Some(before), Some(total)) if total > before => Err(Cause::Missing),
            _ => Ok(()),
        }
    }
}
