//! Carries a call through its course: attempts, waits and new tokens, until it succeeds or has failed for good.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use northbound_client::Secret;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tracing::Instrument as _;

use crate::Error;
use crate::call::attempts::{Course, Retry, Verdict};
use crate::call::quota::Quota;
use crate::call::token::Keeper;
use crate::clock::after;
use crate::error::{ErrorKind, Remedy, Stop};

/// A call, as something that can be attempted again and again.
pub(crate) trait Call: Sync {
    /// What a good call brings.
    type Reply: Send;

    /// Makes one attempt.
    fn attempt(
        &self,
        runner: &Runner<'_>,
    ) -> impl Future<Output = Result<Attempt<Self::Reply>, Broken>> + Send;
}

/// One attempt, and the token that it used.
pub(crate) struct Attempt<T> {
    pub(crate) outcome: Result<T, Error>,
    pub(crate) token: Option<Secret>,
}

/// What an attempt is waiting for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Token,
    Quota,
    Reply,
}

/// Why no attempt could be made.
pub(crate) enum Broken {
    /// The deadline came first.
    Late(Phase),
    /// Something that no repetition helps.
    Failed(Error),
}

/// Runs calls: decides with [`Course`], waits, and keeps token and quota informed.
pub(crate) struct Runner<'a> {
    pub(crate) what: &'a str,
    pub(crate) retry: &'a Retry,
    pub(crate) deadline: Instant,
    pub(crate) timeout: Duration,
    /// Whether a token that is refused can be changed for another one.
    pub(crate) changes_token: bool,
    pub(crate) keeper: &'a Keeper,
    pub(crate) quota: &'a Quota,
    pub(crate) random: &'a Mutex<fastrand::Rng>,
}

impl Runner<'_> {
    pub(crate) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Sends once there is room in the quota; the slot is taken until the reply has come, or nobody waits for it any more.
    pub(crate) async fn in_quota<T>(
        &self,
        sent: impl Future<Output = Result<T, Error>>,
    ) -> Result<Result<T, Error>, Broken> {
        if after(Instant::now(), self.quota.ready_in()) > self.deadline {
            // Waiting would only keep the caller from hearing it.
            return Err(Broken::Late(Phase::Quota));
        }
        let slot = self.within(Phase::Quota, self.quota.slot()).await?;
        let reply = self.within(Phase::Reply, timeout(self.timeout, sent)).await?;
        // A call without a reply may still be on its way to the platform: its slot is held a little longer.
        if reply.as_ref().is_ok_and(|reply| reply.as_ref().err().is_none_or(|error| error.status().is_some()))
        {
            slot.replied();
        }
        Ok(reply.unwrap_or_else(|_| {
            let found = format!("no whole reply came within {} s", self.timeout.as_secs_f32());
            Err(Error::new(ErrorKind::Timeout, found, Remedy::RaiseTimeout).asking(self.what))
        }))
    }

    /// Waits for a part of an attempt, at most until the deadline.
    pub(crate) async fn within<T>(&self, phase: Phase, part: impl Future<Output = T>) -> Result<T, Broken> {
        timeout_at(self.deadline, part).await.map_err(|_| Broken::Late(phase))
    }

    /// Repeats a call as its course decides, within a span of its own.
    pub(crate) async fn run<C: Call>(&self, call: &C) -> Result<C::Reply, Error> {
        let span = tracing::debug_span!("northbound", otel.kind = "client", otel.name = self.what);
        self.course(call).instrument(span).await
    }

    async fn course<C: Call>(&self, call: &C) -> Result<C::Reply, Error> {
        let mut course = Course::new(self.retry, self.changes_token, self.deadline);
        let mut last = None;
        loop {
            let Attempt { outcome, token } = match call.attempt(self).await {
                Ok(attempt) => attempt,
                Err(Broken::Failed(error)) => return Err(error),
                Err(Broken::Late(phase)) => {
                    let error = last.unwrap_or_else(|| self.late(phase));
                    return Err(error.ended(course.attempts(), Stop::Deadline));
                }
            };
            let error = match (outcome, &token) {
                (Ok(reply), None) => return Ok(reply),
                (Ok(reply), Some(token)) => {
                    self.keeper.prove(token).await;
                    return Ok(reply);
                }
                (Err(error), _) => error,
            };
            let replaced = match token {
                Some(token) if self.changes_token && error.is_invalid_token() => {
                    // Waits for a login under way, which has a deadline of its own.
                    match self.within(Phase::Token, self.keeper.reject(&token)).await {
                        Ok(replaced) => replaced,
                        Err(_) => return Err(error.ended(course.attempts(), Stop::Deadline)),
                    }
                }
                _ => false,
            };
            let verdict = course.failed(&error, replaced, Instant::now(), self.random());
            trace(&error, course.attempts(), &verdict);
            match verdict {
                Verdict::Repeat(pause) => sleep(pause).await,
                Verdict::AwaitQuota => self.quota.pause(self.random()),
                Verdict::ChangeToken => {}
                Verdict::GiveUp(stop) => return Err(self.ended(error, course.attempts(), stop)),
            }
            last = Some(error);
        }
    }

    fn random(&self) -> f64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }

    fn ended(&self, error: Error, attempts: u32, stop: Stop) -> Error {
        let error = error.ended(attempts, stop);
        match stop {
            Stop::Token if self.changes_token => error.with_remedy(
                "the token was fresh, so another process may log in with the same application, or a proxy drops the header \
                 app_key, as nginx does unless `underscores_in_headers on` is set",
            ),
            Stop::Token => error.with_remedy(Remedy::ReplaceToken),
            _ => error,
        }
    }

    fn late(&self, phase: Phase) -> Error {
        let (found, remedy) = match phase {
            Phase::Token => ("no token came in time", Remedy::RaiseDeadlineForToken),
            Phase::Quota => ("the quota left no room in time", Remedy::RaiseDeadlineForQuota),
            Phase::Reply => ("no reply came in time", Remedy::RaiseDeadlineForReply),
        };
        Error::new(ErrorKind::Timeout, found, remedy).asking(self.what)
    }
}

fn trace(error: &Error, attempts: u32, verdict: &Verdict) {
    tracing::debug!(
        error.r#type = ?error.kind(),
        http.response.status_code = error.status().map(|status| status.as_u16()),
        northbound.error_code = error.code().map(|code| code.as_str()),
        http.request.resend_count = attempts,
        ?verdict,
        "the attempt failed"
    );
}
