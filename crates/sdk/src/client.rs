//! The client: which application calls, and which platform. This module has its constructor and what it reports about itself.
//!
//! How it makes a call is in [`crate::call`]. Its queries are defined in [`crate::reads`] and [`crate::answers`].

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
/// It is cheap to clone. Clones share connections, token and quota. The client logs in when a call needs a token, and keeps the
/// token. On this platform every login cancels the earlier token, so make one client and share it.
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
    /// Logs in and returns the token. It is for a [`TokenSource`](crate::TokenSource) that stores the token for several
    /// processes. The client itself does not use this token.
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

    /// Host and port of the proxy that the environment sets for calls; `None` if it sets none. A proxy that was set by
    /// [`http`](crate::ClientBuilder::http) is not reported.
    pub fn proxy(&self) -> Option<(&str, u16)> {
        self.shared.connection.endpoint.proxy.as_ref().map(|(host, port)| (host.as_str(), *port))
    }

    /// The quota of this client. Give a clone of it to other clients of the same application.
    pub fn quota(&self) -> &Quota {
        &self.shared.quota
    }

    /// Replaces the secret and the tokens of this client in a text. The platform may send them back, so use this for messages
    /// that repeat what the platform sent.
    pub fn redacted(&self, text: &str) -> String {
        self.shared.connection.secrets.redacted(text)
    }

    /// What a call of this client or of its clones waits for at this moment; `None` if no call waits. If several calls wait, it
    /// is the one that has waited longest; calls that wait because something went wrong come first. A
    /// [`TokenSource`](crate::TokenSource) can report what it waits for as well.
    ///
    /// Use it to tell a person why nothing happens: look about once a second, and print what has waited for a while.
    ///
    /// ```no_run
    /// # fn example(client: northbound::Client) {
    /// if let Some(waiting) = client.waiting() {
    ///     eprintln!("waiting for {} s: {:?}", waiting.since.elapsed().as_secs(), waiting.reason);
    /// }
    /// # }
    /// ```
    pub fn waiting(&self) -> Option<Waiting> {
        let source = match &self.shared.source {
            Source::Elsewhere(_, source) => source.waiting(),
            Source::Login(_) | Source::Asked(..) | Source::Ready(..) => None,
        };
        waiting::longest(self.shared.waits.longest().into_iter().chain(source))
    }

    /// The number of calls that this client and its clones have begun. Logins and retries do not count.
    pub fn calls(&self) -> u64 {
        self.shared.calls.load(Ordering::Relaxed)
    }

    /// What has happened to the calls of this client, and of the clients that [share its counters](crate::ClientBuilder::counters).
    pub fn counters(&self) -> &Counters {
        &self.shared.counters
    }
}
