//! The client: an endpoint, an application, and the calls.

pub(crate) mod builder;
pub(crate) mod credentials;
pub(crate) mod endpoint;
mod proxy;
pub(crate) mod tls;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use northbound_client::types::{AccessToken, LoginRequest};
use northbound_client::{Call, Secret, Transport};
use tokio::time::Instant;

use crate::call::attempts::Retry;
use crate::call::envelope::{Envelope, TOKEN};
use crate::call::exchange::Asking;
use crate::call::quota::Quota;
use crate::call::run::{self, Attempt, Broken, Phase, Runner};
use crate::call::token::{Keeper, Token};
use crate::client::credentials::Source;
use crate::client::endpoint::Endpoint;
use crate::clock::after;
use crate::error::{ErrorKind, Remedy};
use crate::redact::Secrets;
use crate::{AppId, ClientBuilder, Credentials, Error, Subtasks};

/// No server takes a longer header, in bytes.
const LONGEST_TOKEN: usize = 64 * 1024;

/// A client of one platform for one application.
///
/// Cheap to clone; clones share connections, token and quota. It logs in by itself when a call needs it, and keeps the token: on
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

/// Is told of each login before it is sent.
pub(crate) type BeforeLogin = Box<dyn Fn(&Client) + Send + Sync>;

/// What clones share.
pub(crate) struct Shared {
    pub(crate) endpoint: Endpoint,
    pub(crate) http: reqwest::Client,
    pub(crate) proxy: Option<(String, u16)>,
    pub(crate) transport: Option<Arc<dyn Transport>>,
    pub(crate) body_limit: usize,
    pub(crate) source: Source,
    pub(crate) before_login: Option<BeforeLogin>,
    pub(crate) keeper: Keeper,
    pub(crate) secrets: Secrets,
    pub(crate) quota: Quota,
    pub(crate) retry: Retry,
    pub(crate) timeout: Duration,
    pub(crate) deadline: Duration,
    pub(crate) random: Mutex<fastrand::Rng>,
    pub(crate) calls: AtomicU64,
}

impl Client {
    /// Starts to build a client for the platform at `endpoint`, such as `https://platform.example:8743`.
    pub fn builder(endpoint: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(endpoint.into())
    }

    pub(crate) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared) }
    }

    /// Asks for the subtasks of a batch task: what happened to each device.
    pub fn subtasks(&self, task_id: impl Into<String>) -> Subtasks {
        Subtasks::new(self.clone(), task_id.into())
    }

    /// Logs in and hands the token out, for a [`TokenSource`](crate::TokenSource) that keeps it where several processes find it.
    /// The client itself does not use it.
    ///
    /// On this platform a login cancels every earlier token of the application.
    ///
    /// # Errors
    /// When the client has no [credentials](ClientBuilder::credentials), and when the login fails.
    pub async fn log_in(&self) -> Result<Token, Error> {
        let Source::Login(_) = &self.shared.source else {
            return Err(Error::refused("a client without a secret cannot log in", Remedy::GiveSecret));
        };
        self.bring_token(None, after(Instant::now(), self.shared.deadline)).await
    }

    /// The application that calls.
    pub fn app_id(&self) -> &AppId {
        self.shared.source.app_id()
    }

    /// The address of the platform, without a slash at its end.
    pub fn endpoint(&self) -> &str {
        self.shared.endpoint.base()
    }

    /// Host and port of the proxy that the environment sets for calls. One that [`http`](ClientBuilder::http) sets is not known.
    pub fn proxy(&self) -> Option<(&str, u16)> {
        self.shared.proxy.as_ref().map(|(host, port)| (host.as_str(), *port))
    }

    /// The quota that this client keeps to, to be shared with other clients of the same application.
    pub fn quota(&self) -> &Quota {
        &self.shared.quota
    }

    /// A text without the secret and the tokens of this client: for messages that repeat what the platform sent, since it may
    /// send them back.
    pub fn redacted(&self, text: &str) -> String {
        self.shared.secrets.redacted(text)
    }

    /// How many calls this client and its clones have begun, without logins and without repeats: what reports bear.
    pub fn calls(&self) -> u64 {
        self.shared.calls.load(Ordering::Relaxed)
    }

    /// Makes an authorized call.
    pub(crate) async fn authorized<O: Operation>(&self, operation: &O) -> Result<O::Reply, Error> {
        self.shared.calls.fetch_add(1, Ordering::Relaxed);
        let what = operation.what();
        let call = Authorized { client: self, operation, what: &what };
        self.runner(&what, after(Instant::now(), self.shared.deadline)).run(&call).await
    }

    /// The token to use now; a login has the same deadline as the call that needs it.
    async fn token(&self, deadline: Instant) -> Result<Secret, Error> {
        self.shared.keeper.get(|rejected| self.bring_token(rejected, deadline)).await
    }

    async fn bring_token(&self, rejected: Option<Secret>, deadline: Instant) -> Result<Token, Error> {
        match &self.shared.source {
            Source::Login(credentials) => {
                let what = format!("login of application {}", credentials.app_id);
                let login = Login { client: self, credentials, what: &what };
                self.runner(&what, deadline).run(&login).await
            }
            Source::Elsewhere(_, source) => source.token(rejected.as_ref()).await.map_err(no_token),
            Source::Ready(_, token) => Ok(Token::new(token.clone())),
        }
    }

    fn runner<'a>(&'a self, what: &'a str, deadline: Instant) -> Runner<'a> {
        let Shared { source, retry, timeout, keeper, quota, random, .. } = &*self.shared;
        let changes_token = !matches!(source, Source::Ready(..));
        Runner { what, retry, deadline, timeout: *timeout, changes_token, keeper, quota, random }
    }

    fn unfit(&self, fault: impl std::error::Error + Send + Sync + 'static) -> Broken {
        let is_given = matches!(self.shared.source, Source::Ready(..));
        let kind = if is_given { ErrorKind::Refused } else { ErrorKind::NoToken };
        let error = Error::new(kind, "the token cannot stand in a header", Remedy::CheckToken);
        Broken::Failed(error.with_source(fault))
    }

    fn call(&self) -> Call {
        let call = Call::new().body_limit(self.shared.body_limit);
        self.shared.transport.iter().cloned().fold(call, Call::transport)
    }

    fn generated(&self, call: &Call) -> northbound_client::Client {
        let Shared { endpoint, http, .. } = &*self.shared;
        northbound_client::Client::new_with_client(endpoint.base(), http.clone(), call.clone())
    }
}

/// An operation of the document, ready to be sent.
pub(crate) trait Operation: Sync {
    /// What a good reply holds.
    type Reply: Send;

    /// What is asked for, in an error.
    fn what(&self) -> String;

    /// What the call needs beside its headers.
    fn prepare(&self, call: Call) -> Call {
        call
    }

    /// Sends it once.
    fn send(
        &self,
        client: &northbound_client::Client,
        asking: &Asking<'_>,
    ) -> impl Future<Output = Result<Self::Reply, Error>> + Send;
}

/// An operation together with the token that it needs.
struct Authorized<'a, O> {
    client: &'a Client,
    operation: &'a O,
    what: &'a str,
}

impl<O: Operation> run::Call for Authorized<'_, O> {
    type Reply = O::Reply;

    async fn attempt(&self, runner: &Runner<'_>) -> Result<Attempt<O::Reply>, Broken> {
        let token = self.client.token(runner.deadline());
        let token = runner.within(Phase::Token, token).await?.map_err(Broken::Failed)?;
        let call = self
            .client
            .call()
            .authorized_by(self.client.app_id().as_str(), &token)
            .map_err(|fault| self.client.unfit(fault))?;
        let call = self.operation.prepare(call);
        self.client.shared.secrets.note(&token);
        let asking = Asking {
            what: self.what,
            endpoint: self.client.endpoint(),
            call,
            secrets: &self.client.shared.secrets,
            reply_is_secret: false,
        };
        let generated = self.client.generated(&asking.call);
        let outcome = runner.in_quota(self.operation.send(&generated, &asking)).await?;
        Ok(Attempt { outcome, token: Some(token) })
    }
}

/// The login, which needs no token and brings one.
struct Login<'a> {
    client: &'a Client,
    credentials: &'a Credentials,
    what: &'a str,
}

impl run::Call for Login<'_> {
    type Reply = Token;

    async fn attempt(&self, runner: &Runner<'_>) -> Result<Attempt<Token>, Broken> {
        let Credentials { app_id, secret } = self.credentials;
        let call = self.client.call();
        let secrets = &self.client.shared.secrets;
        secrets.note(secret);
        let asking = Asking {
            what: self.what,
            endpoint: self.client.endpoint(),
            call,
            secrets,
            reply_is_secret: true,
        };
        let body = LoginRequest { app_id: app_id.for_login(), secret: secret.clone() };
        let generated = self.client.generated(&asking.call);
        let sent = async {
            if let Some(notice) = &self.client.shared.before_login {
                notice(self.client);
            }
            token(asking.outcome(generated.login().body(body).send().await).await?, &asking)
        };
        Ok(Attempt { outcome: runner.in_quota(sent).await?, token: None })
    }
}

fn token(reply: AccessToken, asking: &Asking<'_>) -> Result<Token, Error> {
    reply.refresh_token.iter().for_each(|token| asking.secrets.note(token));
    if let Some(envelope) = Envelope::among(&reply.extra) {
        return Err(asking.reported(envelope));
    }
    match reply.access_token.filter(|token| !token.expose().is_empty()) {
        Some(token)
            if token.expose().len() > LONGEST_TOKEN || Call::new().authorized_by("any", &token).is_err() =>
        {
            Err(asking.unusable())
        }
        Some(token) => {
            let life = reply.expires_in.map(|seconds| seconds.duration());
            Ok(life.into_iter().fold(Token::new(token), Token::lives))
        }
        None => Err(asking.lacking(TOKEN)),
    }
}

fn no_token(fault: crate::call::token::TokenError) -> Error {
    let fault = match fault.downcast::<Error>() {
        Ok(error) => return *error,
        Err(fault) => fault,
    };
    let found = format!("the token source brings no token ({fault})");
    Error::new(ErrorKind::NoToken, found, Remedy::CheckTokenSource)
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { endpoint, source, quota, retry, deadline, .. } = self;
        f.debug_struct("Shared")
            .field("endpoint", endpoint)
            .field("source", source)
            .field("quota", quota)
            .field("retry", retry)
            .field("deadline", deadline)
            .finish_non_exhaustive()
    }
}
