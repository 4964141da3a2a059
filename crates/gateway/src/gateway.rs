//! The gateway as a server.

use std::sync::Arc;

use northbound::{Client, Secret};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::http::docs::Docs;
use crate::http::routes;
use crate::reads::Reads;
use crate::state::{Counts, Log, State};
use crate::tokens::Tokens;
use crate::wire::guard::Guard;
use crate::wire::listen::{Listen, Listener, StartError};
use crate::wire::seats::Seats;
use crate::wire::server::Server;

/// Memory for the rows of reads, in bytes: a million rows of 256 bytes.
const MEMORY: usize = 256 * 1024 * 1024;
/// Connections at a time. Beyond that, the one that has been idle longest is closed.
const CONNECTIONS: usize = 1_500;
/// Calls at a time that create a batch task.
const CREATES: usize = 4;

/// A running gateway. It stops when it is dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use northbound::{Client, Credentials};
/// use northbound_gateway::{Gateway, Listen};
///
/// let client = Client::builder("https://platform.example:8743")
///     .credentials(Credentials::new("demo-app", "demo-secret")?)
///     .build()?;
/// let gateway = Gateway::builder(client).start(Listen::Tcp(([127, 0, 0, 1], 0).into())).await?;
/// println!("listening on {}", gateway.url());
/// gateway.stop().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Gateway {
    url: String,
    /// The server and each connection stop when something is sent, or when this is dropped.
    stop: watch::Sender<()>,
    server: JoinHandle<()>,
}

/// Sets up a [`Gateway`]. Made by [`Gateway::builder`].
///
/// ```
/// # fn example(client: northbound::Client) {
/// use northbound_gateway::Gateway;
///
/// let builder = Gateway::builder(client).key("a long random text").memory(64 << 20).log(|line| eprintln!("{line}"));
/// # }
/// ```
#[must_use]
pub struct Builder {
    client: Client,
    key: Option<Secret>,
    allow_create: bool,
    memory: usize,
    hosts: Vec<String>,
    docs: Option<Docs>,
    log: Log,
}

impl Gateway {
    /// A gateway that calls the platform with this client.
    ///
    /// A long [deadline](northbound::ClientBuilder::deadline) suits a gateway: a caller that has gone waits for nothing.
    pub fn builder(client: Client) -> Builder {
        Builder {
            client,
            key: None,
            allow_create: false,
            memory: MEMORY,
            hosts: Vec::new(),
            docs: None,
            log: Box::new(drop),
        }
    }

    /// Its base URL, such as `http://127.0.0.1:8744`; for a Unix socket `unix:` and its path.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Stops: accepts no more connections, gives the calls under way a few seconds to finish, and tells the others that it stops.
    pub async fn stop(self) {
        self.stop.send_replace(());
        // It fails only if the server panicked or its runtime is shutting down; either way, it has ended.
        let _ = self.server.await;
        self.stop.closed().await;
    }
}

impl Builder {
    /// Only callers that have this key may use the gateway. They send it as the secret of their login.
    pub fn key(self, key: impl Into<Secret>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// Whether callers may create batch tasks, which moves real devices; `false` unless set. It needs a [`key`](Self::key).
    pub fn allow_create(self, allow: bool) -> Self {
        Self { allow_create: allow, ..self }
    }

    /// The memory for the rows of reads, in bytes; 256 MiB unless set. A read that needs more is refused.
    pub fn memory(self, bytes: usize) -> Self {
        Self { memory: bytes, ..self }
    }

    /// Answers requests for this host as well, with or without a port; may be called several times.
    ///
    /// The gateway answers under `localhost`, the loopback addresses and the address that it listens on. It refuses every other
    /// host name, because the owner of a web page can make a host name point to this machine.
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into().to_ascii_lowercase());
        self
    }

    /// Shows its documents on a page under `/docs/`.
    pub fn docs(self, docs: Docs) -> Self {
        Self { docs: Some(docs), ..self }
    }

    /// Calls this function with a line of JSON for each call, when the answer has been sent. The line has no secret and no
    /// token. The function must return quickly, because calls wait for it.
    pub fn log(self, log: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self { log: Box::new(log), ..self }
    }

    /// Starts the gateway on the current tokio runtime, which must have I/O and time enabled.
    ///
    /// # Errors
    /// When it cannot listen there. When it has no key, but other machines can reach it or callers may create batch tasks.
    pub async fn start(mut self, listen: Listen) -> Result<Gateway, StartError> {
        if self.key.is_none() {
            match listen {
                Listen::Tcp(addr) if !addr.ip().to_canonical().is_loopback() => {
                    return Err(StartError::NoKey(addr));
                }
                _ if self.allow_create => return Err(StartError::NoKeyForCreating),
                _ => {}
            }
        }
        let (listener, url) =
            Listener::bind(&listen).await.map_err(|error| StartError::of(&listen, error))?;
        let (stop, stopped) = watch::channel(());
        let (docs, hosts) = (self.docs, std::mem::take(&mut self.hosts));
        let state = Arc::new(self.state(stopped.clone()));
        let seats = Arc::clone(&state.seats);
        let server = Server { router: routes::router(state, docs), guard: Guard { allowed: hosts }, seats };
        let server = tokio::spawn(server.run(listener, stopped));
        Ok(Gateway { url, stop, server })
    }

    /// What it answers, without a socket, until this is told to stop.
    #[doc(hidden)] // The simulation of the whole has no sockets.
    pub fn router(self, stop: watch::Receiver<()>) -> axum::Router {
        routes::router(Arc::new(self.state(stop)), None)
    }

    /// What all calls share, until this is told to stop.
    pub(crate) fn state(self, stop: watch::Receiver<()>) -> State {
        State {
            reads: Reads::new(self.client.clone(), self.memory),
            client: self.client,
            tokens: Tokens::default(),
            key: self.key,
            allow_create: self.allow_create,
            creates: Semaphore::new(CREATES),
            counts: Counts::default(),
            log: self.log,
            seats: Seats::new(CONNECTIONS),
            stop,
        }
    }
}
