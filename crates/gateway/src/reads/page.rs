//! The request for a page, its answer, and the errors that it can have.

use std::fmt;
use std::ops::Range;
use std::time::SystemTime;

use bytes::Bytes;
use northbound::{Client, Error, SubtaskQuery, SubtaskStatus};

use crate::rows::Changes;

/// Who reads: a local token, and the application id that it was issued for, as the numbers that the gateway gave to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ReaderId {
    pub(crate) token: u64,
    pub(crate) app: u64,
}

/// Which subtasks are read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ReadKey {
    pub(crate) task_id: String,
    pub(crate) app_id: Option<String>,
    pub(crate) status: Option<SubtaskStatus>,
    pub(crate) device_id: Option<String>,
    pub(crate) command_id: Option<String>,
}

impl ReadKey {
    /// Whether all subtasks of the task are read. Their set is fixed, and so is their number.
    pub(super) fn is_whole(&self) -> bool {
        self.status.is_none() && self.device_id.is_none() && self.command_id.is_none()
    }

    /// What asks the platform for them.
    pub(crate) fn query(&self, client: &Client) -> SubtaskQuery {
        let query = client.subtasks(&self.task_id);
        let query = self.app_id.iter().fold(query, SubtaskQuery::app_id);
        let query = self.status.iter().cloned().fold(query, SubtaskQuery::status);
        let query = self.device_id.iter().fold(query, SubtaskQuery::device_id);
        self.command_id.iter().fold(query, SubtaskQuery::command_id)
    }

    /// How many bytes its texts have.
    pub(super) fn bytes(&self) -> usize {
        let texts = [self.app_id.as_ref(), self.device_id.as_ref(), self.command_id.as_ref()];
        self.task_id.len() + texts.into_iter().flatten().map(String::len).sum::<usize>()
    }
}

/// Which rows are asked for: page 0 is the first, and a page has at least 1 row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageAsked {
    pub(crate) number: u64,
    pub(crate) size: u32,
}

impl PageAsked {
    /// What asks for the number of rows alone.
    pub(super) const COUNT: Self = Self { number: 0, size: 1 };

    /// The numbers of the rows.
    pub(super) fn rows(self) -> Range<u64> {
        let from = self.number.saturating_mul(self.size.into());
        from..from.saturating_add(self.size.into())
    }
}

/// A page of a read.
#[derive(Clone, Debug)]
pub(crate) struct PageReply {
    /// Each the JSON of a row, which fits the document.
    pub(crate) rows: Vec<Bytes>,
    /// How many rows the read has.
    pub(crate) total: u64,
    /// What was changed in these rows.
    pub(crate) changed: Changes,
    /// When the read began.
    pub(crate) read_at: SystemTime,
}

/// A page, or why there is none.
pub(crate) type PageOutcome = Result<PageReply, ReadError>;

/// Why a page cannot be answered. Display says what to do.
#[derive(Clone, Debug)]
pub(crate) enum ReadError {
    /// The read failed, or is incomplete.
    Sdk(Error),
    /// The read needs more memory than there is for all reads, in bytes.
    TooLarge { limit: usize },
    /// The read that this page belonged to is gone.
    Ended,
    /// The read has changed: a total or a first row that was sent to a caller is no longer right.
    Changed { told: u64, rows: u64 },
    /// The gateway stops.
    Stopping,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sdk(error) => error.fmt(f),
            Self::TooLarge { limit } => write!(
                f,
                "the rows of this read do not fit into the {limit} bytes that the gateway has for all reads: read one status after \
                 another, wait until other reads are done, or give the gateway more memory"
            ),
            Self::Ended => f.write_str(
                "the read that this page belonged to is gone, since nobody asked for its pages for a while: start again at page 0",
            ),
            Self::Changed { told, rows } if told != rows => write!(
                f,
                "the read has {rows} rows, although a page before this one said {told}: start again at page 0"
            ),
            Self::Changed { .. } => {
                f.write_str("the first row is no longer the one that was handed out: start again at page 0")
            }
            Self::Stopping => f.write_str("the gateway stops: ask again when it runs again"),
        }
    }
}

impl std::error::Error for ReadError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_has_changed() {
        let text = |told, rows| ReadError::Changed { told, rows }.to_string();
        assert!(text(7, 5).starts_with("the read has 5 rows, although a page before this one said 7"));
        assert!(text(5, 5).starts_with("the first row is no longer the one"));
    }

    #[test]
    fn a_key_takes_the_bytes_of_its_texts() {
        let text = |length| Some("x".repeat(length));
        let (app_id, device_id, command_id) = (text(10), text(200), text(3000));
        let key = ReadKey { task_id: "task".into(), app_id, status: None, device_id, command_id };
        assert_eq!(key.bytes(), 3214);
    }
}
