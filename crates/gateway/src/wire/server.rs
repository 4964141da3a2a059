//! Accepts connections and serves them over HTTP/1.1. No caller can keep a connection without using it.

use std::convert::Infallible;
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Sleep, sleep, timeout};
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
const FAREWELL: Duration = Duration::from_secs(2);
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
                Ok((stream, local)) => match server.seats.take() {
                    Some(seat) => {
                        drop(tokio::spawn(Arc::clone(&server).serve(stream, local, seat, stop.clone())))
                    }
                    None => drop(tokio::spawn(refuse(stream))),
                },
                Err(error) if is_of_one_connection(&error) => {}
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
        seat: Seat,
        mut stop: watch::Receiver<()>,
    ) {
        let seat = Arc::new(seat);
        let service = service_fn(|request| self.answer(request, local, &seat));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .serve_connection(TokioIo::new(Patient { stream, stalled: None }), service);
        let mut connection = pin!(connection);
        // How a connection ends is the caller's business.
        tokio::select! {
            _ = &mut connection => return,
            () = seat.closed() => return,
            _ = stop.changed() => connection.as_mut().graceful_shutdown(),
        }
        let _ = timeout(GRACE + FAREWELL, connection).await;
    }

    async fn answer(
        &self,
        mut request: hyper::Request<Incoming>,
        local: Option<IpAddr>,
        seat: &Arc<Seat>,
    ) -> Result<Response, Infallible> {
        let busy = seat.busy();
        // The router notes it in the log.
        if let Err(refusal) = self.guard.check(&request, local) {
            request.extensions_mut().insert(refusal);
        }
        let response = self.router.clone().call(request.map(Body::new)).await?;
        // The connection is busy until the answer has gone out.
        Ok(response.map(|body| {
            Body::new(body.map_err(move |error| {
                let _ = &busy;
                error
            }))
        }))
    }
}

/// Whether the caller went away before it was accepted, which says nothing about the next one.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// Answers a caller for whom there is no seat, without reading what it asks.
async fn refuse(mut stream: Box<dyn Stream>) {
    let response = BUSY.because("calls are answered over all connections").into_response();
    let status = response.status();
    let Ok(body) = response.into_body().collect().await else { return };
    let body = body.to_bytes();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let reply = [head.as_bytes(), &body].concat();
    // A caller that takes nothing of it, or has gone, gets nothing.
    let _ = timeout(FAREWELL, async {
        stream.write_all(&reply).await?;
        stream.shutdown().await
    })
    .await;
}

/// A connection that ends when the caller takes nothing of an answer for too long.
struct Patient {
    stream: Box<dyn Stream>,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Patient {
    fn limit<T>(&mut self, wrote: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if wrote.is_ready() {
            self.stalled = None;
            return wrote;
        }
        ready!(self.stalled.get_or_insert_with(|| Box::pin(sleep(STALLED))).as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Patient {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Patient {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.limit(wrote, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.limit(flushed, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.limit(shut, context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_caller_who_takes_nothing_of_an_answer_loses_the_connection() {
        let (stream, mut caller) = tokio::io::duplex(64);
        let mut patient = Patient { stream: Box::new(stream), stalled: None };
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
        assert_eq!((kind, after), (io::ErrorKind::TimedOut, STALLED * 6));
    }
}
