//! The control API: the handle of an emulator over HTTP, for tests in any language. Each call leads to a method of `Control` or
//! of an exam; what it does is decided there.

mod exam;
mod posted;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware;
use axum::routing::any;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use utoipa::openapi::{self, OpenApi};
use utoipa::{OpenApi as _, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::posted::{ControlError, ControlRefusal, Posted, refused};
use crate::clock::ClockKind;
use crate::control::Control;
use crate::fault::{ActiveFault, Fault};
use crate::http::middleware::control_call;
use crate::http::routes::operations;
use crate::platform::TaskState;
use crate::platform::journal::Journal;
use crate::scenario::{ScenarioError, Task};

/// The document of the control API, in OpenAPI 3.1. It follows from the code alone.
#[must_use]
pub fn control_openapi() -> OpenApi {
    let mut document = api().into_openapi();
    // The server refuses some requests before an operation sees them, whatever they ask for.
    for item in document.paths.paths.values_mut() {
        for operation in [&mut item.get, &mut item.post, &mut item.delete].into_iter().flatten() {
            let responses = &mut operation.responses.responses;
            if !responses.keys().any(|status| status.starts_with('4')) {
                let refused = openapi::Response::new("The request is refused before the emulator reads it.");
                responses.insert("4XX".to_owned(), refused.into());
            }
        }
    }
    document
}

/// Every route of the control API, to be merged with those of the platform.
pub(crate) fn router(control: Control) -> Router {
    let numbered = middleware::from_fn_with_state(control.clone(), control_call);
    let (router, document) = api().split_for_parts();
    let expected: Arc<str> = operations(&document).join(", ").into();
    let refuse = |status: StatusCode, expected: Arc<str>| {
        move |method: Method, uri: Uri| async move {
            refused(status, format!("no operation {method} {}; expected one of {expected}", uri.path()))
        }
    };
    let nothing_there = refuse(StatusCode::NOT_FOUND, Arc::clone(&expected));
    router
        .method_not_allowed_fallback(refuse(StatusCode::METHOD_NOT_ALLOWED, expected))
        // The platform has no path like it: what is unknown here is none of its business, nor of the journal's.
        .route("/_emulator/{*rest}", any(nothing_there.clone()))
        .route("/_emulator/", any(nothing_there.clone()))
        .route("/_emulator", any(nothing_there))
        .layer(numbered)
        .with_state(control)
}

/// Every route is registered here, together with its documentation: there is no other way in.
fn api() -> OpenApiRouter<Control> {
    let router = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(read_clock))
        .routes(routes!(advance_clock))
        .routes(routes!(list_tasks, create_task))
        .routes(routes!(drop_task))
        .routes(routes!(list_faults, add_fault, clear_faults))
        .routes(routes!(remove_fault))
        .routes(routes!(read_journal, clear_journal))
        .routes(routes!(reset));
    exam::add_to(router)
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Control API of the northbound emulator",
        version = env!("CARGO_PKG_VERSION"),
        description = "Steers the emulator while a program is tested against it: tasks, time, faults, and the journal of \
            requests. The platform has nothing like it. It asks for no token: keep the emulator on the loopback address.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    servers((url = "http://127.0.0.1:8743", description = "The emulator")),
    security(()),
    tags(
        (name = "Clock", description = "What time it is."),
        (name = "Tasks", description = "Batch tasks."),
        (name = "Faults", description = "What goes wrong."),
        (name = "Journal", description = "What was asked and answered."),
        (name = "Exam", description = "How a client does."),
        (name = "Emulator", description = "The whole.")
    )
)]
struct Document;

/// The clock that everything in the emulator follows.
#[derive(Debug, Serialize, ToSchema)]
struct ClockReading {
    /// Whether it follows real time or calls alone.
    kind: ClockKind,
    /// Time since the start or the last reset, in milliseconds.
    #[schema(example = 60000)]
    now_ms: u64,
}

/// How far to advance the clock.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Advance {
    /// Milliseconds to go ahead. A real clock jumps.
    #[schema(example = 60000)]
    milliseconds: u64,
}

/// A fault that was switched on.
#[derive(Debug, Serialize, ToSchema)]
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
#[utoipa::path(
    get,
    path = "/_emulator/clock",
    operation_id = "readClock",
    tag = "Clock",
    responses((status = 200, description = "The time.", body = ClockReading))
)]
async fn read_clock(State(control): State<Control>) -> Json<ClockReading> {
    reading(&control)
}

/// Advance the clock
///
/// Tokens age, the quota's window moves, subtasks go on, and waits of faults end, as if the time had passed.
#[utoipa::path(
    post,
    path = "/_emulator/clock/advance",
    operation_id = "advanceClock",
    tag = "Clock",
    request_body = Advance,
    responses(
        (status = 200, description = "The time after.", body = ClockReading),
        (status = 400, description = "The body cannot be read.", body = ControlError),
        (status = 413, description = "The body is too long.", body = ControlError)
    )
)]
async fn advance_clock(
    State(control): State<Control>,
    body: Posted,
) -> Result<Json<ClockReading>, ControlRefusal> {
    let Advance { milliseconds } = body.read()?;
    control.advance(Duration::from_millis(milliseconds));
    Ok(reading(&control))
}

/// List the tasks
///
/// Each with the number of its subtasks in each status.
#[utoipa::path(
    get,
    path = "/_emulator/tasks",
    operation_id = "listTasks",
    tag = "Tasks",
    responses((status = 200, description = "All tasks, in the order of their ids.", body = [TaskState]))
)]
async fn list_tasks(State(control): State<Control>) -> Json<Vec<TaskState>> {
    Json(control.tasks())
}

/// Create a task
///
/// Its life begins now, by the clock.
#[utoipa::path(
    post,
    path = "/_emulator/tasks",
    operation_id = "createTask",
    tag = "Tasks",
    request_body = Task,
    responses(
        (status = 201, description = "The task exists."),
        (status = 400, description = "The task cannot be read, or contradicts itself.", body = ControlError),
        (status = 413, description = "The body is too long.", body = ControlError),
        (status = 409, description = "There is a task with this id.", body = ControlError)
    )
)]
async fn create_task(State(control): State<Control>, body: Posted) -> Result<StatusCode, ControlRefusal> {
    control.create_task(body.read()?).map_err(|error| {
        let status = match error {
            ScenarioError::DuplicateTask { .. } => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        };
        refused(status, error)
    })?;
    Ok(StatusCode::CREATED)
}

/// Drop a task
#[utoipa::path(
    delete,
    path = "/_emulator/tasks/{id}",
    operation_id = "dropTask",
    tag = "Tasks",
    params(("id" = String, Path, description = "The task id.")),
    responses(
        (status = 204, description = "The task is gone."),
        (status = 404, description = "There is no such task.", body = ControlError)
    )
)]
async fn drop_task(
    State(control): State<Control>,
    Path(id): Path<String>,
) -> Result<StatusCode, ControlRefusal> {
    if control.drop_task(&id) {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(refused(StatusCode::NOT_FOUND, format!("there is no task '{id}'")))
}

/// List the faults
#[utoipa::path(
    get,
    path = "/_emulator/faults",
    operation_id = "listFaults",
    tag = "Faults",
    responses((status = 200, description = "The faults that are switched on, in their order.", body = [ActiveFault]))
)]
async fn list_faults(State(control): State<Control>) -> Json<Vec<ActiveFault>> {
    Json(control.faults())
}

/// Add a fault
#[utoipa::path(
    post,
    path = "/_emulator/faults",
    operation_id = "addFault",
    tag = "Faults",
    request_body = Fault,
    responses(
        (status = 201, description = "The fault is switched on.", body = Added),
        (status = 400, description = "The fault cannot be read, or breaks a bound.", body = ControlError),
        (status = 413, description = "The body is too long.", body = ControlError)
    )
)]
async fn add_fault(
    State(control): State<Control>,
    body: Posted,
) -> Result<(StatusCode, Json<Added>), ControlRefusal> {
    let id = control.add_fault(body.read()?).map_err(|error| refused(StatusCode::BAD_REQUEST, error))?;
    Ok((StatusCode::CREATED, Json(Added { id })))
}

/// Clear all faults
#[utoipa::path(
    delete,
    path = "/_emulator/faults",
    operation_id = "clearFaults",
    tag = "Faults",
    responses((status = 204, description = "No fault is switched on."))
)]
async fn clear_faults(State(control): State<Control>) -> StatusCode {
    control.clear_faults();
    StatusCode::NO_CONTENT
}

/// Remove one fault
#[utoipa::path(
    delete,
    path = "/_emulator/faults/{id}",
    operation_id = "removeFault",
    tag = "Faults",
    params(("id" = u64, Path, description = "The number that adding it returned.")),
    responses(
        (status = 204, description = "The fault is gone."),
        (status = 404, description = "There is no such fault: it is over, or never was.", body = ControlError)
    )
)]
async fn remove_fault(
    State(control): State<Control>,
    Path(id): Path<String>,
) -> Result<StatusCode, ControlRefusal> {
    // What is no number names no fault.
    if id.parse().is_ok_and(|id| control.remove_fault(id)) {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(refused(StatusCode::NOT_FOUND, format!("there is no fault '{id}': it is over, or never was")))
}

/// Read the journal
///
/// The newest requests to the platform, and why each was answered as it was. Calls of this API are not in it.
#[utoipa::path(
    get,
    path = "/_emulator/journal",
    operation_id = "readJournal",
    tag = "Journal",
    responses((status = 200, description = "The newest requests, oldest first.", body = Journal))
)]
async fn read_journal(State(control): State<Control>) -> Json<Journal> {
    Json(control.journal())
}

/// Clear the journal
#[utoipa::path(
    delete,
    path = "/_emulator/journal",
    operation_id = "clearJournal",
    tag = "Journal",
    responses((status = 204, description = "The journal is empty."))
)]
async fn clear_journal(State(control): State<Control>) -> StatusCode {
    control.clear_journal();
    StatusCode::NO_CONTENT
}

/// Start again
///
/// Everything is as at the start: tasks, tokens, quota, faults, journal and clock. The same calls get the same answers again.
#[utoipa::path(
    post,
    path = "/_emulator/reset",
    operation_id = "reset",
    tag = "Emulator",
    responses((status = 204, description = "The emulator is as at its start."))
)]
async fn reset(State(control): State<Control>) -> StatusCode {
    control.reset();
    StatusCode::NO_CONTENT
}
