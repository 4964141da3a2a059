//! What has happened since the gateway started, as OpenMetrics text.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Extension, State as Extract};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};

use crate::http::calls::Note;
use crate::http::refusal::Refusal;
use crate::state::State;

pub(crate) const PATH: &str = "/metrics";

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers so far, by operation and status. No status: the caller had gone.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<BTreeMap<(String, Option<u64>), u64>>);

impl Counts {
    pub(crate) fn count(&self, call: String, status: Option<u64>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry((call, status)).or_default() += 1;
    }

    fn all(&self) -> BTreeMap<(String, Option<u64>), u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What has happened since the gateway started
///
/// Calls, waits, throttles, logins, and what is left of the quota. Figures about the platform are those of this process.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = PATH, tag = "Gateway", operation_id = "metrics",
    responses(
        (status = 200, description = "OpenMetrics text.", body = String, content_type = OPEN_METRICS),
        (status = 401, description = "The gateway has a key, and the request has not.", body = crate::http::openapi::ErrorBody)
    ),
    security((), ("Key" = []))
))]
pub(crate) async fn metrics(
    Extract(state): Extract<Arc<State>>,
    Extension(note): Extension<Note>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    note.set("call", "metrics");
    state.admit(&headers)?;
    Ok(([(CONTENT_TYPE, OPEN_METRICS)], text(&state)).into_response())
}

fn text(state: &State) -> String {
    let (client, counters, quota) = (&state.client, state.client.counters(), state.client.quota());
    let answers = state.counts.all().into_iter().map(|((call, status), count)| {
        let status = status.map_or_else(|| "gone".to_owned(), |status| status.to_string());
        (format!("{{call=\"{call}\",status=\"{status}\"}}"), count as f64)
    });
    let one = |value: f64| vec![(String::new(), value)];
    let left = quota.calls().map(|calls| (String::new(), calls.saturating_sub(quota.used()).into()));
    let calls = quota.calls().map(|calls| (String::new(), calls.into()));
    let waited = counters.quota_wait_time().as_secs_f64();
    let families: [(&str, &str, Vec<(String, f64)>); 12] = [
        (
            "gateway_answers_total",
            "Requests by operation and status; gone if the caller went first",
            answers.collect(),
        ),
        ("gateway_connections", "Connections of callers", one(state.seats.count() as f64)),
        ("gateway_tokens", "Local tokens that work", one(state.tokens.count() as f64)),
        ("gateway_read_bytes", "Memory of reads", one(state.reads.bytes() as f64)),
        ("platform_calls_total", "Calls begun, without logins and repeats", one(client.calls() as f64)),
        ("platform_logins_total", "Logins sent", one(counters.logins() as f64)),
        ("platform_throttles_total", "Calls that the platform throttled", one(counters.throttles() as f64)),
        ("quota_waits_total", "Attempts that waited for the quota", one(counters.quota_waits() as f64)),
        ("quota_wait_seconds_total", "Time that they waited", one(waited)),
        ("quota_calls", "Calls that the quota allows in a window", calls.into_iter().collect()),
        ("quota_left", "Calls that this process could make at once", left.into_iter().collect()),
        ("quota_next_call_seconds", "How long a call would wait now", one(quota.forecast(0).as_secs_f64())),
    ];
    let mut text = String::new();
    for (name, help, samples) in families {
        let (family, kind) =
            name.strip_suffix("_total").map_or((name, "gauge"), |family| (family, "counter"));
        text += &format!("# TYPE northbound_{family} {kind}\n# HELP northbound_{family} {help}.\n");
        text.extend(samples.iter().map(|(labels, value)| format!("northbound_{name}{labels} {value}\n")));
    }
    text + "# EOF\n"
}
