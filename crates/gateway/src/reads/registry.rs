//! Which read serves a page, when a read begins, when it is dropped, and how much memory all reads take.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
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

/// How many reads that are gone, and how many counts, are remembered.
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
    /// Whether somebody calls [`tick`](Self::tick).
    is_swept: bool,
    entries: HashMap<Key, Entry<H>>,
    counts: HashMap<Key, Counted>,
    /// Fingerprints of the keys whose reads are gone, the oldest first.
    gone: VecDeque<u64>,
    hasher: RandomState,
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

/// A count that was passed on to the platform: page 0 of a loop with pages of one row, perhaps.
#[derive(Debug)]
struct Counted {
    at: Instant,
    total: u64,
    /// Who the first row was; `None` where the order of the rows is fixed while they change.
    row: Option<u64>,
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
        Self {
            limit,
            bytes: 0,
            next: 0,
            stopped: false,
            is_swept: false,
            entries: HashMap::new(),
            counts: HashMap::new(),
            gone: VecDeque::new(),
            hasher: RandomState::new(),
        }
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
        let follows_a_count = page.size == 1
            && self.counts.get_mut(key).is_some_and(|count| std::mem::take(&mut count.is_open));
        let is_first = page.number == 0 || follows_a_count;
        let mut as_it_is_read = key.1.is_whole();
        match self.entries.get(key) {
            Some(entry) if is_first && entry.is_over(now) => {
                as_it_is_read &= !entry.read.has_a_false_total();
                self.remove(key);
            }
            Some(_) => {}
            None if !is_first && self.gone.contains(&self.fingerprint(key)) => return Err(ReadError::Ended),
            None => {}
        }
        if !self.entries.contains_key(key) {
            let bytes = OVERHEAD + key.1.bytes();
            if let Err(error) = self.make_room(bytes, now) {
                self.remember(key);
                return Err(error);
            }
            self.bytes += bytes;
            self.next += 1;
            let fingerprint = self.fingerprint(key);
            self.gone.retain(|gone| *gone != fingerprint);
            let entry = Entry {
                id: self.next,
                read: Read::new(as_it_is_read, clock),
                bytes,
                asked: now,
                waiting: 0,
                ended: None,
                paged: now,
                is_through: false,
                handle: begin(self.next),
            };
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
        let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.id == id) else {
            return Answer::Gone;
        };
        let Some(outcome) = entry.read.page(page) else { return Answer::Wait };
        entry.is_through |= entry.read.is_last(page);
        if page.number > 0 {
            entry.paged = now;
        }
        let first = entry.read.first();
        let outcome = outcome.and_then(|reply| self.hold_to_count(key, page, reply, first));
        Answer::Done(outcome)
    }

    /// A loop with pages of one row got its total and its first row from a count: they must be those of the read.
    fn hold_to_count(
        &mut self,
        key: &Key,
        page: PageAsked,
        reply: PageReply,
        first: Option<Bytes>,
    ) -> Result<PageReply, ReadError> {
        if page == PageAsked::COUNT {
            self.counts.remove(key);
        }
        let Some(count) = self.counts.get(key).filter(|_| page.size == 1) else { return Ok(reply) };
        let is_first = |row| first.is_some_and(|first| self.hasher.hash_one(first) == row);
        if count.total == reply.total && count.row.is_none_or(is_first) {
            Ok(reply)
        } else {
            Err(ReadError::Changed { told: count.total, rows: reply.total })
        }
    }

    /// The answer to a count, if there is a read that has it by now. It does not make the read younger.
    pub(super) fn count(&mut self, key: &Key, now: Instant) -> Option<PageReply> {
        let id = self.entries.get(key).filter(|entry| !entry.is_over(now))?.id;
        match self.answer(key, id, PageAsked::COUNT, now) {
            Answer::Done(outcome) => outcome.ok(),
            Answer::Wait | Answer::Gone => None,
        }
    }

    /// A count was passed on to the platform, and handed out.
    pub(super) fn counted(&mut self, key: &Key, total: u64, row: Option<&Bytes>, now: Instant) {
        if self.counts.len() >= REMEMBERED {
            self.counts.remove(key);
            return self.forget(key);
        }
        let row = row.filter(|_| !key.1.is_whole()).map(|row| self.hasher.hash_one(row));
        self.counts.insert(Arc::clone(key), Counted { at: now, total, row, is_open: true });
    }

    /// Somebody who asked has got an answer, or does not wait any more.
    pub(super) fn leave(&mut self, key: &Key, id: ReadId, now: Instant) {
        if let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.id == id) {
            (entry.asked, entry.waiting) = (now, entry.waiting.saturating_sub(1));
        }
    }

    /// Rows of a read have come, with a total. `false` if the read need not go on.
    pub(super) fn arrived(
        &mut self,
        key: &Key,
        id: ReadId,
        (chunk, total): (Chunk, Option<u64>),
        now: Instant,
    ) -> bool {
        if self.entries.get(key).is_none_or(|entry| entry.id != id || entry.read.has_ended()) {
            return false;
        }
        if let Err(error) = self.make_room(chunk.bytes(), now) {
            self.ended(key, id, Err(error), now);
            return false;
        }
        let Some(entry) = self.entries.get_mut(key) else { return false };
        self.bytes += chunk.bytes();
        entry.bytes += chunk.bytes();
        entry.read.push(chunk, total);
        true
    }

    /// A read has ended: complete, or with an error.
    pub(super) fn ended(&mut self, key: &Key, id: ReadId, outcome: Result<(), ReadError>, now: Instant) {
        let Some(entry) = self.entries.get_mut(key).filter(|entry| entry.id == id) else { return };
        if outcome.is_err() {
            let own = OVERHEAD + key.1.bytes();
            self.bytes -= entry.bytes - own;
            entry.bytes = own;
        }
        entry.read.end(outcome);
        entry.ended = Some(now);
    }

    /// Whether nobody calls [`tick`](Self::tick) now, and somebody has to from now on.
    pub(super) fn begin_to_sweep(&mut self) -> bool {
        !std::mem::replace(&mut self.is_swept, true)
    }

    /// Stops and drops what nobody has asked for; `false` if nothing is left.
    pub(super) fn tick(&mut self, now: Instant) -> bool {
        let since = |then: Instant| now.duration_since(then);
        let is_due = |entry: &Entry<H>| {
            entry.waiting == 0 && since(entry.asked) > if entry.read.has_ended() { KEPT } else { QUIET }
        };
        let due: Vec<_> =
            self.entries.iter().filter(|(_, entry)| is_due(entry)).map(|(key, _)| Arc::clone(key)).collect();
        for key in due {
            self.forget(&key);
        }
        let old = self.counts.extract_if(|_, count| since(count.at) > KEPT).collect::<Vec<_>>();
        for (key, _) in old {
            self.remember(&key);
        }
        self.is_swept = !self.entries.is_empty() || !self.counts.is_empty();
        self.is_swept
    }

    /// Drops all reads, and begins none any more.
    pub(super) fn stop(&mut self) {
        self.stopped = true;
        self.counts.clear();
        self.entries.clear();
        self.bytes = 0;
    }

    /// How many bytes all reads take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Drops reads until so many bytes fit: those that have ended, the one first whose last request is the oldest. A complete
    /// read that somebody may be paging through stays.
    fn make_room(&mut self, bytes: usize, now: Instant) -> Result<(), ReadError> {
        while self.bytes.saturating_add(bytes) > self.limit {
            let may_go = |entry: &Entry<H>| {
                let is_quiet = entry.read.has_failed() || now.duration_since(entry.asked) > QUIET;
                entry.waiting == 0 && entry.read.has_ended() && is_quiet
            };
            let oldest =
                self.entries.iter().filter(|(_, entry)| may_go(entry)).min_by_key(|(_, entry)| entry.asked);
            let key = Arc::clone(oldest.ok_or(ReadError::TooLarge { limit: self.limit })?.0);
            self.forget(&key);
        }
        Ok(())
    }

    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.bytes -= entry.bytes;
        }
    }

    /// Drops a read. Its pages are errors from now on, until page 0 begins a new one.
    fn forget(&mut self, key: &Key) {
        self.remove(key);
        self.remember(key);
    }

    fn remember(&mut self, key: &Key) {
        if self.gone.len() >= REMEMBERED {
            self.gone.pop_front();
        }
        self.gone.push_back(self.fingerprint(key));
    }

    fn fingerprint(&self, key: &Key) -> u64 {
        self.hasher.hash_one(key)
    }
}
