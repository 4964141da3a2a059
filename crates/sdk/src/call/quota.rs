//! The quota: how often an application may call. Carries out what [`slots`] decides: waits, wakes, and cleans up.

pub(crate) mod sharing;
mod slots;
pub(crate) mod store;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use northbound_client::QUOTA;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::error::Error;
use sharing::{SharedSlot, Sharing, StoreWait};
use slots::{Admission, Slots, TRAVEL};
use store::{QuotaStore, Turn};

/// Longer windows are a mistake, and would overflow the clock.
const LONGEST_WINDOW: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// How many calls an application may make in a window of time, and whose turn it is.
///
/// The platform throttles an application that calls more than 100 times in 60 seconds (code 1010009). A client avoids this: a
/// call waits until the platform is sure to accept it. Calls are served in the order in which they came. The whole quota can be
/// used at once. A call stops counting one window after its reply.
///
/// Clones share one quota. The platform counts by application, so give a clone of one object to every client of the same
/// application in this process. Share it with other processes through a store ([`shared`](Self::shared)). Without a store, give
/// each process a part of the quota; otherwise the platform throttles some calls, and the clients wait.
///
/// ```
/// use std::time::Duration;
/// use northbound::Quota;
///
/// # fn main() -> Result<(), northbound::Error> {
/// let default = Quota::default();
/// assert_eq!((default.calls(), default.window()), (Some(100), Duration::from_secs(60)));
///
/// // Two processes call for this application: each takes half.
/// let half = Quota::new(50, Duration::from_secs(60))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Quota {
    line: Arc<Line>,
}

struct Line {
    slots: Mutex<Slots>,
    /// Held by the first in the line. It is fair, so that whoever comes first is served first.
    turn: tokio::sync::Mutex<()>,
    /// Tells the first in the line of calls that have ended.
    changed: Notify,
    /// Keeps the slots of all processes, if this quota is shared.
    sharing: Mutex<Option<Sharing>>,
}

impl Quota {
    /// A quota of this number of calls in any window of this length.
    ///
    /// # Errors
    /// When `calls` is 0, or `window` is zero or longer than a year.
    pub fn new(calls: u32, window: Duration) -> Result<Self, Error> {
        if calls == 0 {
            return Err(Error::refused("a quota of 0 calls lets nobody call", "allow at least one call"));
        }
        if window.is_zero() || window > LONGEST_WINDOW {
            return Err(Error::refused(
                format!("a quota cannot have a window of {window:?}"),
                "give the window that the operator names, 60 s by default, or switch the quota off",
            ));
        }
        Ok(Self::of(Slots::new(calls, window)))
    }

    /// No limit: every call is sent at once.
    ///
    /// If the platform throttles a call nevertheless, calls pause as they do with the platform's default quota.
    pub fn unlimited() -> Self {
        Self::of(Slots::unlimited())
    }

    /// Shares the quota with other processes through this store. This also applies to all clones, even those made earlier.
    ///
    /// It has no effect on a quota without a limit.
    #[must_use]
    pub fn shared(self, store: impl QuotaStore) -> Self {
        if self.calls().is_some() {
            *self.line.sharing.lock().unwrap_or_else(PoisonError::into_inner) = Some(Sharing::new(store));
        }
        self
    }

    /// How many calls may be made in a window; `None` if there is no limit.
    pub fn calls(&self) -> Option<u32> {
        self.lock().calls
    }

    /// The length of the window. Without a limit it is the platform's default, and only used for pauses.
    pub fn window(&self) -> Duration {
        self.lock().window
    }

    /// How many calls count towards the quota at this moment: those under way, and those that ended within the window. Without
    /// a limit, only those under way.
    pub fn used(&self) -> u32 {
        let used = self.lock().used(Instant::now());
        u32::try_from(used).unwrap_or(u32::MAX)
    }

    /// How long a call would wait if this number of other calls come first. Calls that already wait are among the others.
    ///
    /// It is exact if replies come at once, nobody else uses the quota, and all these calls are made as early as possible.
    pub fn forecast(&self, calls: u64) -> Duration {
        self.lock().forecast(calls, Instant::now())
    }

    /// Waits for its turn, then takes a slot for one call; if the quota is shared, one of all processes as well. Dropping the
    /// future gives the place in the line back.
    ///
    /// `timeout` is that of the request. `waits` is told of each wait for other processes, and may end it.
    pub(crate) async fn slot<E>(
        &self,
        timeout: Duration,
        mut waits: impl FnMut(StoreWait) -> Result<(), E>,
    ) -> Result<(Slot, Option<SharedSlot>), E> {
        let joined = Instant::now();
        self.lock().join();
        let mut slot = Slot { quota: self.clone(), stage: Stage::Waiting };
        let _turn = self.line.turn.lock().await;
        loop {
            let admission = self.lock().admission(Instant::now());
            match admission {
                Admission::Now => break,
                // It is told here too: a call that ends may bring the time forward.
                Admission::At(at) => drop(timeout_at(at, self.line.changed.notified()).await),
                Admission::Later => self.line.changed.notified().await,
            }
        }
        let shared = match self.sharing() {
            Some(sharing) => {
                let turn = || {
                    let slots = self.lock();
                    let calls = slots.calls.unwrap_or(QUOTA.calls);
                    let mut turn = Turn::new(calls, slots.window, timeout.saturating_add(TRAVEL));
                    (turn.waited, turn.waiting) = (joined.elapsed(), slots.waiting);
                    turn
                };
                sharing.acquire(turn, &mut waits).await?
            }
            None => None,
        };
        self.lock().take(Instant::now());
        slot.stage = Stage::Sent;
        Ok((slot, shared))
    }

    /// Stops all calls for as long as the reply `asked` for, else until the window has surely moved: the platform throttled a
    /// call all the same. `jitter` is a random number from 0 to 1.
    pub(crate) async fn pause(&self, asked: Option<Duration>, jitter: f64) {
        let pause = self.lock().pause(Instant::now(), asked, jitter);
        if let Some(sharing) = self.sharing() {
            sharing.pause(pause).await;
        }
    }

    /// How long a call that came now would wait for its slot, as things stand: at least so long, unless others leave.
    pub(crate) fn ready_in(&self) -> Duration {
        self.lock().wait(Instant::now())
    }

    /// Whether a call that came now would wait because the platform throttled another one.
    pub(crate) fn is_paused(&self) -> bool {
        self.lock().is_paused(Instant::now())
    }

    fn sharing(&self) -> Option<Sharing> {
        self.line.sharing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn of(slots: Slots) -> Self {
        Self {
            line: Arc::new(Line {
                slots: Mutex::new(slots),
                turn: Default::default(),
                changed: Notify::new(),
                sharing: Mutex::default(),
            }),
        }
    }

    /// The slots hold together after every statement, so a panic elsewhere in the process does not spoil them.
    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.line.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The platform's default: 100 calls in 60 seconds.
impl Default for Quota {
    fn default() -> Self {
        Self::of(Slots::new(QUOTA.calls, QUOTA.window))
    }
}

impl fmt::Debug for Quota {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (calls, window, used) = (self.calls(), self.window(), self.used());
        f.debug_struct("Quota")
            .field("calls", &calls)
            .field("window", &window)
            .field("used", &used)
            .finish_non_exhaustive()
    }
}

/// Leave to make one call, or a place in the line until it is given.
///
/// Say [`replied`](Self::replied) as soon as any reply has come. Dropping a slot without it (the call failed, timed out or
/// was cancelled) is always right, but holds the slot longer: the request may still be on its way.
#[must_use = "a slot is for one call, and is used up when it is dropped"]
#[derive(Debug)]
pub(crate) struct Slot {
    quota: Quota,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Waiting,
    Sent,
    Replied,
}

impl Slot {
    /// The call has been answered, even if with an error: the window counts from now.
    pub(crate) fn replied(mut self) {
        self.stage = Stage::Replied;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut slots = self.quota.lock();
        // Read under the lock, so that time never runs backwards for the slots.
        let now = Instant::now();
        match self.stage {
            Stage::Waiting => slots.leave(),
            Stage::Sent => slots.given_up(now),
            Stage::Replied => slots.replied(now),
        }
        let is_last = matches!(self.stage, Stage::Waiting) && slots.waiting == 0;
        drop(slots);
        if let Some(sharing) = self.quota.sharing().filter(|_| is_last) {
            sharing.leave();
        }
        self.quota.line.changed.notify_one();
    }
}

#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;
