//! Accepts connections and serves them over HTTP/1.1. No client can keep a connection without using it.

use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::IntoResponse as _;
use axum::{BoxError, Router};
use futures_util::stream::{StreamExt as _, try_unfold};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, timeout, timeout_at};
#[cfg(feature = "tls")]
use tokio_rustls::TlsAcceptor;
use tower::Service as _;

use crate::wire::connection::{Connection, Stream};
use crate::wire::guard::Guard;

/// How long a client may take for a TLS handshake, for the head of a request and for its body, each. An idle connection is
/// closed after the same time. A client that polls at exactly this interval may find its connection closed each time, so it
/// is not an interval that people choose.
const DEADLINE: Duration = Duration::from_secs(12);
/// How long requests may go on after the server was told to stop.
const GRACE: Duration = Duration::from_secs(5);
/// Pause after a connection could not be accepted, as when the process has too many files open.
const PAUSE: Duration = Duration::from_secs(1);

/// Serves a router over connections.
pub(crate) struct Listener {
    pub(crate) router: Router,
    /// Refuses what a web page of another site sends; None lets everything in.
    pub(crate) guard: Option<Guard>,
    #[cfg(feature = "tls")]
    pub(crate) tls: Option<TlsAcceptor>,
}

impl Listener {
    /// Serves until `stop` is sent or its sender is dropped. The first failure to accept a connection goes to `failed`.
    pub(crate) async fn run(
        self,
        tcp: TcpListener,
        mut stop: watch::Receiver<()>,
        failed: oneshot::Sender<io::Error>,
    ) {
        let server = Arc::new(self);
        let mut failed = Some(failed);
        loop {
            let accepted = tokio::select! {
                accepted = tcp.accept() => accepted,
                _ = stop.changed() => return,
            };
            match accepted {
                Ok((stream, _)) => {
                    tokio::spawn(Arc::clone(&server).serve(stream, stop.clone()));
                }
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    if let Some(failed) = failed.take() {
                        // Nobody has to listen.
                        let _ = failed.send(error);
                    }
                    if timeout(PAUSE, stop.changed()).await.is_ok() {
                        return;
                    }
                }
            }
        }
    }

    async fn serve(self: Arc<Self>, tcp: TcpStream, mut stop: watch::Receiver<()>) {
        // Without it, the end of a page may wait until its beginning is acknowledged. It works without, too.
        let _ = tcp.set_nodelay(true);
        let Ok(local) = tcp.local_addr() else { return };
        let opened = tokio::select! {
            opened = timeout(DEADLINE, self.open(tcp)) => opened,
            _ = stop.changed() => return,
        };
        // A client that fails its handshake learns that from TLS itself. Nobody else needs to know.
        let Ok(Ok(stream)) = opened else { return };
        let socket = Connection::new(stream);
        let cut = socket.cut();
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(cut.clone());
            let server = Arc::clone(&self);
            async move { server.answer(request, local).await }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(DEADLINE)
            .serve_connection(TokioIo::new(socket), service);
        let mut connection = pin!(connection);
        // How a connection ends is the client's business.
        tokio::select! {
            _ = &mut connection => return,
            _ = stop.changed() => connection.as_mut().graceful_shutdown(),
        }
        let _ = timeout(GRACE, connection).await;
    }

    async fn open(&self, tcp: TcpStream) -> io::Result<Pin<Box<dyn Stream>>> {
        #[cfg(feature = "tls")]
        if let Some(tls) = &self.tls {
            return Ok(Box::pin(tls.accept(tcp).await?));
        }
        Ok(Box::pin(tcp))
    }

    async fn answer(
        &self,
        request: hyper::Request<Incoming>,
        local: SocketAddr,
    ) -> Result<axum::response::Response, std::convert::Infallible> {
        if let Some(guard) = &self.guard
            && let Err(refusal) = guard.check(&request, local.ip())
        {
            return Ok(refusal.into_response());
        }
        self.router.clone().call(request.map(timed)).await
    }
}

/// Whether the client went away before it was accepted, which says nothing about the next one.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// The body of a request; it ends in an error when the client takes too long to send it.
fn timed(body: Incoming) -> Body {
    let end = Instant::now() + DEADLINE;
    Body::from_stream(try_unfold(Body::new(body).into_data_stream(), move |mut pieces| async move {
        let piece = timeout_at(end, pieces.next()).await?.transpose()?;
        Ok::<_, BoxError>(piece.map(|piece| (piece, pieces)))
    }))
}
