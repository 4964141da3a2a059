//! Accepts connections and serves them over HTTP/1.1. No caller can keep a connection without using it.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_io_timeout::TimeoutStream;
use tower::Service as _;

use crate::http::own::BUSY;
use crate::wire::guard::Guard;
use crate::wire::listen::{Listener, Stream};
use crate::wire::seats::{Seat, Seats};

/// How long a caller may take for the head of a request. A connection without a request is closed after the same time.
const HEAD: Duration = Duration::from_secs(30);
/// How long a caller may take no byte of an answer that waits for it.
const STALLED: Duration = Duration::from_secs(30);
/// How long calls may go on after the gateway was told to stop. Those that wait then are told that it stops.
pub(crate) const GRACE: Duration = Duration::from_secs(5);
/// How long their answers may take to go out.
const LAST_BYTES: Duration = Duration::from_secs(2);
/// The longest head of a request, in bytes.
const BUFFER: usize = 64 * 1024;
/// Pause after a connection could not be accepted, as when the process has too many files open.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves a router over connections.
pub(crate) struct Server {
    pub(crate) router: Router,
    pub(crate) guard: Guard,
    pub(crate) seats: Arc<Seats>,
}

impl Server {
    /// Serves until `stop` is sent, or its sender is dropped.
    pub(crate) async fn run(self, listener: Listener, mut stop: watch::Receiver<()>) {
        let server = Arc::new(self);
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = stop.changed() => return,
            };
            match accepted {
                Ok((stream, local)) => {
                    let seat = server.seats.take();
                    tokio::spawn(Arc::clone(&server).serve(stream, local, seat, stop.clone()));
                }
                // As a rule, too many files are open.
                Err(_) => {
                    server.seats.free_one();
                    if timeout(PAUSE, stop.changed()).await.is_ok() {
                        return;
                    }
                }
            }
        }
    }

    async fn serve(
        self: Arc<Self>,
        stream: Box<dyn Stream>,
        local: Option<IpAddr>,
        seat: Option<Seat>,
        mut stop: watch::Receiver<()>,
    ) {
        let seat = seat.map(Arc::new);
        let service = service_fn(|request| self.answer(request, local, seat.as_ref()));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .max_buf_size(BUFFER)
            .keep_alive(seat.is_some())
            .serve_connection(TokioIo::new(patient(stream)), service);
        let mut connection = pin!(connection);
        let closed = async {
            match &seat {
                Some(seat) => seat.closed().await,
                None => sleep(LAST_BYTES).await,
            }
        };
        // How a connection ends is the caller's business.
        tokio::select! {
            _ = &mut connection => return,
            () = closed => return,
            _ = stop.changed() => connection.as_mut().graceful_shutdown(),
        }
        let _ = timeout(GRACE + LAST_BYTES, connection).await;
    }

    async fn answer(
        &self,
        mut request: hyper::Request<Incoming>,
        local: Option<IpAddr>,
        seat: Option<&Arc<Seat>>,
    ) -> Result<Response, Infallible> {
        let Some(seat) = seat else {
            return Ok(BUSY.because("calls are answered over all connections").into_response());
        };
        let busy = seat.busy();
        // The router notes it in the log.
        if let Err(refusal) = self.guard.check(&request, local) {
            request.extensions_mut().insert(refusal);
        }
        let response = self.router.clone().call(request.map(Body::new)).await?;
        // The connection is busy until the answer has gone out.
        Ok(response.map(|body| held(body, busy)))
    }
}

/// A body that has something with it for as long as it goes out.
pub(crate) fn held(body: Body, with: impl Send + Sync + 'static) -> Body {
    Body::new(body.map_err(move |error| {
        let _ = &with;
        error
    }))
}

/// A connection that ends when the caller takes nothing of an answer for too long.
fn patient(stream: Box<dyn Stream>) -> Pin<Box<TimeoutStream<Box<dyn Stream>>>> {
    let mut patient = TimeoutStream::new(stream);
    patient.set_write_timeout(Some(STALLED));
    Box::pin(patient)
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncWriteExt as _;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_caller_who_takes_nothing_of_an_answer_loses_the_connection() {
        let (stream, mut caller) = tokio::io::duplex(64);
        let mut patient = patient(Box::new(stream));
        let began = tokio::time::Instant::now();
        let writing = async {
            let wrote = patient.write_all(&[b'x'; 1024]).await;
            (wrote.unwrap_err().kind(), began.elapsed())
        };
        let taking = async {
            // It takes a byte now and then, and then no more.
            for _ in 0..10 {
                sleep(STALLED / 2).await;
                tokio::io::AsyncReadExt::read_u8(&mut caller).await.unwrap();
            }
        };
        let ((kind, after), ()) = tokio::join!(writing, taking);
        assert_eq!((kind, after), (std::io::ErrorKind::TimedOut, STALLED * 6));
    }
}
