//! The emulator as a server.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::control::Control;
#[cfg(feature = "docs")]
use crate::http::docs::{self, Docs};
use crate::scenario::{Scenario, ScenarioError};
#[cfg(feature = "tls")]
use crate::wire::certificates::{Certificates, TlsError};
use crate::wire::guard::Guard;
use crate::wire::listener::Listener;
#[cfg(feature = "tls")]
use crate::wire::tls::Tls;

/// A running emulator. It stops when it is dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), northbound_emulator::StartError> {
/// use northbound_emulator::Emulator;
///
/// let emulator = Emulator::builder().start().await?;
/// println!("listening on {}", emulator.url());
/// emulator.stop().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Emulator {
    addr: SocketAddr,
    scheme: &'static str,
    control: Control,
    /// The server and each connection stop when something is sent, or when this is dropped.
    stop: watch::Sender<()>,
    /// None once it has ended.
    server: Option<JoinHandle<()>>,
    /// None once it was reported.
    accept_failed: Option<oneshot::Receiver<io::Error>>,
}

impl Emulator {
    /// An emulator of the built-in scenario, on a free port of the loopback address.
    pub fn builder() -> Builder {
        Builder {
            scenario: Scenario::default(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            hosts: Vec::new(),
            #[cfg(feature = "tls")]
            tls: None,
            #[cfg(feature = "docs")]
            docs: None,
        }
    }

    /// The address where it listens. If port 0 was requested, this has the port that was chosen.
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its base URL, such as `http://127.0.0.1:8743`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.addr)
    }

    /// The handle by which a program controls it.
    #[must_use]
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// Waits until the server ends. It does not end by itself. This can be cancelled and called again.
    pub async fn wait(&mut self) {
        if let Some(server) = &mut self.server {
            // It fails only if the server panicked or its runtime is shutting down; either way, it has ended.
            let _ = server.await;
            self.server = None;
        }
    }

    /// Waits until a connection cannot be accepted, and returns the reason; for example, the process has too many open files.
    /// The emulator keeps trying. Only the first failure is reported. This can be cancelled and called again.
    pub async fn accept_failed(&mut self) -> io::Error {
        if let Some(failed) = &mut self.accept_failed
            && let Ok(error) = failed.await
        {
            self.accept_failed = None;
            return error;
        }
        std::future::pending().await
    }

    /// Stops: accepts no more connections, then gives the requests under way a few seconds to finish.
    pub async fn stop(mut self) {
        self.stop.send_replace(());
        self.wait().await;
        self.stop.closed().await;
    }
}

/// Sets up an [`Emulator`]. Made by [`Emulator::builder`].
///
/// ```
/// use northbound_emulator::{Emulator, Scenario};
///
/// let scenario = Scenario::default().with_quota(100);
/// let builder = Emulator::builder().scenario(scenario).listen(([127, 0, 0, 1], 8743).into());
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    scenario: Scenario,
    listen: SocketAddr,
    hosts: Vec<String>,
    #[cfg(feature = "tls")]
    tls: Option<Tls>,
    #[cfg(feature = "docs")]
    docs: Option<Docs>,
}

impl Builder {
    /// Sets the applications, tasks and rules of the emulator; the built-in scenario unless set.
    pub fn scenario(mut self, scenario: Scenario) -> Self {
        self.scenario = scenario;
        self
    }

    /// The address to listen on. Port 0 means a free port.
    pub fn listen(mut self, addr: SocketAddr) -> Self {
        self.listen = addr;
        self
    }

    /// Answers requests for this host as well, with or without a port; may be called several times.
    ///
    /// The emulator answers under `localhost`, the loopback addresses and the address that it listens on. It refuses every
    /// other host name, because the owner of a web page can make a host name point to this machine. Allow other names that
    /// programs use, such as that of a container.
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    /// Uses TLS with these certificates.
    #[cfg(feature = "tls")]
    pub fn tls(mut self, certificates: Certificates) -> Self {
        self.tls = Some(Tls { certificates, mutual: false });
        self
    }

    /// Uses TLS, and requires from each client a certificate of the authority in `certificates`.
    #[cfg(feature = "tls")]
    pub fn mutual_tls(mut self, certificates: Certificates) -> Self {
        self.tls = Some(Tls { certificates, mutual: true });
        self
    }

    /// Serves the document, and a page on which a person can read it and try the calls.
    #[cfg(feature = "docs")]
    pub fn docs(mut self, docs: Docs) -> Self {
        self.docs = Some(docs);
        self
    }

    /// Starts the emulator on the current tokio runtime, which must have I/O and time enabled.
    ///
    /// # Errors
    ///
    /// A scenario that contradicts itself, or an address that cannot be listened on.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn start(self) -> Result<Emulator, StartError> {
        #[cfg(feature = "tls")]
        let tls = self.tls.as_ref().map(Tls::acceptor).transpose()?;
        let control = Control::new(self.scenario)?;
        let router = control.router();
        #[cfg(feature = "docs")]
        let router = match self.docs {
            Some(docs) => router.merge(docs::router(docs, control.clone())),
            None => router,
        };
        let failed = |error| StartError::listen(self.listen, error);
        let listener = TcpListener::bind(self.listen).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let scheme = "http";
        #[cfg(feature = "tls")]
        let scheme = if tls.is_some() { "https" } else { scheme };
        let server = Listener {
            router,
            guard: Some(Guard::new(addr.ip(), &self.hosts)),
            #[cfg(feature = "tls")]
            tls,
        };
        let (stop, stopped) = watch::channel(());
        let (failed, accept_failed) = oneshot::channel();
        let server = tokio::spawn(server.run(listener, stopped, failed));
        Ok(Emulator { addr, scheme, control, stop, server: Some(server), accept_failed: Some(accept_failed) })
    }
}

/// Why an emulator did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another program, or another emulator, listens there.
    #[error("cannot listen on {addr}: the port is in use; choose another one, or port 0 for a free one")]
    PortInUse {
        /// The address asked for.
        addr: SocketAddr,
    },
    /// The system does not let us listen there.
    #[error("cannot listen on {addr}")]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The certificates cannot be used.
    #[cfg(feature = "tls")]
    #[error("the emulator cannot speak TLS")]
    Tls(#[from] TlsError),
    /// The scenario contradicts itself.
    #[error("the scenario cannot be run")]
    Scenario(#[from] ScenarioError),
}

impl StartError {
    fn listen(addr: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::PortInUse { addr },
            _ => Self::Listen { addr, source },
        }
    }
}
