//! One read: its rows by their numbers, its total, its end, and which pages of it can be answered by now.

use std::ops::Range;
use std::time::SystemTime;

use bytes::Bytes;
use northbound::Page;

use super::page::{PageAsked, PageOutcome, PageReply, ReadError};
use crate::rows::{self, Changes};

/// Rows that came together: their JSON one after another, so that a row costs little more than its bytes.
#[derive(Debug)]
pub(super) struct Chunk {
    json: Bytes,
    /// Where each row ends, and what was changed in it.
    rows: Box<[(u32, Changes)]>,
    /// The platform's total.
    pub(super) total: Option<u64>,
}

impl Chunk {
    /// The rows of a page of the platform, as the document has them.
    pub(super) fn of(page: Page) -> Self {
        let total = page.total_count();
        Self::written(page.into_subtasks(), total, |row, json| rows::write(&row, json))
    }

    /// A row for each thing, as `write` has it.
    pub(super) fn written<T>(
        things: impl IntoIterator<Item = T>,
        total: Option<u64>,
        mut write: impl FnMut(T, &mut Vec<u8>) -> Changes,
    ) -> Self {
        let (mut json, mut rows) = (Vec::new(), Vec::new());
        for thing in things {
            let changes = write(thing, &mut json);
            // A reply of the platform is far shorter than what this number holds.
            rows.push((u32::try_from(json.len()).unwrap_or(u32::MAX), changes));
        }
        Self { json: json.into_boxed_slice().into(), rows: rows.into(), total }
    }

    /// How much memory it takes.
    pub(super) fn bytes(&self) -> usize {
        size_of::<(u64, Self)>() + self.json.len() + size_of_val(&*self.rows)
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// These rows of it, and what was changed in them.
    pub(super) fn rows(&self, places: Range<usize>) -> (Vec<Bytes>, Changes) {
        let mut from = places.start.checked_sub(1).map_or(0, |before| self.rows[before].0);
        let mut changed = Changes::default();
        let rows = self.rows[places].iter().map(|&(to, changes)| {
            changed |= changes;
            self.json.slice(std::mem::replace(&mut from, to) as usize..to as usize)
        });
        (rows.collect(), changed)
    }
}

/// A read under way, or one that has ended.
#[derive(Debug)]
pub(super) struct Read {
    began: SystemTime,
    /// Whether pages are sent to callers before the read has ended. That is possible only for a whole task, whose set of rows
    /// is fixed.
    as_it_is_read: bool,
    /// The rows that came together, each with the number of its first row.
    chunks: Vec<(u64, Chunk)>,
    len: u64,
    /// The platform's first total.
    total: Option<u64>,
    /// The total that was handed out with a page before the end.
    told: Option<u64>,
    end: Option<Result<(), ReadError>>,
}

impl Read {
    pub(super) fn new(as_it_is_read: bool, began: SystemTime) -> Self {
        Self { began, as_it_is_read, chunks: Vec::new(), len: 0, total: None, told: None, end: None }
    }

    /// Takes in rows, and the total that came with them.
    pub(super) fn push(&mut self, chunk: Chunk) {
        self.total = self.total.or(chunk.total);
        let first = self.len;
        self.len += chunk.len() as u64;
        if chunk.len() > 0 {
            self.chunks.push((first, chunk));
        }
    }

    /// The read has ended: complete, or with an error that every page is answered with from now on. Rows of a read that is not
    /// complete are dropped.
    pub(super) fn end(&mut self, outcome: Result<(), ReadError>) {
        if outcome.is_err() {
            self.chunks = Vec::new();
        }
        self.end = Some(outcome);
    }

    pub(super) fn has_failed(&self) -> bool {
        matches!(self.end, Some(Err(_)))
    }

    /// Whether the platform's total turned out to be false, so that it must not be handed out before the end next time.
    pub(super) fn has_a_false_total(&self) -> bool {
        matches!(self.end, Some(Ok(()))) && self.total.is_some_and(|total| total != self.len)
    }

    /// Whether a page reaches the end of a complete read.
    pub(super) fn is_last(&self, page: PageAsked) -> bool {
        matches!(self.end, Some(Ok(()))) && page.rows().end >= self.len
    }

    /// A page, or why there is none; `None` if it has to wait for rows or for the end.
    ///
    /// A loop ends at a page that is short or empty, or when it has as many rows as the total. So before the end of the read, a
    /// page is answered only if it is full and there are more rows after it by the total.
    pub(super) fn page(&mut self, page: PageAsked) -> Option<PageOutcome> {
        let rows = page.rows();
        let total = match &self.end {
            Some(Err(error)) => return Some(Err(error.clone())),
            Some(Ok(())) => {
                if page.number == 0 {
                    self.told = None;
                }
                if let Some(told) = self.told.filter(|told| *told != self.len) {
                    return Some(Err(ReadError::Changed { told, rows: self.len }));
                }
                self.len
            }
            None if self.as_it_is_read && rows.end <= self.len => {
                let total = self.total.filter(|total| *total > self.len)?;
                self.told = Some(total);
                total
            }
            None => return None,
        };
        let mut reply =
            PageReply { rows: Vec::new(), total, changed: Changes::default(), read_at: self.began };
        let (from, to) = (rows.start.min(self.len), rows.end.min(self.len));
        let before = self.chunks.partition_point(|(first, chunk)| first + chunk.len() as u64 <= from);
        for (first, chunk) in self.chunks[before..].iter().take_while(|(first, _)| *first < to) {
            let places = from.saturating_sub(*first)..(to - first).min(chunk.len() as u64);
            let (rows, changed) = chunk.rows(places.start as usize..places.end as usize);
            reply.rows.extend(rows);
            reply.changed |= changed;
        }
        Some(Ok(reply))
    }

    /// The first row.
    pub(super) fn first(&self) -> Option<Bytes> {
        self.chunks.first().and_then(|(_, chunk)| chunk.rows(0..1).0.pop())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(rows: usize, total: Option<u64>) -> Chunk {
        Chunk::written(0..rows, total, |_, json| {
            json.push(b'1');
            Changes::default()
        })
    }

    /// The rows and the total of a page, or the error's `told`, or nothing.
    fn page(read: &mut Read, number: u64, size: u32) -> Option<(usize, u64)> {
        match read.page(PageAsked { number, size })? {
            Ok(reply) => Some((reply.rows.len(), reply.total)),
            Err(ReadError::Changed { told, .. }) => Some((usize::MAX, told)),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn before_the_end_a_page_is_answered_if_it_is_full_and_the_total_promises_more() {
        let mut read = Read::new(true, SystemTime::UNIX_EPOCH);
        assert_eq!(page(&mut read, 0, 1), None);
        read.push(chunk(0, Some(300)));
        assert!(read.first().is_none());
        read.push(chunk(250, Some(300)));
        assert!(read.first().is_some() && !read.has_a_false_total());
        assert_eq!(chunk(250, None).bytes(), size_of::<(u64, Chunk)>() + 250 * (1 + 8));
        assert_eq!(
            [page(&mut read, 0, 250), page(&mut read, 249, 1), page(&mut read, 1, 200)],
            [Some((250, 300)), Some((1, 300)), None]
        );
        read.push(chunk(50, Some(310)));
        assert_eq!([page(&mut read, 0, 250), page(&mut read, 1, 150), page(&mut read, 9, 50)], [None; 3]);
        read.end(Ok(()));
        assert_eq!(
            [page(&mut read, 1, 250), page(&mut read, 1, 150), page(&mut read, 9, 50)],
            [Some((50, 300)), Some((150, 300)), Some((0, 300))]
        );
        assert_eq!(page(&mut read, 130, 2), Some((2, 300)));
        assert!(!read.has_a_false_total());
    }

    #[test]
    fn a_read_without_a_total_or_with_a_filter_is_handed_out_at_its_end() {
        for (as_it_is_read, total) in [(true, None), (false, Some(300))] {
            let mut read = Read::new(as_it_is_read, SystemTime::UNIX_EPOCH);
            read.push(chunk(250, total));
            assert_eq!(page(&mut read, 0, 10), None);
            read.end(Ok(()));
            assert_eq!(page(&mut read, 0, 10), Some((10, 250)));
        }
    }

    #[test]
    fn a_total_that_was_handed_out_and_does_not_hold_is_an_error_until_page_0_is_asked_for_again() {
        let mut read = Read::new(true, SystemTime::UNIX_EPOCH);
        read.push(chunk(250, Some(300)));
        assert_eq!(page(&mut read, 0, 100), Some((100, 300)));
        read.push(chunk(100, Some(300)));
        read.end(Ok(()));
        assert!(read.has_a_false_total());
        assert_eq!(
            [page(&mut read, 1, 100), page(&mut read, 0, 100), page(&mut read, 3, 100)],
            [Some((usize::MAX, 300)), Some((100, 350)), Some((50, 350))]
        );
    }

    #[test]
    fn a_read_that_failed_keeps_no_rows() {
        let mut read = Read::new(true, SystemTime::UNIX_EPOCH);
        read.push(chunk(250, Some(300)));
        read.end(Err(ReadError::Stopping));
        assert!(
            read.has_failed()
                && read.first().is_none()
                && read.page(PageAsked::COUNT).is_some_and(|page| page.is_err())
        );
    }
}
