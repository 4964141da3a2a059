//! The platform's four calls. Where they are, and what their parameters may be, is in the document.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path, State as Extract};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use axum::response::{IntoResponse as _, Response};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use northbound::client_layer::types::BatchTaskRequest;
use northbound::{BatchTaskQuery, ErrorCode, SubtaskStatus};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::http::calls::{Note, PASSED_ON};
use crate::http::document::{CREATE_BATCH_TASK, GET_BATCH_TASK, Given, LIST_SUBTASKS, LOGIN};
use crate::http::own::{BODY_LATE, BODY_TOO_LONG, CREATE_OFF, NO_ANSWER};
use crate::http::refusal::Refusal;
use crate::reads::{PageAsked, ReadKey};
use crate::state::State;
use crate::tokens::LIFE;

/// Says what was changed in rows so that they fit the document.
const CHANGED: HeaderName = HeaderName::from_static("northbound-changed");
/// When the read began that a page belongs to, in seconds since 1970.
const READ_AT: HeaderName = HeaderName::from_static("northbound-read-at");

/// Longest body of a login, in bytes: two texts of 256 characters fit, even with every byte percent-encoded.
const LOGIN_BODY: usize = 16 * 1024;
/// Longest body of a call that creates a task, in bytes: a list of 200,000 device ids fits.
const CREATE_BODY: usize = 8 * 1024 * 1024;
/// How long a body may take.
const BODY_TIME: Duration = Duration::from_secs(30);

type Shared = Extract<Arc<State>>;

/// Logs a caller in at the gateway. The platform hears nothing of it.
pub(crate) async fn login(
    Extract(state): Shared,
    Extension(note): Extension<Note>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    note.set("call", LOGIN);
    if !is_of_type(&headers, "application/x-www-form-urlencoded") {
        return Err(Refusal::bad_parameter(
            LOGIN,
            "the content type is not application/x-www-form-urlencoded",
        ));
    }
    let mut given = state.operation(LOGIN)?.read(&read(&headers, body, LOGIN_BODY).await?, None)?;
    let (app_id, secret) =
        (given.take("appId").unwrap_or_default(), given.take("secret").unwrap_or_default());
    if state.key.is_some() && !state.is_key(&secret) {
        return Err(Refusal::documented(
            LOGIN,
            ErrorCode::WrongCredentials,
            "the secret is not the key of this gateway",
        ));
    }
    let token = state.tokens.issue(app_id);
    let token = token.map_err(|_| NO_ANSWER.because("the system has no random number for a token"))?;
    let answer = json!({
        "accessToken": token, "tokenType": "bearer", "expiresIn": LIFE.as_secs(), "refreshToken": null, "scope": "default"
    });
    Ok(json_answer(answer.to_string()))
}

/// A page of a read.
pub(crate) async fn list_subtasks(
    Extract(state): Shared,
    Extension(note): Extension<Note>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Refusal> {
    note.set("call", LIST_SUBTASKS);
    let caller = state.caller(LIST_SUBTASKS, &headers)?;
    let query = uri.query().unwrap_or_default();
    let mut given = state.operation(LIST_SUBTASKS)?.read(query.as_bytes(), None)?;
    let (number, size) = (given.integer("pageNo"), given.integer("pageSize"));
    let asked = asked(&mut given, |app_id| caller.other(app_id));
    note.set("task", asked.task_id.as_str());
    note.set("page", number);
    let page = PageAsked { number: number.into(), size };
    let page = state.reads.page(caller.reader, asked, page).await;
    let page = page.map_err(|error| Refusal::of_read(LIST_SUBTASKS, &error))?;
    note.set("rows", page.rows.len());

    let head =
        format!(r#"{{"totalCount":{},"pageNo":{number},"pageSize":{size},"taskDetails":["#, page.total);
    let mut body =
        Vec::with_capacity(head.len() + page.rows.iter().map(|row| row.len() + 1).sum::<usize>() + 2);
    body.extend(head.as_bytes());
    for (place, row) in page.rows.iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        body.extend(row);
    }
    body.extend(b"]}");
    let mut response = json_answer(body);
    if let Ok(since) = page.read_at.duration_since(SystemTime::UNIX_EPOCH) {
        response.headers_mut().insert(READ_AT, HeaderValue::from(since.as_secs()));
    }
    if !page.changed.is_empty()
        && let Ok(changed) = HeaderValue::from_str(&page.changed.to_string())
    {
        response.headers_mut().insert(CHANGED, changed);
    }
    Ok(response)
}

/// Which subtasks are asked for.
pub(crate) fn asked(given: &mut Given, other: impl FnOnce(Option<String>) -> Option<String>) -> ReadKey {
    ReadKey {
        task_id: given.take("taskId").unwrap_or_default(),
        app_id: other(given.take("appId")),
        status: given.take("status").map(SubtaskStatus::from),
        device_id: given.take("deviceId"),
        command_id: given.take("commandId"),
    }
}

/// What a batch task is, passed on.
pub(crate) async fn get_batch_task(
    Extract(state): Shared,
    Extension(note): Extension<Note>,
    headers: HeaderMap,
    task_id: Option<Path<String>>,
    uri: Uri,
) -> Result<Response, Refusal> {
    note.set("call", GET_BATCH_TASK);
    let caller = state.caller(GET_BATCH_TASK, &headers)?;
    // No task has an id that is not UTF-8, so such an id may stay percent-encoded.
    let last = || uri.path().rsplit('/').next().unwrap_or_default().to_owned();
    let task_id = task_id.map_or_else(last, |Path(id)| id);
    let query = uri.query().unwrap_or_default();
    let mut given = state.operation(GET_BATCH_TASK)?.read(query.as_bytes(), Some(task_id))?;
    let task_id = given.take("taskId").unwrap_or_default();
    note.set("task", task_id.as_str());
    let call = state.client.batch_task(task_id);
    let mut call = caller.other(given.take("appId")).into_iter().fold(call, BatchTaskQuery::app_id);
    // What another value asks for is not documented, so it is not passed on.
    if given.take("select").as_deref() == Some("tag") {
        call = call.tags();
    }
    let task = call.await.map_err(|error| Refusal::of(GET_BATCH_TASK, &error))?;
    let body = serde_json::to_vec(&task).map_err(|error| NO_ANSWER.because(error.to_string()))?;
    Ok(json_answer(body))
}

/// Creates a batch task, if the gateway may: passed on once.
pub(crate) async fn create_batch_task(
    Extract(state): Shared,
    Extension(note): Extension<Note>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    note.set("call", CREATE_BATCH_TASK);
    let caller = state.caller(CREATE_BATCH_TASK, &headers)?;
    if !state.allow_create {
        return Err(CREATE_OFF.because("a batch task cannot be created"));
    }
    let refused = |reason: String| Refusal::bad_parameter(CREATE_BATCH_TASK, reason);
    if !is_of_type(&headers, "application/json") {
        return Err(refused("the content type is not application/json".to_owned()));
    }
    // It is never closed.
    let _turn = state.creates.acquire().await;
    let body = read(&headers, body, CREATE_BODY).await?;
    let mut task: BatchTaskRequest =
        serde_json::from_slice(&body).map_err(|fault| refused(fault.to_string()))?;
    drop(body);
    let is_other = |app_id: &_| caller.other(Some(String::clone(app_id))).is_some();
    task.app_id = task.app_id.filter(|app_id| is_other(app_id));
    note.set(PASSED_ON, true);
    let created = state.client.create_batch_task_as_given(task).await;
    let id = created.map_err(|error| Refusal::of(CREATE_BATCH_TASK, &error))?;
    note.set("task", id.as_str());
    Ok(json_answer(json!({ "taskID": Value::from(id.as_str()) }).to_string()))
}

/// The body of a request, if it is no longer than this and comes in time.
async fn read(headers: &HeaderMap, body: Body, most: usize) -> Result<Bytes, Refusal> {
    let too_long = || BODY_TOO_LONG.because(format!("the body is longer than {most} bytes"));
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > most) {
        return Err(too_long());
    }
    match timeout(BODY_TIME, Limited::new(body, most).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_long()),
        _ => Err(BODY_LATE.because("the body did not come whole")),
    }
}

fn is_of_type(headers: &HeaderMap, media_type: &str) -> bool {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    given
        .and_then(|value| value.split(';').next())
        .is_some_and(|given| given.trim().eq_ignore_ascii_case(media_type))
}

/// A body of JSON under 200.
pub(crate) fn json_answer(body: impl Into<Body>) -> Response {
    ([(CONTENT_TYPE, "application/json")], body.into()).into_response()
}
