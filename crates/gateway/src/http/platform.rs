//! The platform's four calls. Where they are, and what their parameters may be, is in the document.

use std::time::SystemTime;

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use northbound::client_layer::types::BatchTaskRequest;
use northbound::{BatchTaskQuery, ErrorCode, SubtaskStatus};
use serde_json::{Value, json};

use crate::http::ask::{Answer, Ask, Caller};
use crate::http::calls::PASSED_ON;
use crate::http::document::{CREATE_BATCH_TASK, GET_BATCH_TASK, Given, LIST_SUBTASKS, LOGIN};
use crate::http::own::{CREATE_OFF, NO_ANSWER};
use crate::http::refusal::Refusal;
use crate::reads::{PageAsked, ReadKey};
use crate::tokens::LIFE;

/// Says what was changed in rows so that they fit the document.
const CHANGED: HeaderName = HeaderName::from_static("northbound-changed");
/// When the read began that a page belongs to, in seconds since 1970.
const READ_AT: HeaderName = HeaderName::from_static("northbound-read-at");

/// Longest body of a login, in bytes: two texts of 256 characters fit, even with every byte percent-encoded.
const LOGIN_BODY: usize = 16 * 1024;
/// Longest body of a call that creates a task, in bytes: a list of 200,000 device ids fits.
const CREATE_BODY: usize = 8 * 1024 * 1024;

/// Logs a caller in at the gateway. The platform hears nothing of it.
pub(crate) async fn login(mut ask: Ask) -> Answer {
    let form = ask.body("application/x-www-form-urlencoded", LOGIN_BODY).await?;
    let mut given = ask.operation.read(&form, None)?;
    if ask.state.key.is_some() && !ask.state.is_key(given.get("secret").unwrap_or_default()) {
        let reason = "the secret is not the key of this gateway";
        return Err(Refusal::documented(LOGIN, ErrorCode::WrongCredentials, reason));
    }
    let token = ask.state.tokens.issue(given.take("appId").unwrap_or_default());
    let token = token.map_err(|_| NO_ANSWER.because("the system has no random number for a token"))?;
    let life = LIFE.as_secs();
    let answer = json!({ "accessToken": token, "tokenType": "bearer", "expiresIn": life, "refreshToken": null, "scope": "default" });
    Ok(json_answer(answer.to_string()))
}

/// A page of a read.
pub(crate) async fn list_subtasks(ask: Ask) -> Answer {
    let caller = ask.caller();
    if let (Err(_), Some(former), Ok(mut given)) = (&caller, ask.former_caller(), ask.given())
        && given.integer("pageNo") > 0
    {
        ask.state.reads.interrupted(former.reader, asked_by(&former, given));
    }
    let caller = caller?;
    let mut given = ask.given()?;
    let (number, size) = (given.integer("pageNo"), given.integer("pageSize"));
    ask.note.set("page", number);
    let asked = asked_by(&caller, given);
    let page = ask.state.reads.page(caller.reader, asked, PageAsked { number: number.into(), size }).await;
    let page = page.map_err(|error| Refusal::of_read(LIST_SUBTASKS, &error))?;
    ask.note.set("rows", page.rows.len());
    let head =
        format!(r#"{{"totalCount":{},"pageNo":{number},"pageSize":{size},"taskDetails":["#, page.total);
    let mut response = json_answer([head.as_bytes(), &page.rows.join(&b','), b"]}"].concat());
    if let Ok(since) = page.read_at.duration_since(SystemTime::UNIX_EPOCH) {
        response.headers_mut().insert(READ_AT, HeaderValue::from(since.as_secs()));
    }
    if let (false, Ok(changed)) = (page.changed.is_empty(), HeaderValue::from_str(&page.changed.to_string()))
    {
        response.headers_mut().insert(CHANGED, changed);
    }
    Ok(response)
}

fn asked_by(caller: &Caller, given: Given) -> ReadKey {
    let asked = asked(given);
    ReadKey { app_id: caller.other(asked.app_id), ..asked }
}

/// Which subtasks are asked for.
pub(crate) fn asked(mut given: Given) -> ReadKey {
    ReadKey {
        task_id: given.take("taskId").unwrap_or_default(),
        app_id: given.take("appId"),
        status: given.take("status").map(SubtaskStatus::from),
        device_id: given.take("deviceId"),
        command_id: given.take("commandId"),
    }
}

/// What a batch task is, passed on.
pub(crate) async fn get_batch_task(ask: Ask) -> Answer {
    let caller = ask.caller()?;
    let mut given = ask.given()?;
    let call = ask.state.client.batch_task(given.take("taskId").unwrap_or_default());
    let mut call = caller.other(given.take("appId")).into_iter().fold(call, BatchTaskQuery::app_id);
    // What another value asks for is not documented, so it is not passed on.
    if given.get("select") == Some("tag") {
        call = call.tags();
    }
    let task = call.await.map_err(|error| Refusal::of(GET_BATCH_TASK, &error))?;
    let body = serde_json::to_vec(&task).map_err(|error| NO_ANSWER.because(error.to_string()))?;
    Ok(json_answer(body))
}

/// Creates a batch task, if the gateway may: passed on once.
pub(crate) async fn create_batch_task(mut ask: Ask) -> Answer {
    let caller = ask.caller()?;
    if !ask.state.allow_create {
        return Err(CREATE_OFF.because("a batch task cannot be created"));
    }
    let state = ask.state.clone();
    // It is never closed.
    let _turn = state.creates.acquire().await;
    let body = ask.body("application/json", CREATE_BODY).await?;
    let task: Result<BatchTaskRequest, _> = serde_json::from_slice(&body);
    let mut task = task.map_err(|fault| ask.refused(fault.to_string()))?;
    drop(body);
    task.app_id = task.app_id.filter(|app_id| caller.other(Some(app_id.to_string())).is_some());
    ask.note.set(PASSED_ON, true);
    let created = state.client.create_batch_task_as_given(task).await;
    let id = created.map_err(|error| Refusal::of(CREATE_BATCH_TASK, &error))?;
    ask.note.set("task", id.as_str());
    Ok(json_answer(json!({ "taskID": Value::from(id.as_str()) }).to_string()))
}

/// A body of JSON under 200.
pub(crate) fn json_answer(body: impl Into<Body>) -> Response {
    ([(CONTENT_TYPE, "application/json")], body.into()).into_response()
}
