//! Connections under TLS. Handshakes run apart from each other: a client that dawdles keeps no other one waiting.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig, crypto};

use crate::certificates::{Certificates, TlsError};
use crate::line::{Line, Stream};
use crate::listener::accept_tcp;

/// How long a client may take for its handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Connections whose handshake is done and that wait to be served.
const BACKLOG: usize = 64;

/// What a server under TLS needs to know.
#[derive(Debug, Clone)]
pub(crate) struct Tls {
    pub(crate) certificates: Certificates,
    /// Whether a client has to show a certificate of the authority's.
    pub(crate) mutual: bool,
}

impl Tls {
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        let provider = Arc::new(crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let builder = if self.mutual {
            let mut roots = RootCertStore::empty();
            for certificate in certificates("authority's text", &self.certificates.ca)? {
                roots.add(certificate)?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let server = &self.certificates.server;
        let key = PrivateKeyDer::from_pem_slice(server.as_bytes())
            .map_err(|_| TlsError::Pem { what: "server's text", part: "private key" })?;
        let config = builder.with_single_cert(certificates("server's text", server)?, key)?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn certificates(what: &'static str, pem: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    certificates
        .ok()
        .filter(|certificates| !certificates.is_empty())
        .ok_or(TlsError::Pem { what, part: "certificate" })
}

/// Connections whose handshake is done.
pub(crate) struct Handshakes {
    done: mpsc::Receiver<(Line, SocketAddr)>,
    addr: SocketAddr,
    accepting: AbortHandle,
}

impl Handshakes {
    pub(crate) fn new(tcp: TcpListener, acceptor: TlsAcceptor) -> io::Result<Self> {
        let addr = tcp.local_addr()?;
        let (send, done) = mpsc::channel(BACKLOG);
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, addr) = accept_tcp(&tcp).await;
                tokio::spawn(shake(acceptor.clone(), stream, addr, send.clone()));
            }
        });
        Ok(Self { done, addr, accepting: accepting.abort_handle() })
    }

    pub(crate) async fn next(&mut self) -> (Line, SocketAddr) {
        match self.done.recv().await {
            Some(next) => next,
            // The task that accepts never ends by itself; should it have panicked, there is nothing left to serve.
            None => std::future::pending().await,
        }
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Handshakes {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// A client that fails its handshake is told so by TLS itself; there is nobody else to tell.
async fn shake(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    addr: SocketAddr,
    done: mpsc::Sender<(Line, SocketAddr)>,
) {
    if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        // Nobody waits for it any more if the server has stopped.
        let _ = done.send((Line::new(Stream::Tls(Box::new(stream))), addr)).await;
    }
}
