//! How long pages are, and how far a read may go.

use std::collections::HashSet;
use std::num::NonZeroU32;

use super::page::{Arrived, Split, Start};
use super::shortfall::Cause;

/// How many pages a read may ask for beyond those that the platform counts first, before it is called endless.
pub(super) const PAGES_BEYOND: u64 = 10_000;
/// How many pages a read accepts without progress: pages beyond the end by the earlier totals, or, if there is no total, pages
/// with rows that came before.
pub(super) const PAGES_ASTRAY: u32 = 100;
/// A larger total is not believed: no task is that large.
const MOST_ROWS: u64 = 100_000_000;

/// A number in the type of a request.
pub(super) fn page_number(page: u64) -> Option<u32> {
    i32::try_from(page).ok().map(i32::unsigned_abs)
}

/// How long pages are (as long as requested, unless the platform limits them), and how far a read may go. It makes sure that
/// every read ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Lengths {
    pub(super) asked: u64,
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
    pub(super) fn new(start: Start) -> Self {
        Self { asked: start.size.get().into(), ..Self::default() }
    }

    /// Makes pages smaller that have `size` rows so far. The new size divides the old one, so that places stay what they are:
    /// the number of a page times its size. `None` for pages of one row, and for a platform that does not keep to page sizes.
    pub(super) fn split(&mut self, size: u64) -> Option<Split> {
        let parts = (2..=size).find(|parts| size.is_multiple_of(*parts))?;
        if self.longest > size.min(self.asked) {
            return None;
        }
        self.asked = size / parts;
        self.longest = self.longest.min(self.asked);
        self.counted = self.counted.map(|pages| pages.saturating_mul(parts));
        let new = u32::try_from(self.asked).ok().and_then(NonZeroU32::new)?;
        Some(Split { parts: u32::try_from(parts).ok()?, size: new })
    }

    /// Whether more rows may follow a page: it is as long as asked, or as any before it, or as long as it says that pages
    /// are. Where pages are capped, a full page is a short one.
    pub(super) fn may_be_full(&self, page: &Arrived<'_>) -> bool {
        let len = page.len as u64;
        len >= self.asked || (self.longest > 0 && len >= self.longest) || page.stated == Some(len)
    }

    /// Counts a page in; `repeats` of its rows came before, and `received` is how many rows there are with it, repeats
    /// included. An error if there are too many of them, or if there seems to be no end of pages.
    pub(super) fn count(&mut self, page: &Arrived<'_>, received: u64, repeats: usize) -> Result<(), Cause> {
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

    /// Whether a page is the one before it, given what distinguishes that one from others. Pages of equal rows may follow
    /// each other as long as a total tells where they end.
    pub(super) fn is_same(&self, page: &Arrived<'_>, before: Option<u64>) -> bool {
        page.digest.is_some() && page.digest == before && !(page.alike && self.largest_total.is_some())
    }

    /// Rows on a full page, as far as is known.
    pub(super) fn size(&self) -> u64 {
        if self.longest > 0 { self.longest } else { self.asked }
    }

    /// How many rows stand before a page that a read begins with: page numbers count capped pages, if pages are capped.
    pub(super) fn rows_before(&self, page: &Arrived<'_>) -> u64 {
        let (number, len) = (u64::from(page.page), page.len as u64);
        let as_asked = number.saturating_mul(self.asked);
        match page.total {
            Some(total) if len > 0 && len <= self.asked && as_asked + len != total => number * len,
            _ => as_asked,
        }
    }
}

pub(super) fn is_believed(total: u64) -> bool {
    total <= MOST_ROWS
}
