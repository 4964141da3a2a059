//! Runs a call: gets a token, waits for the quota, sends, and tries again, until the call has succeeded or failed.
//!
//! What is sent belongs to the [operation](super::exchange::Operation); what a failure means for another attempt, to
//! [`attempts`](super::attempts).

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use northbound_client::{Call, Secret};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tracing::Instrument as _;

use crate::call::after;
use crate::call::attempts::{Attempts, Retry, Verdict};
use crate::call::counters::Counters;
use crate::call::exchange::{Connection, Operation};
use crate::call::login::Login;
use crate::call::quota::sharing::{SharedSlot, StoreWait};
use crate::call::quota::{Quota, Slot};
use crate::call::token::{Token, TokenError, TokenStore};
use crate::call::waiting::{Wait, WaitReason, Waits};
use crate::client::credentials::{Credentials, Source};
use crate::error::{Error, ErrorKind, Remedy, Stop};

/// What the calls of a client and of its clones share.
pub(crate) struct Shared {
    pub(crate) connection: Connection,
    pub(crate) source: Source,
    pub(crate) before_login: Option<BeforeLogin>,
    pub(crate) tokens: TokenStore,
    pub(crate) quota: Quota,
    pub(crate) retry: Retry,
    pub(crate) timeout: Duration,
    pub(crate) deadline: Duration,
    pub(crate) random: Mutex<fastrand::Rng>,
    pub(crate) calls: AtomicU64,
    pub(crate) counters: Counters,
    pub(crate) waits: Waits,
    /// Whether any reply has come so far.
    pub(crate) answered: AtomicBool,
}

/// Called before each login is sent.
pub(crate) type BeforeLogin = Box<dyn Fn(&Arc<Shared>) + Send + Sync>;

impl Shared {
    /// Makes a call.
    pub(crate) async fn call<O: Operation>(self: &Arc<Self>, operation: &O) -> Result<O::Reply, Error> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        self.run(operation, after(Instant::now(), self.deadline)).await
    }

    /// Gets a token from where tokens come from. A login has the same deadline as the call that needs it.
    ///
    /// The future is boxed since a login is a call as well.
    pub(crate) fn new_token(
        self: &Arc<Self>,
        rejected: Option<Secret>,
        deadline: Instant,
    ) -> Pin<Box<dyn Future<Output = Result<Token, Error>> + Send + '_>> {
        Box::pin(async move {
            match &self.source {
                Source::Login(credentials) => self.log_in(credentials, deadline).await,
                Source::Asked(app_id, ask) => {
                    let (found, remedy) = ("no secret came in time", Remedy::RaiseDeadlineForToken);
                    let late = |_| Error::new(ErrorKind::Timeout, found, remedy).unsent();
                    let secret = timeout_at(deadline, ask()).await.map_err(late)?.map_err(no_secret)?;
                    self.log_in(&Credentials::new(app_id.as_str(), secret)?, deadline).await
                }
                Source::Elsewhere(_, source) => source.token(rejected.as_ref()).await.map_err(no_token),
                Source::Ready(_, token) => Ok(Token::new(token.clone())),
            }
        })
    }

    async fn log_in(self: &Arc<Self>, credentials: &Credentials, deadline: Instant) -> Result<Token, Error> {
        let notice = || {
            self.counters.logs_in();
            self.before_login.iter().for_each(|notice| notice(self));
        };
        self.connection.secrets.note(&credentials.secret);
        self.run(&Login { credentials, notice }, deadline).await
    }

    /// Runs a call within a span of its own.
    async fn run<O: Operation>(
        self: &Arc<Self>,
        operation: &O,
        deadline: Instant,
    ) -> Result<O::Reply, Error> {
        let what = operation.what();
        in_tokio().map_err(|error| error.asking(&what))?;
        let runner = CallRunner { shared: self, what: &what, deadline, wait: self.waits.call() };
        runner.run(operation).instrument(operation.span()).await
    }

    /// Whether a call that has failed with this error may succeed later, for a caller who has more time than a call. Where no
    /// reply has ever come, the address may be wrong.
    pub(crate) fn may_succeed_later(&self, error: &Error) -> bool {
        if error.is_invalid_token() {
            return self.changes_token();
        }
        let answers = error.status().is_some() || self.answered.load(Ordering::Relaxed);
        answers && (error.is_retryable() || error.is_platform_fault())
    }

    /// Whether a token that is refused can be changed for another one.
    fn changes_token(&self) -> bool {
        !matches!(self.source, Source::Ready(..))
    }

    fn random(&self) -> f64 {
        self.random.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }
}

/// Runs one call: decides with [`Attempts`], waits, and keeps tokens and quota informed.
struct CallRunner<'a> {
    shared: &'a Arc<Shared>,
    what: &'a str,
    deadline: Instant,
    wait: Wait,
}

/// What did not come before the deadline, what to do about it, and whether the request was under way by then.
type Awaited = (&'static str, Remedy, bool);

const TOKEN: Awaited = ("no token came in time", Remedy::RaiseDeadlineForToken, false);
const QUOTA: Awaited = ("the quota left no room in time", Remedy::RaiseDeadlineForQuota, false);
const REPLY: Awaited = ("no reply came in time", Remedy::RaiseDeadlineForReply, true);

/// Why an attempt has no outcome.
enum NoOutcome {
    /// The deadline came first.
    Late(Error),
    /// Something that no repetition helps.
    Failed(Error, Stop),
}

impl CallRunner<'_> {
    /// Makes attempts until one succeeds, or the call has failed for good.
    async fn run<O: Operation>(&self, operation: &O) -> Result<O::Reply, Error> {
        let Shared { retry, tokens, quota, .. } = &**self.shared;
        let changes_token = O::NEEDS_TOKEN && self.shared.changes_token();
        let mut attempts = Attempts::new(retry, O::MAY_REPEAT, changes_token, self.deadline);
        let mut last = None;
        loop {
            let (outcome, token) = match self.attempt(operation).await {
                Ok(attempt) => attempt,
                Err(NoOutcome::Failed(error, Stop::Token)) => {
                    let made = attempts.made + u32::from(last.is_some());
                    return Err(self.ended(error.asking(self.what), made, Stop::Token));
                }
                Err(NoOutcome::Failed(error, _)) => return Err(error),
                Err(NoOutcome::Late(late)) if attempts.leaves_unknown(&late) => {
                    return Err(late.ended(attempts.made + 1, Stop::Unknown));
                }
                Err(NoOutcome::Late(late)) => {
                    return Err(self.ended(last.unwrap_or(late), attempts.made, Stop::Deadline));
                }
            };
            let error = match outcome {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            if let Some(token) = token.filter(|_| changes_token && error.is_invalid_token()) {
                // Waits for a login under way, which has a deadline of its own.
                let rejected = tokens.reject(&token, &error, self.shared.random());
                if self.within(TOKEN, rejected).await.is_err() {
                    return Err(self.ended(error, attempts.made, Stop::Deadline));
                }
            }
            let verdict = attempts.failed(&error, Instant::now(), self.shared.random());
            self.trace(&error, attempts.made, &verdict);
            let waits_until = |until| self.wait.is_for(WaitReason::after(&error), until);
            match verdict {
                Verdict::Repeat(pause) => {
                    waits_until(Some(after(Instant::now(), pause)));
                    sleep(pause).await;
                }
                Verdict::AwaitQuota => {
                    quota.pause(error.retry_after(), self.shared.random()).await;
                    waits_until(None);
                }
                Verdict::ChangeToken => self.wait.is_over(),
                Verdict::GiveUp(stop) => return Err(self.ended(error, attempts.made, stop)),
            }
            last = Some(error);
        }
    }

    /// Makes one attempt; its outcome, and the token that it used.
    async fn attempt<O: Operation>(
        &self,
        operation: &O,
    ) -> Result<(Result<O::Reply, Error>, Option<Secret>), NoOutcome> {
        let Shared { connection, source, tokens, .. } = &**self.shared;
        let (mut call, mut used) = (Call::new(), None);
        if O::NEEDS_TOKEN {
            if let Source::Elsewhere(..) = source {
                self.wait.is_for(WaitReason::TokenSource, None);
            }
            let waits = |until| self.wait.is_for(WaitReason::TokenRefused, Some(until));
            let token = tokens.get(waits, |rejected| self.shared.new_token(rejected, self.deadline));
            let token = self.within(TOKEN, token).await?;
            let token = token.map_err(|(error, stop)| NoOutcome::Failed(error, stop))?;
            connection.secrets.note(&token);
            call = call.authorized_by(source.app_id().as_str(), &token).map_err(|fault| self.unfit(fault))?;
            used = Some(token);
        }
        let reply = self.in_quota(connection.send(operation, call)).await?;
        Ok((reply.map_err(|error| error.asking(self.what)), used))
    }

    /// Sends once there is room in the quota; the slot is taken until the reply has come, or nobody waits for it any more.
    async fn in_quota<T>(
        &self,
        sent: impl Future<Output = Result<T, Error>>,
    ) -> Result<Result<T, Error>, NoOutcome> {
        let began = Instant::now();
        let (slot, shared) = self.slot().await?;
        self.shared.counters.waited(began.elapsed());
        self.wait.is_for(WaitReason::Reply, None);
        let reply = self.within(REPLY, timeout(self.shared.timeout, sent)).await?;
        // A call without a reply may still be on its way to the platform: its slot is held a little longer.
        if reply.as_ref().is_ok_and(|reply| reply.as_ref().err().is_none_or(|error| error.status().is_some()))
        {
            slot.replied();
            if let Some(shared) = shared {
                shared.replied().await;
            }
            self.shared.answered.store(true, Ordering::Relaxed);
        }
        Ok(reply.unwrap_or_else(|_| {
            let found = format!("no whole reply came within {} s", self.shared.timeout.as_secs_f32());
            Err(Error::new(ErrorKind::Timeout, found, Remedy::RaiseTimeout))
        }))
    }

    /// Waits for a slot, unless it is clear that none comes before the deadline.
    async fn slot(&self) -> Result<(Slot, Option<SharedSlot>), NoOutcome> {
        let quota = &self.shared.quota;
        let wait = quota.ready_in();
        if !wait.is_zero() {
            self.waits_for_quota(wait, quota.is_paused(), true)?;
        }
        let (mut has_waited, mut fault) = (!wait.is_zero(), None);
        let slot = quota.slot(self.shared.timeout, |wait| match wait {
            StoreWait::Slot { ready, is_paused } => {
                if fault.take().is_some() {
                    self.wait.is_over();
                }
                self.waits_for_quota(ready, is_paused, !std::mem::replace(&mut has_waited, true))
            }
            StoreWait::Failed(error) => {
                let error = fault.insert(quota_unknown(&error).asking(self.what));
                tracing::debug!(call = self.what, %error, "the store of the shared quota failed");
                self.wait.is_for(WaitReason::QuotaStore(error.clone()), None);
                Ok(())
            }
        });
        let slot = timeout_at(self.deadline, slot).await;
        match (slot, fault) {
            (Ok(slot), fault) => {
                if fault.is_some() {
                    self.wait.is_over();
                }
                slot
            }
            (Err(_), Some(fault)) => Err(NoOutcome::Late(fault)),
            (Err(_), None) => Err(self.late(QUOTA)),
        }
    }

    /// Reports a wait for the quota. It fails at once if the wait ends after the deadline, so that the caller does not wait in
    /// vain.
    fn waits_for_quota(&self, wait: Duration, is_paused: bool, is_first: bool) -> Result<(), NoOutcome> {
        let ready_at = after(Instant::now(), wait);
        if ready_at > self.deadline {
            return Err(self.late(QUOTA));
        }
        if is_first {
            let wait_seconds = wait.as_secs_f64();
            tracing::info!(call = self.what, wait_seconds, "the call waits for the quota");
        }
        let reason = if is_paused { WaitReason::QuotaUsedElsewhere } else { WaitReason::Quota };
        self.wait.is_for(reason, Some(ready_at));
        Ok(())
    }

    /// Waits for a part of an attempt, at most until the deadline.
    async fn within<T>(&self, awaited: Awaited, part: impl Future<Output = T>) -> Result<T, NoOutcome> {
        timeout_at(self.deadline, part).await.map_err(|_| self.late(awaited))
    }

    fn late(&self, (found, remedy, is_sent): Awaited) -> NoOutcome {
        let late = Error::new(ErrorKind::Timeout, found, remedy).asking(self.what);
        NoOutcome::Late(if is_sent { late } else { late.unsent() })
    }

    fn ended(&self, error: Error, attempts: u32, stop: Stop) -> Error {
        let remedy = match stop {
            _ if error.is_throttled() && error.code().is_some() => Remedy::ShareQuota,
            Stop::Token | Stop::Deadline if error.is_invalid_token() => {
                if self.shared.changes_token() {
                    Remedy::StopOtherLogins
                } else {
                    Remedy::ReplaceToken
                }
            }
            _ => return error.ended(attempts, stop),
        };
        error.ended(attempts, stop).with(|details| details.remedy = remedy)
    }

    fn trace(&self, error: &Error, attempts: u32, verdict: &Verdict) {
        if error.is_throttled() {
            self.shared.counters.throttled();
            tracing::warn!(call = self.what, "the platform throttled the call");
        } else if error.is_invalid_token() {
            tracing::warn!(call = self.what, "the platform refused the token");
        }
        tracing::debug!(
            error.r#type = ?error.kind(),
            http.response.status_code = error.status().map(|status| status.as_u16()),
            northbound.error_code = error.code().map(|code| code.as_str()),
            http.request.resend_count = attempts,
            ?verdict,
            "the attempt failed"
        );
    }

    fn unfit(&self, fault: impl std::error::Error + Send + Sync + 'static) -> NoOutcome {
        let kind = if self.shared.changes_token() { ErrorKind::NoToken } else { ErrorKind::Refused };
        let error = Error::new(kind, "the token cannot be put into a header", Remedy::CheckToken);
        NoOutcome::Failed(error.with_source(fault), Stop::Pointless)
    }
}

fn no_token(fault: TokenError) -> Error {
    of_source(fault, "the token source brings no token", Remedy::CheckTokenSource)
}

fn no_secret(fault: TokenError) -> Error {
    of_source(fault, "no secret came", Remedy::CheckSecretSource)
}

/// The error of a source or store that is not of this crate. An error of this crate stays as it is.
fn of_source(fault: TokenError, found: &str, remedy: Remedy) -> Error {
    match fault.downcast::<Error>() {
        Ok(error) => *error,
        Err(fault) => Error::new(ErrorKind::NoToken, format!("{found} ({fault})"), remedy),
    }
}

/// The store of a shared quota has failed, so the call was not sent.
fn quota_unknown(fault: &TokenError) -> Error {
    let found = format!("what is left of the shared quota is not known ({fault})");
    Error::new(ErrorKind::Timeout, found, Remedy::CheckQuotaStore).unsent()
}

/// An error where tokio's timers and sockets would panic.
pub(crate) fn in_tokio() -> Result<(), Error> {
    let advice = "call it inside a tokio runtime; blocking code does that with Runtime::block_on()";
    let runtime = tokio::runtime::Handle::try_current();
    runtime.map(drop).map_err(|fault| Error::refused("there is no tokio runtime", advice).with_source(fault))
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("endpoint", &self.connection.endpoint)
            .field("app_id", self.source.app_id())
            .field("quota", &self.quota)
            .finish_non_exhaustive()
    }
}
