//! The control API: the handle of an emulator over HTTP, for tests in any language. Each call leads to a method of `Control` or
//! of an exam; what it does is decided there.

mod exam;
mod posted;

use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware;
use axum::routing::any;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use self::posted::{Answered, ControlRefusal, Posted, refused};
use crate::clock::ClockKind;
use crate::control::Control;
use crate::fault::{ActiveFault, Fault};
use crate::http::middleware::control_call;
use crate::http::operations::{named, operations};
use crate::platform::TaskState;
use crate::platform::journal::Journal;
use crate::scenario::{ScenarioError, Task};

/// Every route of the control API, to be merged with those of the platform.
pub(crate) fn router(control: Control) -> Router {
    let numbered = middleware::from_fn_with_state(control.clone(), control_call);
    let nothing_there = any(async |method, uri| unknown(StatusCode::NOT_FOUND, &method, &uri));
    routes()
        .method_not_allowed_fallback(async |method, uri| {
            unknown(StatusCode::METHOD_NOT_ALLOWED, &method, &uri)
        })
        // The platform has no path like it: what is unknown here is none of its business, nor of the journal's.
        .route("/_emulator/{*rest}", nothing_there.clone())
        .route("/_emulator/", nothing_there.clone())
        .route("/_emulator", nothing_there)
        .layer(numbered)
        .with_state(control)
}

operations! {
    GET "/_emulator/clock" => read_clock,
    POST "/_emulator/clock/advance" => advance_clock,
    GET "/_emulator/tasks" => list_tasks,
    POST "/_emulator/tasks" => create_task,
    DELETE "/_emulator/tasks/{id}" => drop_task,
    GET "/_emulator/faults" => list_faults,
    POST "/_emulator/faults" => add_fault,
    DELETE "/_emulator/faults" => clear_faults,
    DELETE "/_emulator/faults/{id}" => remove_fault,
    GET "/_emulator/journal" => read_journal,
    DELETE "/_emulator/journal" => clear_journal,
    POST "/_emulator/reset" => reset,
    POST "/_emulator/exam" => exam::begin_exam,
    GET "/_emulator/exam/{id}" => exam::read_marks,
    POST "/_emulator/exam/{id}/answers" => exam::answer_exam,
}

fn unknown(status: StatusCode, method: &Method, uri: &Uri) -> ControlRefusal {
    let expected = named(OPERATIONS).join(", ");
    refused(status, format!("no operation {method} {}; expected one of {expected}", uri.path()))
}

/// The clock that everything in the emulator follows.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct ClockReading {
    /// Whether it follows real time or calls alone.
    kind: ClockKind,
    /// Time since the start or the last reset, in milliseconds.
    now_ms: u64,
}

/// How far to advance the clock.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
struct Advance {
    /// Milliseconds to go ahead. A real clock jumps.
    milliseconds: u64,
}

/// A fault that was switched on.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct Added {
    /// Names the fault when it is to be removed.
    id: u64,
}

fn reading(control: &Control) -> Json<ClockReading> {
    let clock = control.clock();
    let now_ms = u64::try_from(clock.now().as_millis()).unwrap_or(u64::MAX);
    Json(ClockReading { kind: clock.kind(), now_ms })
}

/// Read the clock
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/_emulator/clock", tag = "Clock",
    responses((status = 200, description = "The time.", body = ClockReading))
))]
async fn read_clock(State(control): State<Control>) -> Json<ClockReading> {
    reading(&control)
}

/// Advance the clock
///
/// Tokens age, the quota's window moves, subtasks go on, and waits of faults end, as if the time had passed.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/_emulator/clock/advance", tag = "Clock",
    request_body = Advance,
    responses(
        (status = 200, description = "The time after.", body = ClockReading),
        (status = 400, description = "The body cannot be read.", body = posted::ControlError),
        (status = 413, description = "The body is too long.", body = posted::ControlError)
    )
))]
async fn advance_clock(State(control): State<Control>, body: Posted) -> Answered<Json<ClockReading>> {
    let Advance { milliseconds } = body.read()?;
    control.advance(Duration::from_millis(milliseconds));
    Ok(reading(&control))
}

/// List the tasks
///
/// Each with the number of its subtasks in each status.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/_emulator/tasks", tag = "Tasks",
    responses((status = 200, description = "All tasks, in the order of their ids.", body = [TaskState]))
))]
async fn list_tasks(State(control): State<Control>) -> Json<Vec<TaskState>> {
    Json(control.tasks())
}

/// Create a task
///
/// Its life begins now, by the clock.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/_emulator/tasks", tag = "Tasks",
    request_body = Task,
    responses(
        (status = 201, description = "The task exists."),
        (status = 400, description = "The task cannot be read, or contradicts itself.", body = posted::ControlError),
        (status = 413, description = "The body is too long.", body = posted::ControlError),
        (status = 409, description = "There is a task with this id, or there are as many tasks as the scenario allows.", body = posted::ControlError)
    )
))]
async fn create_task(State(control): State<Control>, body: Posted) -> Answered<StatusCode> {
    control.create_task(body.read::<Task>()?).map_err(|error| {
        let status = match error {
            ScenarioError::DuplicateTask { .. } | ScenarioError::TooManyTasks { .. } => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        };
        refused(status, error)
    })?;
    Ok(StatusCode::CREATED)
}

/// Drop a task
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/_emulator/tasks/{id}", tag = "Tasks",
    params(("id" = String, Path, description = "The task id.")),
    responses(
        (status = 204, description = "The task is gone."),
        (status = 404, description = "There is no such task.", body = posted::ControlError)
    )
))]
async fn drop_task(State(control): State<Control>, Path(id): Path<String>) -> Answered<StatusCode> {
    if control.drop_task(&id) {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(refused(StatusCode::NOT_FOUND, format!("there is no task '{id}'")))
}

/// List the faults
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/_emulator/faults", tag = "Faults",
    responses((status = 200, description = "The faults that are switched on, in their order.", body = [ActiveFault]))
))]
async fn list_faults(State(control): State<Control>) -> Json<Vec<ActiveFault>> {
    Json(control.faults())
}

/// Add a fault
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/_emulator/faults", tag = "Faults",
    request_body = Fault,
    responses(
        (status = 201, description = "The fault is switched on.", body = Added),
        (status = 400, description = "The fault cannot be read, or breaks a bound.", body = posted::ControlError),
        (status = 413, description = "The body is too long.", body = posted::ControlError)
    )
))]
async fn add_fault(State(control): State<Control>, body: Posted) -> Answered<(StatusCode, Json<Added>)> {
    let id =
        control.add_fault(body.read::<Fault>()?).map_err(|error| refused(StatusCode::BAD_REQUEST, error))?;
    Ok((StatusCode::CREATED, Json(Added { id })))
}

/// Clear all faults
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/_emulator/faults", tag = "Faults",
    responses((status = 204, description = "No fault is switched on."))
))]
async fn clear_faults(State(control): State<Control>) -> StatusCode {
    control.clear_faults();
    StatusCode::NO_CONTENT
}

/// Remove one fault
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/_emulator/faults/{id}", tag = "Faults",
    params(("id" = u64, Path, description = "The number that adding it returned.")),
    responses(
        (status = 204, description = "The fault is gone."),
        (status = 404, description = "There is no such fault: it is over, or never was.", body = posted::ControlError)
    )
))]
async fn remove_fault(State(control): State<Control>, Path(id): Path<String>) -> Answered<StatusCode> {
    // What is no number names no fault.
    if id.parse().is_ok_and(|id| control.remove_fault(id)) {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(refused(StatusCode::NOT_FOUND, format!("there is no fault '{id}': it is over, or never was")))
}

/// Read the journal
///
/// The newest requests to the platform, and why each was answered as it was. Calls of this API are not in it.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = "/_emulator/journal", tag = "Journal",
    responses((status = 200, description = "The newest requests, oldest first.", body = Journal))
))]
async fn read_journal(State(control): State<Control>) -> Json<Journal> {
    Json(control.journal())
}

/// Clear the journal
#[cfg_attr(feature = "openapi", utoipa::path(
    delete, path = "/_emulator/journal", tag = "Journal",
    responses((status = 204, description = "The journal is empty."))
))]
async fn clear_journal(State(control): State<Control>) -> StatusCode {
    control.clear_journal();
    StatusCode::NO_CONTENT
}

/// Start again
///
/// Everything is as at the start: tasks, tokens, quota, faults, journal and clock. The same calls get the same answers again.
#[cfg_attr(feature = "openapi", utoipa::path(
    post, path = "/_emulator/reset", tag = "Emulator",
    responses((status = 204, description = "The emulator is as at its start."))
))]
async fn reset(State(control): State<Control>) -> StatusCode {
    control.reset();
    StatusCode::NO_CONTENT
}
