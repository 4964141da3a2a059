//! Where connections come from.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpListener;

use crate::line::{Line, Stream};

/// Pause after a connection could not be accepted, as when the process has too many files open.
const PAUSE: Duration = Duration::from_secs(1);

/// Accepts connections for the server.
pub(crate) struct Listener {
    tcp: TcpListener,
}

impl Listener {
    pub(crate) fn new(tcp: TcpListener) -> Self {
        Self { tcp }
    }
}

impl axum::serve::Listener for Listener {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        loop {
            match self.tcp.accept().await {
                Ok((stream, addr)) => return (Line::new(Stream::Plain(stream)), addr),
                Err(error) if is_of_one_connection(&error) => {}
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

/// Whether the client went away before it was accepted, which says nothing about the next one.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
