//! Replies that confirm assumptions, that contradict them, and that are evidence for neither side.

use northbound::SubtaskStatus;
use northbound::client_layer::types::{BatchTask, Subtask, SubtaskPage};
use serde_json::{Value, json};

use super::*;
use crate::commands::doctor::calls::{Missing, Reply, not_asked};
use crate::commands::doctor::finding::Mark;
use crate::commands::doctor::problem::Cause;

/// The statuses of a task of 60 subtasks, in turn.
const STATUSES: [&str; 5] = ["Success", "Fail", "Timeout", "WaitResult", "Pending"];

fn row(number: usize) -> Value {
    let status = STATUSES[number % 5];
    let output = match status {
        "Success" => json!(r#"{"requestId":"r","commandResult":{"resultCode":"0","resultDetail":{}}}"#),
        "WaitResult" => json!(r#"{"requestId":"r","commandResult":null}"#),
        _ => Value::Null,
    };
    let param = json!({ "deviceId": format!("device-{number}"), "commandId": format!("command-{number}") });
    json!({ "status": status, "output": output, "error": null, "param": param })
}

fn page(total: u64, page_size: u64, rows: impl IntoIterator<Item = Value>) -> SubtaskPage {
    let rows: Vec<Value> = rows.into_iter().collect();
    let page = json!({ "totalCount": total, "pageNo": 0, "pageSize": page_size, "taskDetails": rows });
    serde_json::from_value(page).unwrap()
}

/// The answers of a platform that meets every assumption.
fn replies() -> Replies {
    let statuses = STATUSES.iter().enumerate();
    let statuses = statuses.map(|(number, status)| ((*status).into(), Ok(page(12, 1, [row(number)]))));
    Replies {
        first: page(60, 250, (0..60).map(row)),
        size: 25,
        second: Ok(page(60, 25, (25..50).map(row))),
        past: Ok(page(60, 250, [])),
        unknown: Ok(page(60, 25, (0..25).map(row))),
        defaults: None,
        task: Ok(task(json!({}))),
        statuses: statuses.collect(),
        mismatch: Some(("device-0".to_owned(), SubtaskStatus::Fail)),
        combined: Ok(page(0, 25, [])),
        logged_in: true,
    }
}

/// What the platform says of the task, with other members.
fn task(other: Value) -> BatchTask {
    let mut task = json!({
        "taskId": "t", "totalCnt": 60, "successCnt": 12, "failCnt": 12, "timeoutCnt": 12, "expiredCnt": 2, "completeCnt": 36,
        "timeout": 172_800, "tags": [],
    });
    task.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    serde_json::from_value(task).unwrap()
}

fn failed(cause: Cause, found: &str) -> Reply {
    Err(Missing { why: found.to_owned(), is_refusal: cause == Cause::Input })
}

fn refused() -> Reply {
    failed(Cause::Input, "an input parameter is invalid")
}

fn silent() -> Reply {
    failed(Cause::Unreachable, "no reply came")
}

fn rows_of(page: &mut SubtaskPage) -> &mut Vec<Subtask> {
    page.task_details.as_mut().unwrap()
}

/// Changes a row of a page.
fn change(page: &mut SubtaskPage, place: usize, change: impl FnOnce(&mut Value)) {
    let row = &mut rows_of(page)[place];
    let mut changed = serde_json::to_value(&*row).unwrap();
    change(&mut changed);
    *row = serde_json::from_value(changed).unwrap();
}

/// Gives the first row this `output`, which is a success.
fn answer(it: &mut Replies, output: &str) {
    change(&mut it.first, 0, |row| row["output"] = json!(output));
}

fn take_names(it: &mut Replies) {
    let pages = [&mut it.second, &mut it.unknown].into_iter().flatten();
    pages.chain([&mut it.first]).flat_map(rows_of).for_each(|row| row.param = None);
}

/// An order that changes is one fault, and not three.
fn sort_again(it: &mut Replies) {
    [&mut it.unknown, &mut it.second].into_iter().flatten().for_each(|page| rows_of(page).reverse());
}

/// An assumption, and a change of the replies after which it is judged.
type Case = (&'static str, fn(&mut Replies));

const CASES: [Case; 59] = [
    // Something may be, and it is seen.
    ("example-counters", |it| it.past = Ok(page(1, 1, [row(0), row(1)]))),
    ("capped-pages", |it| rows_of(&mut it.first).truncate(50)),
    ("status-is-open", |it| change(&mut it.first, 0, |row| row["status"] = json!("Stopped"))),
    ("status-lifecycle", |it| change(it.second.as_mut().unwrap(), 4, |row| row["status"] = json!("Fail"))),
    ("param-has-more-members", |it| change(&mut it.first, 0, |row| row["param"]["nodeId"] = json!("secret"))),
    ("numeric-ids", |it| change(&mut it.first, 0, |row| row["param"]["deviceId"] = json!(4711))),
    // A name from outside is shown only if it can be no id.
    ("param-has-more-members", |it| {
        let more = json!({ "deviceId": "d", "d4a1c6de": 1, "nodeId": 1, "\u{1b}[2J": 1 });
        change(&mut it.first, 0, |row| row["param"] = more);
    }),
    ("status-is-open", |it| change(&mut it.first, 0, |row| row["status"] = json!("5c8ba990"))),
    // A reply contradicts the assumption.
    ("filtered-total-count", |it| {
        it.statuses.iter_mut().for_each(|(_, reply)| reply.as_mut().unwrap().total_count = Some(60));
    }),
    ("total-beyond-the-page", |it| it.statuses[0].1 = Ok(page(1, 1, [row(0)]))),
    ("every-status-is-a-filter", |it| it.statuses[1].1 = Ok(page(60, 1, [row(0)]))),
    ("every-status-is-a-filter", |it| it.statuses[3].1 = refused()),
    ("stable-order", |it| rows_of(it.unknown.as_mut().unwrap()).swap(3, 4)),
    ("fixed-set", |it| it.past = Ok(page(61, 250, []))),
    ("param-names-a-row", |it| change(&mut it.first, 59, |changed| *changed = row(0))),
    ("pages-count-up", |it| it.second = Ok(page(60, 25, (0..25).map(row)))),
    ("pages-count-up", |it| it.second = Ok(page(60, 25, (26..51).map(row)))),
    ("pages-count-up", |it| it.second = Ok(page(60, 25, []))),
    ("page-past-the-end-is-empty", |it| it.past = Ok(page(60, 250, [row(0)]))),
    ("page-past-the-end-is-empty", |it| it.past = refused()),
    ("paging-defaults", |it| it.defaults = Some(Ok(page(60, 60, (0..60).map(row))))),
    ("paging-defaults", |it| it.defaults = Some(Ok(page(60, 1, [row(0)])))),
    ("filters-combine", |it| it.combined = Ok(page(1, 25, [row(0)]))),
    ("unknown-parameters-are-ignored", |it| it.unknown = refused()),
    ("unknown-parameters-are-ignored", |it| {
        it.defaults = Some(std::mem::replace(&mut it.unknown, Ok(page(0, 25, []))));
    }),
    ("unknown-parameters-are-ignored", |it| {
        it.unknown = Ok(page(60, 60, (0..60).map(row)));
        it.defaults = Some(it.unknown.clone());
    }),
    ("unknown-parameters-are-ignored", |it| {
        (it.unknown, it.defaults) = (Ok(page(60, 60, (0..60).map(row))), Some(silent()));
    }),
    ("counters-of-a-task", |it| it.task = Ok(task(json!({ "failCnt": 13 })))),
    ("counters-of-a-task", |it| it.task = Ok(task(json!({ "totalCnt": 59 })))),
    ("counters-of-a-task", |it| it.task = Ok(task(json!({ "failCnt": 11, "timeoutCnt": 10 })))),
    ("counters-of-a-task", |it| it.task = Ok(task(json!({ "failCnt": null })))),
    ("counters-of-a-task", |it| it.task = refused().map(|_| task(json!({})))),
    ("counters-of-a-task", |it| it.task = silent().map(|_| task(json!({})))),
    ("complete-leaves-expired-out", |it| it.task = Ok(task(json!({ "completeCnt": 38 })))),
    ("complete-leaves-expired-out", |it| it.task = Ok(task(json!({ "expiredCnt": 0 })))),
    ("select-tag-or-tags", |it| it.task = Ok(task(json!({ "tags": null })))),
    ("unit-of-timeout", |it| it.task = Ok(task(json!({ "timeout": 300 })))),
    ("unit-of-timeout", |it| it.task = refused().map(|_| task(json!({})))),
    ("status-lifecycle", |it| change(it.second.as_mut().unwrap(), 0, |row| row["status"] = json!("Pending"))),
    ("text-inside-text", |it| change(&mut it.first, 1, |row| row["error"] = json!({ "error_code": "7" }))),
    ("form-of-command-result", |it| answer(it, r#"{"commandResult":"done"}"#)),
    ("form-of-command-result", |it| answer(it, r#"{"commandResult":{"code":0}}"#)),
    ("form-of-command-result", |it| answer(it, r#"{"commandResult":null}"#)),
    // There is no reply.
    ("pages-count-up", |it| it.second = silent()),
    ("page-past-the-end-is-empty", |it| it.past = silent()),
    ("paging-defaults", |it| it.defaults = Some(silent())),
    ("filters-combine", |it| it.combined = Err(not_asked("the calls are used up"))),
    ("unknown-parameters-are-ignored", |it| it.unknown = silent()),
    ("every-status-is-a-filter", |it| it.statuses[0].1 = silent()),
    ("filtered-total-count", |it| it.statuses[0].1 = silent()),
    ("login-is-a-form", |it| it.logged_in = false),
    // What is seen may have another cause.
    ("filtered-total-count", |it| it.statuses[4].1 = Ok(page(10, 1, [row(4)]))),
    ("filters-combine", |it| {
        it.combined = Ok(page(1, 25, [row(0)]));
        change(it.combined.as_mut().unwrap(), 0, |row| row["status"] = json!("Fail"));
    }),
    // Two subtasks of one device, and not one that moved.
    ("status-lifecycle", |it| change(&mut it.first, 1, |changed| changed["param"] = row(0)["param"].clone())),
    ("stable-order", take_names),
    ("pages-count-up", take_names),
    ("param-names-a-row", take_names),
    ("pages-count-up", sort_again),
    ("paging-defaults", sort_again),
];

#[test]
fn replies_confirm_or_contradict_an_assumption_or_say_nothing_of_it() {
    let judged = CASES.iter().map(|(id, change)| {
        let mut replies = replies();
        change(&mut replies);
        let finding = findings(&replies).into_iter().find(|finding| finding.name == *id).unwrap();
        format!("{id} {}: {}", finding.mark.words(), finding.found)
    });
    insta::assert_snapshot!(judged.collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_platform_that_meets_every_assumption_contradicts_none() {
    let findings = findings(&replies());
    assert!(findings.iter().all(|finding| finding.mark != Mark::DoesNotHold), "{findings:#?}");
    let unsure = findings.iter().filter(|finding| finding.mark != Mark::Holds).map(|finding| finding.name);
    // Each of these says that something may be, and it was not.
    let not_seen = [
        "example-counters",
        "capped-pages",
        "status-is-open",
        "status-lifecycle",
        "param-has-more-members",
        "numeric-ids",
    ];
    assert_eq!(unsure.collect::<Vec<_>>(), not_seen);
}

#[test]
fn a_task_without_subtasks_contradicts_no_assumption() {
    let mut replies = replies();
    replies.first = page(0, 250, []);
    replies.size = 0;
    replies.second = Err(not_asked("the task has fewer than two subtasks"));
    for reply in [&mut replies.past, &mut replies.unknown, &mut replies.combined] {
        *reply = Ok(page(0, 25, []));
    }
    replies.statuses.iter_mut().for_each(|(_, reply)| *reply = Ok(page(0, 1, [])));
    replies.mismatch = None;
    let none = json!({ "totalCnt": 0, "successCnt": 0, "failCnt": 0, "timeoutCnt": 0, "expiredCnt": 0, "completeCnt": 0 });
    replies.task = Ok(task(none));
    let findings = findings(&replies);
    assert!(findings.iter().all(|finding| finding.mark != Mark::DoesNotHold), "{findings:#?}");
}
