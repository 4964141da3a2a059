//! What happens to every request around the platform's answer: a number, perhaps a fault, and an entry in the journal.

use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::api::credentials::APP_KEY;
use crate::api::refusal::Verdict;
use crate::api::{CREATE_BATCH_TASK_PATH, EMPTY_TASK_ID_PATH, LIST_SUBTASKS_PATH, LOGIN_PATH};
use crate::control::Control;
use crate::fault::apply;
use crate::fault::{FaultKind, Operation};
use crate::platform::journal::Entry;
use crate::wire::connection::Cut;

/// The id of a request; every answer has it.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Asks for the rows of the page before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RepeatPage;

/// Answers a request to the platform.
pub(crate) async fn platform_call(
    State(control): State<Control>,
    mut request: Request,
    next: Next,
) -> Response {
    let platform = control.platform();
    let (mut entry, fault) = platform.arrive(operation(&request));
    describe(&mut entry, &request);
    if let Some(query) = &entry.query {
        control.exams().scan_for_secrets(query, control.clock().now());
    }
    let cut = request.extensions().get::<Cut>().cloned();

    let replaced = fault.as_ref().and_then(|fault| apply::in_place(fault, platform.envelope));
    let mut response = match (replaced, &fault) {
        (Some(response), _) => response,
        (None, fault) => {
            match (fault, &entry.application) {
                (Some(FaultKind::RepeatedPage), _) => drop(request.extensions_mut().insert(RepeatPage)),
                (Some(FaultKind::TokenDead), Some(app_key)) => platform.cancel_token(app_key),
                _ => {}
            }
            next.run(request).await
        }
    };
    judge(&mut entry, &mut response, fault.as_ref());
    if let Ok(id) = HeaderValue::from_str(&entry.request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    // Before the answer is sent: a client that has it finds the request in the journal.
    platform.record(entry);

    let Some(fault) = fault else { return response };
    if let FaultKind::Latency { milliseconds } = fault {
        control.clock().sleep(Duration::from_millis(milliseconds.into())).await;
        return response;
    }
    if let (FaultKind::Reset | FaultKind::CreateReplyLost, Some(cut)) = (&fault, cut) {
        // The server fails to write whatever it is given.
        cut.cut(fault == FaultKind::Reset);
        return response;
    }
    apply::apply_fault(&fault, response, control.clock()).await
}

/// Gives each answer a request id. Calls of the control API are counted apart, so that looking changes nothing.
pub(crate) async fn control_call(State(control): State<Control>, request: Request, next: Next) -> Response {
    let id = format!("control-{}", control.count_control_call());
    ([(REQUEST_ID, id)], next.run(request).await).into_response()
}

fn operation(request: &Request) -> Option<Operation> {
    match (request.method(), request.uri().path()) {
        (&Method::POST, LOGIN_PATH) => Some(Operation::Login),
        (&Method::GET, LIST_SUBTASKS_PATH) => Some(Operation::ListSubtasks),
        (&Method::POST, CREATE_BATCH_TASK_PATH) => Some(Operation::CreateBatchTask),
        (&Method::GET, path) if path.strip_prefix(EMPTY_TASK_ID_PATH).is_some_and(|id| !id.contains('/')) => {
            Some(Operation::GetBatchTask)
        }
        _ => None,
    }
}

fn describe(entry: &mut Entry, request: &Request) {
    entry.method = request.method().to_string();
    entry.path = request.uri().path().to_owned();
    entry.query = request.uri().query().map(str::to_owned);
    let app_key = request.headers().get(APP_KEY);
    entry.application = app_key.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
}

fn judge(entry: &mut Entry, response: &mut Response, fault: Option<&FaultKind>) {
    let is_lost = matches!(fault, Some(FaultKind::Reset | FaultKind::CreateReplyLost));
    entry.status = Some(response.status().as_u16()).filter(|_| !is_lost);
    entry.fault = fault.map(|fault| fault.name().to_owned());
    match response.extensions_mut().remove::<Verdict>() {
        Some(Verdict { application, code, reason, fault }) => {
            entry.application = application.or(entry.application.take());
            entry.code = code.map(str::to_owned);
            entry.reason = reason;
            entry.fault = entry.fault.take().or(fault.map(str::to_owned));
        }
        None => entry.reason = "answered by a fault in place of the platform".to_owned(),
    }
}
