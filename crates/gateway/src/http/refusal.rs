//! An error as an answer: in the envelope of the document, with the platform's status, code and text where it has any.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use northbound::client_layer::{DOCUMENTED_ERRORS, DocumentedErrors};
use northbound::{Action, Error, ErrorCode, ErrorKind, Remedy};
use serde_json::{Map, Value};

use crate::http::own::{
    NO_ANSWER, OUTCOME_UNKNOWN, Own, READ_CHANGED, READ_ENDED, READ_TOO_LARGE, STOPPING, TIMEOUT,
};
use crate::reads::ReadError;

/// Says what is wrong with a request, where the body has the platform's words.
const REASON: HeaderName = HeaderName::from_static("northbound-reason");

/// Why a call fails, as its caller is told.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: Cow<'static, str>,
    /// The platform's words, or the gateway's own.
    pub(crate) text: Option<String>,
    /// What is wrong with this very request. It never holds a secret or a token.
    pub(crate) reason: Option<String>,
}

/// The code of an error, for the log.
#[derive(Debug, Clone)]
pub(crate) struct Code(pub(crate) Cow<'static, str>);

impl Own {
    /// The error, with what is known of this one.
    pub(crate) fn because(&self, found: impl Into<String>) -> Refusal {
        self.saying(format!("{}; {}", found.into(), self.remedy))
    }

    /// The error with a text that says what to do.
    pub(crate) fn saying(&self, text: String) -> Refusal {
        Refusal { status: self.status, code: self.code.into(), text: Some(text), reason: None }
    }
}

impl Refusal {
    /// The error that the document has for an operation under this code.
    pub(crate) fn documented(operation: &str, code: ErrorCode, reason: impl Into<String>) -> Self {
        let documented = DOCUMENTED_ERRORS
            .iter()
            .find(|errors| errors.operation == operation && errors.codes.contains(&code));
        let status = documented.and_then(|errors| StatusCode::from_u16(errors.status).ok());
        Self {
            status: status.unwrap_or(StatusCode::BAD_REQUEST),
            text: code.info().map(|info| info.text.to_owned()),
            code: code.as_str().to_owned().into(),
            reason: Some(reason.into()),
        }
    }

    /// The error that the document has for a bad parameter of an operation.
    pub(crate) fn bad_parameter(operation: &str, reason: impl Into<String>) -> Self {
        let is_bad =
            |code: &&ErrorCode| code.info().is_some_and(|info| info.action == Some(Action::FixRequest));
        let of_operation =
            DOCUMENTED_ERRORS.iter().filter(|errors| errors.operation == operation && errors.status == 400);
        let code = of_operation.flat_map(|errors| errors.codes).find(is_bad);
        Self::documented(operation, code.cloned().unwrap_or(ErrorCode::InvalidInput), reason)
    }

    /// What a call of the SDK ended with.
    pub(crate) fn of(operation: &str, error: &Error) -> Self {
        if error.is_outcome_unknown() {
            return OUTCOME_UNKNOWN.because(found(error));
        }
        if error.is_refused() {
            return Self::bad_parameter(operation, found(error));
        }
        let Some((code, status)) = error.code().zip(error.status()) else {
            let own = if error.kind() == ErrorKind::Timeout { &TIMEOUT } else { &NO_ANSWER };
            return own.because(found(error));
        };
        let text = error.description().map(str::to_owned);
        let refusal = Self { status, code: code.as_str().to_owned().into(), text, reason: None };
        let has_status = |errors: &&DocumentedErrors| errors.operation == operation && errors.status == 200;
        if status.is_success() && !DOCUMENTED_ERRORS.iter().any(|errors| has_status(&errors)) {
            // A caller would take it for an empty reply.
            return Self { status: StatusCode::BAD_GATEWAY, ..refusal };
        }
        refusal
    }

    /// Why a page of a read does not come.
    pub(crate) fn of_read(operation: &str, error: &ReadError) -> Self {
        let own = match error {
            ReadError::Sdk(error) => return Self::of(operation, error),
            ReadError::TooLarge { .. } => READ_TOO_LARGE,
            ReadError::Ended => READ_ENDED,
            ReadError::Changed { .. } => READ_CHANGED,
            ReadError::Stopping => STOPPING,
        };
        own.saying(error.to_string())
    }
}

/// What was asked and what came back, in words that fit a caller of any language.
fn found(error: &Error) -> String {
    let asked = error.asked().map(|asked| format!("{asked}: ")).unwrap_or_default();
    let advice = match error.remedy() {
        Remedy::Text(advice) => format!(" ({advice})"),
        // These name methods of the SDK.
        _ => String::new(),
    };
    format!("{asked}{}{advice}", error.found())
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let text = self.text.map(|text| ("error_desc".to_owned(), Value::from(text)));
        let code = ("error_code".to_owned(), Value::from(self.code.as_ref()));
        let body: Map<String, Value> = [code].into_iter().chain(text).collect();
        let reason = self.reason.and_then(|reason| HeaderValue::from_str(&reason).ok());
        let mut response = (self.status, reason.map(|reason| [(REASON, reason)]), Json(body)).into_response();
        response.extensions_mut().insert(Code(self.code));
        response
    }
}
