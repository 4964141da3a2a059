//! The part of the control API that holds exams.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;

use super::posted::{Answered, Posted, refused};
use crate::control::Control;
use crate::exam::{Answer, Exam, ExamReport, ExamRequest, Offer};

/// Begin an exam
///
/// For a client in any language: it logs in with what the offer says, reads what the questions ask for, and posts what it
/// read. On the way its token dies, it is throttled, subtasks move, rows are odd, and it is sent to another address.
/// Several calls may be under way at once, up to 8.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/_emulator/exam", tag = "Exam",
    request_body(content = Option<ExamRequest>, description = "May be empty."),
    responses(
        (status = 201, description = "The exam has begun.", body = Offer),
        (status = 400, description = "The body cannot be read, or breaks a bound.", body = super::posted::ControlError),
        (status = 413, description = "The body is too long.", body = super::posted::ControlError),
        (status = 500, description = "The other address, to which the client is sent, cannot be opened.", body = super::posted::ControlError)
    )
))]
pub(super) async fn begin_exam(
    State(control): State<Control>,
    body: Posted,
) -> Answered<(StatusCode, Json<Offer>)> {
    let request = if body.0.is_empty() { ExamRequest::default() } else { body.read()? };
    request.check().map_err(|error| refused(StatusCode::BAD_REQUEST, error))?;
    let offer = control.exams().begin(request).await;
    let offer = offer.map_err(|error| {
        refused(StatusCode::INTERNAL_SERVER_ERROR, format!("cannot listen on another port: {error}"))
    })?;
    Ok((StatusCode::CREATED, Json(offer)))
}

/// Read the marks of an exam
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/_emulator/exam/{id}", tag = "Exam",
    params(("id" = String, Path, description = "The id that the offer names.")),
    responses(
        (status = 200, description = "The marks, by the calls and the answers until now.", body = ExamReport),
        (status = 404, description = "There is no such exam.", body = super::posted::ControlError)
    )
))]
pub(super) async fn read_marks(
    State(control): State<Control>,
    Path(id): Path<String>,
) -> Answered<Json<ExamReport>> {
    Ok(Json(exam(&control, &id)?.report()))
}

/// Answer questions of an exam
///
/// A later answer to a question replaces an earlier one.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/_emulator/exam/{id}/answers", tag = "Exam",
    params(("id" = String, Path, description = "The id that the offer names.")),
    request_body = [Answer],
    responses(
        (status = 200, description = "The marks.", body = ExamReport),
        (status = 400, description = "The answers cannot be read.", body = super::posted::ControlError),
        (status = 413, description = "The body is too long.", body = super::posted::ControlError),
        (status = 404, description = "There is no such exam.", body = super::posted::ControlError)
    )
))]
pub(super) async fn answer_exam(
    State(control): State<Control>,
    Path(id): Path<String>,
    body: Posted,
) -> Answered<Json<ExamReport>> {
    let exam = exam(&control, &id)?;
    exam.answer(body.read::<Vec<Answer>>()?);
    Ok(Json(exam.report()))
}

fn exam(control: &Control, id: &str) -> Answered<std::sync::Arc<Exam>> {
    let gone =
        || refused(StatusCode::NOT_FOUND, format!("there is no exam '{id}': begin one, and take its id"));
    control.exams().get(id).ok_or_else(gone)
}
