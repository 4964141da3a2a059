//! Every fault of the page "What happens when…", each with its promised outcome.

use std::collections::BTreeSet;
use std::time::Duration;

use northbound::{ClientBuilder, Error, Page, Quota};
use northbound_testkit::{Act, Raw};

use crate::create;
use crate::support::{Clients as _, nobody, read, without_rest};

const PAGE: &str = r#"{"totalCount":1,"pageNo":0,"pageSize":25,"taskDetails":[{"status":"Fail"}]}"#;
const LOGIN: &str = r#"{"accessToken":"t0ken","expiresIn":3600}"#;
const REFUSED: &str = r#"{"error_code":"1010005","error_desc":"x"}"#;
const THROTTLED: &str = r#"{"error_code":"1010009","error_desc":"app throttle exceed."}"#;

/// What a row promises.
enum Promise {
    /// The call succeeds after this number of requests, and the page is as it should be.
    Succeeds(usize, fn(&Page) -> bool),
    /// The call fails after these numbers of requests and attempts, and the error is as it should be.
    Fails(usize, u32, fn(&Error) -> bool),
}

/// A fault: its id, what the server does, how the client is set up, what is promised.
struct Row {
    id: &'static str,
    script: Vec<Act>,
    client: fn(&Raw) -> ClientBuilder,
    promise: Promise,
}

/// The call succeeds with the last act.
fn succeeds(id: &'static str, script: Vec<Act>, holds: fn(&Page) -> bool) -> Row {
    let promise = Promise::Succeeds(script.len(), holds);
    Row { id, script, client: Raw::builder, promise }
}

/// The call fails at once.
fn fails(id: &'static str, act: Act, holds: fn(&Error) -> bool) -> Row {
    Row { id, script: vec![act], client: Raw::builder, promise: Promise::Fails(1, 1, holds) }
}

/// The call is tried as often as any may be.
fn fails_in_the_end(id: &'static str, act: Act, holds: fn(&Error) -> bool) -> Row {
    Row { promise: Promise::Fails(4, 4, holds), ..fails(id, act, holds) }
}

impl Row {
    fn with(self, client: fn(&Raw) -> ClientBuilder) -> Self {
        Self { client, ..self }
    }
}

/// For servers that never answer; any other may take its time on a machine that is busy.
fn with_little_patience(server: &Raw) -> ClientBuilder {
    server.builder().timeout(Duration::from_millis(500))
}

fn in_short_windows(server: &Raw) -> ClientBuilder {
    server.builder().quota(Quota::new(100, Duration::from_millis(50)).unwrap())
}

fn code(code: &str) -> String {
    format!(r#"{{"error_code":"{code}","error_desc":"x"}}"#)
}

fn one_row(page: &Page) -> bool {
    page.subtasks().len() == 1
}

/// The places of the rows that cannot be read.
fn unreadable(page: &Page) -> String {
    page.subtasks().filter_map(|row| Some(row.unreadable()?.path().to_owned())).collect()
}

fn text(status: u16) -> Act {
    Act::http(status, "content-type: text/plain\r\n", "")
}

fn connections() -> Vec<Row> {
    let write = |text: &str| Act::Write(text.into());
    let stops = Act::Hang(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec());
    let cut = write("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"tot");
    let no_end = |status| write(&format!("HTTP/1.1 {status} X\r\n\r\n{}", &PAGE[..PAGE.len() - 9]));
    let with_lines = |lines: &str| Act::http(200, lines, PAGE);
    let head_is_blamed =
        |error: &Error| error.is_connection() && error.found().starts_with("the head of the reply");
    vec![
        fails_in_the_end("connection-reset", Act::Reset, Error::is_connection),
        fails_in_the_end("closed-before-reply", write(""), Error::is_connection),
        fails_in_the_end("no-reply", Act::Hang(Vec::new()), Error::is_timeout).with(with_little_patience),
        fails_in_the_end("reply-stops", stops, Error::is_timeout).with(with_little_patience),
        fails_in_the_end("reply-cut", cut, Error::is_connection),
        succeeds("reply-cut-without-length", vec![no_end(200), no_end(403), Act::json(200, PAGE)], one_row),
        fails_in_the_end("head-malformed", with_lines("no colon\r\n"), head_is_blamed),
        fails_in_the_end("head-long", with_lines(&"a: b\r\n".repeat(101)), head_is_blamed),
        fails_in_the_end("not-http", write("SSH-2.0-garbage\r\n"), Error::is_connection),
        succeeds("passing-connection", vec![Act::Reset, Act::json(200, PAGE)], one_row),
    ]
}

fn statuses() -> Vec<Row> {
    let redirect = Act::http(302, "location: https://elsewhere.example/\r\n", "");
    let html = Act::http(502, "content-type: text/html\r\n", "<html>Bad Gateway</html>");
    let again_in = |time: &str| Act::http(503, &format!("retry-after: {time}\r\n"), "");
    let then_page = |act| vec![act, Act::json(200, PAGE)];
    vec![
        fails("status-204", text(204), |error| error.status().unwrap() == 204),
        fails("status-2xx-cut", Act::json(206, &PAGE[..40]), |error| {
            error.is_undecodable() && error.status().unwrap() == 206
        }),
        succeeds("status-2xx", vec![Act::json(203, PAGE)], one_row),
        fails("status-302", redirect, Error::is_redirect),
        fails("status-400", text(400), |error| error.status().unwrap() == 400),
        fails("status-401", text(401), |error| error.status().unwrap() == 401),
        fails("status-404", text(404), |error| error.status().unwrap() == 404),
        fails_in_the_end("status-408", text(408), |error| error.status().unwrap() == 408),
        fails_in_the_end("status-500-empty", text(500), Error::is_platform_fault),
        fails_in_the_end("status-500-unknown", Act::json(500, code("999001")), |error| {
            error.code().unwrap().as_str() == "999001"
        }),
        fails("status-501", text(501), Error::is_platform_fault),
        fails_in_the_end("status-502-html", html, |error| {
            error.is_platform_fault() && error.body() == Some("<html>Bad Gateway</html>")
        }),
        fails_in_the_end("status-503", text(503), Error::is_platform_fault),
        succeeds("status-503-retry-after", then_page(again_in("0")), one_row),
        succeeds(
            "status-503-retry-after-date",
            then_page(again_in("Sun, 06 Nov 1994 08:49:37 GMT")),
            one_row,
        ),
        fails("status-503-retry-after-late", again_in("3600"), Error::is_platform_fault),
        fails_in_the_end("status-504", text(504), Error::is_platform_fault),
    ]
}

fn codes() -> Vec<Row> {
    let with = |status, text| Act::json(status, code(text));
    let number = Act::json(404, r#"{"error_code":105005}"#);
    let gateway = Act::json(404, r#"{"resultcode":"105005","resultmsg":"x"}"#);
    vec![
        fails("code-100022", with(400, "100022"), Error::is_invalid_input),
        fails("code-100203-403", with(403, "100203"), Error::is_misconfigured),
        fails("code-100203-500", with(500, "100203"), Error::is_misconfigured),
        fails("code-100217", with(403, "100217"), Error::is_misconfigured),
        fails("code-105005", with(404, "105005"), Error::is_task_not_found),
        fails_in_the_end("code-50252", with(500, "50252"), Error::is_platform_fault),
        fails_in_the_end("code-100501", with(503, "100501"), Error::is_platform_fault),
        fails("code-as-number", number, Error::is_task_not_found),
        fails_in_the_end("code-under-200", with(200, "50252"), Error::is_platform_fault),
        fails("code-unknown", with(400, "999001"), |error| error.code().unwrap().as_str() == "999001"),
        fails("gateway-envelope", gateway, Error::is_task_not_found),
    ]
}

fn bodies() -> Vec<Row> {
    let html = Act::http(200, "content-type: text/html\r\n", "<html>Hello</html>");
    let gzip = Act::http(200, "content-encoding: gzip\r\n", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
    let many = format!(r#"{{"taskDetails":[{}]}}"#, vec!["{}"; 251].join(","));
    let deep = format!(r#"{{"taskDetails":[{{"output":{}}}]}}"#, "[".repeat(50_000));
    let refused = |id, body: &str, holds| fails(id, Act::json(200, body), holds);
    let taken = |id, body: &str, holds| succeeds(id, vec![Act::json(200, body)], holds);
    let repairable = "\u{feff}{\"totalCount\":1.0,\"taskDetails\":[{\"output\":\"a\nb\\ud83d\"}]}\0";
    let not_utf8 = Act::http(200, "", b"{\"taskDetails\":[{\"status\":\"\xff\"}]}");
    let plain = Act::http(200, "content-type: text/plain\r\n", PAGE);
    vec![
        refused("body-empty", "", Error::is_undecodable),
        fails("body-html", html, |error| {
            error.is_undecodable() && error.body() == Some("<html>Hello</html>")
        }),
        refused("body-truncated", r#"{"taskDetails":[{"status":"Fa"#, |error| {
            error.member() == Some("taskDetails[0].status")
        }),
        taken("body-wrong-type", r#"{"taskDetails":[{"status":7},{"status":"Fail"}]}"#, |page| {
            unreadable(page) == "taskDetails[0].status" && page.subtasks().len() == 2
        }),
        taken("body-repairable", repairable, |page| page.is_repaired() && page.total_count() == Some(1)),
        refused("body-no-list", r#"{"totalCount":3}"#, |error| {
            error.is_undecodable() && error.member() == Some("taskDetails")
        }),
        taken("body-null-list", r#"{"taskDetails":null}"#, |page| page.subtasks().len() == 0),
        succeeds("body-not-utf8", vec![not_utf8], |page| unreadable(page) == "taskDetails[0]"),
        fails("body-gzip", gzip, |error| {
            error.is_undecodable() && error.found().ends_with("with 10 bytes encoded as gzip")
        }),
        succeeds("body-wrong-content-type", vec![plain], one_row),
        refused("body-huge", &"x".repeat(100_000), Error::is_too_large)
            .with(|server| server.builder().body_limit(10_000)),
        refused("body-many-rows", &many, Error::is_too_large),
        refused("body-deep", &deep, Error::is_undecodable),
        taken("total-negative", r#"{"totalCount":-1,"taskDetails":[]}"#, |page| {
            page.total_count().is_none() && page.as_raw().total_count == Some(-1)
        }),
        taken("total-beyond-2-53", r#"{"totalCount":9007199254740993,"taskDetails":[]}"#, |page| {
            page.total_count() == Some(9_007_199_254_740_993)
        }),
        taken("total-beyond-64-bits", r#"{"totalCount":99999999999999999999,"taskDetails":[]}"#, |page| {
            page.total_count().is_none() && page.is_repaired()
        }),
    ]
}

fn tokens_and_throttle() -> Vec<Row> {
    let (login, refused) = (Act::json(200, LOGIN), Act::json(403, REFUSED));
    let twice = |last| vec![login.clone(), refused.clone(), login.clone(), last];
    let no_token = Act::json(200, r#"{"scope":"s3cret-in-the-reply"}"#);
    let page = Act::json(200, PAGE);
    let in_a_second = |status, body| Act::http(status, "retry-after: 1\r\n", body);
    vec![
        succeeds("token-refused-once", twice(page.clone()), one_row).with(Raw::with_login),
        succeeds("status-201-login", vec![Act::json(201, LOGIN), page.clone()], one_row)
            .with(Raw::with_login),
        fails("token-malformed-login", no_token, |error| {
            error.is_undecodable() && !format!("{error:?}").contains("s3cret")
        })
        .with(Raw::with_login),
        fails("token-wrong-secret", Act::json(401, code("100208")), Error::is_misconfigured)
            .with(Raw::with_login),
        succeeds("throttled-once", vec![Act::json(403, THROTTLED), page.clone()], one_row)
            .with(in_short_windows),
        succeeds("throttled-429", vec![Act::http(429, "", ""), page.clone()], one_row).with(in_short_windows),
        succeeds(
            "throttled-retry-after",
            vec![in_a_second(429, ""), in_a_second(403, THROTTLED), page],
            one_row,
        ),
    ]
}

fn rows() -> Vec<Row> {
    [connections(), statuses(), codes(), bodies(), tokens_and_throttle()].into_iter().flatten().collect()
}

/// A read over pages: its id, the total and the rows of each page, how many rows are delivered, whether the read is complete.
type Read = (&'static str, Vec<(u32, std::ops::Range<u32>)>, usize, bool);

fn reads() -> Vec<Read> {
    vec![
        ("page-short", vec![(5, 0..2), (5, 2..4), (5, 4..5), (5, 5..5)], 5, true),
        ("page-long", vec![(300, 0..300), (300, 300..300)], 300, true),
        ("page-repeated", vec![(500, 0..250), (500, 0..250)], 250, false),
        ("pages-endless", vec![(300, 0..250), (300, 250..500), (300, 500..750)], 750, false),
        ("page-missing", vec![(500, 0..250), (500, 250..250)], 250, false),
        ("total-shrinks", vec![(500, 0..250), (400, 250..400), (400, 400..400)], 400, true),
        ("total-grows", vec![(250, 0..250), (260, 250..260), (260, 260..260)], 260, true),
    ]
}

#[tokio::test]
async fn every_fault_of_pages_ends_as_the_page_says() {
    for (id, pages, rows, complete) in reads() {
        let bodies = pages.into_iter().map(|(total, rows)| {
            let rows: Vec<_> = rows.map(|row| serde_json::json!({ "param": { "deviceId": row } })).collect();
            Act::json(200, serde_json::json!({ "totalCount": total, "taskDetails": rows }).to_string())
        });
        let server = Raw::start(bodies.collect()).await;
        let (delivered, end) = read(server.client().subtasks("demo").prefetch(1).stream()).await;
        assert_eq!((delivered.len(), end.is_none()), (rows, complete), "{id}: {end:?}");
        assert!(end.is_none_or(|error| error.is_incomplete()), "{id}");
    }
}

/// Rows that need more than a scripted reply, and the tests that have them.
const ELSEWHERE: [&str; 8] = [
    "connection-refused",
    "throttled-for-ever",
    "token-refused-always",
    "tls-untrusted",
    "tls-expired",
    "tls-name",
    "tls-client-certificate",
    "tls-plain-port",
];

async fn call(builder: ClientBuilder) -> Result<Page, Error> {
    builder.build().unwrap().subtasks("demo").page(0).await
}

#[tokio::test]
async fn every_fault_ends_as_promised() {
    let mut calls = tokio::task::JoinSet::new();
    for Row { id, script, client, promise } in rows() {
        calls.spawn(async move {
            let server = Raw::start(script).await;
            let outcome = call(client(&server)).await;
            let seen = (server.requests(), outcome.as_ref().map_or_else(Error::attempts, |_| 1));
            match (&outcome, promise) {
                (Ok(page), Promise::Succeeds(requests, holds)) => {
                    assert_eq!(seen.0, requests, "{id}: requests");
                    assert!(holds(page), "{id}: {page:?}");
                }
                (Err(error), Promise::Fails(requests, attempts, holds)) => {
                    assert_eq!(seen, (requests, attempts), "{id}: {error:?}");
                    assert!(holds(error), "{id}: {error:?}");
                    assert!(!format!("{error} {error:?}").contains("t0ken"), "{id} shows the token");
                }
                (outcome, _) => panic!("{id}: {outcome:?}"),
            }
        });
    }
    calls.join_all().await;
}

// connection-refused
#[tokio::test]
async fn nobody_listening_is_tried_four_times() {
    let error = call(nobody().retry(without_rest())).await.unwrap_err();
    assert!(error.is_connection() && std::error::Error::source(&error).is_some());
    assert_eq!(error.attempts(), 4);
    let text = error.to_string();
    let start = "login of application demo-app: no connection to http://127.0.0.1:";
    assert!(text.starts_with(start) && text.contains(", or no reply over it ("), "{text}");
    assert!(text.contains(", 4 times: "), "{text}");
}

// throttled-for-ever
#[tokio::test]
async fn endless_throttling_ends_at_the_deadline() {
    let server = Raw::start(vec![Act::json(403, THROTTLED)]).await;
    let error = call(in_short_windows(&server).deadline(Duration::from_millis(400))).await.unwrap_err();
    assert!(error.is_throttled() && server.requests() > 1, "{error:?}");
    assert!(error.to_string().contains("the deadline comes before another attempt"), "{error}");
}

#[test]
fn the_page_and_the_tests_have_the_same_rows() {
    let page = include_str!("../../WHAT_HAPPENS_WHEN.md");
    let described: Vec<_> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let (rows, reads) = (rows(), reads());
    let tested = rows
        .iter()
        .map(|row| row.id)
        .chain(reads.iter().map(|(id, ..)| *id))
        .chain(ELSEWHERE)
        .chain(create::ROWS);
    let tested: Vec<_> = tested.collect();
    let distinct: BTreeSet<_> = described.iter().collect();
    assert_eq!(distinct, tested.iter().collect());
    assert_eq!((described.len(), tested.len()), (distinct.len(), distinct.len()));
    let sources = [include_str!("tls.rs"), include_str!("faults.rs"), include_str!("token.rs")].concat();
    for id in ELSEWHERE {
        assert!(sources.contains(&format!("\n// {id}\n#[tokio::test")), "no test is marked with {id}");
    }
}
