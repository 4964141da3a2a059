//! The two calls as HTTP routes.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, Router, middleware};

use crate::api::credentials::Caller;
use crate::api::refusal::{MISSING_PARAMETER, Verdict};
use crate::api::{ErrorResponse, LIST_SUBTASKS_PATH, LOGIN_PATH, LoginRequest};
use crate::control::Control;
use crate::http::middleware::{RepeatPage, platform_call};
use crate::http::operations::{named, operations};

/// Longest body of a login, in bytes: two texts of 256 characters fit, even with every byte percent-encoded.
const MAX_LOGIN_BODY: usize = 16 * 1024;

/// The routes of the platform.
pub(crate) fn router(control: Control) -> Router {
    routes()
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
    POST LOGIN_PATH => login,
}

/// Querying Information About a Subtask of a Batch Task
///
/// Returns one page of the subtasks of a batch task, filtered by status, device and command.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = LIST_SUBTASKS_PATH, tag = "Batch tasks",
    params(crate::api::query::SubtaskQuery),
    responses(
        (status = 200, description = "One page of subtasks.", body = crate::api::SubtaskPage),
        crate::api::error_tables::ListSubtasksErrors
    ),
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
    outcome.unwrap_or_else(|refusal| refusal.response(control.platform().envelope()))
}

/// Authentication
///
/// Exchanges application id and secret for a token, and cancels the earlier token of the application.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = LOGIN_PATH, tag = "Authentication",
    request_body(content = LoginRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "A token, and how long it lives.", body = crate::api::AccessToken),
        crate::api::error_tables::LoginErrors
    ),
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
    outcome.unwrap_or_else(|refusal| refusal.response(control.platform().envelope()))
}

/// The platform documents no error for a path or a method that it does not know, so the body has a text and no code.
fn unknown(status: StatusCode, method: &Method, uri: &Uri) -> Response {
    let expected = named(OPERATIONS).join(" or ");
    let text = format!("no operation {method} {}; expected {expected}", uri.path());
    let verdict = Verdict { reason: text.clone(), ..Verdict::default() };
    let body = ErrorResponse { error_desc: Some(text), ..ErrorResponse::default() };
    (status, Extension(verdict), Json(body)).into_response()
}
