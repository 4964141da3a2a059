//! Which read serves a page, when a read begins, when it is dropped, and how much memory all reads take.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::time::Instant;

use super::page::{PageAsked, PageOutcome, PageReply, ReadError, ReadKey, ReaderId};
use super::read::{Chunk, Read};

/// A read is stopped when no caller has waited for it for this time. It also serves page 0 for this time after its last
/// request.
pub(super) const QUIET: Duration = Duration::from_secs(60);

/// How long a read is kept after the last request for one of its pages.
const KEPT: Duration = Duration::from_secs(600);

/// How many keys are remembered of reads that are gone, and of counts.
const REMEMBERED: usize = 10_000;

/// What a read takes besides its rows and the texts of its key, in bytes: always, and as long as it is under way.
const OVERHEAD: usize = 1024;
const UNDER_WAY: usize = 16 * 1024;

/// Who reads what.
pub(super) type Key = Arc<(ReaderId, ReadKey)>;

/// Distinguishes a read from those before it with the same key.
pub(super) type ReadId = u64;

/// All reads. `H` is what belongs to a read outside of this file; it is dropped with the read.
#[derive(Debug)]
pub(super) struct Registry<H> {
    /// The current time, as the caller has passed it.
    pub(super) now: Instant,
    limit: usize,
    /// How many bytes all reads take.
    pub(super) bytes: usize,
    next: ReadId,
    stopped: bool,
    entries: HashMap<Key, Entry<H>>,
    /// What is remembered of a key, and since when: what a count said, or, with none, that its read is gone.
    past: HashMap<Key, (Instant, Option<Count>)>,
    /// Keys without a read of their own, and the read that serves them.
    joined: HashMap<Key, (Key, ReadId)>,
}

#[derive(Debug)]
struct Entry<H> {
    id: ReadId,
    read: Read,
    bytes: usize,
    /// When somebody asked last, or stopped waiting.
    asked: Instant,
    waiting: usize,
    ended: Option<Instant>,
    /// When another page than page 0 was last handed out.
    paged: Instant,
    /// The last page has been sent since page 0 was requested, so the loop that requested it has finished.
    is_through: bool,
    handle: H,
}

/// A count that was passed on to the platform. It may have been page 0 of a loop with pages of one row.
#[derive(Debug)]
struct Count {
    total: u64,
    /// The first row; `None` where rows change and their order does not.
    row: Option<Bytes>,
    /// No page has followed yet. The first one that does begins a read where page 0 would have.
    is_open: bool,
}

impl<H> Entry<H> {
    /// Whether page 0 begins a new read: this one failed, or nobody has asked for a while, or it ended a while ago and no loop
    /// is in the middle of it. The last is for programs that ask again and again until something changes.
    fn is_over(&self, now: Instant) -> bool {
        let is_old = |since: Instant| now.duration_since(since) > QUIET;
        self.read.has_failed()
            || (self.waiting == 0 && is_old(self.asked))
            || (self.ended.is_some_and(is_old) && (self.is_through || is_old(self.paged)))
    }
}

impl<H> Registry<H> {
    /// Reads that together have at most `limit` bytes.
    pub(super) fn new(limit: usize, now: Instant) -> Self {
        let (entries, past, joined) = (HashMap::new(), HashMap::new(), HashMap::new());
        Self { now, limit, bytes: 0, next: 0, stopped: false, entries, past, joined }
    }

    /// Somebody asks for a page, and waits until [`leave`](Self::leave): returns the read that serves it, and its key. `begin`
    /// starts a read where none does.
    pub(super) fn ask(
        &mut self,
        key: &Key,
        page: PageAsked,
        clock: SystemTime,
        begin: impl FnOnce(ReadId) -> H,
    ) -> Result<(Key, ReadId, &H), ReadError> {
        if self.stopped {
            return Err(ReadError::Stopping);
        }
        let now = self.now;
        let key = &self.join(key, page)?;
        let past = self.past.get_mut(key);
        let is_gone = past.as_ref().is_some_and(|past| past.1.is_none());
        let count = past.and_then(|past| past.1.as_mut()).filter(|_| page.size == 1);
        let is_first = page.number == 0 || count.is_some_and(|count| std::mem::take(&mut count.is_open));
        let mut as_it_is_read = key.1.is_whole();
        if is_first && let Some(over) = self.entries.get(key).filter(|entry| entry.is_over(now)) {
            as_it_is_read &= !over.read.has_a_false_total();
            self.remove(key);
        }
        if !self.entries.contains_key(key) {
            if is_gone && !is_first {
                return Err(ReadError::Ended);
            }
            let bytes = UNDER_WAY + OVERHEAD + key.1.bytes();
            if let Err(error) = self.make_room(bytes) {
                self.remember(key, None);
                return Err(error);
            }
            if is_gone {
                self.past.remove(key);
            }
            (self.bytes, self.next) = (self.bytes + bytes, self.next + 1);
            let (id, read, handle) = (self.next, Read::new(as_it_is_read, clock), begin(self.next));
            let (asked, paged, waiting, ended) = (now, now, 0, None);
            let entry = Entry { id, read, bytes, asked, waiting, ended, paged, is_through: false, handle };
            self.entries.insert(Arc::clone(key), entry);
        }
        // It is there: it was, or it has just been put there.
        let entry = self.entries.get_mut(key).ok_or(ReadError::Ended)?;
        (entry.asked, entry.waiting) = (now, entry.waiting + 1);
        entry.is_through &= page.number > 0;
        Ok((Arc::clone(key), entry.id, &entry.handle))
    }

    /// The key whose read serves a page: most often its own.
    ///
    /// A program may log in again in the middle of its loop. With its new token it goes on in the read of the old one. If a read
    /// with a filter is gone, a new one has other rows on its pages, so its loop has to begin again.
    fn join(&mut self, key: &Key, page: PageAsked) -> Result<Key, ReadError> {
        if let Some((other, id)) = self.joined.remove(key) {
            let read = self.entries.get(&other).filter(|entry| entry.id == id);
            if read.is_some_and(|entry| page.number > 0 || !entry.is_over(self.now)) {
                self.joined.insert(Arc::clone(key), (Arc::clone(&other), id));
                return Ok(other);
            }
            if read.is_some() {
                self.forget(&other);
            }
            self.remember(key, None);
        }
        if page.number == 0 || self.entries.contains_key(key) || self.past.contains_key(key) {
            return Ok(Arc::clone(key));
        }
        let is_former = |other: &Key| other.0.app == key.0.app && other.1 == key.1;
        let gone = self.past.iter().filter(|(other, past)| {
            // A loop with pages of one row may have begun with a count.
            is_former(other) && (past.1.is_none() || page.size == 1)
        });
        let gone = gone.map(|(_, past)| past.0).max();
        let reads = self.entries.iter().filter(|(other, _)| is_former(other));
        let read = reads
            .max_by_key(|(_, entry)| entry.asked)
            .filter(|(_, entry)| gone.is_none_or(|gone| gone < entry.asked));
        if let Some((other, entry)) = read {
            let (other, id) = (Arc::clone(other), entry.id);
            self.joined.insert(Arc::clone(key), (Arc::clone(&other), id));
            return Ok(other);
        }
        if gone.is_some() && !key.1.is_whole() {
            return Err(ReadError::Ended);
        }
        Ok(Arc::clone(key))
    }

    /// A call with a token that does not work asked for a page in the middle of a read: who made it may go on with another token.
    pub(super) fn interrupted(&mut self, key: &Key) {
        self.remember(key, None);
    }

    /// The page that somebody waits for, or why there is none; `None` if it has to wait.
    pub(super) fn answer(&mut self, key: &Key, id: ReadId, page: PageAsked) -> Option<PageOutcome> {
        let (now, gone) = (self.now, if self.stopped { ReadError::Stopping } else { ReadError::Ended });
        let Some(entry) = self.entry(key, id) else { return Some(Err(gone)) };
        let outcome = entry.read.page(page)?;
        entry.is_through |= entry.read.is_last(page);
        entry.paged = if page.number > 0 { now } else { entry.paged };
        let first = entry.read.first();
        // A loop with pages of one row has its total and its first row from a count: they must be those of the read.
        let count = self.past.get(key).and_then(|past| past.1.as_ref());
        let count = count.filter(|_| page.size == 1 && page.number > 0);
        Some(outcome.and_then(|reply| match count {
            Some(Count { total, row, .. }) if *total != reply.total || (row.is_some() && *row != first) => {
                Err(ReadError::Changed { told: *total, rows: reply.total })
            }
            _ => Ok(reply),
        }))
    }

    /// The answer to a count, if there is a read that has it already. This does not count as a request of the read.
    pub(super) fn count(&mut self, key: &Key) -> Option<PageReply> {
        let key = &self.joined.get(key).map_or_else(|| Arc::clone(key), |(other, _)| Arc::clone(other));
        let id = self.entries.get(key).filter(|entry| !entry.is_over(self.now))?.id;
        let reply = self.answer(key, id, PageAsked::COUNT)?.ok()?;
        self.past.remove(key);
        Some(reply)
    }

    /// A count was passed on to the platform, and handed out.
    pub(super) fn counted(&mut self, key: &Key, total: u64, row: Option<&Bytes>) {
        self.joined.remove(key);
        let row = row.filter(|_| !key.1.is_whole()).cloned();
        self.remember(key, Some(Count { total, row, is_open: true }));
    }

    /// Somebody who asked has got an answer, or does not wait any more.
    pub(super) fn leave(&mut self, key: &Key, id: ReadId) {
        let now = self.now;
        if let Some(entry) = self.entry(key, id) {
            (entry.asked, entry.waiting) = (now, entry.waiting.saturating_sub(1));
        }
    }

    /// Rows of a read have come. `false` if the read need not go on.
    pub(super) fn arrived(&mut self, key: &Key, id: ReadId, rows: Chunk) -> bool {
        if self.entry(key, id).is_none() {
            return false;
        }
        if let Err(error) = self.make_room(rows.bytes()) {
            self.ended(key, id, Err(error));
            return false;
        }
        self.bytes += rows.bytes();
        if let Some(entry) = self.entry(key, id) {
            entry.bytes += rows.bytes();
            entry.read.push(rows);
        }
        true
    }

    /// A read has ended: complete, or with an error.
    pub(super) fn ended(&mut self, key: &Key, id: ReadId, outcome: Result<(), ReadError>) {
        let now = self.now;
        let Some(entry) = self.entry(key, id).filter(|entry| entry.ended.is_none()) else { return };
        let all = entry.bytes - OVERHEAD - key.1.bytes();
        let freed = if outcome.is_ok() { UNDER_WAY } else { all };
        entry.bytes -= freed;
        entry.read.end(outcome);
        entry.ended = Some(now);
        self.bytes -= freed;
    }

    /// Stops and drops what nobody has asked for.
    pub(super) fn tick(&mut self) {
        let is_due = |entry: &Entry<H>| {
            let kept = if entry.ended.is_some() { KEPT } else { QUIET };
            entry.waiting == 0 && self.now.duration_since(entry.asked) > kept
        };
        let due = self.entries.iter().filter(|(_, entry)| is_due(entry)).map(|(key, _)| Arc::clone(key));
        for key in due.collect::<Vec<_>>() {
            self.forget(&key);
        }
        let is_there =
            |(other, id): &(Key, ReadId)| self.entries.get(other).is_some_and(|entry| entry.id == *id);
        let gone = self.joined.iter().filter(|(_, read)| !is_there(read)).map(|(key, _)| Arc::clone(key));
        for key in gone.collect::<Vec<_>>() {
            self.joined.remove(&key);
            self.remember(&key, None);
        }
    }

    /// Drops all reads, and begins none any more.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
        self.entries.clear();
        self.bytes = 0;
    }

    fn entry(&mut self, key: &Key, id: ReadId) -> Option<&mut Entry<H>> {
        self.entries.get_mut(key).filter(|entry| entry.id == id)
    }

    /// Drops reads until this number of bytes fits: those that have ended, the one first whose last request is the oldest. A complete
    /// read that somebody may be paging through stays.
    fn make_room(&mut self, bytes: usize) -> Result<(), ReadError> {
        while self.bytes.saturating_add(bytes) > self.limit {
            let may_go = |entry: &Entry<H>| {
                let is_quiet = entry.read.has_failed() || self.now.duration_since(entry.asked) > QUIET;
                entry.waiting == 0 && entry.ended.is_some() && is_quiet
            };
            let those = self.entries.iter().filter(|(_, entry)| may_go(entry));
            let oldest = those.min_by_key(|(_, entry)| entry.asked);
            let key = Arc::clone(oldest.ok_or(ReadError::TooLarge { limit: self.limit })?.0);
            self.forget(&key);
        }
        Ok(())
    }

    fn remove(&mut self, key: &Key) {
        self.bytes -= self.entries.remove(key).map_or(0, |entry| entry.bytes);
    }

    /// Drops a read. Its pages are errors from now on, until page 0 begins a new one.
    fn forget(&mut self, key: &Key) {
        self.remove(key);
        self.remember(key, None);
    }

    fn remember(&mut self, key: &Key, count: Option<Count>) {
        if self.past.len() >= REMEMBERED {
            let oldest = self.past.iter().min_by_key(|(_, past)| past.0).map(|(key, _)| Arc::clone(key));
            oldest.and_then(|key| self.past.remove(&key));
        }
        self.past.insert(Arc::clone(key), (self.now, count));
    }

    /// Whether the bytes of the reads add up, within the limit.
    #[cfg(test)]
    pub(super) fn is_sound(&self) -> bool {
        let bytes: usize = self.entries.values().map(|entry| entry.bytes).sum();
        bytes == self.bytes && bytes <= self.limit && self.past.len() <= REMEMBERED
    }
}

#[cfg(test)]
mod tests;
