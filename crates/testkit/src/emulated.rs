//! The emulator, each of whose replies is held against the document.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use northbound_emulator::{Control, Scenario};

use crate::loopback::Loopback;
use crate::promise;

type Breaches = Arc<Mutex<Vec<String>>>;

/// An emulator on loopback. When it is dropped, the test fails if a reply was not as documented.
///
/// ```
/// use northbound_emulator::Scenario;
/// use northbound_testkit::Emulated;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let emulator = Emulated::of(Scenario::default().with_quota(10)).await;
/// // … a client asks `emulator.url()` …
/// assert!(emulator.breaches().is_empty());
/// # }
/// ```
#[derive(Debug)]
pub struct Emulated {
    server: Loopback,
    breaches: Breaches,
}

impl Emulated {
    /// With the built-in scenario.
    pub async fn start() -> Self {
        Self::of(Scenario::default()).await
    }

    /// With this scenario.
    pub async fn of(scenario: Scenario) -> Self {
        Self::serving(&Control::new(scenario).unwrap()).await
    }

    /// An emulator that the test controls. A fault that the document does not allow is a breach.
    pub async fn serving(control: &Control) -> Self {
        Self::behind(control, |router| router).await
    }

    /// An emulator behind something that changes requests or replies, as a proxy may. Replies are checked before that.
    pub async fn behind(control: &Control, something: impl FnOnce(Router) -> Router) -> Self {
        let breaches = Breaches::default();
        let router = something(control.router().layer(from_fn_with_state(Arc::clone(&breaches), look)));
        Self { server: Loopback::serve(router).await, breaches }
    }

    /// Its address as an endpoint.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// Takes the breaches so far, a line each. The test then does not fail because of them.
    pub fn breaches(&self) -> Vec<String> {
        std::mem::take(&mut *self.breaches.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Emulated {
    fn drop(&mut self) {
        let breaches = self.breaches();
        if !std::thread::panicking() {
            assert!(breaches.is_empty(), "replies that are not as documented:\n{}", breaches.join("\n"));
        }
    }
}

/// A body that ends before it begins.
struct BrokenOff;

impl http_body::Body for BrokenOff {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
        Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionAborted.into())))
    }
}

async fn look(State(breaches): State<Breaches>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    let (parts, body) = next.run(request).await.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        // A fault breaks it off, on purpose. The client gets no byte of it.
        return Response::from_parts(parts, Body::new(BrokenOff));
    };
    if let Some(breach) = promise::breach((&method, &path), parts.status.as_u16(), &parts.headers, &body) {
        breaches.lock().unwrap_or_else(PoisonError::into_inner).push(breach);
    }
    Response::from_parts(parts, Body::from(body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    const PATH: &str = "/iocm/app/batchtask/v1.1.0/taskDetails";

    async fn ask(url: String, request: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(url.trim_start_matches("http://")).await.unwrap();
        let (line, body) = request.split_once("\n").unwrap_or((request, ""));
        let length = body.len();
        let head = format!("{line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n");
        stream
            .write_all(format!("{head}content-type: application/json\r\n\r\n{body}").as_bytes())
            .await
            .unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).await.unwrap();
        reply
    }

    #[tokio::test]
    async fn a_reply_that_is_not_as_documented_is_a_breach() {
        let broken = Router::new().route(
            PATH,
            get(|request: Request| async move {
                let body = match request.uri().query().unwrap_or_default() {
                    "status" => return crate::json_reply(502, ""),
                    "type" => return crate::reply(403, "text/html", "{}"),
                    "json" => "{",
                    "schema" => r#"{"totalCount":"1"}"#,
                    "code" => r#"{"error_code":"105005"}"#,
                    _ => r#"{"totalCount":0,"taskDetails":[]}"#,
                };
                crate::json_reply(200, body)
            }),
        );
        let breaches = Breaches::default();
        let server = Loopback::serve(broken.layer(from_fn_with_state(Arc::clone(&breaches), look))).await;
        for query in ["status", "type", "json", "schema", "code", "good"] {
            ask(server.url(), &format!("GET {PATH}?{query}")).await;
        }
        let seen = std::mem::take(&mut *breaches.lock().unwrap());
        let expected = [
            "502: the status is not documented",
            "403: Some(\"text/html\") in place of application/json",
            "200: no JSON: EOF while parsing an object at line 1 column 1",
            "200: at \"/totalCount\": \"1\" is not of types \"null\", \"integer\"",
            "200: error code Some(String(\"105005\")) in place of one of []",
        ];
        assert_eq!(seen, expected.map(|breach| format!("GET {PATH}: {breach}")));
    }

    #[tokio::test]
    async fn every_operation_has_promises_also_one_with_a_part_in_its_path_and_one_with_errors_under_200() {
        let tasks = PATH.replace("taskDetails", "tasks");
        let platform =
            |body: &'static str| Router::new().fallback(async move || crate::json_reply(200, body));
        for (line, body, breach) in [
            (format!("POST {tasks}"), r#"{"taskID":"a"}"#, None),
            (format!("POST {tasks}"), r#"{"error_code":"105001"}"#, None),
            (format!("POST {tasks}"), r#"{"error_code":"105005"}"#, Some("error code Some")),
            (format!("GET {tasks}/a%20b"), r#"{"taskName":"a"}"#, None),
            (format!("GET {tasks}/a"), r#"{"taskName":7}"#, Some("at \"/taskName\"")),
            (format!("GET {tasks}/a/b"), "{}", Some("the document has no such operation")),
        ] {
            let breaches = Breaches::default();
            let looked_at = platform(body).layer(from_fn_with_state(Arc::clone(&breaches), look));
            ask(Loopback::serve(looked_at).await.url(), &line).await;
            let seen = std::mem::take(&mut *breaches.lock().unwrap());
            let is_expected = |seen: &String| breach.is_some_and(|breach| seen.contains(breach));
            assert!(seen.len() == usize::from(breach.is_some()) && seen.iter().all(is_expected), "{seen:?}");
        }
    }

    #[tokio::test]
    async fn a_reply_that_is_lost_on_purpose_is_no_breach_and_no_byte_of_it_comes() {
        let fault = northbound_emulator::Fault::new(northbound_emulator::FaultKind::Reset);
        let emulator = Emulated::of(Scenario::default().with_fault(fault)).await;
        assert_eq!(ask(emulator.url(), &format!("GET {PATH}?taskId=demo")).await, "");
    }

    #[tokio::test]
    #[should_panic(expected = "replies that are not as documented:\na breach")]
    async fn a_breach_fails_the_test_that_drops_the_emulator() {
        let emulator = Emulated::start().await;
        emulator.breaches.lock().unwrap().push("a breach".to_owned());
    }
}
