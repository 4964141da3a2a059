//! A server that does to a connection what no well-behaved one does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use northbound::{AppId, Client, ClientBuilder, Quota, Retry};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What is done with a request.
#[derive(Clone)]
pub(crate) enum Act {
    /// Written, then the connection is closed.
    Write(Vec<u8>),
    /// The connection is reset.
    Reset,
    /// Written, and then nothing more happens.
    Hang(Vec<u8>),
}

pub(crate) fn http(status: u16, headers: &str, body: impl AsRef<[u8]>) -> Act {
    let body = body.as_ref();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
        body.len()
    );
    Act::Write([head.as_bytes(), body].concat())
}

pub(crate) fn json(status: u16, body: &str) -> Act {
    http(status, "content-type: application/json\r\n", body)
}

/// Does to each request what the script says, the last act for ever.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    requests: Arc<AtomicUsize>,
    server: tokio::task::JoinHandle<()>,
}

impl Server {
    pub(crate) async fn start(script: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&requests);
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, counted) = (script.clone(), Arc::clone(&counted));
                tokio::spawn(async move {
                    let _ = serve(stream, &script, &counted).await;
                });
            }
        });
        Self { address, requests, server }
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        self.without_credentials().token(AppId::new("demo-app").unwrap(), "t0ken")
    }

    /// A client that does not rest between two attempts.
    pub(crate) fn without_credentials(&self) -> ClientBuilder {
        let pause = Duration::from_millis(1);
        Client::builder(format!("http://{}", self.address))
            .retry(Retry::new().between(pause, pause))
            .quota(Quota::unlimited())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(mut stream: TcpStream, script: &[Act], counted: &AtomicUsize) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !is_whole(&request) {
        if stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let number = counted.fetch_add(1, Ordering::SeqCst);
    match &script[number.min(script.len() - 1)] {
        Act::Write(bytes) => stream.write_all(bytes).await?,
        Act::Reset => stream.set_zero_linger()?,
        Act::Hang(bytes) => {
            stream.write_all(bytes).await?;
            std::future::pending::<()>().await;
        }
    }
    Ok(())
}

/// Whether the whole request has come, its form included.
fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    length.is_none_or(|length| body.len() >= length.parse().unwrap_or(0))
}
