//! A connection that can be reset or closed without an answer, which an HTTP server does not do by itself.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// How long a client may take no byte of an answer that waits for it.
const STALLED: Duration = Duration::from_secs(60);

/// A connection of a client.
pub(crate) struct Connection {
    stream: Pin<Box<dyn Stream>>,
    cut: Cut,
    writing: Patience,
}

/// What a connection is made of.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send {
    fn socket(&self) -> &TcpStream;
}

impl Stream for TcpStream {
    fn socket(&self) -> &TcpStream {
        self
    }
}

#[cfg(feature = "tls")]
impl Stream for tokio_rustls::server::TlsStream<TcpStream> {
    fn socket(&self) -> &TcpStream {
        self.get_ref().0
    }
}

/// Ends a connection instead of the next answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cut(Arc<Ends>);

#[derive(Debug, Default)]
struct Ends {
    cut: AtomicBool,
    with_reset: AtomicBool,
}

impl Cut {
    /// From now on the server cannot write to the connection; when it gives up, the client sees a reset (RST), or that the
    /// connection is closed (FIN).
    pub(crate) fn cut(&self, with_reset: bool) {
        self.0.with_reset.store(with_reset, Ordering::Relaxed);
        self.0.cut.store(true, Ordering::Release);
    }
}

impl Connection {
    pub(crate) fn new(stream: Pin<Box<dyn Stream>>) -> Self {
        Self { stream, cut: Cut::default(), writing: Patience::default() }
    }

    pub(crate) fn cut(&self) -> Cut {
        self.cut.clone()
    }

    /// The outcome of a write; an error once the client has taken nothing for too long.
    fn limit<T>(&mut self, wrote: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if wrote.is_ready() {
            self.writing = Patience::default();
            return wrote;
        }
        Poll::Ready(Err(ready!(self.writing.poll(STALLED, context))))
    }

    /// An error once the connection is cut. Closing a socket that lingers for no time sends a RST.
    fn check(&self) -> io::Result<()> {
        if !self.cut.0.cut.load(Ordering::Acquire) {
            return Ok(());
        }
        if self.cut.0.with_reset.load(Ordering::Relaxed) {
            self.stream.socket().set_zero_linger()?;
        }
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

/// A deadline that begins when something is first waited for.
#[derive(Default)]
struct Patience(Option<Pin<Box<Sleep>>>);

impl Patience {
    /// The error of an outcome that is late.
    fn poll(&mut self, limit: Duration, context: &mut Context<'_>) -> Poll<io::Error> {
        let sleep = self.0.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        sleep.as_mut().poll(context).map(|()| io::ErrorKind::TimedOut.into())
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream.as_mut().poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        let wrote = self.stream.as_mut().poll_write(context, bytes);
        self.limit(wrote, context)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        let wrote = self.stream.as_mut().poll_flush(context);
        self.limit(wrote, context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        let wrote = self.stream.as_mut().poll_shutdown(context);
        self.limit(wrote, context)
    }
}
