//! What the SDK tells of its calls, at every level: enough to follow them, and no secret.
//!
//! In a process of its own, because `tracing` remembers for the whole process which events somebody listens to.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use northbound::{Client, Credentials, reqwest};
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

/// A platform that refuses the first token.
fn answer(number: usize) -> http::Result<http::Response<reqwest::Body>> {
    let (status, body) = match number {
        0 | 2 => (200, r#"{"accessToken":"t0ken-of-the-reply","refreshToken":"t0ken-too"}"#),
        1 => (403, r#"{"error_code":"1010005","error_desc":"t0ken-of-the-reply is dead"}"#),
        _ => (200, r#"{"taskDetails":[]}"#),
    };
    http::Response::builder().status(status).body(body.into())
}

const CALL: &str = r#"northbound{otel.kind="client" otel.name="page 0 of the subtasks of batch task demo"}"#;
const LOGIN: &str = r#"northbound{otel.kind="client" otel.name="login of application demo-app"}"#;
const SENT: &str = r#"server.address="platform.example" server.port=8743"#;

#[tokio::test]
async fn a_call_can_be_followed_and_no_secret_shows_at_any_level() {
    let kept = Kept::default();
    let subscriber =
        tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false).without_time();
    let guard = tracing::subscriber::set_default(subscriber.with_writer(kept.clone()).finish());
    let calls = Arc::new(AtomicUsize::new(0));
    let platform = tower::service_fn(move |_| {
        let answer = answer(calls.fetch_add(1, Ordering::Relaxed));
        async { answer }
    });
    let builder = Client::builder("https://platform.example:8743").service(platform);
    let client = builder.credentials(Credentials::new("demo-app", "demo-secret").unwrap()).build().unwrap();
    client.subtasks("demo").page(0).await.unwrap();
    drop(guard);

    let traces = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
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
        traces.split_inclusive('\n').filter(|line| line.contains("DEBUG northbound{")).collect();
    assert_eq!(ours, format!("{login}{}{failed}{login}{}", answered(403), answered(200)));
}
