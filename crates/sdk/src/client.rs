//! The client: an endpoint, an application, and the calls.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use northbound_client::types::{AccessToken, LoginRequest};
use northbound_client::{Call, Secret};
use tokio::time::Instant;

use crate::call::Asking;
use crate::endpoint::{Endpoint, PlainHttp};
use crate::envelope::{Envelope, TOKEN};
use crate::token::{Kept, Source, Token};
use crate::{AppId, Credentials, Error, Subtasks};

/// As in the vendor's Java SDK.
const TIMEOUT: Duration = Duration::from_secs(30);
/// No page of 250 rows comes near it.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// A client of one platform for one application.
///
/// Cheap to clone; clones share connections and token. It logs in by itself when a call needs it, and keeps the token: on
/// this platform every login cancels the token before it, so make one client and share it.
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
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    endpoint: Endpoint,
    http: reqwest::Client,
    body_limit: usize,
    source: Source,
    token: Kept,
}

impl Client {
    /// Starts to build a client for the platform at `endpoint`, such as `https://platform.example:8743`.
    pub fn builder(endpoint: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            endpoint: endpoint.into(),
            source: None,
            http: Vec::new(),
            timeout: TIMEOUT,
            connect_timeout: TIMEOUT,
            body_limit: BODY_LIMIT,
            plain_http: PlainHttp::LoopbackOnly,
        }
    }

    /// Asks for the subtasks of a batch task: what happened to each device.
    pub fn subtasks(&self, task_id: impl Into<String>) -> Subtasks {
        Subtasks::new(self.clone(), task_id.into())
    }

    /// The application that calls.
    pub fn app_id(&self) -> &AppId {
        self.shared.source.app_id()
    }

    /// Makes an authorized call: `send` makes it with the generated client.
    pub(crate) async fn authorized<T>(
        &self,
        what: String,
        send: impl AsyncFnOnce(&northbound_client::Client, &Asking<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let token = self.token().await?;
        let call = Call::new().body_limit(self.shared.body_limit);
        let call = call.authorized_by(self.app_id().as_str(), &token).map_err(|fault| {
            Error::refused("the token cannot stand in a header", "check that it was given whole")
                .with_source(fault)
        })?;
        let asking = Asking { what, call, secrets: vec![&token], reply_is_secret: false };
        let outcome = send(&self.generated(&asking.call), &asking).await;
        if outcome.as_ref().is_err_and(Error::is_invalid_token) {
            self.shared.token.forget(&token).await;
        }
        outcome
    }

    async fn token(&self) -> Result<Secret, Error> {
        match &self.shared.source {
            Source::Ready(_, token) => Ok(token.clone()),
            Source::Login(credentials) => self.shared.token.get(|| self.log_in(credentials)).await,
        }
    }

    async fn log_in(&self, credentials: &Credentials) -> Result<Token, Error> {
        let asking = Asking {
            what: format!("login of application {}", credentials.app_id),
            call: Call::new().body_limit(self.shared.body_limit),
            secrets: vec![&credentials.secret],
            reply_is_secret: true,
        };
        let body =
            LoginRequest { app_id: credentials.app_id.for_login(), secret: credentials.secret.clone() };
        let sent = Instant::now();
        let outcome = self.generated(&asking.call).login().body(body).send().await;
        let reply: AccessToken = asking.outcome(outcome).await?;
        if let Some(envelope) = Envelope::among(&reply.extra) {
            return Err(asking.reported(envelope));
        }
        match reply.access_token.filter(|token| !token.expose().is_empty()) {
            Some(token) => Ok(Token::new(token, reply.expires_in.map(|seconds| seconds.duration()), sent)),
            None => Err(asking.lacking(TOKEN)),
        }
    }

    fn generated(&self, call: &Call) -> northbound_client::Client {
        let Shared { endpoint, http, .. } = &*self.shared;
        northbound_client::Client::new_with_client(endpoint.base(), http.clone(), call.clone())
    }
}

/// Builds a [`Client`].
#[must_use]
pub struct ClientBuilder {
    endpoint: String,
    source: Option<Source>,
    http: Vec<AdjustHttp>,
    timeout: Duration,
    connect_timeout: Duration,
    body_limit: usize,
    plain_http: PlainHttp,
}

type AdjustHttp = Box<dyn FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send>;

impl ClientBuilder {
    /// Logs in with these credentials, on the first call and whenever the token has ended.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.source = Some(Source::Login(credentials));
        self
    }

    /// Uses a token that somebody else has obtained; the client never logs in.
    pub fn token(mut self, app_id: AppId, token: impl Into<Secret>) -> Self {
        self.source = Some(Source::Ready(app_id, token.into()));
        self
    }

    /// Bounds a whole call, its reply included; 30 seconds unless set.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Bounds the time that a connection may take; 30 seconds unless set.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Refuses a reply whose body is longer than so many bytes, while it is read; 32 MiB unless set.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }

    /// Adjusts the HTTP client: a proxy, a private certificate authority, a client certificate.
    ///
    /// Redirects stay off whatever is set here: they would carry application id and token to another host.
    pub fn http(
        mut self,
        adjust: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + 'static,
    ) -> Self {
        self.http.push(Box::new(adjust));
        self
    }

    /// Allows plain http to another machine, where everybody on the way can read secret and token.
    pub fn danger_allow_plain_http(mut self) -> Self {
        self.plain_http = PlainHttp::Anywhere;
        self
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    /// When the endpoint is no URL, or is plain http to another machine; when there are no credentials; when the HTTP client
    /// cannot be made.
    pub fn build(self) -> Result<Client, Error> {
        let endpoint = Endpoint::parse(&self.endpoint, self.plain_http)?;
        let source = self.source.ok_or_else(|| {
            Error::refused(
                "there are no credentials",
                "give application id and secret, or a token, to the builder",
            )
        })?;
        choose_tls_provider();
        let mut http = reqwest::Client::builder().timeout(self.timeout).connect_timeout(self.connect_timeout);
        if endpoint.is_loopback() {
            http = http.no_proxy();
        }
        for adjust in self.http {
            http = adjust(http);
        }
        let http = http.redirect(reqwest::redirect::Policy::none()).build().map_err(|fault| {
            Error::refused("the HTTP client cannot be made", "check certificates and proxy settings")
                .with_source(fault)
        })?;
        let shared = Shared { endpoint, http, body_limit: self.body_limit, source, token: Kept::default() };
        Ok(Client { shared: Arc::new(shared) })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").field("source", &self.source).finish_non_exhaustive()
    }
}

/// Takes ring for this process, unless the process has already chosen another provider.
#[cfg(feature = "rustls")]
fn choose_tls_provider() {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _another_thread_was_first = rustls::crypto::ring::default_provider().install_default();
    }
}

#[cfg(not(feature = "rustls"))]
fn choose_tls_provider() {}
