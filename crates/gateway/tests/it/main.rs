//! A gateway on a socket, in front of the emulator.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod calls;
mod create;
mod examples;
mod limits;
mod loops;
mod own;
mod places;

use std::net::SocketAddr;
use std::time::Duration;

use northbound::{Client, ClientBuilder, Credentials, Quota, Retry};
use northbound_emulator::{Control, Scenario};
use northbound_gateway::{Builder, Gateway, Listen};
use northbound_testkit::Emulated;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const TASKS: &str = "/iocm/app/batchtask/v1.1.0/tasks";
const DETAILS: &str = "/iocm/app/batchtask/v1.1.0/taskDetails";
const LOGIN: &str = "/iocm/app/sec/v1.1.0/login";
const LOOPBACK: ([u8; 4], u16) = ([127, 0, 0, 1], 0);

/// A gateway in front of an emulator.
struct Gate {
    _gateway: Gateway,
    at: SocketAddr,
    control: Control,
    log: UnboundedReceiver<String>,
    emulator: Emulated,
}

impl Gate {
    async fn start() -> Self {
        Self::of(Scenario::default().with_quota(0), |gateway| gateway).await
    }

    async fn of(scenario: Scenario, adjust: impl FnOnce(Builder) -> Builder) -> Self {
        let control = Control::new(scenario).unwrap();
        let emulator = Emulated::serving(&control).await;
        let builder = client(&emulator.url()).quota(Quota::unlimited());
        Self::with(emulator, control, builder, adjust).await
    }

    async fn with(
        emulator: Emulated,
        control: Control,
        client: ClientBuilder,
        adjust: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let (gateway, log) = started(client, adjust).await;
        Self { at: address(&gateway), _gateway: gateway, control, log, emulator }
    }

    /// Logs in as this application.
    async fn log_in(&self, app_id: &str, secret: &str) -> Reply {
        log_in(self.at, app_id, secret).await
    }

    /// A request with the headers of somebody who has logged in.
    async fn get(&self, token: &str, path: &str) -> Reply {
        ask(self.at, &format!("GET {path}"), &caller("app", token), "").await
    }

    /// The next line of the log.
    async fn line(&mut self) -> Value {
        serde_json::from_str(&self.log.recv().await.unwrap()).unwrap()
    }
}

/// A client of the demo application that fails at once.
fn client(url: &str) -> ClientBuilder {
    let credentials = Credentials::new(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).unwrap();
    Client::builder(url).credentials(credentials).retry(Retry::off()).deadline(Duration::from_secs(300))
}

/// A gateway on a free port, and the lines of its log.
async fn started(
    client: ClientBuilder,
    adjust: impl FnOnce(Builder) -> Builder,
) -> (Gateway, UnboundedReceiver<String>) {
    let (lines, log) = unbounded_channel();
    let builder = Gateway::builder(client.build().unwrap()).log(move |line| drop(lines.send(line)));
    (adjust(builder).start(Listen::Tcp(LOOPBACK.into())).await.unwrap(), log)
}

fn address(gateway: &Gateway) -> SocketAddr {
    gateway.url().strip_prefix("http://").unwrap().parse().unwrap()
}

fn caller(app_id: &str, token: &str) -> String {
    format!("app_key: {app_id}\r\nauthorization: Bearer {token}\r\n")
}

async fn log_in(at: SocketAddr, app_id: &str, secret: &str) -> Reply {
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    ask(at, &format!("POST {LOGIN}"), form, &format!("appId={app_id}&secret={secret}")).await
}

/// The answer to a request.
#[derive(Debug, Clone, PartialEq)]
struct Reply {
    status: u16,
    head: String,
    body: String,
}

impl Reply {
    fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_default();
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|fault| panic!("{fault}: {self:?}"))
    }

    /// The token of a login.
    fn token(&self) -> String {
        self.json()["accessToken"].as_str().unwrap().to_owned()
    }

    /// Status and code.
    fn error(&self) -> (u16, String) {
        (self.status, self.json()["error_code"].as_str().unwrap_or_default().to_owned())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

fn request(line: &str, headers: &str, body: &str) -> String {
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    format!("{line} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{headers}{length}\r\n{body}")
}

/// Sends a request over a connection of its own.
async fn ask(at: SocketAddr, line: &str, headers: &str, body: &str) -> Reply {
    send(TcpStream::connect(at).await.unwrap(), &request(line, headers, body)).await
}

async fn send(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> Reply {
    // A server may answer before it has read everything.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply).await;
    Reply::of(&unchunked(&String::from_utf8_lossy(&reply)))
}

/// The reply without the lengths between the chunks of its body.
fn unchunked(reply: &str) -> String {
    let Some((head, mut rest)) = reply.split_once("\r\n\r\n").filter(|(head, _)| head.contains("chunked"))
    else {
        return reply.to_owned();
    };
    let mut whole = format!("{head}\r\n\r\n");
    while let Some((length, after)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        whole.push_str(&after[..length]);
        rest = after.get(length + 2..).unwrap_or_default();
    }
    whole
}
