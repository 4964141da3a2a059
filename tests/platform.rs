//! A platform that answers what a test tells it to, and remembers what it was asked.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{Request, Response, StatusCode};
use northbound::{AppId, Client, ClientBuilder, Credentials, Quota, Retry};

type Asked = Arc<Mutex<Vec<String>>>;
type Answer = dyn Fn(usize, &str) -> Response<Body> + Send + Sync;

/// A server on loopback with one answer for every request, given the number of requests before and the request line.
pub(crate) struct Platform {
    address: std::net::SocketAddr,
    asked: Asked,
    server: tokio::task::JoinHandle<()>,
}

impl Platform {
    pub(crate) async fn answering(answer: impl Fn(usize) -> Response<Body> + Send + Sync + 'static) -> Self {
        Self::start(move |number, _| answer(number)).await
    }

    /// Answers by what is asked, given as `GET /path?query`.
    pub(crate) async fn asking(answer: impl Fn(&str) -> Response<Body> + Send + Sync + 'static) -> Self {
        Self::start(move |_, request| answer(request)).await
    }

    async fn start(answer: impl Fn(usize, &str) -> Response<Body> + Send + Sync + 'static) -> Self {
        let asked = Asked::default();
        let state = (Arc::clone(&asked), Arc::new(answer) as Arc<Answer>);
        let router = Router::new().fallback(record).with_state(state);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, asked, server }
    }

    /// Answers every request alike.
    pub(crate) async fn always(status: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        let body = body.into();
        Self::answering(move |_| reply(status, content_type, body.clone())).await
    }

    /// Answers with these bodies under 200, in turn; the last one stays.
    pub(crate) async fn paging(bodies: Vec<String>) -> Self {
        Self::answering(move |number| {
            reply(200, "application/json", bodies[number.min(bodies.len() - 1)].clone())
        })
        .await
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client that has its token already, so that every request is the one under test.
    pub(crate) fn client(&self) -> Client {
        self.builder().build().unwrap()
    }

    pub(crate) fn builder(&self) -> ClientBuilder {
        self.without_credentials().token(AppId::new("demo-app").unwrap(), "t0ken-of-the-test")
    }

    pub(crate) fn without_credentials(&self) -> ClientBuilder {
        Client::builder(self.url()).retry(Retry::off()).quota(Quota::unlimited())
    }

    /// A client that logs in by itself.
    pub(crate) fn with_login(&self) -> ClientBuilder {
        self.without_credentials().credentials(Credentials::new("demo-app", "demo-secret").unwrap())
    }

    /// The requests so far, as they stood on the wire, with secrets and address redacted.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub(crate) fn reply(status: u16, content_type: &'static str, body: impl Into<Body>) -> Response<Body> {
    let reply = Response::builder().status(StatusCode::from_u16(status).unwrap());
    reply.header("content-type", content_type).body(body.into()).unwrap()
}

async fn record(
    State((asked, answer)): State<(Asked, Arc<Answer>)>,
    request: Request<Body>,
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
    let mut asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
    asked.push(format!("{}\n\n{body}", lines.join("\n")).trim_end().to_owned());
    let number = asked.len() - 1;
    let line = asked[number].lines().next().unwrap_or_default();
    answer(number, line)
}
