//! The error tables of the two calls, for the document.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::json;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::api::ErrorResponse;
use crate::api::refusal::{
    APPLICATION_NOT_AUTHORIZED, APPLICATION_NOT_FOUND, APPLICATION_NOT_FOUND_500, ErrorRow, INTERNAL_ERROR,
    INVALID_INPUT, INVALID_TOKEN, MISSING_PARAMETER, TASK_NOT_FOUND, THROTTLED, WRONG_CREDENTIALS,
};

/// The eight rows of `listSubtasks`, in the order of the page.
pub(crate) struct ListSubtasksErrors;

impl IntoResponses for ListSubtasksErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses(&[
            INVALID_INPUT,
            APPLICATION_NOT_FOUND,
            APPLICATION_NOT_AUTHORIZED,
            THROTTLED,
            INVALID_TOKEN,
            TASK_NOT_FOUND,
            APPLICATION_NOT_FOUND_500,
            INTERNAL_ERROR,
        ])
    }
}

/// The four rows of `login`. Their codes are the platform's; their words, except those of 50252, are not verified.
pub(crate) struct LoginErrors;

impl IntoResponses for LoginErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let frozen = ErrorRow::new(StatusCode::BAD_REQUEST, "100247", "The application is frozen.");
        responses(&[frozen, MISSING_PARAMETER, WRONG_CREDENTIALS, INTERNAL_ERROR])
    }
}

/// One response for each status among the rows.
fn responses(rows: &[ErrorRow]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<String, Vec<&ErrorRow>> = BTreeMap::new();
    for row in rows {
        by_status.entry(row.status.as_str().to_owned()).or_default().push(row);
    }
    by_status.into_iter().map(|(status, rows)| (status, RefOr::T(response(&rows)))).collect()
}

fn response(rows: &[&ErrorRow]) -> Response {
    let codes: Vec<&str> = rows.iter().map(|row| row.code).collect();
    let lines: Vec<String> = rows.iter().map(|row| format!("* {}: {}", row.code, row.text)).collect();
    let schema = Ref::from_schema_name(ErrorResponse::name());
    ResponseBuilder::new()
        .description(lines.join("\n"))
        .content("application/json", ContentBuilder::new().schema(Some(schema)).build())
        .extensions(Some(ExtensionsBuilder::new().add("x-error-codes", json!(codes)).build()))
        .build()
}
