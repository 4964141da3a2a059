//! The emulator as every test here meets it: each reply is held against the hand-written document.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use northbound_emulator::{Control, Scenario};

use crate::promise;

type Breaches = Arc<Mutex<Vec<String>>>;

/// An emulator on loopback. When it is dropped, the test fails if a reply was not as documented.
pub(crate) struct Emulated {
    address: SocketAddr,
    breaches: Breaches,
    server: tokio::task::JoinHandle<()>,
}

impl Emulated {
    /// With the built-in scenario.
    pub(crate) async fn start() -> Self {
        Self::of(Scenario::default()).await
    }

    pub(crate) async fn of(scenario: Scenario) -> Self {
        Self::serving(&Control::new(scenario).unwrap()).await
    }

    /// An emulator that the test steers. Faults that break the promise are not for it.
    pub(crate) async fn serving(control: &Control) -> Self {
        Self::behind(control, |router| router).await
    }

    /// An emulator behind something that changes what passes, as a proxy may. Its replies are looked at before that.
    pub(crate) async fn behind(control: &Control, something: impl FnOnce(Router) -> Router) -> Self {
        let breaches = Breaches::default();
        let router = something(control.router().layer(from_fn_with_state(Arc::clone(&breaches), look)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, breaches, server }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What was not as documented so far.
    pub(crate) fn breaches(&self) -> Vec<String> {
        std::mem::take(&mut *self.breaches.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Emulated {
    fn drop(&mut self) {
        self.server.abort();
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
    let status = parts.status.as_u16();
    if let Some(breach) = promise::breach((&method, &path), status, &parts.headers, &body) {
        breaches.lock().unwrap_or_else(PoisonError::into_inner).push(breach);
    }
    Response::from_parts(parts, Body::from(body))
}

#[tokio::test]
async fn a_reply_that_is_not_as_documented_is_seen() {
    use northbound_emulator::{Fault, FaultKind};

    let _another_was_first = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let control = Control::new(Scenario::default()).unwrap();
    let emulated = Emulated::serving(&control).await;
    let url = format!("{}/iocm/app/batchtask/v1.1.0/taskDetails?taskId=demo", emulated.url());
    let mut breaches = Vec::new();
    for kind in [FaultKind::BadGateway, FaultKind::EmptyError, FaultKind::WrongContentType, FaultKind::Gzip] {
        control.add_fault(Fault::new(kind).next(1)).unwrap();
        http.get(&url).send().await.unwrap();
        breaches.extend(emulated.breaches());
    }
    http.get(&url).send().await.unwrap();
    let expected = [
        "502: the status is not documented",
        "500: None in place of application/json",
        "403: Some(\"text/html\") in place of application/json",
        "403: encoded as \"gzip\"",
    ];
    assert_eq!(
        breaches,
        expected.map(|breach| format!("GET /iocm/app/batchtask/v1.1.0/taskDetails: {breach}"))
    );
}

/// An emulator that a test starts by itself would not be looked at.
#[test]
fn no_test_meets_the_emulator_in_another_way() {
    let mut folders = vec![std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR"))];
    let mut sources = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // A benchmark wants the emulator alone.
                folders.extend((!path.ends_with("benches")).then_some(path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let meets = [concat!("Emulator::", "builder"), concat!(" router", "}")];
                let is_looked_at = text.contains("promise::breach");
                let meets = meets.iter().any(|meets| text.contains(meets));
                assert!(
                    !meets || is_looked_at,
                    "{path:?}: start the emulator with `Emulated`, or look with `promise::breach`"
                );
                sources += 1;
            }
        }
    }
    assert!(sources > 20);
}
