//! Answers, not pages: what summary, watch and failures ask, and when they do not believe what comes back.

mod failures;
pub(crate) mod fleet;
mod watch;

use std::sync::atomic::{AtomicBool, Ordering};

use northbound::{Client, Credentials, Doubt, Method, SubtaskStatus, Summary};
use northbound_emulator::Scenario;
use serde_json::{Value, json};

use crate::emulated::Emulated;
use fleet::{Asked, Fleet, calls_of_a_summary, page};

/// 30,000 meters, most of which have answered.
const METERS: &[(&str, u64)] =
    &[("Success", 27_000), ("Fail", 400), ("Timeout", 200), ("WaitResult", 1_400), ("Pending", 1_000)];

fn emulated(emulator: &Emulated) -> Client {
    let credentials = Credentials::new(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).unwrap();
    Client::builder(emulator.url())
        .credentials(credentials)
        .quota(northbound::Quota::unlimited())
        .build()
        .unwrap()
}

fn counts(summary: &Summary) -> Vec<(&str, u64)> {
    let counts = summary.by_status().map(|(status, count)| (status.as_str(), count));
    counts.filter(|(_, count)| *count > 0).collect()
}

/// The summary of a task by a platform that answers like this, and what it was asked.
async fn summary(answer: impl Fn(&Asked) -> (u16, Value) + Send + Sync + 'static) -> (Summary, Vec<String>) {
    let fleet = Fleet::answering(answer).await;
    let summary = fleet.client().summary("demo").await.unwrap();
    assert_eq!(summary.calls(), fleet.calls() as u64);
    (summary, fleet.asked())
}

#[tokio::test]
async fn a_summary_is_one_call_a_status_with_the_final_ones_first() {
    let fleet = Fleet::of(vec![METERS]).await;
    let summary = fleet.client().summary("demo").await.unwrap();
    assert_eq!(fleet.asked(), ["all", "Success", "Fail", "Timeout", "WaitResult", "Pending"]);
    assert_eq!((fleet.calls() as u64, summary.calls()), (calls_of_a_summary(), calls_of_a_summary()));
    assert_eq!((summary.total(), summary.other(), summary.method()), (30_000, 0, Method::Counted));
    assert_eq!((summary.failed(), summary.failed_share(), summary.is_settled()), (600, 0.02, false));
    assert_eq!(
        counts(&summary),
        [("Pending", 1_000), ("WaitResult", 1_400), ("Success", 27_000), ("Fail", 400), ("Timeout", 200)]
    );
}

/// What the README of the SDK promises for 30,000 meters.
#[tokio::test]
async fn the_cost_is_as_the_readme_says() {
    let fleet = Fleet::of(vec![METERS]).await;
    fleet.client().summary("demo").await.unwrap();
    assert_eq!(fleet.calls() as u64, calls_of_a_summary());
    assert_eq!(fleet.client().failures("demo").by_code().await.unwrap().count(), 600);
    assert_eq!(fleet.calls() as u64, calls_of_a_summary() + 3);
    let mut everything = fleet.client().subtasks("demo").stream();
    let mut rows = 0;
    while everything.try_next().await.unwrap().is_some() {
        rows += 1;
    }
    assert_eq!((rows, fleet.calls() as u64), (30_000, calls_of_a_summary() + 3 + 120));
}

#[tokio::test]
async fn a_summary_serialises_with_five_members() {
    let fleet = Fleet::of(vec![METERS]).await;
    let summary = serde_json::to_value(fleet.client().summary("demo").await.unwrap()).unwrap();
    let members: Vec<_> = summary.as_object().unwrap().keys().collect();
    assert_eq!(members, ["taskId", "total", "byStatus", "other", "calls"]);
    assert_eq!((&summary["taskId"], &summary["byStatus"]["WaitResult"]), (&json!("demo"), &json!(1400)));
}

#[tokio::test]
async fn the_emulator_counts_what_it_lists() {
    let emulator = Emulated::start().await;
    let client = emulated(&emulator);
    let summary = client.summary(Scenario::DEMO_TASK).await.unwrap();
    assert_eq!((summary.total(), summary.other(), summary.method()), (1000, 0, Method::Counted));
    let mut rows = client.subtasks(Scenario::DEMO_TASK).stream();
    let mut listed = std::collections::BTreeMap::<SubtaskStatus, u64>::new();
    while let Some(row) = rows.try_next().await.unwrap() {
        *listed.entry(row.status().unwrap().clone()).or_default() += 1;
    }
    for (status, count) in summary.by_status() {
        assert_eq!(count, listed.get(status).copied().unwrap_or_default(), "{status}");
    }
}

/// Two rows under a total of 1, with either filter and none.
#[tokio::test]
async fn the_example_of_the_page_is_read_since_its_total_is_false() {
    let emulator = Emulated::start().await;
    let summary = emulated(&emulator).summary(Scenario::EXAMPLE_TASK).await.unwrap();
    assert_eq!(summary.method(), Method::Read(Doubt::MoreRowsThanTotal));
    assert_eq!((summary.total(), counts(&summary)), (2, vec![("WaitResult", 2)]));
}

#[tokio::test]
async fn a_platform_that_ignores_the_filter_is_read() {
    const TASK: &[(&str, u64)] = &[("Fail", 3), ("Pending", 300)];
    let (summary, asked) = summary(|asked| (200, page(TASK, &Asked { status: None, ..asked.clone() }))).await;
    assert_eq!(asked, ["all", "Success", "Success", "all 0/250", "all 1/250"]);
    assert_eq!(summary.method(), Method::Read(Doubt::FilterIgnored));
    assert_eq!((summary.total(), counts(&summary)), (303, vec![("Pending", 300), ("Fail", 3)]));
}

#[tokio::test]
async fn a_total_that_counts_everything_is_not_believed() {
    let everything = |task: &'static [(&str, u64)]| {
        move |asked: &Asked| {
            let mut page = page(task, asked);
            page["totalCount"] = task.iter().map(|(_, count)| count).sum::<u64>().into();
            (200, page)
        }
    };
    // Where a status is empty, the page shows it; where none is, the sum does.
    let (one, asked) = summary(everything(&[("Success", 250)])).await;
    assert_eq!(asked, ["all", "Success", "Fail", "Fail", "all 0/250", "all 1/250"]);
    assert_eq!((one.method(), counts(&one)), (Method::Read(Doubt::TotalWithoutRows), vec![("Success", 250)]));
    let (two, asked) = summary(everything(&[("Success", 1), ("Fail", 1)])).await;
    assert_eq!(asked, ["all", "Success", "Fail", "all 0/250"]);
    assert_eq!((two.method(), counts(&two).len()), (Method::Read(Doubt::MoreThanAll), 2));
}

/// The vendor's Python and PHP references do not know WaitResult.
#[tokio::test]
async fn a_platform_that_does_not_take_a_status_is_read() {
    let (summary, asked) = summary(|asked| match asked.status.as_deref() {
        Some("WaitResult") => (400, json!({ "error_code": "100022", "error_desc": "The input is invalid" })),
        _ => (200, page(METERS, asked)),
    })
    .await;
    assert_eq!(asked[..6], ["all", "Success", "Fail", "Timeout", "WaitResult", "all 0/250"]);
    assert_eq!(summary.method(), Method::Read(Doubt::FilterRefused));
    assert_eq!((summary.total(), summary.count(&SubtaskStatus::WaitResult)), (30_000, 1_400));
}

/// A platform whose total is the number of rows on the page would say 1 of any task.
#[tokio::test]
async fn a_total_of_the_page_is_not_taken_for_that_of_the_task() {
    const TASK: &[(&str, u64)] = &[("Success", 249)];
    let (summary, asked) = summary(|asked| {
        let mut page = page(TASK, asked);
        page["totalCount"] = page["taskDetails"].as_array().unwrap().len().into();
        (200, page)
    })
    .await;
    assert_eq!(asked[..2], ["all", "all 0/250"]);
    assert_eq!((summary.method(), summary.total()), (Method::Read(Doubt::MayCountThePage), 249));
}

#[tokio::test]
async fn a_page_without_total_is_read() {
    let (summary, asked) = summary(|asked| {
        let mut page = page(&[("Success", 2)], asked);
        page["totalCount"] = Value::Null;
        (200, page)
    })
    .await;
    assert_eq!(asked[..2], ["all", "all 0/250"]);
    assert_eq!((summary.method(), summary.total()), (Method::Read(Doubt::NoTotal), 2));
}

#[tokio::test]
async fn a_count_that_a_race_explains_is_asked_once_more() {
    let raced = AtomicBool::new(false);
    let (summary, asked) = summary(move |asked| {
        let mut page = page(METERS, asked);
        if asked.status.as_deref() == Some("WaitResult") && !raced.swap(true, Ordering::Relaxed) {
            page["taskDetails"] = json!([]);
        }
        (200, page)
    })
    .await;
    assert_eq!(asked, ["all", "Success", "Fail", "Timeout", "WaitResult", "WaitResult", "Pending"]);
    assert_eq!((summary.method(), summary.calls()), (Method::Counted, calls_of_a_summary() + 1));
}

#[tokio::test]
async fn what_moves_while_it_is_counted_is_in_no_status_and_never_counted_twice() {
    // A subtask succeeds after Success was counted; another gets its command after WaitResult was.
    let before: &[_] = &[("Success", 5), ("WaitResult", 3), ("Pending", 2)];
    let between: &[_] = &[("Success", 6), ("WaitResult", 2), ("Pending", 2)];
    let after: &[_] = &[("Success", 6), ("WaitResult", 3), ("Pending", 1)];
    let fleet = Fleet::answering(move |asked| {
        let moment = match asked.status.as_deref() {
            None | Some("Success") => before,
            Some("Pending") => after,
            Some(_) => between,
        };
        (200, page(moment, asked))
    })
    .await;
    let summary = fleet.client().summary("demo").await.unwrap();
    assert_eq!(counts(&summary), [("Pending", 1), ("WaitResult", 2), ("Success", 5)]);
    assert_eq!((summary.total(), summary.other()), (10, 2));
}

#[tokio::test]
async fn unknown_statuses_show_as_they_are_when_the_task_is_read() {
    const TASK: &[(&str, u64)] = &[("Success", 7), ("Halted", 3)];
    let (counted, _) = summary(|asked| (200, page(TASK, asked))).await;
    assert_eq!((counts(&counted), counted.other()), (vec![("Success", 7)], 3));
    assert!(!counted.is_settled());
    let (read, _) = summary(|asked| (200, page(TASK, &Asked { status: None, ..asked.clone() }))).await;
    assert_eq!((counts(&read), read.other()), (vec![("Success", 7), ("Halted", 3)], 3));
    assert!(!read.is_settled());
}

#[tokio::test]
async fn a_task_without_subtasks_is_settled_only_if_that_is_allowed() {
    let fleet = Fleet::of(vec![&[]]).await;
    assert!(!fleet.client().summary("demo").await.unwrap().is_settled());
    assert!(fleet.client().summary("demo").allow_empty(true).await.unwrap().is_settled());
}

#[tokio::test]
async fn a_task_that_does_not_exist_costs_one_call() {
    let missing = json!({ "error_code": "105005", "error_desc": "The batchTask is not existed." });
    let fleet = Fleet::answering(move |_| (404, missing.clone())).await;
    let error = fleet.client().summary("nowhere").await.unwrap_err();
    assert!(error.is_task_not_found(), "{error}");
    assert_eq!(fleet.calls(), 1);
}

#[tokio::test]
async fn a_task_id_of_nothing_asks_nothing() {
    let fleet = Fleet::of(vec![METERS]).await;
    let client = fleet.client();
    assert!(client.summary("").await.unwrap_err().is_refused());
    assert!(client.watch("").stream().try_next().await.unwrap_err().is_refused());
    assert!(client.failures("").stream().try_next().await.unwrap_err().is_refused());
    assert!(client.failures("").by_code().await.unwrap_err().is_refused());
    assert_eq!(fleet.calls(), 0);
}
