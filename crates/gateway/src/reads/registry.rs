//! Which read serves a page, when a read begins, when it is dropped, and how much memory all reads take.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::time::Instant;

use super::page::{PageAsked, PageReply, ReadError, ReadKey, ReaderId};
use super::read::{Chunk, Read};

/// How long a read is awaited by nobody until it is stopped, and how long it serves a page 0 after the last request.
pub(super) const QUIET: Duration = Duration::from_secs(60);

/// How long a read is kept after the last request for one of its pages.
pub(super) const KEPT: Duration = Duration::from_secs(600);

/// How many keys are remembered whose reads are gone, or that were counted.
const REMEMBERED: usize = 10_000;

/// What a read takes besides its rows and the texts of its key, in bytes.
const OVERHEAD: usize = 1024;

/// Who reads what.
pub(super) type Key = Arc<(ReaderId, ReadKey)>;

/// Distinguishes a read from those before it with the same key.
pub(super) type ReadId = u64;

/// All reads. `H` is what belongs to a read outside of this file; it is dropped with the read.
#[derive(Debug)]
pub(super) struct Registry<H> {
    limit: usize,
    bytes: usize,
    next: ReadId,
    stopped: bool,
    entries: HashMap<Key, Entry<H>>,
    past: HashMap<Key, Past>,
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
    /// The end of the read has been handed out since page 0 was asked for: the loop that asked is through.
    is_through: bool,
    handle: H,
}

/// What is remembered of a key: that its read is gone, or what a count said.
#[derive(Debug)]
struct Past {
    at: Instant,
    count: Option<Count>,
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

/// How a page is answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// It has to wait.
    Wait,
    Done(Result<PageReply, ReadError>),
    /// The read is gone: ask again.
    Gone,
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
    pub(super) fn new(limit: usize) -> Self {
        let (entries, past) = (HashMap::new(), HashMap::new());
        Self { limit, bytes: 0, next: 0, stopped: false, entries, past }
    }

    /// Somebody asks for a page, and waits until [`leave`](Self::leave): returns the read that serves it. `begin` starts a read
    /// where none does.
    pub(super) fn ask(
        &mut self,
        key: &Key,
        page: PageAsked,
        (now, clock): (Instant, SystemTime),
        begin: impl FnOnce(ReadId) -> H,
    ) -> Result<(ReadId, &H), ReadError> {
        if self.stopped {
            return Err(ReadError::Stopping);
        }
        let past = self.past.get_mut(key);
        let is_gone = past.as_ref().is_some_and(|past| past.count.is_none());
        let count = past.and_then(|past| past.count.as_mut()).filter(|_| page.size == 1);
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
            let bytes = OVERHEAD + key.1.bytes();
            if let Err(error) = self.make_room(bytes, now) {
                self.remember(key, None, now);
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
        Ok((entry.id, &entry.handle))
    }

    /// Whether the page that somebody waits for can be answered.
    pub(super) fn answer(&mut self, key: &Key, id: ReadId, page: PageAsked, now: Instant) -> Answer {
        let Some(entry) = self.entry(key, id) else { return Answer::Gone };
        let Some(outcome) = entry.read.page(page) else { return Answer::Wait };
        entry.is_through |= entry.read.is_last(page);
        if page.number > 0 {
            entry.paged = now;
        }
        let first = entry.read.first();
        Answer::Done(outcome.and_then(|reply| {
            // A loop with pages of one row has its total and its first row from a count: they must be those of the read.
            let count = self.past.get(key).and_then(|past| past.count.as_ref());
            match count.filter(|_| page.size == 1 && page.number > 0) {
                Some(count) if count.total != reply.total || (count.row.is_some() && count.row != first) => {
                    Err(ReadError::Changed { told: count.total, rows: reply.total })
                }
                _ => Ok(reply),
            }
        }))
    }

    /// The answer to a count, if there is a read that has it by now. It does not make the read younger.
    pub(super) fn count(&mut self, key: &Key, now: Instant) -> Option<PageReply> {
        let id = self.entries.get(key).filter(|entry| !entry.is_over(now))?.id;
        let Answer::Done(Ok(reply)) = self.answer(key, id, PageAsked::COUNT, now) else { return None };
        self.past.remove(key);
        Some(reply)
    }

    /// A count was passed on to the platform, and handed out.
    pub(super) fn counted(&mut self, key: &Key, total: u64, row: Option<&Bytes>, now: Instant) {
        let row = row.filter(|_| !key.1.is_whole()).cloned();
        self.remember(key, Some(Count { total, row, is_open: true }), now);
    }

    /// Somebody who asked has got an answer, or does not wait any more.
    pub(super) fn leave(&mut self, key: &Key, id: ReadId, now: Instant) {
        if let Some(entry) = self.entry(key, id) {
            (entry.asked, entry.waiting) = (now, entry.waiting.saturating_sub(1));
        }
    }

    /// Rows of a read have come. `false` if the read need not go on.
    pub(super) fn arrived(&mut self, key: &Key, id: ReadId, rows: Chunk, now: Instant) -> bool {
        if self.entry(key, id).is_none() {
            return false;
        }
        if let Err(error) = self.make_room(rows.bytes(), now) {
            self.ended(key, id, Err(error), now);
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
    pub(super) fn ended(&mut self, key: &Key, id: ReadId, outcome: Result<(), ReadError>, now: Instant) {
        let Some(entry) = self.entry(key, id) else { return };
        let freed = if outcome.is_err() { entry.bytes - OVERHEAD - key.1.bytes() } else { 0 };
        entry.bytes -= freed;
        entry.read.end(outcome);
        entry.ended = Some(now);
        self.bytes -= freed;
    }

    /// Stops and drops what nobody has asked for.
    pub(super) fn tick(&mut self, now: Instant) {
        let is_due = |entry: &Entry<H>| {
            let kept = if entry.ended.is_some() { KEPT } else { QUIET };
            entry.waiting == 0 && now.duration_since(entry.asked) > kept
        };
        let due = self.entries.iter().filter(|(_, entry)| is_due(entry)).map(|(key, _)| Arc::clone(key));
        for key in due.collect::<Vec<_>>() {
            self.forget(&key, now);
        }
    }

    /// Drops all reads, and begins none any more.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
        self.entries.clear();
        self.bytes = 0;
    }

    /// How many bytes all reads take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn entry(&mut self, key: &Key, id: ReadId) -> Option<&mut Entry<H>> {
        self.entries.get_mut(key).filter(|entry| entry.id == id)
    }

    /// Drops reads until so many bytes fit: those that have ended, the one first whose last request is the oldest. A complete
    /// read that somebody may be paging through stays.
    fn make_room(&mut self, bytes: usize, now: Instant) -> Result<(), ReadError> {
        while self.bytes.saturating_add(bytes) > self.limit {
            let may_go = |entry: &Entry<H>| {
                let is_quiet = entry.read.has_failed() || now.duration_since(entry.asked) > QUIET;
                entry.waiting == 0 && entry.ended.is_some() && is_quiet
            };
            let those = self.entries.iter().filter(|(_, entry)| may_go(entry));
            let oldest = those.min_by_key(|(_, entry)| entry.asked);
            let key = Arc::clone(oldest.ok_or(ReadError::TooLarge { limit: self.limit })?.0);
            self.forget(&key, now);
        }
        Ok(())
    }

    fn remove(&mut self, key: &Key) {
        self.bytes -= self.entries.remove(key).map_or(0, |entry| entry.bytes);
    }

    /// Drops a read. Its pages are errors from now on, until page 0 begins a new one.
    fn forget(&mut self, key: &Key, now: Instant) {
        self.remove(key);
        self.remember(key, None, now);
    }

    fn remember(&mut self, key: &Key, count: Option<Count>, now: Instant) {
        if self.past.len() >= REMEMBERED {
            let oldest = self.past.iter().min_by_key(|(_, past)| past.at).map(|(key, _)| Arc::clone(key));
            oldest.and_then(|key| self.past.remove(&key));
        }
        self.past.insert(Arc::clone(key), Past { at: now, count });
    }

    /// Whether the bytes of the reads add up, within the limit.
    #[cfg(test)]
    pub(super) fn is_sound(&self) -> bool {
        let bytes: usize = self.entries.values().map(|entry| entry.bytes).sum();
        bytes == self.bytes && bytes <= self.limit && self.past.len() <= REMEMBERED
    }
}
