//! What a quota needs from outside when several processes share it.

use std::pin::Pin;
use std::time::Duration;

use crate::call::token::TokenError;

/// The future that a method of [`QuotaStore`] returns.
pub type QuotaFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, TokenError>> + Send + 'a>>;

/// Keeps the slots of a quota that several processes share: see [`Quota::shared`](crate::Quota::shared).
///
/// A store belongs to one application on one platform. Each value of this type has one place in the line of all processes. It
/// is the place of the call that has waited longest in this process.
///
/// When a slot is taken, the store notes that it returns after [`hold`](Turn::hold) plus [`window`](Turn::window). When the
/// reply arrives, the slot returns earlier: a [`window`](Turn::window) after the reply. So if a process dies or the store
/// cannot be reached, calls may wait longer, but there are never too many calls. The crate `northbound-shared` has two stores:
/// a file, and Redis.
pub trait QuotaStore: Send + Sync + 'static {
    /// Requests a slot for the call that has waited longest in this process. The client requests one slot at a time.
    ///
    /// After an error, the client requests the slot again until the deadline of the call. The call is never sent without a
    /// slot.
    fn acquire(&self, turn: Turn) -> QuotaFuture<'_, Grant>;

    /// A reply has come: the slot returns a window from now, even if the store has forgotten the slot. `turn` is the one with
    /// which it was taken.
    fn replied(&self, slot: SlotId, turn: Turn) -> QuotaFuture<'_, ()>;

    /// No call of this process waits any more, so the store can give up its place in the line. Without this call the store does
    /// so a little later.
    fn leave(&self) -> QuotaFuture<'_, ()>;

    /// The platform throttled a call nevertheless: no process may make a call for this long.
    fn pause(&self, pause: Duration) -> QuotaFuture<'_, ()>;
}

/// A request to a [`QuotaStore`] for a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Turn {
    /// How long the call has waited.
    pub waited: Duration,
    /// How many calls wait in this process, this one included.
    pub waiting: u32,
    /// How many calls this process allows in a window. The smallest number of all processes applies.
    pub calls: u32,
    /// The length of the window.
    pub window: Duration,
    /// After this time the call has either arrived at the platform or never will: the timeout of a request plus 10 seconds.
    pub hold: Duration,
}

impl Turn {
    /// A request for a call that has not waited yet, in a process in which no other call waits.
    pub fn new(calls: u32, window: Duration, hold: Duration) -> Self {
        Self { waited: Duration::ZERO, waiting: 1, calls, window, hold }
    }
}

/// The answer of a [`QuotaStore`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Grant {
    /// The slot is taken: send.
    Taken(SlotId),
    /// Not yet.
    Wait {
        /// Ask again after this time; otherwise the place in the line is lost.
        again: Duration,
        /// The call waits at least this long, unless others leave the line.
        ready: Duration,
        /// Whether it waits because the platform throttled a call, rather than for a slot.
        is_paused: bool,
    },
    /// The store does not work, and has reported this itself. The call is counted in this process only.
    Unshared,
}

/// The name of a slot that was taken; the store chooses it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SlotId(String);

impl SlotId {
    /// A slot of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
