//! A platform that answers what the test tells it to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::{Response, StatusCode};
use tokio::time::Instant;

use crate::loopback::Loopback;

/// A request that came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The number of requests before it.
    pub number: usize,
    /// When it came, by the clock of the runtime.
    pub at: Instant,
    /// The request as text: its first line, its headers in order and its body. Secrets and the address are redacted.
    pub text: String,
    /// The decoded parameters of the query.
    pub query: HashMap<String, String>,
}

impl Asked {
    /// `GET /path?query`.
    pub fn line(&self) -> &str {
        self.text.lines().next().unwrap_or_default()
    }

    /// The body as text; empty if there was none.
    pub fn body(&self) -> &str {
        self.text.split_once("\n\n").map_or("", |(_, body)| body)
    }

    /// Whether it is a login.
    pub fn is_login(&self) -> bool {
        self.is("POST ", "/login")
    }

    /// Whether it creates a batch task.
    pub fn is_create(&self) -> bool {
        self.is("POST ", "/tasks")
    }

    /// The id of the batch task that it asks for, as the path has it.
    pub fn task(&self) -> Option<&str> {
        let path = self.line().strip_prefix("GET ")?.split('?').next()?;
        path.rsplit_once("/tasks/").map(|(_, id)| id)
    }

    fn is(&self, method: &str, end: &str) -> bool {
        let path = self.line().strip_prefix(method).and_then(|uri| uri.split('?').next());
        path.is_some_and(|path| path.ends_with(end))
    }

    /// The parameter `status`.
    pub fn status(&self) -> Option<&str> {
        self.query.get("status").map(String::as_str)
    }

    /// The parameters `pageNo` and `pageSize`.
    #[track_caller]
    pub fn page(&self) -> (usize, usize) {
        let number = |name: &str| self.query[name].parse().unwrap();
        (number("pageNo"), number("pageSize"))
    }
}

type Answer = dyn Fn(&Asked) -> Response<Body> + Send + Sync;
type Shared = (Arc<Mutex<Vec<Asked>>>, Arc<Answer>);

/// A platform that answers each request by a function, and remembers the requests.
///
/// ```
/// use northbound_testkit::{Platform, json_reply};
///
/// // Without a socket, so that the test can pause the clock of its runtime.
/// let platform = Platform::in_process(|_| json_reply(404, r#"{"error_code":"105005"}"#));
/// let service = platform.router();
/// # drop(service);
/// ```
#[derive(Debug)]
pub struct Platform {
    asked: Arc<Mutex<Vec<Asked>>>,
    router: Router,
    server: Option<Loopback>,
}

impl Platform {
    /// A platform without a socket: a client uses [`router`](Self::router) as its service.
    pub fn in_process(answer: impl Fn(&Asked) -> Response<Body> + Send + Sync + 'static) -> Self {
        let asked = Arc::default();
        let state: Shared = (Arc::clone(&asked), Arc::new(answer));
        Self { asked, router: Router::new().fallback(record).with_state(state), server: None }
    }

    /// A platform on loopback.
    pub async fn start(answer: impl Fn(&Asked) -> Response<Body> + Send + Sync + 'static) -> Self {
        let platform = Self::in_process(answer);
        Self { server: Some(Loopback::serve(platform.router()).await), ..platform }
    }

    /// Answers every request with this.
    pub async fn always(status: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        let body = body.into();
        Self::start(move |_| reply(status, content_type, body.clone())).await
    }

    /// Answers with these bodies under 200, in turn; the last one stays.
    pub async fn paging(bodies: Vec<String>) -> Self {
        Self::start(move |asked| json_reply(200, &bodies[asked.number.min(bodies.len() - 1)])).await
    }

    /// The same platform as a service without a socket.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Its address as an endpoint; without a socket, one that nobody can reach.
    pub fn url(&self) -> String {
        self.server.as_ref().map_or_else(|| "https://platform.example".to_owned(), Loopback::url)
    }

    /// The requests so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The number of requests so far.
    pub fn calls(&self) -> usize {
        self.asked().len()
    }

    /// The number of calls so far that create a batch task.
    pub fn creates(&self) -> usize {
        self.asked().iter().filter(|asked| asked.is_create()).count()
    }

    /// The number of logins so far.
    pub fn logins(&self) -> usize {
        self.asked().iter().filter(|asked| asked.is_login()).count()
    }
}

/// A reply with a body.
pub fn reply(status: u16, content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let reply = Response::builder().status(StatusCode::from_u16(status).unwrap());
    reply.header("content-type", content_type).body(body.into()).unwrap()
}

/// A reply with a text that is labelled as JSON.
pub fn json_reply(status: u16, body: impl ToString) -> Response<Body> {
    reply(status, "application/json", body.to_string())
}

async fn record(
    State((all, answer)): State<Shared>,
    query: Query<HashMap<String, String>>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let mut lines = vec![format!("{} {}", parts.method, parts.uri)];
    for (name, value) in &parts.headers {
        let value = match name.as_str() {
            "host" => "[address]",
            "authorization" => "Bearer [redacted]",
            _ => value.to_str().unwrap(),
        };
        lines.push(format!("{name}: {value}"));
    }
    lines[1..].sort();
    let body = String::from_utf8_lossy(&body).replace("demo-secret", "[redacted]");
    let text = format!("{}\n\n{body}", lines.join("\n")).trim_end().to_owned();
    let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
    let asked = Asked { number: all.len(), at: Instant::now(), text, query: query.0 };
    all.push(asked.clone());
    answer(&asked)
}
