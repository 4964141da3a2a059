//! What a fault does to an answer.

use std::io::{self, Write};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value, json};

use super::script::{Step, script};
use crate::api::refusal::{Envelope, ErrorRow, INTERNAL_ERROR, THROTTLED};
use crate::clock::Clock;
use crate::fault::FaultKind;

const MEBIBYTE: usize = 1024 * 1024;
/// Blanks of a huge body are sent in pieces of this size.
const PIECE: usize = 64 * 1024;
/// Number of pieces of a slow body.
const DRIPS: usize = 10;

/// The answer that a fault puts in the place of the platform's.
pub(crate) fn in_place(fault: &FaultKind, envelope: Envelope) -> Option<Response> {
    let refused = |row: ErrorRow| row.because("a fault that was switched on").response(envelope);
    let response = match fault {
        FaultKind::BadGateway => {
            let page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n";
            (StatusCode::BAD_GATEWAY, [(CONTENT_TYPE, "text/html")], page).into_response()
        }
        FaultKind::EmptyError => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        FaultKind::InternalError => refused(INTERNAL_ERROR),
        FaultKind::Throttle => refused(THROTTLED),
        FaultKind::ErrorUnder200 { code } => {
            // It was checked when the fault was switched on.
            let row = ErrorRow::with_code(code).unwrap_or(INTERNAL_ERROR);
            refused(ErrorRow { status: 200, ..row })
        }
        FaultKind::Unavailable { retry_after_seconds } => {
            let wait = retry_after_seconds.map(|seconds| [(RETRY_AFTER, HeaderValue::from(seconds))]);
            (StatusCode::SERVICE_UNAVAILABLE, wait, "Service Unavailable\n").into_response()
        }
        FaultKind::Redirect { location } => {
            // It was checked when the fault was switched on.
            let location = HeaderValue::from_str(location).ok().map(|location| [(LOCATION, location)]);
            (StatusCode::TEMPORARY_REDIRECT, location, ()).into_response()
        }
        _ => return None,
    };
    Some(response)
}

/// The answer as the fault spoils it. Latency is not of the answer, and a repeated page is made where pages are.
pub(crate) async fn apply_fault(fault: &FaultKind, response: Response, clock: &Clock) -> Response {
    let (mut parts, body) = response.into_parts();
    // A body of ours is in memory already: it has neither a bound nor a way to fail.
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let length = HeaderValue::from(body.len());
    let body = match fault {
        FaultKind::Reset | FaultKind::CreateReplyLost => script(clock, [Step::Break]),
        FaultKind::CloseHalfWay => {
            parts.headers.insert(CONTENT_LENGTH, length);
            let half = body.slice(..body.len() / 2);
            script(clock, [Step::Send(half), Step::Flush, Step::Break])
        }
        FaultKind::TruncatedBody => Body::from(body.slice(..body.len() / 2)),
        FaultKind::WrongContentType => {
            parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
            Body::from(body)
        }
        FaultKind::SlowDrip { milliseconds } => {
            parts.headers.insert(CONTENT_LENGTH, length);
            script(clock, drips(&body, Duration::from_millis((*milliseconds).into())))
        }
        FaultKind::HugeBody { mebibytes } => {
            let blanks = Bytes::from(vec![b' '; PIECE]);
            let pieces = *mebibytes as usize * (MEBIBYTE / PIECE);
            let steps = std::iter::once(body).chain(std::iter::repeat_n(blanks, pieces)).map(Step::Send);
            script(clock, steps)
        }
        FaultKind::UnknownStatus => rewritten(&body, |page| {
            if let Some(first) = page.pointer_mut("/taskDetails/0/status") {
                *first = json!("Stopped");
            }
        }),
        FaultKind::ExtraMembers => rewritten(&body, extra_members),
        FaultKind::NullParam => rewritten(&body, |page| {
            rows(page).for_each(|row| drop(row.insert("param".to_owned(), Value::Null)))
        }),
        FaultKind::Gzip => {
            parts.headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            Body::from(gzip(&body).unwrap_or_default())
        }
        // The others are made elsewhere.
        _ => Body::from(body),
    };
    Response::from_parts(parts, body)
}

fn drips(body: &Bytes, pause: Duration) -> Vec<Step> {
    let size = body.len().div_ceil(DRIPS).max(1);
    let pieces = (0..body.len()).step_by(size).map(|start| body.slice(start..body.len().min(start + size)));
    pieces.flat_map(|piece| [Step::Wait(pause), Step::Send(piece), Step::Flush]).collect()
}

fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body)?;
    encoder.finish()
}

/// The body with its JSON changed; one that is no JSON stays.
fn rewritten(body: &[u8], change: impl Fn(&mut Value)) -> Body {
    match serde_json::from_slice(body) {
        Ok(mut value) => {
            change(&mut value);
            Body::from(value.to_string())
        }
        Err(_) => Body::from(body.to_vec()),
    }
}

fn extra_members(body: &mut Value) {
    for row in rows(body) {
        if let Some(Value::Object(param)) = row.get_mut("param") {
            param.insert("nodeId".to_owned(), json!("868744031131026"));
        }
        row.insert("retransmissions".to_owned(), json!(1));
    }
    if let Value::Object(members) = body {
        members.insert("serverTime".to_owned(), json!({ "zone": "UTC", "offset": 0 }));
    }
}

fn rows(page: &mut Value) -> impl Iterator<Item = &mut Map<String, Value>> {
    page.get_mut("taskDetails")
        .and_then(Value::as_array_mut)
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drips_hold_the_whole_body() {
        for length in [0, 1, 9, 10, 11, 1_000] {
            let body = Bytes::from(vec![b'x'; length]);
            let steps = drips(&body, Duration::from_millis(1));
            let sent: usize =
                steps.iter().map(|step| if let Step::Send(piece) = step { piece.len() } else { 0 }).sum();
            assert_eq!(sent, length);
            assert!(steps.len() <= 3 * DRIPS);
        }
    }
}
