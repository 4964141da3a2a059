//! The error rows that the calls document, and a refusal with one of them.

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

use crate::api::{ErrorCode, ErrorResponse};

/// Says why a request was refused. The body cannot: it is the platform's, word for word.
pub(crate) const REASON_HEADER: &str = "x-emulator-reason";

/// One row of a call's error table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ErrorRow {
    /// The HTTP status.
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    /// Exactly what the platform says, with or without a full stop at the end.
    pub(crate) text: &'static str,
}

const fn row(status: u16, code: &'static str, text: &'static str) -> ErrorRow {
    ErrorRow { status, code, text }
}

pub(crate) const APPLICATION_NOT_FOUND_200: ErrorRow = row(200, "100203", "The application is not existed.");
pub(crate) const RESOURCE_NOT_FOUND: ErrorRow = row(200, "101001", "Resource doesn't exist");
pub(crate) const TASK_LIMIT_REACHED: ErrorRow =
    row(200, "105001", "The batchTask count has reached the limit");
pub(crate) const TASK_NAME_TAKEN: ErrorRow = row(200, "105002", "The batchTask name has exist");
pub(crate) const ILLEGAL_REQUEST: ErrorRow = row(400, "100019", "Illegal request.");
pub(crate) const INVALID_INPUT: ErrorRow = row(400, "100022", "The input is invalid");
pub(crate) const FROZEN: ErrorRow = row(400, "100247", "The application is frozen.");
pub(crate) const MISSING_PARAMETER: ErrorRow = row(400, "102202", "Required Parameter is null or empty.");
pub(crate) const TAG_TAKEN: ErrorRow =
    row(400, "105201", "The tagName and tagValue has been used on the platform");
pub(crate) const INPUT_REJECTED: ErrorRow = row(400, "50400", "The input is invalid");
pub(crate) const NO_RIGHT: ErrorRow = row(401, "100028", "The user has no right");
pub(crate) const WRONG_CREDENTIALS: ErrorRow = row(401, "100208", "AppId or secret is not right.");
pub(crate) const APPLICATION_NOT_FOUND: ErrorRow = row(403, "100203", "The application is not existed.");
pub(crate) const APPLICATION_NOT_AUTHORIZED: ErrorRow =
    row(403, "100217", "The application hasn't been authorized");
pub(crate) const INVALID_TOKEN: ErrorRow = row(403, "1010005", "App_key or access_token is invalid.");
pub(crate) const THROTTLED: ErrorRow = row(403, "1010009", "app throttle exceed.");
pub(crate) const TASK_NOT_FOUND: ErrorRow = row(404, "105005", "The batchTask is not existed.");
pub(crate) const TAG_NOT_FOUND: ErrorRow = row(404, "105202", "The tag is not existed");
pub(crate) const APPLICATION_NOT_FOUND_500: ErrorRow = row(500, "100203", "The application is not existed.");
pub(crate) const INTERNAL_ERROR: ErrorRow = row(500, "50252", "Internal server error.");

/// The error tables: the id of each operation, and its rows in the order of its page. Of the login, the words are not verified, except
/// those of 50252.
pub(crate) const ERROR_TABLES: &[(&str, &[ErrorRow])] = &[
    (
        "listSubtasks",
        &[
            INVALID_INPUT,
            APPLICATION_NOT_FOUND,
            APPLICATION_NOT_AUTHORIZED,
            THROTTLED,
            INVALID_TOKEN,
            TASK_NOT_FOUND,
            APPLICATION_NOT_FOUND_500,
            INTERNAL_ERROR,
        ],
    ),
    (
        "createBatchTask",
        &[
            APPLICATION_NOT_FOUND_200,
            RESOURCE_NOT_FOUND,
            TASK_LIMIT_REACHED,
            TASK_NAME_TAKEN,
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
        ],
    ),
    (
        "getBatchTask",
        &[
            ILLEGAL_REQUEST,
            INVALID_INPUT,
            APPLICATION_NOT_FOUND,
            APPLICATION_NOT_AUTHORIZED,
            THROTTLED,
            INVALID_TOKEN,
            TASK_NOT_FOUND,
            APPLICATION_NOT_FOUND_500,
        ],
    ),
    ("login", &[FROZEN, MISSING_PARAMETER, WRONG_CREDENTIALS, INTERNAL_ERROR]),
];

impl ErrorRow {
    /// A row with this code.
    pub(crate) fn with_code(code: &str) -> Option<Self> {
        ERROR_TABLES.iter().flat_map(|(_, rows)| *rows).find(|row| row.code == code).copied()
    }

    /// A refusal with this row. `reason` says what was wrong with this very request; it never holds a secret or a token.
    pub(crate) fn because(self, reason: impl Into<String>) -> Refusal {
        Refusal { row: self, reason: reason.into() }
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
        let (code, text) = (Some(ErrorCode(self.row.code)), Some(self.row.text.to_owned()));
        let body = match envelope {
            // The gateway before the services judges these two.
            Envelope::Gateway if [INVALID_TOKEN, THROTTLED].contains(&self.row) => {
                ErrorResponse { resultcode: code, resultmsg: text, ..ErrorResponse::default() }
            }
            _ => ErrorResponse { error_code: code, error_desc: text, ..ErrorResponse::default() },
        };
        let reason = HeaderValue::from_str(&self.reason).ok().map(|reason| [(REASON_HEADER, reason)]);
        let (code, text) = (Some(self.row.code), self.reason.clone());
        let verdict = Verdict { code, reason: text, ..Verdict::default() };
        let status = StatusCode::from_u16(self.row.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, reason, Extension(verdict), Json(body)).into_response()
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
