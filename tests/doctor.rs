//! `northbound doctor`: what it says of platforms that are well, of those that are not, and of what stands between.

mod assumptions;

use std::collections::{BTreeMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use northbound::{Client, Credentials};
use northbound_emulator::{Control, Fault, FaultKind, Scenario, Task};
use serde_json::{Value, json};
use xtask::ledger::{self, LEDGER};

use crate::cli::{Seen, northbound_in};
use crate::emulated::Emulated;
use crate::freshness::root;
use crate::report::without;

const SECRETS: [&str; 3] = ["demo-app", "demo-secret", "accessToken"];

/// A server on loopback that stops with its test.
struct Server {
    address: SocketAddr,
    task: tokio::task::JoinHandle<()>,
}

impl Server {
    async fn of(router: Router) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, task }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// An emulator whose good answers to queries are changed, given the query.
async fn spoiling(control: &Control, spoil: impl Fn(&str, &mut Value) + Send + Sync + 'static) -> Emulated {
    let spoil = Arc::new(spoil);
    let layer = from_fn(move |request: Request, next: Next| {
        let spoil = Arc::clone(&spoil);
        async move {
            let query = request.uri().query().unwrap_or_default().to_owned();
            let is_query = request.method() == "GET";
            let response = next.run(request).await;
            if !is_query || !response.status().is_success() {
                return response;
            }
            spoilt(response, |page| spoil(&query, page)).await
        }
    });
    Emulated::behind(control, |router| router.layer(layer)).await
}

/// A page after a change; one that has become an error comes under 400.
async fn spoilt(response: Response, spoil: impl FnOnce(&mut Value)) -> Response {
    let (mut parts, body) = response.into_parts();
    let mut page: Value = serde_json::from_slice(&to_bytes(body, usize::MAX).await.unwrap()).unwrap();
    spoil(&mut page);
    if page.get("error_code").is_some() {
        parts.status = StatusCode::BAD_REQUEST;
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(page.to_string()))
}

/// `northbound doctor` against this endpoint, as the demo application.
async fn doctor(endpoint: &str, arguments: &str) -> Seen {
    doctor_in(endpoint, &[("NORTHBOUND_APP_ID", "demo-app"), ("NORTHBOUND_SECRET", "demo-secret")], arguments)
        .await
}

/// The same in another environment.
async fn doctor_in(endpoint: &str, environment: &[(&str, &str)], arguments: &str) -> Seen {
    let mut environment: Vec<(String, String)> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    environment.push(("NORTHBOUND_ENDPOINT".to_owned(), endpoint.to_owned()));
    let arguments = format!("doctor {arguments}");
    tokio::task::spawn_blocking(move || {
        let environment: Vec<(&str, &str)> =
            environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        northbound_in(&environment, &arguments.split_whitespace().collect::<Vec<_>>())
    })
    .await
    .unwrap()
}

/// What a person sees, with the ports of this run taken out.
fn shown(seen: &Seen) -> String {
    let Seen { code, stdout, stderr } = seen;
    let mut shown = without(&format!("{stdout}{stderr}[exit code {code}]\n"), "\"at\": \"", "\"");
    for mark in ["127.0.0.1:", ".example:", "localhost:", "port "] {
        let mut parts = shown.split(mark).map(str::to_owned).collect::<Vec<_>>();
        for part in parts.iter_mut().skip(1) {
            let rest = part.trim_start_matches(|c: char| c.is_ascii_digit());
            if rest.len() < part.len() {
                *part = format!("PORT{rest}");
            }
        }
        shown = parts.join(mark);
    }
    let (os, architecture) = (std::env::consts::OS, std::env::consts::ARCH);
    let json = |name: &str, value: &str| format!("\"{name}\": \"{value}\"");
    shown
        .replace(&format!("{os} {architecture}"), "OS ARCHITECTURE")
        .replace(&json("os", os), &json("os", "OS"))
        .replace(&json("architecture", architecture), &json("architecture", "ARCHITECTURE"))
}

/// The lines of some checks.
fn lines(seen: &Seen, names: &[&str]) -> String {
    let shown = shown(seen);
    let mut lines = Vec::new();
    let mut wanted = false;
    for line in shown.lines() {
        if !line.trim_start().starts_with("help:") {
            wanted = names.iter().any(|name| line.contains(&format!(" {name}: ")));
        }
        if wanted {
            lines.push(line.to_owned());
        }
    }
    lines.join("\n")
}

/// Each assumption that does not hold, with what was seen.
fn broken(seen: &Seen) -> BTreeMap<String, String> {
    results(seen, "does not hold")
}

fn results(seen: &Seen, result: &str) -> BTreeMap<String, String> {
    let report: Value = serde_json::from_str(&seen.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let assumptions = report["assumptions"].as_array().unwrap();
    let such = assumptions.iter().filter(|assumption| assumption["result"] == result);
    such.map(|assumption| (text(&assumption["id"]), text(&assumption["found"]))).collect()
}

fn ids(broken: &BTreeMap<String, String>) -> Vec<&str> {
    broken.keys().map(String::as_str).collect()
}

fn emulator(arguments: &str) -> Seen {
    northbound_in(&[], &arguments.split_whitespace().collect::<Vec<_>>())
}

#[test]
fn the_emulator_is_well() {
    let seen = emulator("--emulator doctor --task demo");
    insta::assert_snapshot!(shown(&seen));
}

#[test]
fn a_program_reads_one_object() {
    let seen = emulator("--emulator doctor --task doc-example -o json");
    insta::assert_snapshot!(shown(&seen));
    let lines = emulator("--emulator doctor -o jsonl").stdout;
    let report: Value = serde_json::from_str(&lines).unwrap();
    assert_eq!((lines.lines().count(), &report["sound"], &report["calls"]), (1, &json!(true), &json!(2)));
}

#[test]
fn every_assumption_that_is_judged_stands_in_the_ledger() {
    let ledger = ledger::read(&std::fs::read_to_string(root().join(LEDGER)).unwrap()).unwrap();
    let known: HashSet<&str> = ledger.iter().map(|assumption| assumption.id.as_str()).collect();
    let seen = emulator("--emulator doctor --task demo -o json");
    let report: Value = serde_json::from_str(&seen.stdout).unwrap();
    let judged = report["assumptions"].as_array().unwrap();
    assert_eq!(judged.len(), 24);
    for assumption in judged {
        let id = assumption["id"].as_str().unwrap();
        assert!(known.contains(id), "{LEDGER} has no {id}");
    }
}

#[test]
fn a_terminal_of_forty_columns_reads_well() {
    let (lookup, columns) = (|_: &str| None, || 40);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let process = northbound_cli::Process::new(
        &lookup,
        northbound_cli::Outlet::terminal(&mut stdout, &columns),
        northbound_cli::Outlet::terminal(&mut stderr, &columns),
    );
    let arguments =
        ["northbound", "--color", "never", "-q", "--endpoint", "https://platform.example/?a", "doctor"];
    northbound_cli::run(arguments.map(Into::into), process);
    let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
    // Where the line breaks that names the system depends on its name.
    let stdout = stdout.split_once("\n\n").unwrap().1.to_owned();
    insta::assert_snapshot!(shown(&Seen { code: 1, stdout, stderr }));
}

/// At most 12 calls, all of them logins or GETs: the journal of the platform says so.
#[tokio::test]
async fn the_calls_are_few_and_change_nothing() {
    let control = Control::new(Scenario::default()).unwrap();
    let server = Emulated::serving(&control).await;
    let seen = doctor(&server.url(), "--task demo -o json").await;
    let report: Value = serde_json::from_str(&seen.stdout).unwrap();
    let entries = control.journal().entries;
    assert_eq!((entries.len(), &report["calls"], &report["logins"]), (12, &json!(12), &json!(1)));
    let mut asked: Vec<String> = Vec::new();
    for entry in entries {
        let is_login = entry.method == "POST" && entry.path == "/iocm/app/sec/v1.1.0/login";
        assert!(is_login || entry.method == "GET", "{entry:?}");
        asked.push(format!("{} {}", entry.method, entry.query.unwrap_or_default()));
    }
    insta::assert_snapshot!(asked.join("\n"));
}

#[tokio::test]
async fn a_platform_that_lets_no_call_through_any_more_is_not_asked_again() {
    let control = Control::new(Scenario::default().with_quota(4)).unwrap();
    let server = Emulated::serving(&control).await;
    let seen = doctor(&server.url(), "--task demo -o json").await;
    assert_eq!((control.journal().entries.len(), seen.code), (5, 0), "{}", seen.stdout);
    let unsure = results(&seen, "could not tell");
    assert!(unsure["paging-defaults"].contains("1010009"), "{unsure:?}");
    assert_eq!(unsure["every-status-is-a-filter"], "an earlier call was not let through");
}

#[tokio::test]
async fn nothing_in_a_report_is_secret() {
    let control = Control::new(Scenario::default()).unwrap();
    let rows: Vec<Value> = all_rows(&control).await;
    assert_eq!(rows.len(), 1000);
    let server = spoiling(&control, |_, page| {
        // As telling a platform as there may be.
        for row in page["taskDetails"].as_array_mut().into_iter().flatten() {
            row["status"] = row["param"]["deviceId"].clone();
            let device = row["param"]["deviceId"].as_str().unwrap().to_owned();
            row["param"][device] = json!("demo-secret");
        }
    })
    .await;
    let mut told = String::new();
    for arguments in [
        "--task demo",
        "--task demo -o json",
        "--task demo -v",
        "--task 5c8ba99030344005c02316ad",
        "--app-id demo-apps",
    ] {
        let seen = doctor(&server.url(), arguments).await;
        told += &seen.stdout;
        // Traces are no part of the report, and name the application.
        told += if arguments.ends_with("-v") { "" } else { &seen.stderr };
        assert!(seen.stdout.contains("doctor") || seen.stdout.contains("checks"), "{}", seen.stdout);
    }
    for secret in SECRETS.iter().copied().chain(["5c8ba99030344005c02316ad", "Bearer"]) {
        assert!(!told.contains(secret), "{secret} stands in\n{told}");
    }
    for row in rows {
        for id in ["deviceId", "commandId"] {
            let id = row["param"][id].as_str().unwrap();
            assert!(!told.contains(id), "{id} stands in\n{told}");
        }
    }
}

/// The rows of the demo task, read past the doctor.
async fn all_rows(control: &Control) -> Vec<Value> {
    let server = Emulated::serving(control).await;
    let credentials = northbound::Credentials::new("demo-app", "demo-secret").unwrap();
    let client = northbound::Client::builder(server.url()).credentials(credentials).build().unwrap();
    let mut stream = client.subtasks("demo").stream();
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await.unwrap() {
        rows.push(serde_json::to_value(&row).unwrap());
    }
    rows
}

#[tokio::test]
async fn what_is_set_wrong_is_said_before_anything_is_sent() {
    let environment = [("NORTHBOUND_APP_ID", "demo-app"), ("NORTHBOUND_SECRET", "")];
    let mut told = shown(&doctor_in("platform.example?token=s3cret", &environment, "--task demo").await);
    assert!(!told.contains("s3cret"), "{told}");
    let pasted = [("NORTHBOUND_APP_ID", "demo-app s3cret"), ("NORTHBOUND_SECRET", "s3cret")];
    let both = doctor_in("https://127.0.0.1:1", &pasted, "").await;
    assert!(!both.stdout.contains("s3cret"), "{}", both.stdout);
    told += &lines(&both, &["application", "secret"]);
    told += "\n";
    told += &shown(&doctor("http://platform.example:8743", "").await);
    told += &shown(&doctor("http://localhost:8743", "--resolve localhost:198.51.100.7").await);
    told += &shown(&doctor("https://127.0.0.1:1", "--ca-cert /nonexistent").await);
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn a_platform_that_is_not_there_is_told_from_one_that_is_silent() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = doctor(&format!("https://127.0.0.1:{port}"), "").await;
    assert_eq!(refused.code, 1);
    insta::assert_snapshot!(lines(&refused, &["name", "connection", "certificate", "answer", "secret"]));
    // No name may have so long a part, so that nobody is asked for it.
    let endpoint = format!("https://{}.example:8743", "x".repeat(64));
    let nameless = doctor(&endpoint, "").await;
    let told = lines(&nameless, &["name", "connection", "certificate"]);
    assert!(told.contains("has no address (") && told.contains("--resolve xxx"), "{told}");
    assert!(told.contains("not checked     connection: there is no address"), "{told}");
    assert_eq!(nameless.code, 1);
}

#[tokio::test]
async fn credentials_that_are_refused_are_told_apart_as_far_as_the_platform_does() {
    let server = Emulated::start().await;
    let names = ["answer", "application", "secret", "proxy headers", "task"];
    let mut told = Vec::new();
    for (app, secret, token, arguments) in [
        ("demo-app", "an0ther", "", ""),
        ("nobody", "demo-secret", "", "--task demo"),
        ("demo-app", "", "n0nsense", "--task demo"),
        ("demo-app", "demo-secret", "", "--task nope"),
    ] {
        let environment =
            [("NORTHBOUND_APP_ID", app), ("NORTHBOUND_SECRET", secret), ("NORTHBOUND_TOKEN", token)];
        let seen = doctor_in(&server.url(), &environment, arguments).await;
        assert_eq!(seen.code, 1, "{}", seen.stdout);
        assert!(!seen.stdout.contains("an0ther") && !seen.stdout.contains("n0nsense"), "{}", seen.stdout);
        told.push(lines(&seen, &names));
    }
    insta::assert_snapshot!(told.join("\n\n"));
}

/// As nginx does unless it is told otherwise.
#[tokio::test]
async fn a_proxy_that_drops_app_key_is_found_out() {
    let control = Control::new(Scenario::default()).unwrap();
    let drops = from_fn(|mut request: Request, next: Next| async move {
        request.headers_mut().remove("app_key");
        next.run(request).await
    });
    let server = Emulated::behind(&control, |router| router.layer(drops)).await;
    let seen = doctor(&server.url(), "--task demo").await;
    assert_eq!(seen.code, 1);
    insta::assert_snapshot!(lines(&seen, &["application", "secret", "proxy headers", "task"]));
    assert!(control.journal().entries.len() <= 12);
}

#[tokio::test]
async fn a_clock_that_is_off_is_a_warning_or_wrong() {
    let control = Control::new(Scenario::default()).unwrap();
    for (seconds, ahead, code, told) in [
        (0, true, 0, "ok              clock: this machine's clock and the platform's agree"),
        (45, true, 0, "warning         clock: this machine's clock is"),
        (3600, true, 1, "wrong           clock: this machine's clock is"),
        (3600, false, 1, "wrong           clock: this machine's clock is"),
    ] {
        let dates = from_fn(move |request: Request, next: Next| async move {
            let mut response = next.run(request).await;
            let by = Duration::from_secs(seconds);
            let now = if ahead { SystemTime::now() - by } else { SystemTime::now() + by };
            let date = HeaderValue::from_str(&httpdate::fmt_http_date(now)).unwrap();
            response.headers_mut().insert(header::DATE, date);
            response
        });
        let server = Emulated::behind(&control, |router| router.layer(dates)).await;
        let seen = doctor(&server.url(), "").await;
        assert_eq!((seen.code, seen.stdout.contains(told)), (code, true), "{}", seen.stdout);
        let way = if ahead { "ahead of" } else { "behind" };
        assert!(seconds == 0 || seen.stdout.contains(way), "{}", seen.stdout);
    }
}

#[tokio::test]
async fn what_answers_and_is_no_platform_is_wrong_without_showing_its_reply() {
    let answering = |status: StatusCode, body: &'static str| {
        Server::of(Router::new().fallback(move || async move { (status, body) }))
    };
    let mut strange = Vec::new();
    for (status, body) in [
        (StatusCode::NOT_FOUND, "<html>device-4711</html>"),
        (StatusCode::FORBIDDEN, r#"{"error_code":"device-4711","error_desc":"device-4711"}"#),
        (StatusCode::FORBIDDEN, r#"{"error_code":"77","error_desc":"device-4711"}"#),
        (StatusCode::OK, r#"{"accessToken":{"device-4711":1}}"#),
    ] {
        let server = answering(status, body).await;
        let seen = doctor(&server.url(), "--task demo").await;
        assert!(!seen.stdout.contains("4711") && !seen.stderr.contains("4711"), "{}", seen.stdout);
        strange.push(seen);
    }
    let moved = Router::new().fallback(|| async {
        (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "https://other.example/?t0ken")])
    });
    let server = Server::of(moved).await;
    let moved = doctor(&server.url(), "").await;
    assert!(!moved.stdout.contains("t0ken"), "{}", moved.stdout);
    let server = Emulated::of(Scenario::default().with_quota(1)).await;
    let throttled = doctor(&server.url(), "--task demo").await;
    let server = answering(StatusCode::TOO_MANY_REQUESTS, "").await;
    let used_up = doctor(&server.url(), "--task demo").await;
    let server = answering(StatusCode::BAD_REQUEST, r#"{"error_code":"100022"}"#).await;
    let nobody = doctor(&server.url(), "").await;
    let names = ["answer", "application", "secret", "proxy headers", "task"];
    assert_eq!([&moved, &throttled, &used_up, &nobody].map(|seen| seen.code), [1, 0, 1, 1]);
    let mut told: Vec<String> = strange.iter().map(|seen| lines(seen, &["answer"])).collect();
    told.extend([&strange[0], &moved, &throttled, &used_up, &nobody].map(|seen| lines(seen, &names)));
    insta::assert_snapshot!(told.join("\n\n"));
}

#[tokio::test]
async fn an_address_for_another_host_changes_nothing() {
    let server = Emulated::start().await;
    let seen = doctor(&server.url(), "--resolve platform.example:10.0.0.7").await;
    let told = lines(&seen, &["name"]);
    assert!(
        told.starts_with("warning         name: --resolve names another host than the endpoint"),
        "{told}"
    );
    assert_eq!(seen.code, 0);
}

#[tokio::test]
async fn an_assumption_that_does_not_hold_is_asked_for() {
    let server = spoiling(
        &Control::new(Scenario::default().with_task(Task::generated("small", "demo-app", 3))).unwrap(),
        |query, page| {
            if query.contains("pageNo=1&") {
                page["taskDetails"] = json!([]);
            }
        },
    )
    .await;
    let seen = doctor(&server.url(), "--task small").await;
    insta::assert_snapshot!(shown(&seen));
}
