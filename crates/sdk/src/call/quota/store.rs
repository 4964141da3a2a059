//! What a quota needs from outside when several processes share it.

use std::pin::Pin;
use std::time::Duration;

use crate::call::token::TokenError;

/// The outcome of a [`QuotaStore`], to come.
pub type QuotaFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, TokenError>> + Send + 'a>>;

/// Keeps the slots of a quota that several processes share: see [`Quota::shared`](crate::Quota::shared).
///
/// A store belongs to one application on one platform. Each value of this type has one place in the line of all processes: that of
/// the call that has waited longest here.
///
/// A slot's return is set when it is taken, to [`hold`](Turn::hold) plus [`window`](Turn::window) from then, and brought forward
/// when the reply arrives. So a process that dies, or a store that cannot be reached any more, costs some time, and never leads to
/// a call too many. The crate `northbound-shared` has two stores: a file, and Redis.
pub trait QuotaStore: Send + Sync + 'static {
    /// Asks for a slot for the call that has waited longest in this process. It is asked for one at a time.
    ///
    /// After an error the call asks again until its deadline, and is not sent without a slot.
    fn acquire(&self, turn: Turn) -> QuotaFuture<'_, Grant>;

    /// A reply has come: the slot returns a window from now, even if the store knows nothing of it any more. `turn` is what it was
    /// taken with.
    fn replied(&self, slot: SlotId, turn: Turn) -> QuotaFuture<'_, ()>;

    /// No call of this process waits any more. Without this, the store gives the place in the line up a little later.
    fn leave(&self) -> QuotaFuture<'_, ()>;

    /// The platform throttled a call all the same: no process calls for this long.
    fn pause(&self, pause: Duration) -> QuotaFuture<'_, ()>;
}

/// Who asks a [`QuotaStore`] for a slot, and for how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Turn {
    /// How long the call has waited.
    pub waited: Duration,
    /// How many calls wait in this process, this one included.
    pub waiting: u32,
    /// How many calls this process allows in a window. The smallest number of all processes holds.
    pub calls: u32,
    /// The length of the window.
    pub window: Duration,
    /// After this time the call has arrived at the platform, or never will: the timeout of a request, and 10 seconds.
    pub hold: Duration,
}

impl Turn {
    /// A call that has just come, of a process in which no other call waits.
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
        /// Ask again after this time, so that the place in the line is kept.
        again: Duration,
        /// The call waits at least for so long, unless others leave the line.
        ready: Duration,
        /// Whether it waits because the platform throttled a call, rather than for a slot.
        is_paused: bool,
    },
    /// The store is out of order, and has reported it: the call is counted in this process alone.
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
