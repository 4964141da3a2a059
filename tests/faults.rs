//! Every fault of the page "What happens when…", each with its promised outcome.

use std::collections::BTreeSet;
use std::time::Duration;

use northbound::{Client, ClientBuilder, Credentials, Error, Page, Quota};

use crate::wire_server::{Act, Server, http, json};

const PAGE: &str = r#"{"totalCount":1,"pageNo":0,"pageSize":25,"taskDetails":[{"status":"Fail"}]}"#;
const LOGIN: &str = r#"{"accessToken":"t0ken","expiresIn":3600}"#;
const REFUSED: &str = r#"{"error_code":"1010005","error_desc":"x"}"#;
const THROTTLED: &str = r#"{"error_code":"1010009","error_desc":"app throttle exceed."}"#;

/// What a row promises.
enum Promise {
    /// The call succeeds after so many requests, and the page is as it should be.
    Succeeds(usize, fn(&Page) -> bool),
    /// The call fails after so many requests and attempts, and the error is as it should be.
    Fails(usize, u32, fn(&Error) -> bool),
}

use Promise::{Fails, Succeeds};

/// A fault: its id, what the server does, how the client is set up, what is promised.
type Row = (&'static str, Vec<Act>, fn(&Server) -> ClientBuilder, Promise);

fn with_token(server: &Server) -> ClientBuilder {
    server.builder()
}

/// For servers that never answer; any other may take its time on a machine that is busy.
fn with_little_patience(server: &Server) -> ClientBuilder {
    server.builder().timeout(Duration::from_millis(500))
}

fn with_login(server: &Server) -> ClientBuilder {
    server.without_credentials().credentials(Credentials::new("demo-app", "demo-secret").unwrap())
}

fn in_short_windows(server: &Server) -> ClientBuilder {
    server.builder().quota(Quota::new(100, Duration::from_millis(50)).unwrap())
}

fn until_a_short_deadline(server: &Server) -> ClientBuilder {
    in_short_windows(server).deadline(Duration::from_millis(400))
}

fn with_a_small_limit(server: &Server) -> ClientBuilder {
    server.builder().body_limit(10_000)
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

fn with_status(status: u16) -> Vec<Act> {
    vec![http(status, "content-type: text/plain\r\n", "")]
}

fn connections() -> Vec<Row> {
    vec![
        ("connection-reset", vec![Act::Reset], with_token, Fails(4, 4, Error::is_connection)),
        ("closed-before-reply", vec![Act::Write(Vec::new())], with_token, Fails(4, 4, Error::is_connection)),
        ("no-reply", vec![Act::Hang(Vec::new())], with_little_patience, Fails(4, 4, Error::is_timeout)),
        (
            "reply-stops",
            vec![Act::Hang(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec())],
            with_little_patience,
            Fails(4, 4, Error::is_timeout),
        ),
        (
            "reply-cut",
            vec![Act::Write(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{\"tot".to_vec())],
            with_token,
            Fails(4, 4, Error::is_connection),
        ),
        (
            "not-http",
            vec![Act::Write(b"SSH-2.0-garbage\r\n".to_vec())],
            with_token,
            Fails(4, 4, Error::is_connection),
        ),
        ("passing-connection", vec![Act::Reset, json(200, PAGE)], with_token, Succeeds(2, one_row)),
    ]
}

fn statuses() -> Vec<Row> {
    let html = http(502, "content-type: text/html\r\n", "<html>Bad Gateway</html>");
    let soon = http(503, "retry-after: 0\r\n", "");
    let past = http(503, "retry-after: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "");
    let late = http(503, "retry-after: 3600\r\n", "");
    vec![
        ("status-204", with_status(204), with_token, Fails(1, 1, |error| error.status().unwrap() == 204)),
        (
            "status-302",
            vec![http(302, "location: https://elsewhere.example/\r\n", "")],
            with_token,
            Fails(1, 1, Error::is_redirect),
        ),
        ("status-400", with_status(400), with_token, Fails(1, 1, |error| error.status().unwrap() == 400)),
        ("status-401", with_status(401), with_token, Fails(1, 1, |error| error.status().unwrap() == 401)),
        ("status-404", with_status(404), with_token, Fails(1, 1, |error| error.status().unwrap() == 404)),
        ("status-408", with_status(408), with_token, Fails(4, 4, |error| error.status().unwrap() == 408)),
        ("status-500-empty", with_status(500), with_token, Fails(4, 4, Error::is_platform_fault)),
        (
            "status-500-unknown",
            vec![json(500, &code("999001"))],
            with_token,
            Fails(4, 4, |error| error.code().unwrap().as_str() == "999001"),
        ),
        ("status-501", with_status(501), with_token, Fails(1, 1, Error::is_platform_fault)),
        (
            "status-502-html",
            vec![html],
            with_token,
            Fails(4, 4, |error| {
                error.is_platform_fault() && error.body() == Some("<html>Bad Gateway</html>")
            }),
        ),
        ("status-503", with_status(503), with_token, Fails(4, 4, Error::is_platform_fault)),
        ("status-503-retry-after", vec![soon, json(200, PAGE)], with_token, Succeeds(2, one_row)),
        ("status-503-retry-after-date", vec![past, json(200, PAGE)], with_token, Succeeds(2, one_row)),
        ("status-503-retry-after-late", vec![late], with_token, Fails(1, 1, Error::is_platform_fault)),
        ("status-504", with_status(504), with_token, Fails(4, 4, Error::is_platform_fault)),
    ]
}

fn codes() -> Vec<Row> {
    let gateway = r#"{"resultcode":"105005","resultmsg":"x"}"#;
    vec![
        ("code-100022", vec![json(400, &code("100022"))], with_token, Fails(1, 1, Error::is_invalid_input)),
        (
            "code-100203-403",
            vec![json(403, &code("100203"))],
            with_token,
            Fails(1, 1, Error::is_misconfigured),
        ),
        (
            "code-100203-500",
            vec![json(500, &code("100203"))],
            with_token,
            Fails(1, 1, Error::is_misconfigured),
        ),
        ("code-100217", vec![json(403, &code("100217"))], with_token, Fails(1, 1, Error::is_misconfigured)),
        ("code-105005", vec![json(404, &code("105005"))], with_token, Fails(1, 1, Error::is_task_not_found)),
        ("code-50252", vec![json(500, &code("50252"))], with_token, Fails(4, 4, Error::is_platform_fault)),
        ("code-100501", vec![json(503, &code("100501"))], with_token, Fails(4, 4, Error::is_platform_fault)),
        (
            "code-as-number",
            vec![json(404, r#"{"error_code":105005}"#)],
            with_token,
            Fails(1, 1, Error::is_task_not_found),
        ),
        (
            "code-under-200",
            vec![json(200, &code("50252"))],
            with_token,
            Fails(4, 4, Error::is_platform_fault),
        ),
        (
            "code-unknown",
            vec![json(400, &code("999001"))],
            with_token,
            Fails(1, 1, |error| error.code().unwrap().as_str() == "999001"),
        ),
        ("gateway-envelope", vec![json(404, gateway)], with_token, Fails(1, 1, Error::is_task_not_found)),
    ]
}

fn bodies() -> Vec<Row> {
    let at = |body: &str| vec![json(200, body)];
    let many = format!(r#"{{"taskDetails":[{}]}}"#, vec!["{}"; 251].join(","));
    let deep = format!(r#"{{"taskDetails":[{{"output":{}}}]}}"#, "[".repeat(50_000));
    let gzip = http(200, "content-encoding: gzip\r\n", [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
    vec![
        ("body-empty", at(""), with_token, Fails(1, 1, Error::is_undecodable)),
        (
            "body-html",
            vec![http(200, "content-type: text/html\r\n", "<html>Hello</html>")],
            with_token,
            Fails(1, 1, |error| error.is_undecodable() && error.body() == Some("<html>Hello</html>")),
        ),
        (
            "body-truncated",
            at(r#"{"taskDetails":[{"status":"Fa"#),
            with_token,
            Fails(1, 1, |error| error.member() == Some("taskDetails[0].status")),
        ),
        (
            "body-wrong-type",
            at(r#"{"taskDetails":[{"status":7},{"status":"Fail"}]}"#),
            with_token,
            Succeeds(1, |page| unreadable(page) == "taskDetails[0].status" && page.subtasks().len() == 2),
        ),
        (
            "body-repairable",
            at("\u{feff}{\"totalCount\":1.0,\"taskDetails\":[{\"output\":\"a\nb\\ud83d\"}]}\0"),
            with_token,
            Succeeds(1, |page| page.is_repaired() && page.total_count() == Some(1)),
        ),
        (
            "body-no-list",
            at(r#"{"totalCount":3}"#),
            with_token,
            Fails(1, 1, |error| error.is_undecodable() && error.member() == Some("taskDetails")),
        ),
        (
            "body-null-list",
            at(r#"{"taskDetails":null}"#),
            with_token,
            Succeeds(1, |page| page.subtasks().len() == 0),
        ),
        (
            "body-not-utf8",
            vec![http(200, "", b"{\"taskDetails\":[{\"status\":\"\xff\"}]}")],
            with_token,
            Succeeds(1, |page| unreadable(page) == "taskDetails[0]"),
        ),
        ("body-gzip", vec![gzip], with_token, Fails(1, 1, Error::is_undecodable)),
        (
            "body-wrong-content-type",
            vec![http(200, "content-type: text/plain\r\n", PAGE)],
            with_token,
            Succeeds(1, one_row),
        ),
        ("body-huge", at(&"x".repeat(100_000)), with_a_small_limit, Fails(1, 1, Error::is_too_large)),
        ("body-many-rows", at(&many), with_token, Fails(1, 1, Error::is_too_large)),
        ("body-deep", at(&deep), with_token, Fails(1, 1, Error::is_undecodable)),
        (
            "total-negative",
            at(r#"{"totalCount":-1,"taskDetails":[]}"#),
            with_token,
            Succeeds(1, |page| page.total_count().is_none()),
        ),
        (
            "total-beyond-2-53",
            at(r#"{"totalCount":9007199254740993,"taskDetails":[]}"#),
            with_token,
            Succeeds(1, |page| page.total_count() == Some(9_007_199_254_740_993)),
        ),
        (
            "total-beyond-64-bits",
            at(r#"{"totalCount":99999999999999999999,"taskDetails":[]}"#),
            with_token,
            Succeeds(1, |page| page.total_count().is_none() && page.is_repaired()),
        ),
    ]
}

fn tokens_and_throttle() -> Vec<Row> {
    let no_token = json(200, r#"{"scope":"s3cret-in-the-reply"}"#);
    vec![
        (
            "token-refused-once",
            vec![json(200, LOGIN), json(403, REFUSED), json(200, LOGIN), json(200, PAGE)],
            with_login,
            Succeeds(4, one_row),
        ),
        (
            "token-refused-twice",
            vec![json(200, LOGIN), json(403, REFUSED), json(200, LOGIN), json(403, REFUSED)],
            with_login,
            Fails(4, 1, |error| {
                error.is_invalid_token() && error.remedy().to_string().contains("underscores_in_headers")
            }),
        ),
        (
            "token-malformed-login",
            vec![no_token],
            with_login,
            Fails(1, 1, |error| error.is_undecodable() && !format!("{error:?}").contains("s3cret")),
        ),
        (
            "token-wrong-secret",
            vec![json(401, &code("100208"))],
            with_login,
            Fails(1, 1, Error::is_misconfigured),
        ),
        (
            "throttled-once",
            vec![json(403, THROTTLED), json(200, PAGE)],
            in_short_windows,
            Succeeds(2, one_row),
        ),
        ("throttled-429", vec![http(429, "", ""), json(200, PAGE)], in_short_windows, Succeeds(2, one_row)),
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
async fn every_fault_of_pages_ends_as_promised() {
    for (id, pages, rows, complete) in reads() {
        let bodies = pages.into_iter().map(|(total, rows)| {
            let rows: Vec<_> = rows.map(|row| serde_json::json!({ "param": { "deviceId": row } })).collect();
            json(200, &serde_json::json!({ "totalCount": total, "taskDetails": rows }).to_string())
        });
        let server = Server::start(bodies.collect()).await;
        let mut stream = server.builder().build().unwrap().subtasks("demo").prefetch(1).stream();
        let mut delivered = 0;
        let end = loop {
            match stream.try_next().await {
                Ok(Some(_)) => delivered += 1,
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        assert_eq!((delivered, end.is_none()), (rows, complete), "{id}: {end:?}");
        assert!(end.is_none_or(|error| error.is_incomplete()), "{id}");
    }
}

/// Rows that need more than a scripted reply, and the tests that have them.
const ELSEWHERE: [&str; 7] = [
    "connection-refused",
    "throttled-for-ever",
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
    for (id, script, set_up, promise) in rows() {
        calls.spawn(async move {
            let server = Server::start(script).await;
            let outcome = call(set_up(&server)).await;
            match (&outcome, promise) {
                (Ok(page), Succeeds(requests, holds)) => {
                    assert_eq!(server.requests(), requests, "{id}: requests");
                    assert!(holds(page), "{id}: {page:?}");
                }
                (Err(error), Fails(requests, attempts, holds)) => {
                    assert_eq!(
                        (server.requests(), error.attempts()),
                        (requests, attempts),
                        "{id}: {error:?}"
                    );
                    assert!(holds(error), "{id}: {error:?}");
                    assert!(!format!("{error} {error:?}").contains("t0ken"), "{id} shows the token");
                }
                (Ok(page), _) => panic!("{id} succeeds: {page:?}"),
                (Err(error), _) => panic!("{id} fails: {error:?}"),
            }
        });
    }
    calls.join_all().await;
}

#[tokio::test]
async fn nobody_listening_is_tried_four_times() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let pause = Duration::from_millis(1);
    let builder = Client::builder(format!("http://{address}"))
        .token(northbound::AppId::new("demo-app").unwrap(), "t0ken")
        .retry(northbound::Retry::new().between(pause, pause));
    let error = call(builder).await.unwrap_err();
    assert!(error.is_connection());
    assert_eq!(error.attempts(), 4);
    assert!(error.to_string().contains(", 4 times: "), "{error}");
}

#[tokio::test]
async fn throttling_for_ever_ends_at_the_deadline() {
    let server = Server::start(vec![json(403, THROTTLED)]).await;
    let error = call(until_a_short_deadline(&server)).await.unwrap_err();
    assert!(error.is_throttled() && server.requests() > 1, "{error:?}");
    assert!(error.to_string().contains("the deadline comes before another attempt"), "{error}");
}

#[test]
fn the_page_and_the_tests_have_the_same_rows() {
    let page = include_str!("../crates/sdk/WHAT_HAPPENS_WHEN.md");
    let described: Vec<_> =
        page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let rows = rows();
    let reads = reads();
    let tested = rows.iter().map(|(id, ..)| *id).chain(reads.iter().map(|(id, ..)| *id)).chain(ELSEWHERE);
    let tested: Vec<_> = tested.collect();
    assert_eq!(described.iter().collect::<BTreeSet<_>>(), tested.iter().collect::<BTreeSet<_>>());
    assert_eq!(
        (described.len(), tested.len()),
        (described.iter().collect::<BTreeSet<_>>().len(), described.len())
    );
    let tls = include_str!("tls.rs");
    for id in ELSEWHERE.iter().filter(|id| id.starts_with("tls-")) {
        assert!(tls.contains(&format!("// {id}\n")), "tests/tls.rs has no test for {id}");
    }
}
