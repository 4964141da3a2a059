//! Replies that confirm assumptions, that contradict them, and that are evidence for neither side.

use northbound::SubtaskStatus;
use northbound::client_layer::types::SubtaskPage;
use serde_json::{Value, json};

use super::*;
use crate::commands::doctor::calls::Missing;
use crate::commands::doctor::finding::Mark;
use crate::commands::doctor::problem::{Cause, Problem};

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
    serde_json::from_value(
        json!({ "totalCount": total, "pageNo": 0, "pageSize": page_size, "taskDetails": rows }),
    )
    .unwrap()
}

/// The answers of a platform that meets every assumption.
fn replies() -> Replies {
    let statuses = STATUSES
        .iter()
        .enumerate()
        .map(|(number, status)| (SubtaskStatus::from(*status), Ok(page(12, 1, [row(number)]))));
    Replies {
        first: page(60, 250, (0..60).map(row)),
        size: 25,
        second: Ok(page(60, 25, (25..50).map(row))),
        past: Ok(page(60, 250, [])),
        defaults: Ok(page(60, 25, (0..25).map(row))),
        statuses: statuses.collect(),
        mismatch: Some(("device-0".to_owned(), SubtaskStatus::Fail)),
        combined: Ok(page(0, 25, [])),
        unknown: Ok(page(60, 25, (0..25).map(row))),
        logged_in: true,
    }
}

fn refused() -> Missing {
    let found = "the platform says: an input parameter is invalid (100022, HTTP 400)".to_owned();
    Missing::Failed(Problem { cause: Cause::Input, found, help: String::new() })
}

fn silent() -> Missing {
    Missing::Failed(Problem {
        cause: Cause::Unreachable,
        found: "no reply came".to_owned(),
        help: String::new(),
    })
}

/// What is found for an assumption after a change of the replies.
fn after(id: &str, change: impl FnOnce(&mut Replies)) -> Judgement {
    let mut replies = replies();
    change(&mut replies);
    let finding = findings(&replies).into_iter().find(|finding| finding.name == id).unwrap();
    (finding.mark, finding.found)
}

fn rows_of(page: &mut SubtaskPage) -> &mut Vec<northbound::client_layer::types::Subtask> {
    page.task_details.as_mut().unwrap()
}

fn changed(number: usize, change: impl FnOnce(&mut Value)) -> northbound::client_layer::types::Subtask {
    let mut row = row(number);
    change(&mut row);
    serde_json::from_value(row).unwrap()
}

#[test]
fn a_platform_that_meets_every_assumption_contradicts_none() {
    let unsure: Vec<_> = findings(&replies())
        .into_iter()
        .filter(|finding| finding.mark != Mark::Holds)
        .map(|finding| {
            assert_eq!(finding.mark, Mark::CouldNotTell, "{}: {}", finding.name, finding.found);
            finding.name
        })
        .collect();
    // Each of these says that something may be, and it was not.
    let not_seen = [
        "example-counters",
        "capped-pages",
        "status-is-open",
        "status-lifecycle",
        "param-has-more-members",
        "numeric-ids",
    ];
    assert_eq!(unsure, not_seen);
}

#[test]
fn an_assumption_that_something_may_be_holds_once_it_is_seen() {
    let holds = |id, change: fn(&mut Replies), seen: &str| {
        let (mark, found) = after(id, change);
        assert_eq!((mark, found.as_str()), (Mark::Holds, seen), "{id}");
    };
    holds(
        "example-counters",
        |replies| replies.past = Ok(page(1, 1, [row(0), row(1)])),
        "a page listed 2 rows under totalCount 1",
    );
    holds(
        "capped-pages",
        |replies| rows_of(&mut replies.first).truncate(50),
        "50 of 60 rows came where 250 were asked for",
    );
    holds(
        "status-is-open",
        |replies| rows_of(&mut replies.first)[0] = changed(0, |row| row["status"] = json!("Stopped")),
        "the platform sent: Stopped",
    );
    holds(
        "status-lifecycle",
        |replies| {
            rows_of(replies.second.as_mut().unwrap())[4] = changed(29, |row| row["status"] = json!("Fail"))
        },
        "1 subtask moved meanwhile, as the document says",
    );
    holds(
        "param-has-more-members",
        |replies| {
            rows_of(&mut replies.first)[0] = changed(0, |row| row["param"]["nodeId"] = json!("secret-node"))
        },
        "the platform sent: nodeId",
    );
    holds(
        "numeric-ids",
        |replies| rows_of(&mut replies.first)[0] = changed(0, |row| row["param"]["deviceId"] = json!(4711)),
        "1 of 280 ids were no strings",
    );
}

#[test]
fn a_reply_that_contradicts_an_assumption_is_seen() {
    let breaks = |id, change: fn(&mut Replies), seen: &str| {
        let (mark, found) = after(id, change);
        assert_eq!((mark, found.as_str()), (Mark::DoesNotHold, seen), "{id}");
    };
    let all_counted = |replies: &mut Replies| {
        replies.statuses.iter_mut().for_each(|(_, reply)| reply.as_mut().unwrap().total_count = Some(60));
    };
    breaks("filtered-total-count", all_counted, "the statuses together count 300, of 60");
    breaks(
        "total-beyond-the-page",
        |replies| replies.statuses[0].1 = Ok(page(1, 1, [row(0)])),
        "a page of one row counted 1 Success, and at least 12 are there",
    );
    breaks(
        "every-status-is-a-filter",
        |replies| replies.statuses[1].1 = Ok(page(60, 1, [row(0)])),
        "a row of another status came under Fail",
    );
    breaks(
        "every-status-is-a-filter",
        |replies| replies.statuses[3].1 = Err(refused()),
        "WaitResult was refused: the platform says: an input parameter is invalid (100022, HTTP 400)",
    );
    breaks(
        "stable-order",
        |replies| rows_of(replies.defaults.as_mut().unwrap()).swap(3, 4),
        "the rows of page 0 stood in another order the next time",
    );
    breaks(
        "fixed-set",
        |replies| replies.past = Ok(page(61, 250, [])),
        "the platform counted 60 subtasks, and then 61",
    );
    breaks(
        "param-names-a-row",
        |replies| rows_of(&mut replies.first)[59] = changed(0, |_| {}),
        "60 rows have 59 different params",
    );
    breaks(
        "pages-count-up",
        |replies| replies.second = Ok(page(60, 25, (0..25).map(row))),
        "page 1 repeated page 0",
    );
    breaks(
        "pages-count-up",
        |replies| replies.second = Ok(page(60, 25, (26..51).map(row))),
        "page 1 held other rows than those that follow page 0",
    );
    breaks(
        "pages-count-up",
        |replies| replies.second = Ok(page(60, 25, [])),
        "page 1, at 25 rows a page, was empty though more were counted",
    );
    breaks(
        "page-past-the-end-is-empty",
        |replies| replies.past = Ok(page(60, 250, [row(0)])),
        "the page after the last one had 1 row",
    );
    breaks(
        "page-past-the-end-is-empty",
        |replies| replies.past = Err(refused()),
        "the page after the last one was refused: the platform says: an input parameter is invalid (100022, HTTP 400)",
    );
    breaks(
        "paging-defaults",
        |replies| replies.defaults = Ok(page(60, 60, (0..60).map(row))),
        "60 rows came without page number and page size",
    );
    breaks(
        "paging-defaults",
        |replies| replies.defaults = Ok(page(60, 1, [row(0)])),
        "1 row came without page number and page size",
    );
    breaks(
        "filters-combine",
        |replies| replies.combined = Ok(page(1, 25, [row(0)])),
        "1 row came for a device under a status that it does not have",
    );
    breaks(
        "unknown-parameters-are-ignored",
        |replies| replies.unknown = Err(refused()),
        "the call was refused: the platform says: an input parameter is invalid (100022, HTTP 400)",
    );
    breaks(
        "unknown-parameters-are-ignored",
        |replies| replies.unknown = Ok(page(0, 25, [])),
        "with a parameter that nobody knows 0 rows came instead of 25",
    );
    breaks(
        "status-lifecycle",
        |replies| {
            rows_of(replies.second.as_mut().unwrap())[0] = changed(25, |row| row["status"] = json!("Pending"))
        },
        "a subtask went from Success to Pending",
    );
    breaks(
        "text-inside-text",
        |replies| {
            rows_of(&mut replies.first)[1] = changed(1, |row| row["error"] = json!({ "error_code": "7" }))
        },
        "values that are JSON and no string: 1",
    );
    breaks(
        "form-of-command-result",
        |replies| {
            rows_of(&mut replies.first)[0] =
                changed(0, |row| row["output"] = json!(r#"{"commandResult":"done"}"#))
        },
        "it is a string",
    );
    breaks(
        "form-of-command-result",
        |replies| {
            rows_of(&mut replies.first)[0] =
                changed(0, |row| row["output"] = json!(r#"{"commandResult":{"code":0}}"#))
        },
        "it is an object without resultCode or resultDetail",
    );
    breaks(
        "form-of-command-result",
        |replies| {
            rows_of(&mut replies.first)[0] =
                changed(0, |row| row["output"] = json!(r#"{"commandResult":null}"#))
        },
        "it is null, or missing, though the status is Success",
    );
}

#[test]
fn without_a_reply_no_assumption_is_judged() {
    let unsure = |id, change: fn(&mut Replies), why: &str| {
        let (mark, found) = after(id, change);
        assert_eq!((mark, found.as_str()), (Mark::CouldNotTell, why), "{id}");
    };
    unsure("pages-count-up", |replies| replies.second = Err(silent()), "no reply came");
    unsure("page-past-the-end-is-empty", |replies| replies.past = Err(silent()), "no reply came");
    unsure("paging-defaults", |replies| replies.defaults = Err(silent()), "no reply came");
    unsure(
        "filters-combine",
        |replies| replies.combined = Err(Missing::NotAsked("the calls are used up")),
        "the calls are used up",
    );
    unsure("unknown-parameters-are-ignored", |replies| replies.unknown = Err(silent()), "no reply came");
    unsure("every-status-is-a-filter", |replies| replies.statuses[0].1 = Err(silent()), "no reply came");
    unsure(
        "filtered-total-count",
        |replies| replies.statuses[0].1 = Err(silent()),
        "not every status was counted",
    );
    unsure("login-is-a-form", |replies| replies.logged_in = false, "no login was made: there was a token");
}

#[test]
fn what_may_have_another_cause_contradicts_no_assumption() {
    let unsure = |id, change: fn(&mut Replies), why: &str| {
        let (mark, found) = after(id, change);
        assert_eq!((mark, found.as_str()), (Mark::CouldNotTell, why), "{id}");
    };
    unsure(
        "filtered-total-count",
        |replies| replies.statuses[4].1 = Ok(page(10, 1, [row(4)])),
        "2 of 60 subtasks are in no status that was counted: they moved meanwhile, or have another status",
    );
    unsure(
        "filters-combine",
        |replies| {
            replies.combined = Ok(page(
                1,
                25,
                [{
                    let mut row = row(0);
                    row["status"] = json!("Fail");
                    row
                }],
            ))
        },
        "a device got the status meanwhile that it was not to have",
    );
    // Two subtasks of one device, and not one that moved.
    let of_one_device = |replies: &mut Replies| {
        let rows = rows_of(&mut replies.first);
        rows[1].param = rows[0].param.clone();
    };
    unsure("status-lifecycle", of_one_device, "the rows have nothing that distinguishes them");
    // Rows that nothing distinguishes.
    let nameless = |replies: &mut Replies| {
        let pages = [&mut replies.second, &mut replies.defaults, &mut replies.unknown].into_iter().flatten();
        pages
            .chain([&mut replies.first])
            .for_each(|page| rows_of(page).iter_mut().for_each(|row| row.param = None));
    };
    unsure("stable-order", nameless, "no rows came twice that can be distinguished");
    unsure("pages-count-up", nameless, "the rows have nothing that distinguishes them");
    unsure("param-names-a-row", nameless, "60 of 60 rows have no param");
    // An order that changes is one fault, and not three.
    let sorted_anew = |replies: &mut Replies| {
        rows_of(replies.defaults.as_mut().unwrap()).reverse();
        rows_of(replies.second.as_mut().unwrap()).reverse();
    };
    unsure("pages-count-up", sorted_anew, "rows have no stable order");
    unsure("paging-defaults", sorted_anew, "rows have no stable order");
}

#[test]
fn names_from_outside_are_shown_only_if_they_can_be_no_id() {
    let (mark, found) = after("param-has-more-members", |replies| {
        rows_of(&mut replies.first)[0] = changed(0, |row| {
            row["param"]["d4a1c6de"] = json!(1);
            row["param"]["nodeId"] = json!(1);
            row["param"]["\u{1b}[2J"] = json!(1);
        });
    });
    assert_eq!((mark, found.as_str()), (Mark::Holds, "the platform sent: nodeId and 2 more, not shown here"));
    let (_, found) = after("status-is-open", |replies| {
        rows_of(&mut replies.first)[0] = changed(0, |row| row["status"] = json!("5c8ba990"));
    });
    assert_eq!(found, "the platform sent: 1 name, not shown here");
}

#[test]
fn a_task_without_subtasks_contradicts_no_assumption() {
    let mut replies = replies();
    replies.first = page(0, 250, []);
    replies.size = 0;
    replies.second = Err(Missing::NotAsked("the task has fewer than two subtasks"));
    for reply in [&mut replies.past, &mut replies.defaults, &mut replies.unknown, &mut replies.combined] {
        *reply = Ok(page(0, 25, []));
    }
    replies.statuses.iter_mut().for_each(|(_, reply)| *reply = Ok(page(0, 1, [])));
    replies.mismatch = None;
    let broken: Vec<_> =
        findings(&replies).into_iter().filter(|finding| finding.mark == Mark::DoesNotHold).collect();
    assert_eq!(broken, []);
}
