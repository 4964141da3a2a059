//! The platform's calls as HTTP routes.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router, middleware};

use crate::api::credentials::Caller;
use crate::api::refusal::{INPUT_REJECTED, MISSING_PARAMETER, NO_RIGHT, Refusal, TASK_NOT_FOUND, Verdict};
use crate::api::{
    CREATE_BATCH_TASK_PATH, EMPTY_TASK_ID_PATH, ErrorResponse, GET_BATCH_TASK_PATH, LIST_SUBTASKS_PATH,
    LOGIN_PATH, LoginRequest,
};
use crate::control::Control;
use crate::http::middleware::{RepeatPage, platform_call};
use crate::http::operations::{named, operations};

/// Longest body of a login, in bytes: two texts of 256 characters fit, even with every byte percent-encoded.
const MAX_LOGIN_BODY: usize = 16 * 1024;

/// Longest body of a call that creates a task, in bytes: a list of more than a million device ids fits.
const MAX_CREATE_BODY: usize = 64 * 1024 * 1024;

/// The routes of the platform.
pub(crate) fn router(control: Control) -> Router {
    routes()
        // A client that has an empty id calls this.
        .route(EMPTY_TASK_ID_PATH, get(get_batch_task))
        .fallback(async |method, uri| unknown(StatusCode::NOT_FOUND, &method, &uri))
        .method_not_allowed_fallback(async |method, uri| {
            unknown(StatusCode::METHOD_NOT_ALLOWED, &method, &uri)
        })
        .layer(DefaultBodyLimit::max(MAX_LOGIN_BODY))
        .layer(middleware::from_fn_with_state(control.clone(), platform_call))
        .with_state(control)
}

operations! {
    GET LIST_SUBTASKS_PATH => list_subtasks,
    POST CREATE_BATCH_TASK_PATH => create_batch_task,
    GET GET_BATCH_TASK_PATH => get_batch_task,
    POST LOGIN_PATH => login,
}

/// Querying Information About a Subtask of a Batch Task
///
/// Returns one page of the subtasks of a batch task, filtered by status, device and command.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = LIST_SUBTASKS_PATH, tag = "Batch tasks",
    params(crate::api::query::SubtaskQuery),
    responses((status = 200, description = "One page of subtasks.", body = crate::api::SubtaskPage<'_>)),
    security(("AppKey" = [], "BearerToken" = []))
))]
async fn list_subtasks(
    State(control): State<Control>,
    headers: HeaderMap,
    repeat: Option<Extension<RepeatPage>>,
    uri: Uri,
) -> Response {
    let query = uri.query().unwrap_or_default();
    let outcome =
        Caller::from_headers(&headers).and_then(|caller| match control.exams().get(caller.app_key) {
            Some(exam) => exam.list_subtasks(&caller, query, control.clock().now()),
            None => control.platform().list_subtasks(&caller, query, repeat.is_some()),
        });
    outcome.unwrap_or_else(|refusal| refusal.response(control.platform().envelope))
}

/// Creating a Batch Task
///
/// Creates a batch task, such as one command to many devices. An error may come under 200.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = CREATE_BATCH_TASK_PATH, tag = "Batch tasks",
    request_body(content = crate::api::create::BatchTaskRequest, content_type = "application/json"),
    security(("AppKey" = [], "BearerToken" = []))
))]
async fn create_batch_task(State(control): State<Control>, headers: HeaderMap, body: Body) -> Response {
    let platform = control.platform();
    let create = async || {
        let caller = Caller::from_headers(&headers)?;
        control.exams().may_call(&caller, NO_RIGHT)?;
        platform.may_create(&caller)?;
        // Only now is a body of this size worth reading.
        let body = to_bytes(body, MAX_CREATE_BODY).await.map_err(|_| {
            INPUT_REJECTED.because(format!("the body is longer than {MAX_CREATE_BODY} bytes, or broke off"))
        })?;
        platform.create_batch_task(&caller, &headers, &body)
    };
    create().await.unwrap_or_else(|refusal: Refusal| refusal.response(platform.envelope))
}

/// Querying Information About a Batch Task
///
/// Returns what a batch task is, and how far it is: progress, counters, times.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = GET_BATCH_TASK_PATH, tag = "Batch tasks",
    params(
        ("taskId" = crate::api::TaskId, Path, description = "The batch task."),
        crate::api::batch_task::TaskQueryParameters
    ),
    responses((status = 200, description = "The task as it is now.", body = crate::api::batch_task::BatchTask<'_>)),
    security(("AppKey" = [], "BearerToken" = []))
))]
async fn get_batch_task(
    State(control): State<Control>,
    headers: HeaderMap,
    task_id: Result<Path<String>, PathRejection>,
    uri: Uri,
) -> Response {
    let platform = control.platform();
    // No task has an id that is not UTF-8, so such an id may stay percent-encoded.
    let last = || uri.path().rsplit('/').next().unwrap_or_default().to_owned();
    let task_id = task_id.map_or_else(|_| last(), |Path(id)| id);
    let query = uri.query().unwrap_or_default();
    let outcome = Caller::from_headers(&headers).and_then(|caller| {
        control.exams().may_call(&caller, TASK_NOT_FOUND)?;
        platform.get_batch_task(&caller, task_id, query)
    });
    outcome.unwrap_or_else(|refusal| refusal.response(platform.envelope))
}

/// Authentication
///
/// Exchanges application id and secret for a token, and cancels the earlier token of the application.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = LOGIN_PATH, tag = "Authentication",
    request_body(content = LoginRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "A token, and how long it lives.", body = crate::api::AccessToken)),
    security(())
))]
async fn login(
    State(control): State<Control>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = body.map_err(|_| {
        MISSING_PARAMETER.because(format!("the body is longer than {MAX_LOGIN_BODY} bytes, or broke off"))
    });
    let outcome =
        body.and_then(|body| LoginRequest::parse(&headers, &body)).and_then(|request| {
            match control.exams().get(&request.app_id).filter(|exam| exam.is_secret(&request.secret.0)) {
                Some(exam) => exam.log_in(control.clock().now()),
                None => control.platform().login(&request),
            }
        });
    outcome.unwrap_or_else(|refusal| refusal.response(control.platform().envelope))
}

/// The platform documents no error for a path or a method that it does not know, so the body has a text and no code.
fn unknown(status: StatusCode, method: &Method, uri: &Uri) -> Response {
    let expected = named(OPERATIONS).join(" or ");
    let text = format!("no operation {method} {}; expected {expected}", uri.path());
    let verdict = Verdict { reason: text.clone(), ..Verdict::default() };
    let body = ErrorResponse { error_desc: Some(text), ..ErrorResponse::default() };
    (status, Extension(verdict), Json(body)).into_response()
}
