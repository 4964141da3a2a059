//! What the calls of a client wait for at this moment, so that a program can report it.

use std::collections::BTreeMap;
use std::mem::discriminant;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::error::{Error, ErrorKind, Remedy};

/// What a call waits for. See [`Client::waiting`](crate::Client::waiting).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Waiting {
    /// What the call waits for.
    pub reason: WaitReason,
    /// Since when. If several attempts in a row failed: since the first of these failures.
    pub since: Instant,
    /// When the call continues, if that is known. If this is in the past, the next attempt is under way.
    pub until: Option<Instant>,
}

/// Why a call waits.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum WaitReason {
    /// The reply has not come yet.
    Reply,
    /// A [`TokenSource`](crate::TokenSource) has not brought a token yet. Another process may be logging in.
    TokenSource,
    /// This client has used its quota, or all processes together have used theirs if it is [shared](crate::Quota::shared).
    Quota,
    /// The store of the shared quota fails, so the client does not know how much of the quota is left. This is the last error.
    QuotaStore(Error),
    /// The platform throttled a call: other programs use the quota as well, or it is smaller than this client's.
    QuotaUsedElsewhere,
    /// The platform refused a new token: another process logs in with this application.
    TokenRefused,
    /// Connections fail, or no reply comes. This is the last error.
    Unreachable(Error),
    /// Replies come, and are errors. This is the last one.
    Failing(Error),
}

impl WaitReason {
    /// What a call waits for that has failed with this error, and is repeated.
    pub(crate) fn after(error: &Error) -> Self {
        if error.is_throttled() {
            Self::QuotaUsedElsewhere
        } else if error.is_invalid_token() {
            Self::TokenRefused
        } else if *error.remedy() == Remedy::RaiseDeadlineForQuota {
            Self::Quota
        } else if *error.remedy() == Remedy::CheckQuotaStore {
            Self::QuotaStore(error.clone())
        } else if error.kind() == ErrorKind::Platform || error.is_strange() {
            Self::Failing(error.clone())
        } else {
            Self::Unreachable(error.clone())
        }
    }

    /// Whether something has gone wrong. Waiting for a reply does not hide that.
    fn is_trouble(&self) -> bool {
        matches!(
            self,
            Self::QuotaUsedElsewhere
                | Self::QuotaStore(_)
                | Self::TokenRefused
                | Self::Unreachable(_)
                | Self::Failing(_)
        )
    }
}

/// What all calls of a client wait for.
#[derive(Clone, Default)]
pub(crate) struct Waits(Arc<Mutex<Entries>>);

#[derive(Default)]
struct Entries {
    calls: BTreeMap<u64, Waiting>,
    next: u64,
}

impl Waits {
    /// One more call, which waits for nothing yet.
    pub(crate) fn call(&self) -> Wait {
        let mut entries = self.lock();
        entries.next += 1;
        Wait { waits: self.clone(), call: entries.next }
    }

    /// The call that has waited longest; calls for which something went wrong come first, because a login that fails holds up
    /// all calls that need its token.
    pub(crate) fn longest(&self) -> Option<Waiting> {
        longest(self.lock().calls.values().cloned())
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn longest(all: impl IntoIterator<Item = Waiting>) -> Option<Waiting> {
    all.into_iter().min_by_key(|waiting| (!waiting.reason.is_trouble(), waiting.since))
}

/// What one call waits for. It waits for nothing any more when this is dropped.
pub(crate) struct Wait {
    waits: Waits,
    call: u64,
}

impl Wait {
    /// It waits for this from now on, or still.
    pub(crate) fn is_for(&self, reason: WaitReason, until: Option<Instant>) {
        self.is_since(Instant::now(), reason, until);
    }

    /// It has waited for this since some time, or longer.
    pub(crate) fn is_since(&self, since: Instant, reason: WaitReason, until: Option<Instant>) {
        let mut entries = self.waits.lock();
        let new = Waiting { reason, since, until };
        let known = entries.calls.entry(self.call).or_insert_with(|| new.clone());
        if known.reason.is_trouble() && !new.reason.is_trouble() {
            known.until = Some(until.unwrap_or(since));
            return;
        }
        let is_same = discriminant(&known.reason) == discriminant(&new.reason);
        *known = Waiting { since: if is_same { known.since } else { new.since }, ..new };
    }

    /// It waits for nothing now.
    pub(crate) fn is_over(&self) {
        self.waits.lock().calls.remove(&self.call);
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        self.is_over();
    }
}
