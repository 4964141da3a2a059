//! The transport under the doctor's calls: it counts them, logs what came back, and sends no more than the doctor may make.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::SystemTime;

use http::header::DATE;
use northbound::ClientBuilder;
use reqwest::{Body, Method, Request, Response};
use tower_service::Service;

use super::certificate;

/// How many calls the doctor makes at most: logins and repetitions included.
pub(super) const MOST_CALLS: usize = 12;

/// A parameter that no platform knows.
const UNKNOWN_PARAMETER: &str = "northboundDoctor";

/// One call, and what came back; no header but the date, and no body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WireCall {
    /// Whether it was a login: the only call that is no GET.
    pub(super) is_login: bool,
    pub(super) sent: SystemTime,
    pub(super) received: SystemTime,
    /// `None` if no reply came.
    pub(super) status: Option<u16>,
    /// What the clock of the other side says.
    pub(super) date: Option<SystemTime>,
    /// When the certificate of the other side ends.
    pub(super) certificate_ends: Option<SystemTime>,
}

/// How a query differs from what the SDK sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Change {
    #[default]
    AsItIs,
    /// Without page number and page size, which the SDK always sends.
    WithoutNumbers,
    /// With a parameter that the platform's page does not list.
    WithUnknownParameter,
}

/// What went over the wire. Clones are the same log.
#[derive(Clone, Debug, Default)]
pub(super) struct WireLog(Arc<Mutex<WireState>>);

#[derive(Debug, Default)]
struct WireState {
    calls: usize,
    wire_calls: Vec<WireCall>,
    query: Change,
}

impl WireLog {
    /// Lets a client send through this wire.
    pub(super) fn under(&self, builder: ClientBuilder) -> ClientBuilder {
        let log = self.clone();
        builder.http(|http| http.tls_info(true)).service_over(move |http| Wire { http, log })
    }

    pub(super) fn calls(&self) -> usize {
        self.noted().calls
    }

    pub(super) fn wire_calls(&self) -> Vec<WireCall> {
        self.noted().wire_calls.clone()
    }

    /// Sends queries in this way from now on.
    pub(super) fn ask(&self, query: Change) {
        self.noted().query = query;
    }

    /// Takes one of the calls that may be made; `None` if there is none left.
    fn take(&self) -> Option<Change> {
        let mut noted = self.noted();
        if noted.calls == MOST_CALLS {
            return None;
        }
        noted.calls += 1;
        Some(noted.query)
    }

    fn noted(&self) -> MutexGuard<'_, WireState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone)]
struct Wire {
    http: reqwest::Client,
    log: WireLog,
}

impl Service<http::Request<Body>> for Wire {
    type Response = http::Response<Body>;
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = reqwest::Result<http::Response<Body>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<reqwest::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let Self { http, log } = self.clone();
        Box::pin(async move {
            let Some(query) = log.take() else {
                return Ok(used_up());
            };
            let mut request = Request::try_from(request)?;
            let is_login = request.method() != Method::GET;
            if !is_login {
                change(&mut request, query);
            }
            let sent = SystemTime::now();
            let outcome = http.execute(request).await;
            let reply = outcome.as_ref().ok();
            let wire_call = WireCall {
                is_login,
                sent,
                received: SystemTime::now(),
                status: reply.map(|reply| reply.status().as_u16()),
                date: reply.and_then(date),
                certificate_ends: reply.and_then(certificate_ends),
            };
            log.noted().wire_calls.push(wire_call);
            outcome.map(http::Response::from)
        })
    }
}

/// Stands in for the reply to a call that is not made: the client takes it for a quota that is used up, which it is.
fn used_up() -> http::Response<Body> {
    let mut reply = http::Response::new(Body::default());
    *reply.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
    reply
}

fn change(request: &mut Request, query: Change) {
    let url = request.url_mut();
    match query {
        Change::AsItIs => {}
        Change::WithoutNumbers => {
            let numbers = ["pageNo", "pageSize"];
            let kept: Vec<(String, String)> = url
                .query_pairs()
                .filter(|(name, _)| !numbers.contains(&name.as_ref()))
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
            url.query_pairs_mut().clear().extend_pairs(kept);
        }
        Change::WithUnknownParameter => {
            url.query_pairs_mut().append_pair(UNKNOWN_PARAMETER, "1");
        }
    }
}

fn date(reply: &Response) -> Option<SystemTime> {
    httpdate::parse_http_date(reply.headers().get(DATE)?.to_str().ok()?).ok()
}

fn certificate_ends(reply: &Response) -> Option<SystemTime> {
    let info = reply.extensions().get::<reqwest::tls::TlsInfo>()?;
    certificate::end(info.peer_certificate()?)
}

#[cfg(test)]
mod tests {
    use northbound::{AppId, Client, Retry};

    use super::*;

    #[tokio::test]
    async fn a_call_too_many_is_not_sent() {
        let log = WireLog::default();
        // Nobody listens there, so that a call that is sent fails in another way.
        let builder = Client::builder("http://127.0.0.1:1").token(AppId::new("a").unwrap(), "t0ken");
        let client = log.under(builder).retry(Retry::off()).build().unwrap();
        for _ in 0..MOST_CALLS {
            assert!(client.subtasks("t").page(0).await.unwrap_err().is_connection());
        }
        assert!(client.subtasks("t").page(0).await.unwrap_err().is_throttled());
        assert_eq!((log.calls(), log.wire_calls().len()), (MOST_CALLS, MOST_CALLS));
        assert!(log.wire_calls().iter().all(|wire_call| wire_call.status.is_none() && !wire_call.is_login));
    }
}
