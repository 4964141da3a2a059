//! Where connections come from.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

use crate::line::{Line, Stream};
#[cfg(feature = "tls")]
use crate::tls::Handshakes;

/// Pause after a connection could not be accepted, as when the process has too many files open.
const PAUSE: Duration = Duration::from_secs(1);

/// Accepts connections for the server.
pub(crate) enum Listener {
    Plain(TcpListener),
    #[cfg(feature = "tls")]
    Tls(Handshakes),
}

impl axum::serve::Listener for Listener {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        match self {
            Self::Plain(tcp) => {
                let (stream, addr) = accept_tcp(tcp).await;
                (Line::new(Stream::Plain(stream)), addr)
            }
            #[cfg(feature = "tls")]
            Self::Tls(handshakes) => handshakes.next().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Plain(tcp) => tcp.local_addr(),
            #[cfg(feature = "tls")]
            Self::Tls(handshakes) => Ok(handshakes.addr()),
        }
    }
}

/// The next connection; what goes wrong with one does not end the others.
pub(crate) async fn accept_tcp(tcp: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match tcp.accept().await {
            Ok((stream, addr)) => {
                // Without it, the end of a page may wait until its beginning is acknowledged. It works without, too.
                let _ = stream.set_nodelay(true);
                return (stream, addr);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Whether the client went away before it was accepted, which says nothing about the next one.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
