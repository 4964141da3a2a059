//! The journal: each request, what it was answered, and why.

use std::collections::VecDeque;
use std::time::Duration;

use serde::Serialize;

/// A request and its answer. Headers and bodies are left out: they hold secrets and tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Entry {
    /// Number of the request since the start or the last reset; 1 is the first.
    pub number: u64,
    /// The header `x-request-id` of the answer.
    pub request_id: String,
    /// When it arrived, by the clock of the emulator, in milliseconds.
    pub at_ms: u64,
    /// HTTP method, such as `GET`.
    pub method: String,
    /// Path of the URL.
    pub path: String,
    /// Query of the URL as it came, such as `taskId=demo&pageNo=0`, if there was one.
    pub query: Option<String>,
    /// The application that called, as it named itself.
    pub application: Option<String>,
    /// HTTP status of the answer; none if the connection was reset or closed instead.
    pub status: Option<u16>,
    /// Error code of the platform in the answer, such as `105005`, if it is an error.
    pub code: Option<String>,
    /// Why it was answered like this, such as `25 of 1000 subtasks`.
    pub reason: String,
    /// The fault that applied to it, such as `truncated-body`.
    pub fault: Option<String>,
}

impl Entry {
    /// An entry for a request of which nothing else is known yet.
    pub(crate) fn of(number: u64, request_id: String, at: Duration) -> Self {
        Self {
            number,
            request_id,
            at_ms: u64::try_from(at.as_millis()).unwrap_or(u64::MAX),
            ..Self::default()
        }
    }
}

/// The newest requests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Journal {
    /// Oldest first.
    pub entries: Vec<Entry>,
    /// How many older requests are no longer here.
    pub dropped: u64,
}

/// Remembers the newest requests, up to a number of them.
#[derive(Debug)]
pub(crate) struct Recorder {
    capacity: usize,
    entries: VecDeque<Entry>,
    dropped: u64,
}

impl Recorder {
    pub(crate) fn new(capacity: u32) -> Self {
        Self { capacity: capacity as usize, entries: VecDeque::new(), dropped: 0 }
    }

    pub(crate) fn record(&mut self, entry: Entry) {
        self.entries.push_back(entry);
        while self.entries.len() > self.capacity {
            self.entries.pop_front();
            self.dropped += 1;
        }
    }

    pub(crate) fn read(&self) -> Journal {
        Journal { entries: self.entries.iter().cloned().collect(), dropped: self.dropped }
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.dropped = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64) -> Entry {
        Entry::of(number, String::new(), Duration::ZERO)
    }

    #[test]
    fn the_newest_requests_are_kept_and_the_others_counted() {
        let mut recorder = Recorder::new(2);
        (1..=5).for_each(|number| recorder.record(entry(number)));
        let journal = recorder.read();
        assert_eq!(journal.entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [4, 5]);
        assert_eq!(journal.dropped, 3);
        recorder.clear();
        assert_eq!(recorder.read(), Journal::default());
    }

    #[test]
    fn a_journal_of_no_entries_keeps_none() {
        let mut recorder = Recorder::new(0);
        recorder.record(entry(1));
        assert_eq!(recorder.read(), Journal { entries: vec![], dropped: 1 });
    }
}
