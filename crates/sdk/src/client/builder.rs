//! How a client is set up.

use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use northbound_client::{HttpService, Secret};

use crate::call::FOREVER;
use crate::call::counters::Counters;
use crate::call::exchange::Connection;
use crate::call::run::{BeforeLogin, Shared};
use crate::call::token::TokenStore;
use crate::call::waiting::Waits;
#[cfg(any(feature = "rustls", feature = "native-tls"))]
use crate::client::certificates::Certificates;
use crate::client::credentials::Source;
use crate::client::endpoint::{Endpoint, ThisMachine};
use crate::client::proxy;
use crate::client::tls;
use crate::redact::Secrets;
use crate::{AppId, Client, Credentials, Error, Quota, Remedy, Retry, TokenError, TokenSource};

/// As in the vendor's Java SDK.
const TIMEOUT: Duration = Duration::from_secs(30);
const DEADLINE: Duration = Duration::from_secs(180);
/// No page of 250 rows comes near it.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// Builds a [`Client`]. Made by [`Client::builder`].
///
/// ```
/// use std::time::Duration;
/// use northbound::{Client, Credentials};
///
/// # fn main() -> Result<(), northbound::Error> {
/// let client = Client::builder("https://platform.example:8743")
///     .credentials(Credentials::new("demo-app", "demo-secret")?)
///     .deadline(Duration::from_secs(60))
///     .build()?;
/// assert_eq!(client.app_id().as_str(), "demo-app");
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct ClientBuilder {
    endpoint: String,
    sources: Vec<Source>,
    before_login: Option<BeforeLogin>,
    resolved: Vec<(String, SocketAddr)>,
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    certificates: Certificates,
    http: Vec<AdjustHttp>,
    service: Option<MakeService>,
    /// Whether anything goes over HTTP.
    connects: bool,
    timeout: Duration,
    connect_timeout: Duration,
    deadline: Duration,
    body_limit: usize,
    allows_plain_http: bool,
    uses_proxy: bool,
    quota: Quota,
    counters: Counters,
    retry: Retry,
    seed: Option<u64>,
}

type MakeService = Box<dyn FnOnce(reqwest::Client) -> Arc<dyn HttpService> + Send>;
type AdjustHttp = Box<dyn FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send>;

impl Client {
    /// Starts to build a client for the platform at `endpoint`, such as `https://platform.example:8743`.
    pub fn builder(endpoint: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            endpoint: endpoint.into(),
            sources: Vec::new(),
            before_login: None,
            resolved: Vec::new(),
            #[cfg(any(feature = "rustls", feature = "native-tls"))]
            certificates: Certificates::default(),
            http: Vec::new(),
            service: None,
            connects: true,
            timeout: TIMEOUT,
            connect_timeout: TIMEOUT,
            deadline: DEADLINE,
            body_limit: BODY_LIMIT,
            allows_plain_http: false,
            uses_proxy: true,
            quota: Quota::default(),
            counters: Counters::default(),
            retry: Retry::default(),
            seed: None,
        }
    }
}

impl ClientBuilder {
    /// Logs in with these credentials: on the first call, before a token expires, and when the platform refuses a token.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.sources.push(Source::Login(credentials));
        self
    }

    /// Logs in as [`credentials`](Self::credentials) does, but calls `ask` for the secret before each login. Use it to read the
    /// secret from a vault, a keyring or another program only when it is needed.
    ///
    /// ```
    /// # fn main() -> Result<(), northbound::Error> {
    /// use northbound::{AppId, Client};
    ///
    /// let client = Client::builder("https://platform.example:8743")
    ///     .secret_source(AppId::new("meters")?, async || {
    ///         Ok(tokio::fs::read_to_string("/run/secrets/meters").await?.trim().into())
    ///     })
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn secret_source<F>(mut self, app_id: AppId, ask: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Secret, TokenError>> + Send + 'static,
    {
        self.sources.push(Source::Asked(app_id, Box::new(move || Box::pin(ask()))));
        self
    }

    /// Calls this function before each login, with the client that logs in. A login cancels the tokens that other programs use.
    pub fn before_login(mut self, notice: impl Fn(&Client) + Send + Sync + 'static) -> Self {
        self.before_login = Some(Box::new(move |shared| notice(&Client { shared: Arc::clone(shared) })));
        self
    }

    /// Uses this token; the client never logs in.
    pub fn token(mut self, app_id: AppId, token: impl Into<Secret>) -> Self {
        self.sources.push(Source::Ready(app_id, token.into()));
        self
    }

    /// Takes tokens from this source; the client itself never logs in. This is how several processes use one application.
    pub fn token_source(mut self, app_id: AppId, source: impl TokenSource) -> Self {
        self.sources.push(Source::Elsewhere(app_id, Box::new(source)));
        self
    }

    /// Limits the time of one attempt, including its reply; 30 seconds unless set.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout: timeout.min(FOREVER), ..self }
    }

    /// Limits the time to connect; 30 seconds unless set, and at most nine tenths of [`timeout`](Self::timeout). So an attempt
    /// that cannot connect fails before its timeout, and it is known that nothing was sent.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        Self { connect_timeout: timeout.min(FOREVER), ..self }
    }

    /// Limits the time of a whole call, including its waits, retries and logins; 3 minutes unless set.
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Refuses a reply whose body is longer than this, without reading it to the end; 32 MiB unless set. A read of several
    /// pages then continues with smaller pages.
    pub fn body_limit(self, bytes: usize) -> Self {
        Self { body_limit: bytes, ..self }
    }

    /// Keeps to this quota; the platform's default unless set. Give a clone of it to every client of the same application.
    pub fn quota(self, quota: Quota) -> Self {
        Self { quota, ..self }
    }

    /// Counts calls in these counters, which several clients can share.
    pub fn counters(self, counters: Counters) -> Self {
        Self { counters, ..self }
    }

    /// Sets how calls are retried; [`Retry::new`] unless set.
    pub fn retry(self, retry: Retry) -> Self {
        Self { retry, ..self }
    }

    /// Adjusts the HTTP client: a proxy, connection pools, DNS.
    ///
    /// Redirects stay off whatever is set here, because they would send the application id to another host. Plain http to this
    /// machine never uses a proxy or a resolver that is set here.
    pub fn http(
        mut self,
        adjust: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + 'static,
    ) -> Self {
        self.http.push(Box::new(adjust));
        self
    }

    /// Ignores the proxies of the environment: `HTTPS_PROXY`, `ALL_PROXY` and the like.
    pub fn no_proxy(self) -> Self {
        Self { uses_proxy: false, ..self }
    }

    /// Connects to `address` for the host name `host`. Use it for a platform that has only an IP address, but a certificate for
    /// a host name. `host` must be the host of the endpoint.
    pub fn resolve(mut self, host: impl Into<String>, address: SocketAddr) -> Self {
        self.resolved.push((host.into(), address));
        self
    }

    /// Trusts these certificate authorities as well. They are given as PEM, one certificate or several. A server's own
    /// certificate, such as a self-signed one, can be among them: it is trusted for the hosts that it names. In that case, TLS
    /// settings of [`http`](Self::http) have no effect.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificates.roots.push(pem.into());
        self
    }

    /// Trusts these certificate authorities and no others, as [`root_certificates`](Self::root_certificates) does.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn only_root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificates.only = true;
        self.root_certificates(pem)
    }

    /// Shows a client certificate, given with its private key as PEM, to a platform that requires one.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn identity(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificates.identity = Some(pem.into());
        self
    }

    /// Accepts every certificate, even that of somebody who only pretends to be the platform and then gets the secret and the
    /// token.
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    pub fn danger_accept_any_certificate(mut self) -> Self {
        self.certificates.accepts_any = true;
        self
    }

    /// Allows plain http to another machine. Everybody on the way can then read the secret and the token.
    pub fn danger_allow_plain_http(mut self) -> Self {
        self.allows_plain_http = true;
        self
    }

    /// Sends requests to this service instead of over HTTP. It is any [`tower_service::Service`] of http requests, such as a
    /// router of axum. A test that uses the emulator's router needs no socket.
    ///
    /// Then there are no connections, so options for TLS, proxies and connections have no effect.
    ///
    /// ```
    /// use northbound::{Client, Credentials};
    /// use northbound_emulator::{Scenario, router};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = Client::builder("https://platform.example")
    ///     .credentials(Credentials::new("demo-app", "demo-secret")?)
    ///     .service(router(Scenario::default())?)
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// [`tower_service::Service`]: https://docs.rs/tower-service/latest/tower_service/trait.Service.html
    pub fn service(mut self, service: impl HttpService) -> Self {
        self = self.service_over(|_| service);
        self.connects = false;
        self
    }

    /// Sends requests through a service of your own, which gets the HTTP client and sends with it. The service can look at or
    /// change requests and replies, including their headers.
    ///
    /// Requests have the application id and a token, and logins have the secret. The service must not show them.
    ///
    /// ```
    /// use northbound::{AppId, Client, reqwest};
    ///
    /// # fn main() -> Result<(), northbound::Error> {
    /// let client = Client::builder("https://platform.example:8743")
    ///     .token(AppId::new("meters")?, "t0ken")
    ///     .service_over(|client| {
    ///         tower::service_fn(move |request: http::Request<reqwest::Body>| {
    ///             println!("{} {}", request.method(), request.uri().path());
    ///             let client = client.clone();
    ///             async move { client.execute(request.try_into()?).await.map(http::Response::from) }
    ///         })
    ///     })
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn service_over<S: HttpService>(
        mut self,
        make: impl FnOnce(reqwest::Client) -> S + Send + 'static,
    ) -> Self {
        self.service = Some(Box::new(|http| Arc::new(make(http))));
        self.connects = true;
        self
    }

    /// Uses this seed for everything random, such as the time between two attempts. It makes tests repeatable.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// Builds the client. Nothing is sent yet.
    ///
    /// # Errors
    /// When the endpoint is not a URL, is plain http to another machine, or is https and this crate was built without TLS. When
    /// there are no credentials, or more than one kind. When the deadline is zero, when a variable of the environment has a
    /// proxy that cannot be used, when a certificate cannot be read, or when the HTTP client cannot be made.
    pub fn build(mut self) -> Result<Client, Error> {
        let mut endpoint = Endpoint::parse(&self.endpoint, self.allows_plain_http, &self.resolved)?;
        let [source] = <[Source; 1]>::try_from(self.sources).map_err(|sources| match sources.len() {
            0 => Error::refused("there are no credentials", Remedy::GiveCredentials),
            _ => Error::refused("there is more than one credential", Remedy::GiveOneCredential),
        })?;
        let source = source.checked()?;
        if self.deadline.is_zero() {
            return Err(Error::refused("the deadline of a call is 0 s", "allow it some time, such as 180 s"));
        }
        if !self.connects {
            (self.http, self.resolved, self.uses_proxy) = (Vec::new(), Vec::new(), false);
        } else if endpoint.url.scheme() == "https" && !cfg!(any(feature = "rustls", feature = "native-tls")) {
            return Err(Error::refused(
                "the endpoint is https, and this crate was built without TLS",
                "build it with its feature rustls or native-tls",
            ));
        }
        choose_tls_provider();
        let mut http =
            reqwest::Client::builder().connect_timeout(self.connect_timeout.min(self.timeout.mul_f64(0.9)));
        if self.uses_proxy && !endpoint.is_loopback {
            endpoint.proxy = proxy::of_environment(&endpoint.url, |name| std::env::var_os(name))?;
        } else {
            http = http.no_proxy();
        }
        // Nothing speaks TLS then, unless what was adjusted asks for it. Reading the certificate authorities of the system would
        // take longer than many a call.
        #[cfg(any(feature = "rustls", feature = "native-tls"))]
        if self.connects && !self.certificates.is_empty() {
            http = self.certificates.apply(http)?;
        } else if (endpoint.stays_here || !self.connects) && self.http.is_empty() {
            http = http.tls_certs_only([]);
        }
        for (host, address) in self.resolved {
            http = http.resolve(&host, address);
        }
        for adjust in self.http {
            http = adjust(http);
        }
        if endpoint.stays_here {
            http = http.no_proxy().dns_resolver(ThisMachine);
        }
        let http = http.redirect(reqwest::redirect::Policy::none()).build().map_err(tls::unusable)?;
        let service = self.service.map(|make| make(http.clone()));
        let secrets = Secrets::default();
        let connection = Connection { endpoint, http, service, body_limit: self.body_limit, secrets };
        let shared = Shared {
            connection,
            source,
            before_login: self.before_login,
            tokens: TokenStore::default(),
            quota: self.quota,
            retry: self.retry,
            timeout: self.timeout,
            deadline: self.deadline,
            random: Mutex::new(self.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed)),
            calls: AtomicU64::new(0),
            counters: self.counters,
            waits: Waits::default(),
            answered: AtomicBool::new(false),
        };
        Ok(Client { shared: Arc::new(shared) })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder").finish_non_exhaustive()
    }
}

/// Takes ring for this process, unless the process has already chosen another provider.
fn choose_tls_provider() {
    #[cfg(feature = "rustls")]
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _another_thread_was_first = rustls::crypto::ring::default_provider().install_default();
    }
}

#[cfg(test)]
mod tests {
    use northbound_emulator::{Scenario, router};

    use super::*;

    fn builder(endpoint: &str) -> ClientBuilder {
        Client::builder(endpoint).token(AppId::new("demo-app").unwrap(), "t0ken")
    }

    #[test]
    fn a_second_credential_is_refused() {
        let login = Credentials::new("demo-app", "demo-secret").unwrap();
        for second in [
            builder("http://127.0.0.1:1").credentials(login),
            builder("http://127.0.0.1:1").token(AppId::new("a").unwrap(), "b"),
        ] {
            assert!(second.build().unwrap_err().to_string().contains("call one of credentials()"));
        }
        assert!(Client::builder("http://127.0.0.1:1").build().unwrap_err().is_refused());
    }

    #[test]
    fn https_needs_tls_unless_a_service_answers() {
        let has_tls = cfg!(any(feature = "rustls", feature = "native-tls"));
        assert_eq!(builder("https://platform.example").build().is_ok(), has_tls);
        let answered = builder("https://platform.example").service(router(Scenario::default()).unwrap());
        assert!(answered.build().is_ok());
    }
}
