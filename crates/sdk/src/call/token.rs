//! The token that every call except the login needs: where it comes from, how long it is used, and when there is a new one.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use northbound_client::Secret;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::call::after;
use crate::call::waiting::Waiting;
use crate::error::{Error, Stop};

/// A token is renewed this long before its end, or a tenth of its life if that is shorter.
const MARGIN: Duration = Duration::from_secs(300);
/// Renewing a token that lives for less time than this would take a login before nearly every call.
const SHORTEST_LIFE: Duration = Duration::from_secs(10);
/// The longest wait after the second refusal in a row; it doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_secs(5);
/// What it doubles to.
const LONGEST_WAIT: Duration = Duration::from_secs(300);
/// The number of logins in a row whose token may be refused. Each of them cancels the token of every other process.
const MOST_LOGINS: u32 = 4;
/// The shortest time between two logins after that. A token that has lasted this long makes up for one refusal.
const RECOVERY: Duration = Duration::from_secs(300);

/// A token and how long it lives. A [`TokenSource`] returns it.
///
/// ```
/// use std::time::Duration;
///
/// let token = northbound::Token::new("t0ken").lives(Duration::from_secs(3600));
/// assert_eq!(token.life(), Some(Duration::from_secs(3600)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    secret: Secret,
    life: Option<Duration>,
}

impl Token {
    /// A token of unknown life: it is used until the platform refuses it.
    pub fn new(secret: impl Into<Secret>) -> Self {
        Self { secret: secret.into(), life: None }
    }

    /// Sets how long the token lives from now on. It is renewed 5 minutes before its end, or a tenth of its life if that is
    /// shorter.
    ///
    /// A life of less than 10 seconds counts as unknown: the token is used until the platform refuses it.
    #[must_use]
    pub fn lives(mut self, life: Duration) -> Self {
        self.life = Some(life).filter(|life| *life >= SHORTEST_LIFE);
        self
    }

    /// How long before its end a token of this life is renewed: 5 minutes, or a tenth of its life if that is shorter.
    pub fn renewal_margin(life: Duration) -> Duration {
        MARGIN.min(life / 10)
    }

    /// The token itself.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// How long it lives, counted from the moment when it was made; `None` if that is unknown.
    pub fn life(&self) -> Option<Duration> {
        self.life
    }
}

/// The error of a [`TokenSource`]. An [`Error`](crate::Error) of this crate reaches the caller as it is.
pub type TokenError = Box<dyn std::error::Error + Send + Sync>;

/// The future that [`TokenSource::token`] returns.
pub type TokenFuture<'a> = Pin<Box<dyn Future<Output = Result<Token, TokenError>> + Send + 'a>>;

/// Supplies tokens to a client that does not log in itself. For example, they come from the one process that logs in.
///
/// On this platform a login cancels every earlier token of the application, so two processes that both log in cancel each
/// other's tokens. Let one process log in, and give its token to the others through this trait.
///
/// ```
/// use northbound::{Secret, Token, TokenFuture, TokenSource};
///
/// struct FromFile(std::path::PathBuf);
///
/// impl TokenSource for FromFile {
///     fn token(&self, _rejected: Option<&Secret>) -> TokenFuture<'_> {
///         Box::pin(async { Ok(Token::new(std::fs::read_to_string(&self.0)?.trim())) })
///     }
/// }
/// ```
pub trait TokenSource: Send + Sync + 'static {
    /// Returns a token to use. The client calls this when it has no token, when its token expires soon, and when the platform
    /// has refused the token `rejected`; then the same token does not help. It makes one call at a time.
    fn token(&self, rejected: Option<&Secret>) -> TokenFuture<'_>;

    /// What the source waits for at this moment, for [`Client::waiting`](crate::Client::waiting). A source that logs in with a
    /// client of its own returns what that client waits for.
    fn waiting(&self) -> Option<Waiting> {
        None
    }
}

/// The token of an application, shared by all clones of a client.
#[derive(Default)]
pub(crate) struct TokenStore(Mutex<TokenState>);

/// What is known of the tokens so far. Decides only.
#[derive(Debug, Default)]
struct TokenState {
    held: Option<Held>,
    rejected: Option<Secret>,
    /// The latest refusal.
    refusal: Option<Error>,
    /// How many tokens the platform has refused in a row.
    refusals: u32,
    last_login: Option<Instant>,
    /// No login before this.
    next_login: Option<Instant>,
    /// The last login failed then; whoever was waiting for it has the same failure.
    failed: Option<(Instant, Error)>,
}

#[derive(Debug)]
struct Held {
    secret: Secret,
    renew_at: Option<Instant>,
}

/// What a call has to do for its token.
#[derive(Debug)]
enum TokenStep {
    Use(Secret),
    Fail(Error, Stop),
    LogInAt(Instant),
}

impl TokenState {
    /// Decides for a call that began to wait at `since`.
    fn step(&self, since: Instant, now: Instant) -> TokenStep {
        if let Some(held) = self.held.as_ref().filter(|held| held.renew_at.is_none_or(|at| now < at)) {
            return TokenStep::Use(held.secret.clone());
        }
        match &self.failed {
            Some((failed, error)) if *failed >= since && self.held.is_none() => {
                return TokenStep::Fail(error.clone(), Stop::Pointless);
            }
            _ => {}
        }
        let at = self.next_login.unwrap_or(now).max(now);
        match &self.refusal {
            Some(error) if at > now && self.refusals >= MOST_LOGINS => {
                TokenStep::Fail(error.clone().with_retry_after(Some(at - now)), Stop::Token)
            }
            _ => TokenStep::LogInAt(at),
        }
    }

    fn logging_in(&mut self, now: Instant) {
        // The platform cancels the old token the moment it sees the login, whether its answer arrives or not.
        self.held = None;
        self.last_login = Some(now);
    }

    fn logged_in(&mut self, token: Token, now: Instant) -> Secret {
        // Its life began somewhere between the request and the reply.
        let born = self.last_login.unwrap_or(now);
        let renew_at = token.life.map(|life| after(born, life - Token::renewal_margin(life)));
        self.held = Some(Held { secret: token.secret.clone(), renew_at });
        (self.failed, self.last_login) = (None, Some(now));
        token.secret
    }

    /// Notes that the platform refused a token, unless another one has taken its place. `random` is drawn from 0..1.
    ///
    /// The first login after that is immediate. Before further ones comes a random wait: otherwise two processes with one
    /// application would cancel each other's tokens without a pause, and in step. A call that succeeds with a token does not
    /// end the row, since of two processes that cancel each other's tokens both succeed now and then.
    fn reject(&mut self, secret: &Secret, error: &Error, now: Instant, random: f64) {
        if self.held.take_if(|held| held.secret == *secret).is_none() {
            return;
        }
        (self.rejected, self.refusal) = (Some(secret.clone()), Some(error.clone()));
        let last = self.last_login.unwrap_or(now);
        let made_up = (now - last).as_secs() / RECOVERY.as_secs();
        self.refusals =
            self.refusals.saturating_sub(made_up.try_into().unwrap_or(u32::MAX)).saturating_add(1);
        let doublings = self.refusals.saturating_sub(2).min(16);
        let wait = (FIRST_WAIT * (1 << doublings)).min(LONGEST_WAIT).mul_f64(random);
        self.next_login = match self.refusals {
            ..2 => None,
            2..MOST_LOGINS => Some(now + wait),
            _ => Some(last + RECOVERY + wait),
        };
    }
}

impl TokenStore {
    /// The token; `log_in` brings one if there is none. Calls that come during that login wait for it. A second login would
    /// cancel the first one's token. If the future is dropped, the next call logs in.
    ///
    /// `waits` is called if that login has to wait until some time. [`Stop::Token`] says that the platform has refused too many
    /// tokens in a row, and that there is no login for now; the error is the latest refusal.
    pub(crate) async fn get<F>(
        &self,
        waits: impl FnOnce(Instant),
        log_in: impl FnOnce(Option<Secret>) -> F,
    ) -> Result<Secret, (Error, Stop)>
    where
        F: Future<Output = Result<Token, Error>>,
    {
        let since = Instant::now();
        let mut state = self.0.lock().await;
        match state.step(since, Instant::now()) {
            TokenStep::Use(secret) => Ok(secret),
            TokenStep::Fail(error, stop) => Err((error, stop)),
            TokenStep::LogInAt(at) => {
                let wait = at.saturating_duration_since(Instant::now());
                if !wait.is_zero() {
                    // Each login cancels the token of whoever else logs in with this application.
                    let wait_seconds = wait.as_secs_f64();
                    tracing::warn!(wait_seconds, "the platform refused new tokens, so the next login waits");
                    waits(at);
                    tokio::time::sleep_until(at).await;
                }
                state.logging_in(Instant::now());
                let rejected = state.rejected.clone();
                match log_in(rejected).await {
                    Ok(token) => Ok(state.logged_in(token, Instant::now())),
                    Err(error) => {
                        // A late login is not shared: other callers may have later deadlines.
                        if !error.is_late() {
                            state.failed = Some((Instant::now(), error.clone()));
                        }
                        Err((error, Stop::Pointless))
                    }
                }
            }
        }
    }

    /// Notes that the platform refused a token, with this error. `random` is drawn from 0..1.
    pub(crate) async fn reject(&self, secret: &Secret, error: &Error, random: f64) {
        self.0.lock().await.reject(secret, error, Instant::now(), random);
    }
}

#[cfg(test)]
mod tests;
