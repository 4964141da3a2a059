//! The traces of the SDK at every level: calls can be followed, and no secret is shown.
//!
//! In a process of its own, because `tracing` remembers for the whole process which events somebody listens to.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use northbound::{Client, ClientBuilder, Credentials, Quota, SubtaskStatus, reqwest};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Kept {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

const TOKEN: (u16, &str) = (200, r#"{"accessToken":"t0ken-of-the-reply","refreshToken":"t0ken-too"}"#);
const REFUSAL: (u16, &str) = (403, r#"{"error_code":"1010005","error_desc":"t0ken-of-the-reply is dead"}"#);
const THROTTLE: (u16, &str) = (403, r#"{"error_code":"1010009","error_desc":"too many calls"}"#);
const PAGE: (u16, &str) = (200, r#"{"taskDetails":[]}"#);

/// A client of a platform that gives these answers in turn; the last one stays.
fn client(
    answers: &'static [(u16, &'static str)],
    adjust: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Client {
    let calls = Arc::new(AtomicUsize::new(0));
    let platform = tower::service_fn(move |_: http::Request<reqwest::Body>| {
        let (status, body) = answers[calls.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1)];
        async move { http::Response::builder().status(status).body(body.to_owned()) }
    });
    let builder = Client::builder("https://platform.example:8743").service(platform);
    let builder = builder.credentials(Credentials::new("demo-app", "demo-secret").unwrap());
    adjust(builder).build().unwrap()
}

/// The traces of all levels during this call, without the time.
async fn traced(calls: impl Future) -> String {
    let kept = Kept::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false).without_time();
    let guard = tracing::subscriber::set_default(subscriber.with_writer(kept.clone()).finish());
    calls.await;
    drop(guard);
    let traces = kept.0.lock().unwrap();
    String::from_utf8(traces.clone()).unwrap()
}

const CALL: &str = r#"northbound.list_subtasks{otel.kind="client" task="demo" page=0 status="Fail"}"#;
const LOGIN: &str = r#"northbound.login{otel.kind="client" application="demo-app"}"#;
const SENT: &str = r#"server.address="platform.example" server.port=8743"#;

#[tokio::test]
async fn a_call_can_be_followed_and_no_secret_shows_at_any_level() {
    let client = client(&[TOKEN, REFUSAL, TOKEN, PAGE], |builder| builder);
    let traces = traced(client.subtasks("demo").status(SubtaskStatus::Fail).page(0)).await;
    for secret in ["demo-secret", "t0ken-of-the-reply", "t0ken-too"] {
        assert!(!traces.contains(secret), "{secret} shows in\n{traces}");
    }
    let login = format!(
        "DEBUG {CALL}:{LOGIN}: northbound_client::call: the platform answered http.request.method=\"POST\" {SENT} \
         url.path=\"/iocm/app/sec/v1.1.0/login\" http.response.status_code=200\n"
    );
    let answered = |status: u16| {
        format!(
            "DEBUG {CALL}: northbound_client::call: the platform answered http.request.method=\"GET\" {SENT} \
             url.path=\"/iocm/app/batchtask/v1.1.0/taskDetails\" http.response.status_code={status}\n"
        )
    };
    let failed = format!(
        "DEBUG {CALL}: northbound::call::run: the attempt failed error.type=Platform http.response.status_code=403 \
         northbound.error_code=\"1010005\" http.request.resend_count=0 verdict=ChangeToken\n"
    );
    let ours: String =
        traces.split_inclusive('\n').filter(|line| line.contains("DEBUG northbound.")).collect();
    assert_eq!(ours, format!("{login}{}{failed}{login}{}", answered(403), answered(200)));
}

#[tokio::test(start_paused = true)]
async fn waits_throttles_and_refused_tokens_are_events_for_an_operator() {
    let answers = &[TOKEN, REFUSAL, TOKEN, REFUSAL, TOKEN, THROTTLE, PAGE];
    let client = client(answers, |builder| {
        builder
            .quota(Quota::new(2, Duration::from_secs(60)).unwrap())
            .deadline(Duration::from_secs(600))
            .seed(1)
    });
    let traces = traced(async {
        client.subtasks("demo").page(0).await.unwrap();
    })
    .await;
    let events = traces.lines().filter(|line| line.starts_with(" INFO") || line.starts_with(" WARN"));
    let mut events: Vec<&str> =
        events.map(|line| line.rsplit("northbound::call::").next().unwrap()).collect();
    let login = r#"run: the call waits for the quota call="login of application demo-app""#;
    let page = r#"call="page 0 of the subtasks of batch task demo""#;
    let last = events.pop().unwrap();
    let refused = format!("run: the platform refused the token {page}");
    assert_eq!(
        events,
        [
            refused.as_str(),
            &format!("{login} wait_seconds=60.0"),
            &refused,
            // Drawn from 5 seconds, with the seed.
            "token: the platform refused new tokens, so the next login waits wait_seconds=1.198175852",
            &format!("{login} wait_seconds=58.801"),
            &format!("run: the platform throttled the call {page}"),
        ]
    );
    // A window and a random part of it.
    assert!(last.starts_with(&format!("run: the call waits for the quota {page} wait_seconds=6")), "{last}");
}
