//! What one call carries, and what came back: the seam between the generated client and hand-written code.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue, InvalidHeaderValue};
use http::{HeaderMap, Method, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Limited;
use progenitor_client::{ClientHooks, OperationInfo};
use reqwest::{Request, Response, Url};

use crate::service::HttpService;
use crate::{Client, Secret};

const APP_KEY: HeaderName = HeaderName::from_static("app_key");
/// progenitor sends it with every request; the platform does not know it.
const API_VERSION: HeaderName = HeaderName::from_static("api-version");

/// The default limit for the body of a reply, in bytes: 32 MiB.
const BODY_LIMIT: usize = 32 * 1024 * 1024;
/// How much of a body is kept when the call succeeded, in bytes: enough to show what a strange reply looks like.
const KEPT_OF_SUCCESS: usize = 4 * 1024;
/// How much of a body is kept when the call failed, in bytes: more than any error needs.
const KEPT_OF_FAILURE: usize = 64 * 1024;

/// How much of a body is read before it is the call's turn, in bytes: several times a page of 250 rows.
const READ_AHEAD: usize = 512 * 1024;

/// One call: its headers, the limit for its reply and, after the call was made, what came back.
///
/// Clones share what came back. Give one clone to the client, and keep another to read [`received`](Self::received).
#[derive(Clone, Default)]
pub struct Call {
    service: Option<Arc<dyn HttpService>>,
    headers: HeaderMap,
    body_limit: Option<usize>,
    most_rows: Option<usize>,
    turn: Option<Turn>,
    received: Arc<Mutex<Option<Received>>>,
}

/// What came back for a call, whether it could be decoded or not.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Received {
    /// The HTTP status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The URL that answered.
    pub url: Url,
    /// The first bytes of the body: at most 4 KiB of a reply with status 2xx, 64 KiB of any other.
    pub body: Vec<u8>,
    /// Why the body could not be read, if so.
    pub misread: Option<Misread>,
}

/// Why a body could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misread {
    /// A list has more rows than the call allows.
    TooManyRows,
    /// The connection ended in the middle of the JSON, and no length was given: the connection broke.
    BrokenOff,
    /// It is not what the document describes.
    At {
        /// The place of the fault, such as `taskDetails[3].status`.
        member: String,
        /// What is wrong there. It may repeat a part of the reply.
        fault: String,
    },
}

impl Call {
    /// A call without `app_key` and `Authorization`, such as the login.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the two headers that the security schemes of the document ask for.
    ///
    /// # Errors
    /// When a value cannot stand in a header: it holds a line break or another control character.
    pub fn authorized_by(mut self, app_id: &str, token: &Secret) -> Result<Self, InvalidHeaderValue> {
        self.headers.insert(APP_KEY, sensitive(app_id)?);
        self.headers.insert(AUTHORIZATION, sensitive(&format!("Bearer {}", token.expose()))?);
        Ok(self)
    }

    /// Refuses a body that is longer than `bytes` while it is read; 32 MiB unless set.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    /// Refuses a list with more objects than this while it is decoded.
    #[must_use]
    pub fn rows_limit(mut self, rows: usize) -> Self {
        self.most_rows = Some(rows);
        self
    }

    pub(crate) fn most_rows(&self) -> usize {
        self.most_rows.unwrap_or(usize::MAX)
    }

    /// Delays the body of a long reply until it is this call's turn.
    #[must_use]
    pub fn turn(mut self, turn: Turn) -> Self {
        self.turn = Some(turn);
        self
    }

    /// Sends the request to this service instead of with the HTTP client.
    #[must_use]
    pub fn service(mut self, service: Arc<dyn HttpService>) -> Self {
        self.service = Some(service);
        self
    }

    /// What came back; `None` before a reply has arrived.
    pub fn received(&self) -> Option<Received> {
        self.received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes why the body could not be read.
    pub(crate) fn note(&self, misread: Misread) {
        if let Some(received) = self.received.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            received.misread = Some(misread);
        }
    }

    fn prepare(&self, request: &mut Request) {
        request.headers_mut().remove(API_VERSION);
        request.headers_mut().extend(self.headers.clone());
    }

    /// Notes what came back and hands on the same reply, whose body is now limited and recorded while it is read.
    ///
    /// Any 2xx that has a body is handed on as a 200, which the generated client reads: proxies and old servers send others, and
    /// the body decides whether the reply is a good one.
    fn record(&self, response: Response) -> Response {
        let (status, headers, url) = (response.status(), response.headers().clone(), response.url().clone());
        *self.received.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(Received { status, headers, url, body: Vec::new(), misread: None });
        let keep = if status.is_success() { KEPT_OF_SUCCESS } else { KEPT_OF_FAILURE };
        let (mut parts, body) = http::Response::<reqwest::Body>::from(response).into_parts();
        if status.is_success() && !matches!(status, StatusCode::NO_CONTENT | StatusCode::RESET_CONTENT) {
            parts.status = StatusCode::OK;
        }
        let (received, turn) = (Arc::clone(&self.received), self.turn.clone());
        let body =
            Limited::new(Recorded { body, keep, received, turn }, self.body_limit.unwrap_or(BODY_LIMIT));
        Response::from(http::Response::from_parts(parts, reqwest::Body::wrap(body)))
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("headers", &self.headers)
            .field("body_limit", &self.body_limit)
            .finish_non_exhaustive()
    }
}

impl ClientHooks<Call> for Client {
    async fn exec(&self, mut request: Request, _: &OperationInfo) -> reqwest::Result<Response> {
        self.inner.prepare(&mut request);
        let (method, url) = (request.method().clone(), request.url().clone());
        let outcome = match &self.inner.service {
            Some(service) => service.send(request).await,
            None => self.client.execute(request).await,
        };
        trace(&method, &url, &outcome);
        Ok(self.inner.record(outcome?))
    }
}

/// Tells of one attempt, with the names that OpenTelemetry gives to what an HTTP client sees. No query, no header, no body.
fn trace(method: &Method, url: &Url, outcome: &reqwest::Result<Response>) {
    let fault = outcome.as_ref().err();
    tracing::debug!(
        http.request.method = method.as_str(),
        server.address = url.host_str(),
        server.port = url.port_or_known_default(),
        url.path = url.path(),
        http.response.status_code = outcome.as_ref().ok().map(|response| response.status().as_u16()),
        error.r#type = fault.map(|fault| if fault.is_timeout() { "timeout" } else { "connection" }),
        "{}",
        if fault.is_some() { "no answer" } else { "the platform answered" },
    );
}

fn sensitive(text: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(text)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Whose turn it is to read a long reply. Clones are the same turn.
///
/// Without turns, calls that are made in advance could together need several times the memory of the longest reply.
#[derive(Clone, Debug, Default)]
pub struct Turn(Arc<Mutex<TurnState>>);

#[derive(Debug, Default)]
struct TurnState {
    has_come: bool,
    waker: Option<Waker>,
    length: usize,
}

impl Turn {
    /// Lets the call read the whole reply, however long it is.
    pub fn comes(&self) {
        let mut state = self.state();
        state.has_come = true;
        let waker = state.waker.take();
        drop(state);
        waker.into_iter().for_each(Waker::wake);
    }

    /// How much of the reply has been read, in bytes.
    pub fn length(&self) -> usize {
        self.state().length
    }

    fn poll(&self, context: &Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.has_come || state.length <= READ_AHEAD {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }

    fn state(&self) -> MutexGuard<'_, TurnState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A body whose first bytes are copied while it is read.
struct Recorded {
    body: reqwest::Body,
    turn: Option<Turn>,
    /// How many bytes to copy.
    keep: usize,
    received: Arc<Mutex<Option<Received>>>,
}

impl Recorded {
    fn copy(&self, data: &Bytes) {
        if let Some(received) = self.received.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            let room = self.keep.saturating_sub(received.body.len());
            received.body.extend_from_slice(&data[..data.len().min(room)]);
        }
    }
}

impl Body for Recorded {
    type Data = Bytes;
    type Error = reqwest::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, reqwest::Error>>> {
        if let Some(turn) = &self.turn {
            ready!(turn.poll(context));
        }
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if let Some(data) = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref()) {
            self.turn.iter().for_each(|turn| turn.state().length += data.len());
            self.copy(data);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
