//! For programs that do not want to page: all subtasks as JSON Lines, and the counts of a task. And whether the gateway is there.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path, State as Extract};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use northbound::{Page, PageStream, Summary, SummaryQuery};
use serde::Serialize;

use crate::http::calls::Note;
use crate::http::document::LIST_SUBTASKS;
use crate::http::platform;
use crate::http::refusal::Refusal;
use crate::reads::ReadKey;
use crate::rows;
use crate::state::State;

/// All subtasks of a task, a line each.
pub(crate) const SUBTASKS: &str = "/v1/tasks/{taskId}/subtasks";
/// The counts of a task.
pub(crate) const SUMMARY: &str = "/v1/tasks/{taskId}/summary";
/// Whether the gateway is there.
pub(crate) const HEALTH: &str = "/healthz";

type Shared = Extract<Arc<State>>;

/// The statuses that can be asked for.
#[cfg(feature = "openapi")]
#[derive(utoipa::ToSchema)]
#[allow(dead_code, reason = "only its description is used")]
pub(crate) enum Status {
    Pending,
    WaitResult,
    Success,
    Fail,
    Timeout,
}

/// The last line of a read: the only one with the member `end`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct LastLine {
    end: End,
}

/// How a read came to its end.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct End {
    /// Whether every row has come.
    complete: bool,
    /// Number of rows that came.
    rows: u64,
    /// The code of the error, if the read is not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<String>,
    /// Why it is not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_desc: Option<String>,
}

/// How many subtasks of a task there are.
#[cfg(feature = "openapi")]
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "only its description is used")]
pub(crate) struct Counts {
    /// The batch task.
    task_id: String,
    /// Number of subtasks.
    total: u64,
    /// Number of subtasks in each status.
    by_status: std::collections::BTreeMap<String, u64>,
    /// Number of subtasks in none of these: in another status, or gone while they were counted.
    other: u64,
    /// Number of calls that it took.
    calls: u64,
}

/// That the gateway is there.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// All subtasks of a batch task
///
/// One subtask a line, as the platform's document describes it, in the platform's order; with the status Pending the last page comes
/// first. The last line has the member `end`, which says whether every row has come, or why not: a reply without it is not
/// complete. The gateway reads on as the caller takes the lines.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = SUBTASKS, tag = "Reads", operation_id = "readSubtasks",
    params(
        ("taskId" = String, Path, description = "The batch task.", min_length = 1),
        ("status" = inline(Option<Status>), Query, description = "Only subtasks in this status."),
        ("deviceId" = Option<String>, Query, description = "Only subtasks of this device."),
        ("commandId" = Option<String>, Query, description = "Only the subtask of this device command."),
        ("appId" = Option<String>, Query, description = "The application that owns the task, if it has authorized the gateway's.")
    ),
    responses(
        (status = 200, description = "The subtasks, and a last line (`LastLine`).", body = String, content_type = "application/jsonl"),
        crate::http::openapi::Errors
    ),
    security((), ("Key" = []))
))]
pub(crate) async fn subtasks(
    Extract(state): Shared,
    Extension(note): Extension<Note>,
    headers: HeaderMap,
    Path(task_id): Path<String>,
    uri: Uri,
) -> Result<Response, Refusal> {
    let asked = begin(&state, &note, "readSubtasks", &headers, (&task_id, &uri))?;
    // One call at a time: a call that waited for the quota while nobody takes the lines would keep others waiting.
    let query = asked.query(&state.client).prefetch(1);
    let mut pages = query.pages();
    // An error before the first row still has a status.
    let first = pages.try_next().await.map_err(|error| Refusal::of(LIST_SUBTASKS, &error))?;
    let reading = Some(Reading { next: Some(first), pages, rows: 0, note });
    let lines = stream::unfold(reading, async |reading| {
        let mut reading = reading?;
        let (lines, goes_on) = reading.lines().await;
        Some((Ok::<_, std::convert::Infallible>(lines), goes_on.then_some(reading)))
    });
    Ok(([(CONTENT_TYPE, "application/jsonl")], Body::from_stream(lines)).into_response())
}

/// A read whose lines are taken.
struct Reading {
    /// The first page, which was read before.
    next: Option<Option<Page>>,
    pages: PageStream,
    rows: u64,
    note: Note,
}

impl Reading {
    /// The lines of the next page, or the last line; and whether more will come.
    async fn lines(&mut self) -> (Bytes, bool) {
        let page = match self.next.take() {
            Some(page) => Ok(page),
            None => self.pages.try_next().await,
        };
        if let Ok(Some(page)) = page {
            let rows = page.into_subtasks();
            self.rows += rows.len() as u64;
            let mut lines = Vec::new();
            for row in rows {
                rows::write(&row, &mut lines);
                lines.push(b'\n');
            }
            return (lines.into(), true);
        }
        let error = page.err().map(|error| Refusal::of(LIST_SUBTASKS, &error));
        self.note.set("rows", self.rows);
        let end = End {
            complete: error.is_none(),
            rows: self.rows,
            error_code: error.as_ref().map(|error| error.code.to_string()),
            error_desc: error.and_then(|error| error.text.or(error.reason)),
        };
        let mut line = serde_json::to_vec(&LastLine { end }).unwrap_or_default();
        line.push(b'\n');
        (line.into(), false)
    }
}

/// How far a batch task is
///
/// Number of subtasks in each status: 6 calls, whatever the size of the task.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = SUMMARY, tag = "Reads", operation_id = "countSubtasks",
    params(
        ("taskId" = String, Path, description = "The batch task.", min_length = 1),
        ("appId" = Option<String>, Query, description = "The application that owns the task, if it has authorized the gateway's.")
    ),
    responses((status = 200, description = "The counts.", body = Counts), crate::http::openapi::Errors),
    security((), ("Key" = []))
))]
pub(crate) async fn summary(
    Extract(state): Shared,
    Extension(note): Extension<Note>,
    headers: HeaderMap,
    Path(task_id): Path<String>,
    uri: Uri,
) -> Result<Json<Summary>, Refusal> {
    let asked = begin(&state, &note, "countSubtasks", &headers, (&task_id, &uri))?;
    let query = state.client.summary(asked.task_id);
    let query = asked.app_id.into_iter().fold(query, SummaryQuery::app_id);
    query.await.map(Json).map_err(|error| Refusal::of(LIST_SUBTASKS, &error))
}

/// Whether the gateway is there
///
/// It asks the platform nothing.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = HEALTH, tag = "Gateway", operation_id = "health",
    responses((status = 200, description = "It is.", body = Health)),
    security(())
))]
pub(crate) async fn health(Extension(note): Extension<Note>) -> Json<Health> {
    note.set("call", "health");
    Json(Health { status: "ok" })
}

/// Notes a call, and reads which subtasks it is for: it has the parameters that the document has for them.
fn begin(
    state: &State,
    note: &Note,
    call: &'static str,
    headers: &HeaderMap,
    (task_id, uri): (&str, &Uri),
) -> Result<ReadKey, Refusal> {
    note.set("call", call);
    note.set("task", task_id);
    state.admit(headers)?;
    let task_id = form_urlencoded::Serializer::new(String::new()).append_pair("taskId", task_id).finish();
    let query = format!("{task_id}&{}", uri.query().unwrap_or_default());
    let mut given = state.operation(LIST_SUBTASKS)?.read(query.as_bytes(), None)?;
    Ok(platform::asked(&mut given, |app_id| app_id))
}
