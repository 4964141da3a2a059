//! The error rows that the two calls document, and a refusal with one of them.

use std::collections::BTreeMap;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde_json::json;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder, example::ExampleBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::api::{ErrorCode, ErrorResponse};

/// Says why a request was refused. The body cannot: it is the platform's, word for word.
pub(crate) const REASON_HEADER: &str = "x-emulator-reason";

/// One row of a call's error table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ErrorRow {
    /// Name of the row among the document's examples.
    name: &'static str,
    status: StatusCode,
    code: &'static str,
    /// Exactly what the platform says, with or without a full stop at the end.
    text: &'static str,
}

pub(crate) const INVALID_INPUT: ErrorRow =
    ErrorRow::new("invalid-input", StatusCode::BAD_REQUEST, "100022", "The input is invalid");
pub(crate) const APPLICATION_NOT_FOUND: ErrorRow = ErrorRow::new(
    "application-not-found",
    StatusCode::FORBIDDEN,
    "100203",
    "The application is not existed.",
);
pub(crate) const APPLICATION_NOT_AUTHORIZED: ErrorRow = ErrorRow::new(
    "application-not-authorized",
    StatusCode::FORBIDDEN,
    "100217",
    "The application hasn't been authorized",
);
pub(crate) const THROTTLED: ErrorRow =
    ErrorRow::new("throttled", StatusCode::FORBIDDEN, "1010009", "app throttle exceed.");
pub(crate) const INVALID_TOKEN: ErrorRow =
    ErrorRow::new("invalid-token", StatusCode::FORBIDDEN, "1010005", "App_key or access_token is invalid.");
pub(crate) const TASK_NOT_FOUND: ErrorRow =
    ErrorRow::new("task-not-found", StatusCode::NOT_FOUND, "105005", "The batchTask is not existed.");
pub(crate) const APPLICATION_NOT_FOUND_500: ErrorRow = ErrorRow::new(
    "application-not-found",
    StatusCode::INTERNAL_SERVER_ERROR,
    "100203",
    "The application is not existed.",
);
pub(crate) const INTERNAL_ERROR: ErrorRow =
    ErrorRow::new("internal-error", StatusCode::INTERNAL_SERVER_ERROR, "50252", "Internal server error.");
const APPLICATION_FROZEN: ErrorRow =
    ErrorRow::new("application-frozen", StatusCode::BAD_REQUEST, "100247", "The application is frozen.");
pub(crate) const MISSING_PARAMETER: ErrorRow = ErrorRow::new(
    "missing-parameter",
    StatusCode::BAD_REQUEST,
    "102202",
    "Required Parameter is null or empty.",
);
pub(crate) const WRONG_CREDENTIALS: ErrorRow =
    ErrorRow::new("wrong-credentials", StatusCode::UNAUTHORIZED, "100208", "AppId or secret is not right.");

/// The eight rows of the page, in its order.
const LIST_SUBTASKS: &[ErrorRow] = &[
    INVALID_INPUT,
    APPLICATION_NOT_FOUND,
    APPLICATION_NOT_AUTHORIZED,
    THROTTLED,
    INVALID_TOKEN,
    TASK_NOT_FOUND,
    APPLICATION_NOT_FOUND_500,
    INTERNAL_ERROR,
];

/// The four rows of the login. Their codes are the platform's; their words, except those of 50252, are not verified.
const LOGIN: &[ErrorRow] = &[APPLICATION_FROZEN, MISSING_PARAMETER, WRONG_CREDENTIALS, INTERNAL_ERROR];

impl ErrorRow {
    const fn new(name: &'static str, status: StatusCode, code: &'static str, text: &'static str) -> Self {
        Self { name, status, code, text }
    }

    /// A refusal with this row. `reason` says what was wrong with this very request; it never holds a secret or a token.
    pub(crate) fn because(self, reason: impl Into<String>) -> Refusal {
        Refusal { row: self, reason: reason.into() }
    }

    fn body(&self) -> ErrorResponse {
        ErrorResponse {
            error_code: Some(ErrorCode(self.code)),
            error_desc: Some(self.text.to_owned()),
            ..ErrorResponse::default()
        }
    }

    fn gateway_body(&self) -> ErrorResponse {
        ErrorResponse {
            resultcode: Some(ErrorCode(self.code)),
            resultmsg: Some(self.text.to_owned()),
            ..ErrorResponse::default()
        }
    }

    /// Whether the gateway before the services judges this, which it has been seen to report in an envelope of its own.
    fn is_of_gateway(&self) -> bool {
        *self == INVALID_TOKEN || *self == THROTTLED
    }
}

/// How the gateway reports what it refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// In the members that the page's rows suggest: `error_code` and `error_desc`.
    Documented,
    /// In members of its own: `resultcode` and `resultmsg`.
    Gateway,
}

/// A request that was refused, and why.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) row: ErrorRow,
    pub(crate) reason: String,
}

impl Refusal {
    pub(crate) fn response(&self, envelope: Envelope) -> Response {
        let body = match envelope {
            Envelope::Gateway if self.row.is_of_gateway() => self.row.gateway_body(),
            Envelope::Gateway | Envelope::Documented => self.row.body(),
        };
        let mut response = (self.row.status, Json(body)).into_response();
        if let Ok(reason) = HeaderValue::from_str(&self.reason) {
            response.headers_mut().insert(REASON_HEADER, reason);
        }
        let (code, reason) = (Some(self.row.code), self.reason.clone());
        response.extensions_mut().insert(Verdict { code, reason, ..Verdict::default() });
        response
    }
}

/// Why a request was answered as it was; travels with the answer to the journal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Verdict {
    /// The application, where the request does not name it in its header.
    pub(crate) application: Option<String>,
    pub(crate) code: Option<&'static str>,
    pub(crate) reason: String,
    /// The fault that the answer has on purpose.
    pub(crate) fault: Option<&'static str>,
}

impl Verdict {
    /// An answer that is no error, with this JSON text.
    pub(crate) fn answer(self, body: Vec<u8>) -> Response {
        (Extension(self), [(CONTENT_TYPE, "application/json")], body).into_response()
    }
}

/// What a client sent, fit to be shown in a header: printable, and short.
pub(crate) fn shown(value: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String = value.chars().take(LONGEST).flat_map(char::escape_default).collect();
    if value.chars().nth(LONGEST).is_some() {
        shown.push_str("...");
    }
    format!("'{shown}'")
}

/// The errors of `listSubtasks`, for the document.
pub(crate) struct ListSubtasksErrors;

impl IntoResponses for ListSubtasksErrors {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        document(LIST_SUBTASKS)
    }
}

/// The errors of `login`, for the document.
pub(crate) struct LoginErrors;

impl IntoResponses for LoginErrors {
    fn responses() -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
        document(LOGIN)
    }
}

/// One documented response for each status among `rows`: the handlers answer from the same rows.
fn document(rows: &[ErrorRow]) -> BTreeMap<String, RefOr<utoipa::openapi::Response>> {
    let mut by_status: BTreeMap<u16, Vec<&ErrorRow>> = BTreeMap::new();
    for row in rows {
        by_status.entry(row.status.as_u16()).or_default().push(row);
    }
    by_status
        .into_iter()
        .map(|(status, rows)| (status.to_string(), RefOr::T(document_status(&rows))))
        .collect()
}

fn document_status(rows: &[&ErrorRow]) -> utoipa::openapi::Response {
    let codes: Vec<&str> = rows.iter().map(|row| row.code).collect();
    let examples = rows.iter().map(|row| {
        (row.name, ExampleBuilder::new().summary(row.text).value(Some(json!(row.body()))).build())
    });
    let lines: Vec<String> = rows.iter().map(|row| format!("* {}: {}", row.code, row.text)).collect();
    ResponseBuilder::new()
        .description(lines.join("\n"))
        .content(
            "application/json",
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name(ErrorResponse::name())))
                .examples_from_iter(examples)
                .build(),
        )
        .extensions(Some(ExtensionsBuilder::new().add("x-error-codes", json!(codes)).build()))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_sent_is_shown_short_and_printable() {
        assert_eq!(shown("a\nb'é"), r"'a\nb\'\u{e9}'");
        assert_eq!(shown(&"x".repeat(60)), format!("'{}'", "x".repeat(60)));
        assert_eq!(shown(&"x".repeat(61)), format!("'{}...'", "x".repeat(60)));
    }

    #[test]
    fn every_reason_fits_a_header() {
        for value in ["", "\u{0}\r\n", "日本", "\u{7f}"] {
            assert!(HeaderValue::from_str(&shown(value)).is_ok(), "{value:?}");
        }
    }
}
