//! Whatever a platform replies: no panic, no call beyond its deadline, no secret in an error or a trace, no row that was not sent,
//! and every row that was.
//!
//! An ordinary run makes 600 replies, the same each time. With `NORTHBOUND_PROPERTY_SECONDS` it makes new ones for that many
//! seconds, and Python's `json` says which rows a page has. It is a process of its own, because it reads the traces of all threads.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod replies;

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use fastrand::Rng;
use northbound::{AppId, Client, Credentials, Error, Quota, Retry};
use northbound_testkit::axum::body::Body;
use northbound_testkit::axum::http::Response;
use northbound_testkit::{Act, Asked, Platform, Raw, json_reply};
use serde_json::json;
use tracing_subscriber::filter::LevelFilter;

use replies::{Reply, SECRET, TOKEN, spellings};

/// Replies in an ordinary run, and between two questions to Python in a longer one.
const CASES: usize = 600;
const LOGIN: &str = r#"{"accessToken":"t0ken/of+the=test","expiresIn":3600}"#;
const EMPTY_PAGE: &str = r#"{"totalCount":0,"pageNo":1,"pageSize":250,"taskDetails":[]}"#;
const DEADLINE: Duration = Duration::from_secs(30);

/// Logs in with the one reply and answers the first page with the other; later pages are empty.
fn answer(asked: &Asked, login: Option<&Reply>, page: &Reply) -> Response<Body> {
    let first = asked.query.get("pageNo").is_some_and(|number| number == "0");
    let reply = if asked.is_login() { login } else { first.then_some(page) };
    let Some(reply) = reply else {
        return json_reply(200, if asked.is_login() { LOGIN } else { EMPTY_PAGE });
    };
    let mut response = Response::builder().status(reply.status).header("content-type", "application/json");
    for (name, value) in &reply.headers {
        response = response.header(*name, value.as_bytes());
    }
    response.body(reply.body.clone().into()).unwrap()
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

/// Asks in one of the ways in which a program may ask.
async fn asks(client: &Client, way: u8) -> Outcome {
    let mut outcome = Outcome::default();
    let mut pages = client.subtasks("demo").pages();
    let mut watch = client.watch("demo").deadline(DEADLINE).stream();
    outcome.error = loop {
        let next = match way {
            0 => break client.summary("demo").await.err(),
            1 => watch.try_next().await.map(|summary| summary.map(|_| None)),
            2 => pages.try_next().await.map(|page| page.map(Some)),
            _ => match client.subtasks("demo").page(0).await {
                Ok(page) => {
                    outcome.add(page);
                    break None;
                }
                Err(error) => break Some(error),
            },
        };
        match next {
            Ok(Some(page)) => page.into_iter().for_each(|page| outcome.add(page)),
            Ok(None) => break None,
            Err(error) => break Some(error),
        }
    };
    outcome
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
    let page = Arc::new(replies::reply(rng, known));
    let builder =
        Client::builder("http://127.0.0.1:1").quota(Quota::unlimited()).deadline(DEADLINE).seed(seed);
    let builder = builder.credentials(Credentials::new("demo-app", SECRET).unwrap());
    let answered = Arc::clone(&page);
    let platform = Platform::in_process(move |asked| answer(asked, login.as_ref(), &answered));
    let client = builder.service(platform.router()).build().unwrap();
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let way = rng.u8(..6);
    let outcome = runtime.block_on(async {
        // A read makes several calls, each with a deadline of its own.
        let calls = if way <= 2 { 10 } else { 1 };
        tokio::time::timeout(DEADLINE * calls + Duration::from_secs(1), asks(&client, way)).await
    });
    let outcome = outcome.unwrap_or_else(|_| panic!("{name}: a call went on beyond its deadline"));
    assert_no_secret(&name, &shown(&outcome, traces));
    if way <= 1 || logs_in {
        return None;
    }
    assert_rows(&name, &page, &outcome);
    page.is_page.then(|| json!({ "name": name, "body": hex(&page.body), "delivered": outcome.rows }))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One reply with a head of any kind, over a connection.
async fn over_a_connection(seed: u64, server: &Raw, traces: &Traces) {
    let rng = &mut Rng::with_seed(seed);
    let name = format!("seed {seed} over a connection");
    let reply = Reply { rows: None, ..replies::reply(rng, &[TOKEN]) };
    server.play(vec![Act::Write(replies::on_the_wire(rng, &reply))]);
    let builder = Client::builder(server.url()).token(AppId::new("demo-app").unwrap(), TOKEN);
    let builder = builder.retry(Retry::off()).quota(Quota::unlimited()).deadline(DEADLINE);
    let client = builder.build().unwrap();
    let outcome = tokio::time::timeout(DEADLINE + Duration::from_secs(1), asks(&client, 3)).await;
    let outcome = outcome.unwrap_or_else(|_| panic!("{name}: the call went on beyond its deadline"));
    assert_no_secret(&name, &shown(&outcome, traces));
    assert_rows(&name, &reply, &outcome);
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
    let server = runtime.block_on(Raw::start(vec![Act::Reset]));
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
                    runtime.block_on(over_a_connection(seed, &server, &traces));
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
