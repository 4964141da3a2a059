//! What is posted to the control API, and how a call of it is refused.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why a call of the control API was refused.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(super) struct ControlError {
    /// What is wrong, and what is allowed.
    error: String,
}

/// A refusal of the control API.
pub(super) type ControlRefusal = (StatusCode, Json<ControlError>);

/// What a call of the control API returns.
pub(super) type Answered<T> = Result<T, ControlRefusal>;

pub(super) fn refused(status: StatusCode, error: impl ToString) -> ControlRefusal {
    (status, Json(ControlError { error: error.to_string() }))
}

/// What was posted.
pub(super) struct Posted(pub(super) Bytes);

impl Posted {
    /// Reads JSON whatever the content type says: people who type a call by hand rarely set it.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Answered<T> {
        serde_json::from_slice(&self.0).map_err(|error| refused(StatusCode::BAD_REQUEST, error))
    }
}

impl<S: Send + Sync> FromRequest<S> for Posted {
    type Rejection = ControlRefusal;

    async fn from_request(request: Request, state: &S) -> Answered<Self> {
        let body = Bytes::from_request(request, state).await;
        body.map(Self).map_err(|rejection| refused(rejection.status(), rejection.body_text()))
    }
}
