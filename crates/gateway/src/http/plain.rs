//! Without pages: all subtasks as JSON Lines, and the counts of a task. Also whether the gateway is there.

use axum::body::{Body, Bytes};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse as _;
use axum::{Extension, Json};
use futures_util::stream;
use northbound::{Page, PageStream, SummaryQuery};
use serde_json::{Value, json};

use crate::http::ask::{Answer, Ask, admit};
use crate::http::calls::Note;
use crate::http::document::LIST_SUBTASKS;
use crate::http::platform;
use crate::http::refusal::Refusal;
use crate::rows;

/// All subtasks of a task, a line each.
pub(crate) const SUBTASKS: &str = "/v1/tasks/{taskId}/subtasks";
/// The counts of a task.
pub(crate) const SUMMARY: &str = "/v1/tasks/{taskId}/summary";
/// Whether the gateway is there.
pub(crate) const HEALTH: &str = "/healthz";

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

/// All subtasks of a batch task
///
/// One subtask a line, as the platform's document describes it, in the platform's order; with the status Pending the last page comes
/// first. The last line has one member, `end`: an object of `complete` (whether every row has come), `rows` (how many have), and if it
/// is not complete `error_code` and `error_desc`. A reply without this line is not complete. The gateway reads on as the caller takes the lines.
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
        (status = 200, description = "The subtasks, and a last line.", body = String, content_type = "application/jsonl"),
        crate::http::errors::Errors
    ),
    security((), ("Key" = []))
))]
pub(crate) async fn subtasks(ask: Ask) -> Answer {
    admit(&ask.state, &ask.headers)?;
    let asked = platform::asked(ask.given_only(&["status", "deviceId", "commandId", "appId"])?);
    // One call at a time: a call that waited for the quota while nobody takes the lines would keep others waiting.
    let mut pages = asked.query(&ask.state.client).prefetch(1).pages();
    // An error before the first row still has a status.
    let first = pages.try_next().await.map_err(|error| Refusal::of(LIST_SUBTASKS, &error))?;
    let reading = Some(Reading { next: Some(first), pages, rows: 0, note: ask.note });
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
        let mut end = json!({ "complete": error.is_none(), "rows": self.rows });
        if let Some(Refusal { code, text, reason, .. }) = error {
            (end["error_code"], end["error_desc"]) = (code.into(), text.or(reason).into());
        }
        (format!("{}\n", json!({ "end": end })).into(), false)
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
    responses((status = 200, description = "The counts.", body = Counts), crate::http::errors::Errors),
    security((), ("Key" = []))
))]
pub(crate) async fn summary(ask: Ask) -> Answer {
    admit(&ask.state, &ask.headers)?;
    let asked = platform::asked(ask.given_only(&["appId"])?);
    let query = ask.state.client.summary(asked.task_id);
    let summary = asked.app_id.into_iter().fold(query, SummaryQuery::app_id).await;
    Ok(Json(summary.map_err(|error| Refusal::of(LIST_SUBTASKS, &error))?).into_response())
}

/// Whether the gateway is there
///
/// It asks the platform nothing.
#[cfg_attr(feature = "openapi", utoipa::path(
    get, path = HEALTH, tag = "Gateway", operation_id = "health",
    responses((status = 200, description = "It is.", body = Value)),
    security(())
))]
pub(crate) async fn health(Extension(note): Extension<Note>) -> Json<Value> {
    note.set("call", "health");
    Json(json!({ "status": "ok" }))
}
