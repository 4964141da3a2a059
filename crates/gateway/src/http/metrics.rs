//! What has happened since the gateway started, as OpenMetrics text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
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
pub(crate) struct Counts(Mutex<BTreeMap<(&'static str, Option<u16>), u64>>);

impl Counts {
    pub(crate) fn count(&self, call: &'static str, status: Option<u16>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry((call, status)).or_default() += 1;
    }

    fn all(&self) -> Vec<((&'static str, Option<u16>), u64)> {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.iter().map(|(key, count)| (*key, *count)).collect()
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
    note.line().call = "metrics";
    state.admit(&headers)?;
    Ok(([(CONTENT_TYPE, OPEN_METRICS)], text(&state)).into_response())
}

fn text(state: &State) -> String {
    let (quota, counters) = (state.client.quota(), state.client.counters());
    let mut text = String::new();
    let mut family = |name: &str, kind: &str, help: &str, samples: &[(String, f64)]| {
        let suffix = if kind == "counter" { "_total" } else { "" };
        // A String takes everything.
        let _ = writeln!(text, "# TYPE northbound_{name} {kind}\n# HELP northbound_{name} {help}");
        for (labels, value) in samples {
            let _ = writeln!(text, "northbound_{name}{suffix}{labels} {value}");
        }
    };
    let one = |value: f64| [(String::new(), value)];
    let answers: Vec<_> = state
        .counts
        .all()
        .into_iter()
        .map(|((call, status), count)| {
            let status = status.map_or_else(|| "gone".to_owned(), |status| status.to_string());
            (format!("{{call=\"{call}\",status=\"{status}\"}}"), count as f64)
        })
        .collect();
    family(
        "gateway_answers",
        "counter",
        "Requests answered, by operation and status; gone if the caller went first.",
        &answers,
    );
    family("gateway_connections", "gauge", "Connections of callers.", &one(state.seats.count() as f64));
    family("gateway_tokens", "gauge", "Local tokens that work.", &one(state.tokens.count() as f64));
    family("gateway_read_bytes", "gauge", "Memory of the rows of reads.", &one(state.reads.bytes() as f64));
    family(
        "platform_calls",
        "counter",
        "Calls begun, without logins and repeats.",
        &one(state.client.calls() as f64),
    );
    family("platform_logins", "counter", "Logins sent by this process.", &one(counters.logins() as f64));
    family(
        "platform_throttles",
        "counter",
        "Calls that the platform throttled.",
        &one(counters.throttles() as f64),
    );
    family(
        "quota_waits",
        "counter",
        "Attempts that waited for the quota.",
        &one(counters.quota_waits() as f64),
    );
    let wait = counters.quota_wait_time().as_secs_f64();
    family("quota_wait_seconds", "counter", "Time that attempts waited for the quota.", &one(wait));
    if let Some(calls) = quota.calls() {
        let left = calls.saturating_sub(quota.used());
        family("quota_calls", "gauge", "Calls that the quota allows in a window.", &one(calls.into()));
        family("quota_left", "gauge", "Calls that this process could make at once.", &one(left.into()));
    }
    let next = quota.forecast(0).as_secs_f64();
    family(
        "quota_next_call_seconds",
        "gauge",
        "How long a call that came now would wait for the quota.",
        &one(next),
    );
    text.push_str("# EOF\n");
    text
}
