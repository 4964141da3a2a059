//! A server that does to a connection what a well-behaved one does not.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::loopback::Loopback;

/// What is done with a request.
#[derive(Debug, Clone)]
pub enum Act {
    /// These bytes are written, then the connection is closed.
    Write(Vec<u8>),
    /// The connection is reset.
    Reset,
    /// These bytes are written, then nothing more happens.
    Hang(Vec<u8>),
}

impl Act {
    /// Writes a reply. Each of the headers ends with CR and LF.
    pub fn http(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
            body.len()
        );
        Self::Write([head.as_bytes(), body].concat())
    }

    /// Writes a reply that is labelled as JSON.
    pub fn json(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self::http(status, "content-type: application/json\r\n", body)
    }
}

/// Does to each request the next act of a script; the last one stays.
///
/// ```
/// use northbound_testkit::{Act, Raw};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let server = Raw::start(vec![Act::Reset, Act::json(200, r#"{"taskDetails":[]}"#)]).await;
/// // … a client asks `server.url()` …
/// assert_eq!(server.requests(), 0);
/// # }
/// ```
#[derive(Debug)]
pub struct Raw {
    server: Loopback,
    /// With the number of requests so far.
    script: Arc<Mutex<(Vec<Act>, usize)>>,
}

impl Raw {
    /// Starts to listen. Runs on the runtime of the test.
    pub async fn start(acts: Vec<Act>) -> Self {
        let script = Arc::new(Mutex::new((acts, 0)));
        let played = Arc::clone(&script);
        let serve = |listener: TcpListener| async move {
            while let Ok((stream, _)) = listener.accept().await {
                // What goes wrong on a connection is seen at the client.
                tokio::spawn(connection(stream, Arc::clone(&played)));
            }
        };
        Self { server: Loopback::start(serve).await, script }
    }

    /// Its address as an endpoint.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The number of complete requests so far.
    pub fn requests(&self) -> usize {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).1
    }

    /// Replaces the script, and counts requests from 0.
    pub fn play(&self, acts: Vec<Act>) {
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = (acts, 0);
    }
}

/// Reads a request and does the next act.
async fn connection(mut stream: TcpStream, script: Arc<Mutex<(Vec<Act>, usize)>>) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !is_complete(&request) {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let act = {
        let (acts, requests) = &mut *script.lock().unwrap_or_else(PoisonError::into_inner);
        *requests += 1;
        acts[(*requests).min(acts.len()) - 1].clone()
    };
    match act {
        Act::Write(bytes) => stream.write_all(&bytes).await,
        Act::Reset => stream.set_zero_linger(),
        Act::Hang(bytes) => {
            stream.write_all(&bytes).await?;
            std::future::pending().await
        }
    }
}

/// Whether the request has come with its body.
fn is_complete(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_none_or(|length| body.len() >= length.parse().unwrap_or(0))
}
