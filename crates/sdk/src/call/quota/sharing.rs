//! Requests slots from the store of a shared quota. The line in this process decides which call requests one, and when.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::store::{Grant, QuotaStore, SlotId, Turn};
use crate::call::token::TokenError;

/// A later answer is ignored, because a slot is taken for a call that is sent now.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long to wait after a failure.
const ASK_AGAIN: Duration = Duration::from_millis(500);
/// How long a call that has ended, or a pause, waits until the store knows.
const NOTICE: Duration = Duration::from_secs(1);

/// What the first in the local line waits for.
#[derive(Debug)]
pub(crate) enum StoreWait {
    /// A slot, at least for so long.
    Slot { ready: Duration, is_paused: bool },
    /// The store: it failed, and is asked again.
    Failed(TokenError),
}

/// A quota's store, and whether this process may have a place in its line.
#[derive(Clone)]
pub(super) struct Sharing {
    store: Arc<dyn QuotaStore>,
    in_line: Arc<AtomicBool>,
}

/// A slot that counts for other processes as well.
pub(crate) struct SharedSlot {
    sharing: Sharing,
    slot: SlotId,
    turn: Turn,
}

impl Sharing {
    pub(super) fn new(store: impl QuotaStore) -> Self {
        Self { store: Arc::new(store), in_line: Arc::default() }
    }

    /// Waits for a slot; `None` says that the store is out of order. `turn` says how things are in this process, and `waits` is
    /// told of each wait, and may end it.
    pub(super) async fn acquire<E>(
        &self,
        turn: impl Fn() -> Turn,
        mut waits: impl FnMut(StoreWait) -> Result<(), E>,
    ) -> Result<Option<SharedSlot>, E> {
        loop {
            let turn = turn();
            self.in_line.store(true, Ordering::Relaxed);
            let pause = match self.ask(turn).await {
                Ok(Grant::Taken(slot)) => {
                    self.in_line.store(turn.waiting > 1, Ordering::Relaxed);
                    return Ok(Some(SharedSlot { sharing: self.clone(), slot, turn }));
                }
                Ok(Grant::Unshared) => return Ok(None),
                Ok(Grant::Wait { again, ready, is_paused }) => {
                    waits(StoreWait::Slot { ready, is_paused })?;
                    again
                }
                Err(fault) => {
                    waits(StoreWait::Failed(fault))?;
                    ASK_AGAIN
                }
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn ask(&self, turn: Turn) -> Result<Grant, TokenError> {
        let asked = Instant::now();
        let grant = timeout(PATIENCE, self.store.acquire(turn)).await;
        // The process may have been stopped meanwhile.
        match grant {
            Ok(grant) if asked.elapsed() <= PATIENCE => grant,
            _ => Err(format!("no answer within {} s", PATIENCE.as_secs()).into()),
        }
    }

    /// Nobody waits any more in this process.
    pub(super) fn leave(&self) {
        if !self.in_line.swap(false, Ordering::Relaxed) {
            return;
        }
        // Without a runtime, the place is given up after its lease.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let store = Arc::clone(&self.store);
            runtime.spawn(async move { notice("that nobody waits", store.leave()).await });
        }
    }

    pub(super) async fn pause(&self, pause: Duration) {
        notice("a pause", self.store.pause(pause)).await;
    }
}

impl SharedSlot {
    /// The call has been answered. The slot returns late if the store does not hear of it.
    pub(crate) async fn replied(self) {
        notice("a reply", self.sharing.store.replied(self.slot, self.turn)).await;
    }
}

/// Brings the store what it can do without: a failure makes calls wait longer, and is no failure of this one.
async fn notice(what: &str, told: impl Future<Output = Result<(), TokenError>>) {
    match timeout(NOTICE, told).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(what, %error, "the shared quota could not be told"),
        Err(_) => tracing::debug!(what, "the shared quota could not be told in time"),
    }
}
