//! The quota in a file. Each step reads it, changes it and replaces it, under a lock.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fs, io};

use northbound::{Grant, QuotaFuture, QuotaStore, SlotId, TokenError, Turn};
use serde::{Deserialize, Serialize};

use super::FileShare;
use crate::application::Application;
use crate::private::{is_private, replace};
use crate::slots::Slots;

/// A step takes less than a millisecond. Whoever has the lock for longer was stopped.
const PATIENCE: Duration = Duration::from_secs(3);

/// The quota of one application on one platform, shared with other processes of this user. See [`FileShare::quota`].
#[derive(Debug)]
pub struct FileQuota {
    share: FileShare,
    application: Application,
    /// The name of this process in the line.
    process: String,
    slots: AtomicU64,
    /// Whether this process has used the file: if it is gone then, what was in it is lost.
    is_known: Arc<AtomicBool>,
}

/// What the file holds.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    application: Application,
    #[serde(flatten)]
    slots: Slots,
}

/// Why a step was not made.
enum Fault {
    /// Another process has the lock.
    Locked(String),
    /// The folder or the file cannot be used.
    Unusable(io::Error),
}

impl FileQuota {
    pub(super) fn new(share: FileShare, application: Application) -> Self {
        let (process, slots, is_known) =
            (format!("{:016x}", fastrand::u64(..)), AtomicU64::new(0), Arc::default());
        Self { share, application, process, slots, is_known }
    }

    /// Makes a step with the slots as they are in the file; without `turn`, a file that cannot be read stays as it is.
    async fn step<T: Send + 'static>(
        &self,
        turn: Option<Turn>,
        step: impl FnOnce(&mut Slots, u64) -> T + Send + 'static,
    ) -> Result<Option<T>, Fault> {
        let path = self.share.path(&self.application, "quota", "json");
        let lock = self.share.lock(&self.application, "quota", PATIENCE).await;
        let lock = lock.map_err(|error| match error.kind() {
            io::ErrorKind::WouldBlock => {
                let (path, seconds) = (path.with_extension("lock"), PATIENCE.as_secs());
                Fault::Locked(format!("another process has had {} locked for {seconds} s", path.display()))
            }
            _ => Fault::Unusable(error),
        })?;
        let application = self.application.clone();
        let is_known = Arc::clone(&self.is_known);
        // Once it has begun, it is carried out, even if nobody waits any more.
        let made = tokio::task::spawn_blocking(move || {
            let now = now();
            let mut lost = None;
            let slots = read(&path, &application, is_known.load(Ordering::Relaxed))?;
            let slots = slots.or_else(|| {
                let turn = turn?;
                let (path, longest) = (path.display(), (turn.hold + turn.window).as_secs());
                lost = Some(format!(
                    "the quota in {path} cannot be read: calls wait for {longest} s, until earlier ones count no more"
                ));
                Some(Slots::lost(now, turn))
            });
            let Some(mut slots) = slots else { return Ok((None, None)) };
            let outcome = step(&mut slots, now);
            replace(&path, &serde_json::to_vec(&Kept { application, slots })?)?;
            is_known.store(true, Ordering::Relaxed);
            drop(lock);
            Ok((Some(outcome), lost))
        });
        let made = made.await.map_err(io::Error::other).and_then(|made| made).map_err(Fault::Unusable);
        made.map(|(outcome, lost)| {
            // Here, since a program may watch what this thread reports, and not the one that used the file.
            lost.into_iter().for_each(|text| self.share.warn(text));
            outcome
        })
    }

    /// The same for what can be done without.
    async fn note(
        &self,
        turn: Option<Turn>,
        step: impl FnOnce(&mut Slots, u64) + Send + 'static,
    ) -> Result<(), TokenError> {
        self.step(turn, step).await.map(drop).map_err(|fault| match fault {
            Fault::Locked(text) => text.into(),
            Fault::Unusable(error) => error.into(),
        })
    }
}

impl QuotaStore for FileQuota {
    fn acquire(&self, turn: Turn) -> QuotaFuture<'_, Grant> {
        Box::pin(async move {
            let (process, number) = (self.process.clone(), self.slots.fetch_add(1, Ordering::Relaxed));
            let slot = SlotId::new(format!("{process}-{number}"));
            match self.step(Some(turn), move |slots, now| slots.acquire(now, &process, slot, turn)).await {
                Ok(grant) => Ok(grant.unwrap_or(Grant::Unshared)),
                Err(Fault::Locked(text)) => Err(text.into()),
                Err(Fault::Unusable(error)) => {
                    self.share.warn_of(&error);
                    Ok(Grant::Unshared)
                }
            }
        })
    }

    fn replied(&self, slot: SlotId, turn: Turn) -> QuotaFuture<'_, ()> {
        Box::pin(self.note(Some(turn), move |slots, now| slots.replied(now, &slot, turn)))
    }

    fn leave(&self) -> QuotaFuture<'_, ()> {
        let process = self.process.clone();
        Box::pin(self.note(None, move |slots, _| slots.leave(&process)))
    }

    fn pause(&self, pause: Duration) -> QuotaFuture<'_, ()> {
        Box::pin(self.note(None, move |slots, now| slots.pause(now, pause)))
    }
}

/// What the file holds; `None` if that is lost: it is damaged, is another application's, could have been written by other users,
/// or is gone although this process has used it.
fn read(path: &Path, application: &Application, is_known: bool) -> io::Result<Option<Slots>> {
    let text = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok((!is_known).then(Slots::default));
        }
        text => text?,
    };
    let is_private = is_private(&fs::metadata(path)?);
    let kept = serde_json::from_slice::<Kept>(&text).ok();
    let kept = kept.filter(|kept| is_private && kept.application == *application);
    Ok(kept.map(|kept| kept.slots))
}

/// In milliseconds since 1970: the clock that all processes of the machine have, also those in containers.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
