//! Whatever a platform replies: no panic, no call beyond its deadline, no secret in an error or a trace, no row that was not sent,
//! and every row that was.
//!
//! An ordinary run makes 600 replies, the same each time. With `NORTHBOUND_PROPERTY_SECONDS` it makes new ones for that many
//! seconds, and Python's `json` says which rows a page has. It is a process of its own, because it reads the traces of all threads.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod replies;

use std::convert::Infallible;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastrand::Rng;
use northbound::{AppId, Client, Credentials, Error, Quota, Retry, reqwest};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tracing_subscriber::filter::LevelFilter;

use replies::{Reply, SECRET, TOKEN, spellings};

/// Replies in an ordinary run, and between two questions to Python in a longer one.
const CASES: usize = 600;
const DEADLINE: Duration = Duration::from_secs(30);

/// Logs in with the one reply and answers the first page with the other; later pages are empty.
struct Platform {
    login: Option<Reply>,
    page: Reply,
}

impl Platform {
    fn answer(&self, request: &http::Request<reqwest::Body>) -> http::Response<reqwest::Body> {
        let good = |body: String| Reply {
            status: 200,
            headers: Vec::new(),
            body: body.into(),
            rows: None,
            is_page: true,
        };
        let fallback = match request.method().as_str() {
            "POST" => good(format!(r#"{{"accessToken":"{TOKEN}","expiresIn":3600}}"#)),
            _ => good(r#"{"totalCount":0,"pageNo":1,"pageSize":250,"taskDetails":[]}"#.to_owned()),
        };
        let first =
            request.uri().query().is_some_and(|query| query.split('&').any(|pair| pair == "pageNo=0"));
        let reply = match request.method().as_str() {
            "POST" => self.login.as_ref(),
            _ => first.then_some(&self.page),
        };
        let reply = reply.unwrap_or(&fallback);
        let mut response =
            http::Response::builder().status(reply.status).header("content-type", "application/json");
        for (name, value) in &reply.headers {
            response = response.header(*name, value.as_bytes());
        }
        response.body(reply.body.clone().into()).unwrap()
    }
}

/// What a read delivered, each row as JSON or as it came, and how it ended.
#[derive(Default)]
struct Outcome {
    rows: Vec<String>,
    error: Option<Error>,
}

impl Outcome {
    fn add(&mut self, page: northbound::Page) {
        self.rows.extend(page.into_subtasks().iter().map(|subtask| match subtask.unreadable() {
            Some(unreadable) => unreadable.text().to_owned(),
            None => serde_json::to_string(subtask).unwrap(),
        }));
    }
}

async fn one_page(client: &Client) -> Outcome {
    let mut outcome = Outcome::default();
    match client.subtasks("demo").page(0).await {
        Ok(page) => outcome.add(page),
        Err(error) => outcome.error = Some(error),
    }
    outcome
}

async fn all_pages(client: &Client) -> Outcome {
    let mut outcome = Outcome::default();
    let mut pages = client.subtasks("demo").pages();
    loop {
        match pages.try_next().await {
            Ok(Some(page)) => outcome.add(page),
            Ok(None) => break,
            Err(error) => {
                outcome.error = Some(error);
                break;
            }
        }
    }
    outcome
}

async fn counted(client: &Client) -> Outcome {
    Outcome { error: client.summary("demo").await.err(), ..Outcome::default() }
}

async fn watched(client: &Client) -> Outcome {
    let mut watch = client.watch("demo").deadline(DEADLINE).stream();
    loop {
        match watch.try_next().await {
            Ok(Some(_)) => {}
            Ok(None) => return Outcome::default(),
            Err(error) => return Outcome { error: Some(error), ..Outcome::default() },
        }
    }
}

/// What a person or a log may see of it.
fn shown(outcome: &Outcome, traces: &Traces) -> String {
    let mut shown = String::from_utf8_lossy(&std::mem::take(&mut *traces.0.lock().unwrap())).into_owned();
    if let Some(error) = &outcome.error {
        shown.push_str(&format!("{error}\n{error:#?}\n{:?} {:?}\n", error.description(), error.body()));
        let mut cause = std::error::Error::source(error);
        while let Some(source) = cause {
            shown.push_str(&format!("{source}\n{source:?}\n"));
            cause = source.source();
        }
    }
    shown
}

fn assert_no_secret(name: &str, shown: &str) {
    for text in [SECRET, TOKEN] {
        for spelling in spellings(text) {
            assert!(!shown.contains(&spelling), "{name}: {spelling} shows in\n{shown}");
        }
    }
}

/// The number of a row.
fn mark(row: &str) -> Option<&str> {
    let (_, after) = row.split_once("mark-")?;
    after.split(|c: char| !c.is_ascii_digit()).next()
}

fn assert_rows(name: &str, reply: &Reply, outcome: &Outcome) {
    let body = String::from_utf8_lossy(&reply.body);
    let found = |what: &str| {
        let error = outcome.error.as_ref().map(ToString::to_string);
        format!("{name}: {what}\nsent: {body}\ndelivered: {:#?}\nerror: {error:?}", outcome.rows)
    };
    for mark in outcome.rows.iter().filter_map(|row| mark(row)) {
        assert!(body.contains(&format!("mark-{mark}")), "{}", found("a row was not sent"));
    }
    if let Some(rows) = &reply.rows {
        let [sent, delivered] =
            [rows, &outcome.rows].map(|rows| rows.iter().map(|row| mark(row)).collect::<Vec<_>>());
        assert_eq!(sent, delivered, "{}", found("other rows were delivered"));
    }
}

#[derive(Clone, Default)]
struct Traces(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Traces {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        std::io::Write::write(&mut *self.0.lock().unwrap(), bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// One reply without a socket and in simulated time; what Python has to be asked about it.
fn in_memory(seed: u64, traces: &Traces) -> Option<serde_json::Value> {
    let rng = &mut Rng::with_seed(seed);
    let name = format!("seed {seed}");
    let login = (rng.u8(..8) == 0).then(|| replies::login(rng));
    let logs_in = login.is_some();
    // A login that was damaged may hold another token.
    let known = if logs_in { &[SECRET][..] } else { &[SECRET, TOKEN] };
    let platform = Arc::new(Platform { login, page: replies::reply(rng, known) });
    let builder =
        Client::builder("http://127.0.0.1:1").quota(Quota::unlimited()).deadline(DEADLINE).seed(seed);
    let builder = builder.credentials(Credentials::new("demo-app", SECRET).unwrap());
    let asked = Arc::clone(&platform);
    let service = tower::service_fn(move |request| {
        let answer = asked.answer(&request);
        async { Ok::<_, Infallible>(answer) }
    });
    let client = builder.service(service).build().unwrap();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let way = rng.u8(..6);
    let outcome = runtime.block_on(async {
        let read = async {
            match way {
                0 => counted(&client).await,
                1 => watched(&client).await,
                2 => all_pages(&client).await,
                _ => one_page(&client).await,
            }
        };
        // A read makes several calls, each with a deadline of its own.
        let calls = if way <= 2 { 10 } else { 1 };
        tokio::time::timeout(DEADLINE * calls + Duration::from_secs(1), read).await
    });
    let outcome = outcome.unwrap_or_else(|_| panic!("{name}: a call went on beyond its deadline"));
    assert_no_secret(&name, &shown(&outcome, traces));
    if way <= 1 || logs_in {
        return None;
    }
    assert_rows(&name, &platform.page, &outcome);
    let page = &platform.page;
    page.is_page.then(|| json!({ "name": name, "body": hex(&page.body), "delivered": outcome.rows }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A server that writes the same bytes to every connection, and a client of it.
struct Wire {
    bytes: Arc<Mutex<Vec<u8>>>,
    client: Client,
}

impl Wire {
    async fn start() -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let written = Arc::clone(&bytes);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let bytes = written.lock().unwrap().clone();
                // What the client makes of it is seen at the client.
                let _ = stream.read(&mut [0; 8192]).await;
                let _ = stream.write_all(&bytes).await;
            }
        });
        let builder = Client::builder(url).token(AppId::new("demo-app").unwrap(), TOKEN).retry(Retry::off());
        Self { bytes, client: builder.quota(Quota::unlimited()).deadline(DEADLINE).build().unwrap() }
    }

    /// One reply with a head of any kind.
    async fn reply(&self, seed: u64, traces: &Traces) {
        let rng = &mut Rng::with_seed(seed);
        let name = format!("seed {seed} over a connection");
        let reply = Reply { rows: None, ..replies::reply(rng, &[TOKEN]) };
        *self.bytes.lock().unwrap() = replies::on_the_wire(rng, &reply);
        let outcome = tokio::time::timeout(DEADLINE + Duration::from_secs(1), one_page(&self.client)).await;
        let outcome = outcome.unwrap_or_else(|_| panic!("{name}: the call went on beyond its deadline"));
        assert_no_secret(&name, &shown(&outcome, traces));
        assert_rows(&name, &reply, &outcome);
    }
}

/// Whether Python reads the rows that were delivered. It prints what differs.
fn reads_like_python(pages: &[serde_json::Value]) -> bool {
    let oracle = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/property/oracle.py");
    let mut python = Command::new("python3").arg(oracle).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = python.stdin.take().unwrap();
    for page in pages {
        writeln!(input, "{page}").unwrap();
    }
    drop(input);
    python.wait().unwrap().success()
}

#[test]
fn whatever_is_replied_is_read_or_refused() {
    let traces = Traces::default();
    let writer = traces.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false);
    subscriber.with_writer(move || writer.clone()).init();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let wire = runtime.block_on(Wire::start());
    let number = |name| std::env::var(name).ok().map(|value: String| value.parse::<u64>().unwrap());
    let end =
        number("NORTHBOUND_PROPERTY_SECONDS").map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let any = || end.map_or(0, |_| fastrand::u64(1 << 32..1 << 62));
    let mut seeds = number("NORTHBOUND_PROPERTY_SEED").unwrap_or_else(any)..;
    let mut failed = Vec::new();
    loop {
        let mut pages = Vec::new();
        for seed in seeds.by_ref().take(CASES) {
            let case = std::panic::AssertUnwindSafe(|| {
                let page = in_memory(seed, &traces);
                if seed.is_multiple_of(4) {
                    runtime.block_on(wire.reply(seed, &traces));
                }
                page
            });
            match std::panic::catch_unwind(case) {
                Ok(page) => pages.extend(page),
                Err(_) => failed.push(seed),
            }
        }
        if end.is_some() && !reads_like_python(&pages) {
            failed.push(0);
        }
        if end.is_none_or(|end| Instant::now() > end) {
            break;
        }
    }
    assert!(failed.is_empty(), "seeds with faults, which NORTHBOUND_PROPERTY_SEED begins with: {failed:?}");
}
