//! One HTTP call, and every byte of its reply.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};

/// A request that is sent over and over.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) address: SocketAddr,
    /// Path and query.
    pub(super) target: String,
    pub(super) headers: Vec<(&'static str, String)>,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
    /// Head and body, in bytes.
    pub(super) length: u64,
}

impl Call {
    /// Asks for the resource.
    pub(super) fn get(&self) -> anyhow::Result<Reply> {
        self.send("GET", "")
    }

    /// Sends a form.
    pub(super) fn post(&self, form: &str) -> anyhow::Result<Reply> {
        let length = form.len();
        let head = format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n");
        self.send("POST", &format!("{head}\r\n{form}"))
    }

    /// `rest` is what follows the headers: more of them, and a body.
    fn send(&self, method: &str, rest: &str) -> anyhow::Result<Reply> {
        let Self { address, target, headers } = self;
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let rest = if rest.is_empty() { "\r\n" } else { rest };
        let mut stream =
            TcpStream::connect(address).with_context(|| format!("cannot connect to {address}"))?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        // No `Connection: close`: it would change the reply's head, whose length wrk's replies are measured by.
        stream.write_all(
            format!("{method} {target} HTTP/1.1\r\nHost: {address}\r\n{headers}{rest}").as_bytes(),
        )?;
        read(BufReader::new(stream))
            .with_context(|| format!("no whole reply to {method} {target} of {address}"))
    }
}

fn read(mut stream: BufReader<TcpStream>) -> anyhow::Result<Reply> {
    let (mut head, mut start) = (String::new(), 0);
    loop {
        if stream.read_line(&mut head)? == 0 {
            bail!("the connection ended in the head: {head:?}");
        }
        if head[start..].trim().is_empty() {
            break;
        }
        start = head.len();
    }
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let body = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let (Some(status), Some(body)) = (status, body) else { bail!("no status or no length in {head:?}") };
    let mut body = vec![0; body];
    stream.read_exact(&mut body)?;
    let length = (head.len() + body.len()) as u64;
    Ok(Reply { status, body, length })
}
