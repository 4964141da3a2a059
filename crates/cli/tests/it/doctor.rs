//! `northbound doctor`: what it reports on good platforms, on broken ones, and on proxies before them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use northbound_emulator::{Control, Fault, FaultKind, Scenario, Task};
use northbound_testkit::axum::body::{Body, to_bytes};
use northbound_testkit::axum::extract::Request;
use northbound_testkit::axum::http::{HeaderValue, header};
use northbound_testkit::axum::middleware::{Next, from_fn};
use northbound_testkit::axum::response::Response;
use northbound_testkit::{Emulated, Loopback, Platform, json_reply};
use serde_json::{Value, json};

use crate::{CREDENTIALS, Seen, ask, file, northbound, northbound_in, without};

/// An emulator whose good answers to queries are changed, given the query.
async fn spoiling(control: &Control, spoil: impl Fn(&str, &mut Value) + Send + Sync + 'static) -> Emulated {
    let spoil = Arc::new(spoil);
    let layer = from_fn(move |request: Request, next: Next| {
        let spoil = Arc::clone(&spoil);
        async move {
            let query = request.uri().query().map(str::to_owned);
            let (mut parts, body) = next.run(request).await.into_parts();
            let mut body = to_bytes(body, usize::MAX).await.unwrap();
            if let Some(query) = query.filter(|_| parts.status.is_success()) {
                let mut page = serde_json::from_slice(&body).unwrap();
                spoil(&query, &mut page);
                body = page.to_string().into();
                parts.headers.remove(header::CONTENT_LENGTH);
            }
            Response::from_parts(parts, Body::from(body))
        }
    });
    Emulated::behind(control, |router| router.layer(layer)).await
}

/// `northbound doctor` against this endpoint, as the demo application.
async fn doctor(endpoint: &str, arguments: &str) -> Seen {
    ask(endpoint, &CREDENTIALS, &format!("doctor {arguments}")).await
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
    let mut wanted = false;
    let is_wanted = |line: &&str| {
        if !line.trim_start().starts_with("help:") {
            wanted = names.iter().any(|name| line.contains(&format!(" {name}: ")));
        }
        wanted
    };
    shown(seen).lines().filter(is_wanted).collect::<Vec<_>>().join("\n")
}

/// What the checks say of the caller.
const CALLER: [&str; 5] = ["answer", "application", "secret", "proxy headers", "task"];

/// The assumptions with this result, and what was seen.
fn results(seen: &Seen, result: &str) -> BTreeMap<String, String> {
    let report: Value = serde_json::from_str(&seen.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let assumptions = report["assumptions"].as_array().unwrap();
    let such = assumptions.iter().filter(|assumption| assumption["result"] == result);
    such.map(|assumption| (text(&assumption["id"]), text(&assumption["found"]))).collect()
}

#[test]
fn the_emulator_is_well() {
    insta::assert_snapshot!(shown(&northbound("--emulator doctor --task demo")));
    let seen = northbound("--emulator doctor --task doc-example -o json");
    insta::assert_snapshot!("a_program_reads_one_object", shown(&seen));
    let ledger = file("spec/assumptions.toml");
    let report: Value = serde_json::from_str(&seen.stdout).unwrap();
    let judged = report["assumptions"].as_array().unwrap();
    assert_eq!(judged.len(), 28);
    for assumption in judged {
        assert!(ledger.contains(&format!("id = {}\n", assumption["id"])), "the ledger has no {assumption}");
    }
    let lines = northbound("--emulator doctor -o jsonl").stdout;
    let report: Value = serde_json::from_str(&lines).unwrap();
    assert_eq!((lines.lines().count(), &report["sound"], &report["calls"]), (1, &json!(true), &json!(2)));
}

#[test]
fn a_terminal_of_forty_columns_reads_well() {
    let line = "--color never -q --endpoint https://platform.example/?a doctor";
    let seen = northbound_in(&[], Some(40), line);
    // Where the line breaks that names the system depends on its name.
    let stdout = seen.stdout.split_once("\n\n").unwrap().1.to_owned();
    insta::assert_snapshot!(shown(&Seen { stdout, ..seen }));
}

/// At most 12 calls, all of them logins or GETs: the journal of the platform says so.
#[tokio::test]
async fn the_calls_are_few_and_change_nothing() {
    let control = Control::new(Scenario::default()).unwrap();
    let server = Emulated::serving(&control).await;
    let seen = doctor(&server.url(), "--task demo -o json").await;
    let report: Value = serde_json::from_str(&seen.stdout).unwrap();
    assert_eq!((&report["calls"], &report["logins"]), (&json!(12), &json!(1)));
    let asked = control.journal().entries.into_iter().map(|entry| {
        let is_login = entry.method == "POST" && entry.path == "/iocm/app/sec/v1.1.0/login";
        assert!(is_login || entry.method == "GET", "{entry:?}");
        format!("{} {}", entry.method, entry.query.unwrap_or_default())
    });
    insta::assert_snapshot!(asked.collect::<Vec<_>>().join("\n"));
    // A platform that lets no call through any more is not asked again.
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
    let secrets = ["demo-app", "demo-secret", "accessToken", "5c8ba99030344005c02316ad", "Bearer"];
    let secrets = Arc::new(Mutex::new(BTreeSet::from(secrets.map(str::to_owned))));
    let ids = Arc::clone(&secrets);
    let server = spoiling(&Control::new(Scenario::default()).unwrap(), move |_, page| {
        // As telling a platform as there may be.
        for row in page["taskDetails"].as_array_mut().into_iter().flatten() {
            let [device, command] =
                ["deviceId", "commandId"].map(|id| row["param"][id].as_str().unwrap().to_owned());
            row["status"] = json!(device);
            row["param"][&device] = json!("demo-secret");
            ids.lock().unwrap().extend([device, command]);
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
    let secrets = secrets.lock().unwrap();
    assert!(secrets.len() > 500, "{}", secrets.len());
    for secret in &*secrets {
        assert!(!told.contains(secret), "{secret} is in\n{told}");
    }
}

#[tokio::test]
async fn what_is_set_wrong_is_said_before_anything_is_sent() {
    let environment = [("NORTHBOUND_APP_ID", "demo-app"), ("NORTHBOUND_SECRET", "")];
    let mut told = shown(&ask("platform.example?token=s3cret", &environment, "doctor --task demo").await);
    let pasted = [("NORTHBOUND_APP_ID", "demo-app s3cret"), ("NORTHBOUND_SECRET", "s3cret")];
    let both = ask("https://127.0.0.1:1", &pasted, "doctor").await;
    assert!(!told.contains("s3cret") && !both.stdout.contains("s3cret"), "{told}{}", both.stdout);
    told += &(lines(&both, &["application", "secret"]) + "\n");
    for (endpoint, arguments) in [
        ("http://platform.example:8743", ""),
        ("http://localhost:8743", "--resolve localhost:198.51.100.7"),
        ("https://127.0.0.1:1", "--ca-cert /nonexistent"),
    ] {
        told += &shown(&doctor(endpoint, arguments).await);
    }
    insta::assert_snapshot!(told);
}

#[tokio::test]
async fn a_platform_that_is_not_there_is_distinguished_from_a_silent_one() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = doctor(&format!("https://127.0.0.1:{port}"), "").await;
    insta::assert_snapshot!(lines(&refused, &["name", "connection", "certificate", "answer", "secret"]));
    // No name may have so long a part, so that nobody is asked for it.
    let endpoint = format!("https://{}.example:8743", "x".repeat(64));
    let nameless = doctor(&endpoint, "").await;
    let told = lines(&nameless, &["name", "connection", "certificate"]);
    assert!(told.contains("has no address (") && told.contains("--resolve xxx"), "{told}");
    assert!(told.contains("not checked     connection: there is no address"), "{told}");
    assert_eq!([refused.code, nameless.code], [1, 1]);
    let server = Emulated::start().await;
    let seen = doctor(&server.url(), "--resolve platform.example:10.0.0.7").await;
    let found = "wrong           endpoint: an address is given for \"platform.example\"";
    assert!(seen.code == 1 && lines(&seen, &["endpoint"]).starts_with(found), "{seen:?}");
}

#[tokio::test]
async fn refused_credentials_are_distinguished_as_far_as_the_platform_does() {
    let server = Emulated::start().await;
    let mut told = Vec::new();
    for (app, secret, token, arguments) in [
        ("demo-app", "an0ther", "", ""),
        ("nobody", "demo-secret", "", "--task demo"),
        ("demo-app", "", "n0nsense", "--task demo"),
        ("demo-app", "demo-secret", "", "--task nope"),
    ] {
        let environment =
            [("NORTHBOUND_APP_ID", app), ("NORTHBOUND_SECRET", secret), ("NORTHBOUND_TOKEN", token)];
        let seen = ask(&server.url(), &environment, &format!("doctor {arguments}")).await;
        assert_eq!(seen.code, 1, "{}", seen.stdout);
        assert!(!seen.stdout.contains("an0ther") && !seen.stdout.contains("n0nsense"), "{}", seen.stdout);
        told.push(lines(&seen, &CALLER));
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
    insta::assert_snapshot!(lines(&seen, &CALLER[1..]));
    assert!(seen.code == 1 && control.journal().entries.len() <= 12);
}

#[tokio::test]
async fn a_clock_that_is_off_is_a_warning_or_wrong() {
    let control = Control::new(Scenario::default()).unwrap();
    for (ahead, code, told) in [
        (0, 0, "ok              clock: this machine's clock and the platform's agree"),
        (45, 0, "warning         clock: this machine's clock is 4"),
        (3600, 1, "wrong           clock: this machine's clock is 59 min ahead of the platform's"),
        (-3600, 1, "wrong           clock: this machine's clock is 59 min behind the platform's"),
    ] {
        let dates = from_fn(move |request: Request, next: Next| async move {
            let mut response = next.run(request).await;
            let (now, by) = (SystemTime::now(), Duration::from_secs(i64::unsigned_abs(ahead)));
            let date = httpdate::fmt_http_date(if ahead < 0 { now + by } else { now - by });
            response.headers_mut().insert(header::DATE, HeaderValue::from_str(&date).unwrap());
            response
        });
        let server = Emulated::behind(&control, |router| router.layer(dates)).await;
        let seen = doctor(&server.url(), "").await;
        assert_eq!((seen.code, seen.stdout.contains(told)), (code, true), "{}", seen.stdout);
    }
}

#[tokio::test]
async fn what_answers_and_is_no_platform_is_wrong_without_showing_its_reply() {
    let mut told = Vec::new();
    for (status, body) in [
        (404, "<html>device-4711</html>"),
        (403, r#"{"error_code":"device-4711","error_desc":"device-4711"}"#),
        (403, r#"{"error_code":"77","error_desc":"device-4711"}"#),
        (200, r#"{"accessToken":{"device-4711":1}}"#),
        (429, ""),
        (400, r#"{"error_code":"100022"}"#),
        (307, ""),
    ] {
        let platform = Platform::start(move |_| {
            let mut reply = json_reply(status, body);
            if status == 307 {
                reply
                    .headers_mut()
                    .insert(header::LOCATION, HeaderValue::from_static("https://other.example/?t0ken"));
            }
            reply
        })
        .await;
        let seen = doctor(&platform.url(), "--task demo").await;
        assert!(!format!("{seen:?}").contains("4711") && !seen.stdout.contains("t0ken"), "{seen:?}");
        told.push((seen.code, lines(&seen, &CALLER)));
    }
    // The login takes the only call.
    for task in ["", "--task demo"] {
        let server = Emulated::of(Scenario::default().with_quota(1)).await;
        let seen = doctor(&server.url(), task).await;
        told.push((seen.code, lines(&seen, &CALLER)));
    }
    let told: Vec<_> = told.into_iter().map(|(code, lines)| format!("{lines}\n[exit code {code}]")).collect();
    insta::assert_snapshot!(told.join("\n\n"));
}

#[tokio::test]
async fn an_assumption_that_does_not_hold_is_asked_for() {
    let small = Scenario::default().with_task(Task::generated("small", "demo-app", 3));
    let server = spoiling(&Control::new(small).unwrap(), |query, page| {
        if query.contains("pageNo=1&") {
            page["taskDetails"] = json!([]);
        }
    })
    .await;
    insta::assert_snapshot!(shown(&doctor(&server.url(), "--task small").await));
    let control = Control::new(Scenario::default()).unwrap();
    // Some of the faults break what the document promises, so nobody checks these replies.
    let server = Loopback::serve(control.router()).await;
    for (fault, result, id) in [
        (FaultKind::RepeatedPage, "does not hold", "pages-count-up"),
        (FaultKind::UnknownStatus, "holds", "status-is-open"),
        (FaultKind::ExtraMembers, "holds", "param-has-more-members"),
        (FaultKind::NullParam, "could not tell", "stable-order"),
    ] {
        control.clear_faults();
        control.add_fault(Fault::new(fault)).unwrap();
        let seen = doctor(&server.url(), "--task demo -o json").await;
        assert!(results(&seen, result).contains_key(id), "{}", seen.stdout);
        let broken = results(&seen, "does not hold").len();
        assert_eq!(seen.code > 0, broken > 0, "{}", seen.stdout);
        assert!(broken == 0 || result != "could not tell", "{}", seen.stdout);
    }
}
