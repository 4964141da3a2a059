//! What happens around every call: a foreign request is refused, a stop ends the waiting, and each call is counted and has a line
//! in the log.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use axum::body::Body;
use axum::extract::{Request, State as Extract};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use serde::Serialize;

use crate::http::own::{OUTCOME_UNKNOWN, STOPPING};
use crate::http::refusal::{Code, Refusal};
use crate::state::State;
use crate::wire::server::GRACE;

/// What a call notes of itself for the log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Note(Arc<Mutex<Line>>);

/// The line of a call. What is not known is left out; a status is missing if the caller went before the answer had begun.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Line {
    /// When it came, in seconds since 1970.
    at: f64,
    /// The operation, such as `listSubtasks`; empty for a request that is none.
    pub(crate) call: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) task: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) page: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<Cow<'static, str>>,
    /// How long it took, until the answer had gone out or the caller had.
    ms: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rows: Option<u64>,
    /// Whether it may have reached the platform, which must not get it twice.
    #[serde(skip)]
    pub(crate) is_passed_on: bool,
}

impl Note {
    /// The line, to be changed.
    pub(crate) fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call under way. It is counted and logged when this is dropped.
struct Call {
    state: Arc<State>,
    note: Note,
    began: Instant,
}

impl Drop for Call {
    fn drop(&mut self) {
        let mut line = self.note.line();
        line.ms = (self.began.elapsed().as_secs_f64() * 1e4).round() / 10.0;
        if line.status.is_none() && line.is_passed_on {
            line.code = Some(OUTCOME_UNKNOWN.code.into());
        }
        self.state.counts.count(line.call, line.status);
        if let Ok(text) = serde_json::to_string(&*line) {
            (self.state.log)(text);
        }
    }
}

/// Answers a request, whatever it asks for.
pub(crate) async fn watched(
    Extract(state): Extract<Arc<State>>,
    mut request: Request,
    next: Next,
) -> Response {
    let note = Note::default();
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    note.line().at = since.as_millis() as f64 / 1e3;
    let call = Call { state: Arc::clone(&state), note: note.clone(), began: Instant::now() };
    let response = match request.extensions_mut().remove::<Refusal>() {
        Some(foreign) => foreign.into_response(),
        None => {
            request.extensions_mut().insert(note.clone());
            tokio::select! {
                biased;
                response = next.run(request) => response,
                () = stopped(&state) => {
                    // Nobody will know the outcome of what is under way.
                    let own = if note.line().is_passed_on { OUTCOME_UNKNOWN } else { STOPPING };
                    own.because("the gateway stops").into_response()
                }
            }
        }
    };
    {
        let mut line = note.line();
        line.status = Some(response.status().as_u16());
        line.code = response.extensions().get::<Code>().map(|code| code.0.clone());
    }
    // It ends when the answer has gone out.
    response.map(|body| {
        Body::new(body.map_err(move |error| {
            let _ = &call;
            error
        }))
    })
}

/// Waits until the gateway has been told to stop, and the time for calls to end is over.
async fn stopped(state: &State) {
    state.stopped().await;
    tokio::time::sleep(GRACE).await;
}
