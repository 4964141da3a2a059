//! The emulator, each of whose replies is held against the document.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
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

async fn look(State(breaches): State<Breaches>, request: Request, next: Next) -> Response {
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    let (parts, body) = next.run(request).await.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
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
            let mut stream =
                tokio::net::TcpStream::connect(server.url().trim_start_matches("http://")).await.unwrap();
            let request = format!("GET {PATH}?{query} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
            stream.write_all(request.as_bytes()).await.unwrap();
            stream.read_to_end(&mut Vec::new()).await.unwrap();
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
    #[should_panic(expected = "replies that are not as documented:\na breach")]
    async fn a_breach_fails_the_test_that_drops_the_emulator() {
        let emulator = Emulated::start().await;
        emulator.breaches.lock().unwrap().push("a breach".to_owned());
    }
}
