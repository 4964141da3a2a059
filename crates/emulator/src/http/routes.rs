//! The two calls as HTTP routes, and the document that follows from them.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, Router, middleware};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi as _};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::credentials::{APP_KEY, Caller};
use crate::api::query::SubtaskQuery;
use crate::api::refusal::{ListSubtasksErrors, LoginErrors, MISSING_PARAMETER, Verdict};
use crate::api::{
    AccessToken, CommandOutput, ErrorResponse, LIST_SUBTASKS_PATH, LOGIN_PATH, LoginRequest, SubtaskFailure,
    SubtaskPage, SubtaskStatus, TaskId,
};
use crate::control::Control;
use crate::http::middleware::{RepeatPage, platform_call};

/// Longest body of a login, in bytes: two texts of 256 characters fit, even with every byte percent-encoded.
const MAX_LOGIN_BODY: usize = 16 * 1024;

/// The routes of the platform.
pub(crate) fn router(control: Control) -> Router {
    let (router, document) = api().split_for_parts();
    let expected = Arc::new(operations(&document));
    let wrong_method = Arc::clone(&expected);
    router
        .fallback(move |method, uri| async move { unknown(StatusCode::NOT_FOUND, &method, &uri, &expected) })
        .method_not_allowed_fallback(move |method, uri| async move {
            unknown(StatusCode::METHOD_NOT_ALLOWED, &method, &uri, &wrong_method)
        })
        .layer(DefaultBodyLimit::max(MAX_LOGIN_BODY))
        .layer(middleware::from_fn_with_state(control.clone(), platform_call))
        .with_state(control)
}

/// The document that follows from the code, in OpenAPI 3.1: a second reading of the platform's page.
#[must_use]
pub fn openapi() -> OpenApi {
    api().into_openapi()
}

/// Every route is registered here, together with its documentation: there is no other way in.
fn api() -> OpenApiRouter<Control> {
    OpenApiRouter::with_openapi(Document::openapi()).routes(routes!(list_subtasks)).routes(routes!(login))
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Northbound API of Huawei Cloud IoT / OceanConnect, as the emulator speaks it",
        version = "2022-02-24",
        description = "Derived from the code of the emulator, which is written from the edition of the platform's page that the \
            version names. It exists to be compared with the hand-written document, which is the one to build on.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "Batch tasks", description = "What became of a batch task, device by device."),
        (name = "Authentication", description = "How an application obtains a token.")
    ),
    // What utoipa does not find by itself: the types of parameters, of errors, and of texts inside strings.
    components(schemas(CommandOutput, ErrorResponse, SubtaskFailure, SubtaskStatus, TaskId)),
    modifiers(&Security)
)]
struct Document;

/// The two headers of a call.
struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        let app_key = ApiKeyValue::with_description(APP_KEY, "The application id.");
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("The token that `login` returns."))
            .build();
        components.add_security_scheme("AppKey", SecurityScheme::ApiKey(ApiKey::Header(app_key)));
        components.add_security_scheme("BearerToken", SecurityScheme::Http(token));
    }
}

/// Querying Information About a Subtask of a Batch Task
///
/// Returns one page of the subtasks of a batch task, filtered by status, device and command.
#[utoipa::path(
    get,
    path = LIST_SUBTASKS_PATH,
    operation_id = "listSubtasks",
    tag = "Batch tasks",
    params(SubtaskQuery),
    responses((status = 200, description = "One page of subtasks.", body = SubtaskPage), ListSubtasksErrors),
    security(("AppKey" = [], "BearerToken" = []))
)]
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
#[utoipa::path(
    post,
    path = LOGIN_PATH,
    operation_id = "login",
    tag = "Authentication",
    request_body(content = LoginRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "A token, and how long it lives.", body = AccessToken), LoginErrors),
    security(())
)]
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
fn unknown(status: StatusCode, method: &Method, uri: &Uri, expected: &[String]) -> Response {
    let text = format!("no operation {method} {}; expected {}", uri.path(), expected.join(" or "));
    let verdict = Verdict { reason: text.clone(), ..Verdict::default() };
    let body = ErrorResponse { error_desc: Some(text), ..ErrorResponse::default() };
    (status, Extension(verdict), Json(body)).into_response()
}

/// Method and path of every operation.
pub(crate) fn operations(document: &OpenApi) -> Vec<String> {
    let named = |(path, item): (&String, &PathItem)| {
        [("GET", &item.get), ("POST", &item.post), ("PUT", &item.put), ("DELETE", &item.delete)]
            .into_iter()
            .filter(|(_, operation)| operation.is_some())
            .map(|(method, _)| format!("{method} {path}"))
            .collect::<Vec<_>>()
    };
    document.paths.paths.iter().flat_map(named).collect()
}
