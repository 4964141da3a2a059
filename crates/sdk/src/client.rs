//! The client: who calls and where to. Here it is built and asked about itself.
//!
//! How it makes a call belongs to [`crate::call`]. What can be asked with it is defined where that is answered, in
//! [`crate::reads`] and [`crate::answers`].

pub(crate) mod builder;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
mod certificates;
pub(crate) mod credentials;
pub(crate) mod endpoint;
mod proxy;
pub(crate) mod tls;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::time::Instant;

use crate::call::run::Shared;
use crate::call::{after, waiting};
use crate::client::credentials::Source;
use crate::{AppId, Counters, Error, Quota, Remedy, Token, Waiting};

/// A client of one platform for one application.
///
/// Cheap to clone; clones share connections, token and quota. It logs in by itself when a call needs it, and keeps the
/// token: on this platform every login cancels the token before it, so make one client and share it.
///
/// ```no_run
/// # async fn example() -> Result<(), northbound::Error> {
/// use northbound::{Client, Credentials};
///
/// let client = Client::builder("https://platform.example:8743")
///     .credentials(Credentials::from_env()?)
///     .build()?;
/// let page = client.subtasks("5c8ba99030344005c02316ad").page(0).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    /// What the calls of its clones share.
    pub(crate) shared: Arc<Shared>,
}

impl Client {
    /// Logs in and hands the token out, for a [`TokenSource`](crate::TokenSource) that keeps it where several processes find
    /// it. The client itself does not use it.
    ///
    /// On this platform a login cancels every earlier token of the application.
    ///
    /// # Errors
    /// When the client has no [credentials](crate::ClientBuilder::credentials), and when the login fails.
    pub async fn log_in(&self) -> Result<Token, Error> {
        if !matches!(self.shared.source, Source::Login(_) | Source::Asked(..)) {
            return Err(Error::refused("a client without a secret cannot log in", Remedy::GiveSecret));
        }
        self.shared.new_token(None, after(Instant::now(), self.shared.deadline)).await
    }

    /// The application that calls.
    pub fn app_id(&self) -> &AppId {
        self.shared.source.app_id()
    }

    /// The address of the platform, without a slash at its end.
    pub fn endpoint(&self) -> &str {
        self.shared.connection.endpoint.base()
    }

    /// Host and port of the proxy that the environment sets for calls. One that [`http`](crate::ClientBuilder::http) sets is
    /// not known.
    pub fn proxy(&self) -> Option<(&str, u16)> {
        self.shared.connection.endpoint.proxy.as_ref().map(|(host, port)| (host.as_str(), *port))
    }

    /// The quota that this client keeps to, to be shared with other clients of the same application.
    pub fn quota(&self) -> &Quota {
        &self.shared.quota
    }

    /// A text without the secret and the tokens of this client: for messages that repeat what the platform sent, since it may
    /// send them back.
    pub fn redacted(&self, text: &str) -> String {
        self.shared.connection.secrets.redacted(text)
    }

    /// What the calls of this client and of its clones wait for just now: the one that waits longest, and of those the first that
    /// meets trouble; `None` if none waits. A [`TokenSource`](crate::TokenSource) may say what it waits for as well.
    ///
    /// For a line that tells a person why nothing comes: look every second or so, and print what has waited for a while.
    pub fn waiting(&self) -> Option<Waiting> {
        let source = match &self.shared.source {
            Source::Elsewhere(_, source) => source.waiting(),
            Source::Login(_) | Source::Asked(..) | Source::Ready(..) => None,
        };
        waiting::longest(self.shared.waits.longest().into_iter().chain(source))
    }

    /// How many calls this client and its clones have begun, without logins and without repeats.
    pub fn calls(&self) -> u64 {
        self.shared.calls.load(Ordering::Relaxed)
    }

    /// What has happened to the calls of this client, and of the clients that [share its counters](crate::ClientBuilder::counters).
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }
}
