//! Tasks of a platform that a test makes up, row by row.

use northbound_testkit::{Asked, Platform, json_reply};
use serde_json::{Value, json};

use crate::{Seen, TOKEN, ask};

/// A platform that answers with a page, and has no call for a task.
pub(crate) async fn paging(answer: impl Fn(&Asked) -> Value + Send + Sync + 'static) -> Platform {
    // It has no call that asks for a task's own counters.
    let reply = move |asked: &Asked| match asked.task() {
        Some(_) => json_reply(404, ""),
        None => json_reply(200, answer(asked)),
    };
    Platform::start(reply).await
}

/// Runs a command with a token and without a quota of its own.
pub(crate) async fn ask_freely(platform: &Platform, line: &str) -> Seen {
    ask(&platform.url(), &TOKEN, &format!("{line} --quota 0")).await
}

/// The page that a sound platform sends of these rows.
pub(crate) fn page(rows: &[Value], status: Option<&str>, (page, size): (usize, usize)) -> Value {
    let wanted = |row: &&Value| status.is_none_or(|status| row["status"] == status);
    let rows: Vec<_> = rows.iter().filter(wanted).collect();
    let total = rows.len();
    let rows: Vec<_> = rows.into_iter().skip(page * size).take(size).collect();
    json!({ "totalCount": total, "pageNo": page, "pageSize": size, "taskDetails": rows })
}

/// Rows in each status, by their number.
pub(crate) fn rows_of(task: &[(&str, usize)]) -> Vec<Value> {
    let row = |status: &str, number| json!({ "status": status, "param": { "deviceId": format!("{status}-{number}") } });
    task.iter().flat_map(|(status, count)| (0..*count).map(move |number| row(status, number))).collect()
}
