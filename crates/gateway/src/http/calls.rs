//! What happens around every call: a foreign request is refused, a stop ends the waiting, and each call is counted and has a line
//! in the log.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use axum::extract::{Request, State as Extract};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};

use crate::http::own::{OUTCOME_UNKNOWN, STOPPING};
use crate::http::refusal::{Code, Refusal};
use crate::state::State;
use crate::wire::server::{GRACE, held};

/// The line of a call in the log: what it notes of itself, such as its operation, task, page and rows. A status is missing if the
/// caller went before the answer had begun.
#[derive(Debug, Clone, Default)]
pub(crate) struct Note(Arc<Mutex<Map<String, Value>>>);

/// What a call notes that may have reached the platform, which must not get it twice.
pub(crate) const PASSED_ON: &str = "passed_on";

impl Note {
    pub(crate) fn set(&self, name: &str, value: impl Into<Value>) {
        self.line().insert(name.to_owned(), value.into());
    }

    fn line(&self) -> MutexGuard<'_, Map<String, Value>> {
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
        self.note.set("ms", (self.began.elapsed().as_secs_f64() * 1e4).round() / 10.0);
        let mut line = self.note.line();
        if !line.contains_key("status") && line.contains_key(PASSED_ON) {
            line.insert("code".to_owned(), OUTCOME_UNKNOWN.code.into());
        }
        let call = line.get("call").and_then(Value::as_str).unwrap_or_default().to_owned();
        self.state.counts.count(call, line.get("status").and_then(Value::as_u64));
        (self.state.log)(Value::from(std::mem::take(&mut *line)).to_string());
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
    note.set("at", since.as_millis() as f64 / 1e3);
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
                    let own = if note.line().contains_key(PASSED_ON) { OUTCOME_UNKNOWN } else { STOPPING };
                    own.because("the gateway stops").into_response()
                }
            }
        }
    };
    note.set("status", response.status().as_u16());
    if let Some(Code(code)) = response.extensions().get() {
        note.set("code", code.as_ref());
    }
    // It ends when the answer has gone out.
    response.map(|body| held(body, call))
}

/// Waits until the gateway has been told to stop, and the time for calls to end is over.
async fn stopped(state: &State) {
    state.stopped().await;
    tokio::time::sleep(GRACE).await;
}
