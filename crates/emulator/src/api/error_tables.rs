//! The error tables of the calls, for the document.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::api::ErrorResponse;
use crate::api::batch_task::CreatedBatchTask;
use crate::api::refusal::{
    APPLICATION_NOT_AUTHORIZED, APPLICATION_NOT_FOUND, APPLICATION_NOT_FOUND_200, APPLICATION_NOT_FOUND_500,
    ErrorRow, FROZEN, ILLEGAL_REQUEST, INPUT_REJECTED, INTERNAL_ERROR, INVALID_INPUT, INVALID_TOKEN,
    MISSING_PARAMETER, NO_RIGHT, RESOURCE_NOT_FOUND, TAG_NOT_FOUND, TAG_TAKEN, TASK_LIMIT_REACHED,
    TASK_NAME_TAKEN, TASK_NOT_FOUND, THROTTLED, WRONG_CREDENTIALS,
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

/// The fourteen rows of `createBatchTask`, in the order of the page. Four of them come under 200, beside the reply.
pub(crate) struct CreateBatchTaskErrors;

impl IntoResponses for CreateBatchTaskErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut responses = responses(&[
            TAG_TAKEN,
            INPUT_REJECTED,
            NO_RIGHT,
            APPLICATION_NOT_FOUND,
            APPLICATION_NOT_AUTHORIZED,
            THROTTLED,
            INVALID_TOKEN,
            TAG_NOT_FOUND,
            APPLICATION_NOT_FOUND_500,
            INTERNAL_ERROR,
        ]);
        let under_200 =
            [&APPLICATION_NOT_FOUND_200, &RESOURCE_NOT_FOUND, &TASK_LIMIT_REACHED, &TASK_NAME_TAKEN];
        let created = response(&under_200, CreatedBatchTask::name());
        responses.insert("200".to_owned(), RefOr::T(created));
        responses
    }
}

/// The eight rows of `getBatchTask`, in the order of the page.
pub(crate) struct GetBatchTaskErrors;

impl IntoResponses for GetBatchTaskErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses(&[
            ILLEGAL_REQUEST,
            INVALID_INPUT,
            APPLICATION_NOT_FOUND,
            APPLICATION_NOT_AUTHORIZED,
            THROTTLED,
            INVALID_TOKEN,
            TASK_NOT_FOUND,
            APPLICATION_NOT_FOUND_500,
        ])
    }
}

/// The four rows of `login`. Their codes are the platform's; their words, except those of 50252, are not verified.
pub(crate) struct LoginErrors;

impl IntoResponses for LoginErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses(&[FROZEN, MISSING_PARAMETER, WRONG_CREDENTIALS, INTERNAL_ERROR])
    }
}

/// One response for each status among the rows.
fn responses(rows: &[ErrorRow]) -> BTreeMap<String, RefOr<Response>> {
    let mut by_status: BTreeMap<String, Vec<&ErrorRow>> = BTreeMap::new();
    for row in rows {
        by_status.entry(row.status.as_str().to_owned()).or_default().push(row);
    }
    by_status
        .into_iter()
        .map(|(status, rows)| (status, RefOr::T(response(&rows, ErrorResponse::name()))))
        .collect()
}

/// A response with these rows, whose body has the schema of this name.
fn response(rows: &[&ErrorRow], schema: impl Into<String>) -> Response {
    let codes: Vec<&str> = rows.iter().map(|row| row.code).collect();
    let lines: Vec<String> = rows.iter().map(|row| format!("* {}: {}", row.code, row.text)).collect();
    let schema = Ref::from_schema_name(schema);
    ResponseBuilder::new()
        .description(lines.join("\n"))
        .content("application/json", ContentBuilder::new().schema(Some(schema)).build())
        .extensions(Some(ExtensionsBuilder::new().add("x-error-codes", json!(codes)).build()))
        .build()
}
