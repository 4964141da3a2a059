//! Answers, not pages: what summary, watch and failures ask, and when they do not believe what comes back.

mod failures;
mod watch;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use northbound::{Doubt, Method, SubtaskStatus, Summary};
use northbound_emulator::Scenario;
use northbound_testkit::axum::body::Body;
use northbound_testkit::axum::http::Response;
use northbound_testkit::{Asked, Emulated, Platform, json_reply};
use serde_json::{Value, json};

use crate::support::{Clients as _, Task, Window, calls_of, fleet, page, read, unfiltered};

/// 30,000 meters, most of which have answered.
const METERS: &Task =
    &[("Pending", 1_000), ("WaitResult", 1_400), ("Success", 27_000), ("Fail", 400), ("Timeout", 200)];

/// How many calls a summary takes: 6, until the document lists another status.
fn calls_of_a_summary() -> usize {
    SubtaskStatus::KNOWN.len() + 1
}

fn counts(summary: &Summary) -> Vec<(&str, usize)> {
    let counts = summary.by_status().map(|(status, count)| (status.as_str(), count as usize));
    counts.filter(|(_, count)| *count > 0).collect()
}

/// The summary of a task by a platform that answers like this, and what it was asked.
async fn summary(
    answer: impl Fn(&Asked) -> Response<Body> + Send + Sync + 'static,
) -> (Summary, Vec<String>) {
    let platform = Platform::in_process(answer);
    let summary = platform.client().summary("demo").await.unwrap();
    assert_eq!(summary.calls(), platform.calls() as u64);
    (summary, calls_of(&platform))
}

/// The costs are those that the README of the SDK promises for 30,000 meters.
#[tokio::test]
async fn a_summary_is_one_call_a_status_with_the_final_ones_first() {
    let platform = fleet(vec![METERS]);
    let client = platform.client();
    let summary = client.summary("demo").await.unwrap();
    assert_eq!(calls_of(&platform), ["all", "Success", "Fail", "Timeout", "WaitResult", "Pending"]);
    assert_eq!((platform.calls(), summary.calls()), (calls_of_a_summary(), calls_of_a_summary() as u64));
    assert_eq!((summary.total(), summary.other(), summary.method()), (30_000, 0, Method::Counted));
    assert_eq!((summary.failed(), summary.failed_share(), summary.is_settled()), (600, 0.02, false));
    assert_eq!(counts(&summary), METERS);
    let written = serde_json::to_value(&summary).unwrap();
    let members: Vec<_> = written.as_object().unwrap().keys().collect();
    assert_eq!(members, ["taskId", "total", "byStatus", "other", "calls"]);
    assert_eq!((&written["taskId"], &written["byStatus"]["WaitResult"]), (&json!("demo"), &json!(1400)));

    assert_eq!(client.failures("demo").by_code().await.unwrap().count(), 600);
    assert_eq!(platform.calls(), calls_of_a_summary() + 3);
    assert_eq!(read(client.subtasks("demo").stream()).await.0.len(), 30_000);
    assert_eq!(platform.calls(), calls_of_a_summary() + 3 + 120);
}

#[tokio::test]
async fn the_emulator_counts_what_it_lists() {
    let emulator = Emulated::start().await;
    let client = emulator.with_login().build().unwrap();
    let summary = client.summary(Scenario::DEMO_TASK).await.unwrap();
    assert_eq!((summary.total(), summary.other(), summary.method()), (1000, 0, Method::Counted));
    let mut listed = BTreeMap::<SubtaskStatus, u64>::new();
    for row in read(client.subtasks(Scenario::DEMO_TASK).stream()).await.0 {
        *listed.entry(row.status().unwrap().clone()).or_default() += 1;
    }
    for (status, count) in summary.by_status() {
        assert_eq!(count, listed.get(status).copied().unwrap_or_default(), "{status}");
    }
    // Two rows under a total of 1, with either filter and none.
    let example = client.summary(Scenario::EXAMPLE_TASK).await.unwrap();
    assert_eq!(example.method(), Method::Read(Doubt::MoreRowsThanTotal));
    assert_eq!((example.total(), counts(&example)), (2, vec![("WaitResult", 2)]));
}

fn with_total(task: &Task, asked: &Asked, total: impl FnOnce(&Value) -> Value) -> Response<Body> {
    let mut page = Window::of(asked).page(task);
    page["totalCount"] = total(&page);
    json_reply(200, page)
}

/// A platform whose total is always that of all subtasks.
fn total_of_everything(task: &Task, asked: &Asked) -> Response<Body> {
    with_total(task, asked, |_| task.iter().map(|(_, count)| count).sum::<usize>().into())
}

#[tokio::test]
async fn a_platform_whose_counts_cannot_be_believed_is_read() {
    /// A task, how the platform answers, what it is asked at first, and why it is not believed.
    type Row = (&'static Task, fn(&Task, &Asked) -> Response<Body>, &'static [&'static str], Doubt);
    let rows: [Row; 6] = [
        (
            &[("Pending", 300), ("Fail", 3)],
            unfiltered,
            &["all", "Success", "Success", "all 0/250", "all 1/250"],
            Doubt::FilterIgnored,
        ),
        // Where a status is empty, the page shows it; where none is, the sum does.
        (
            &[("Success", 250)],
            total_of_everything,
            &["all", "Success", "Fail", "Fail", "all 0/250", "all 1/250"],
            Doubt::TotalWithoutRows,
        ),
        (
            &[("Success", 1), ("Fail", 1)],
            total_of_everything,
            &["all", "Success", "Fail", "all 0/250"],
            Doubt::MoreThanAll,
        ),
        // The vendor's Python and PHP references do not know WaitResult.
        (
            METERS,
            |task, asked| match asked.status() {
                Some("WaitResult") => json_reply(400, r#"{"error_code":"100022"}"#),
                _ => page(task, asked),
            },
            &["all", "Success", "Fail", "Timeout", "WaitResult", "all 0/250"],
            Doubt::FilterRefused,
        ),
        // Such a platform would count 1 for any task.
        (
            &[("Success", 249)],
            |task, asked| {
                with_total(task, asked, |page| page["taskDetails"].as_array().unwrap().len().into())
            },
            &["all", "all 0/250"],
            Doubt::MayCountThePage,
        ),
        (
            &[("Success", 2)],
            |task, asked| with_total(task, asked, |_| Value::Null),
            &["all", "all 0/250"],
            Doubt::NoTotal,
        ),
    ];
    for (task, answer, expected, doubt) in rows {
        let (summary, asked) = summary(move |asked| answer(task, asked)).await;
        assert_eq!(summary.method(), Method::Read(doubt));
        assert_eq!(asked[..expected.len()], *expected, "{doubt}");
        assert_eq!(counts(&summary), task, "{doubt}");
    }
}

#[tokio::test]
async fn a_count_that_a_race_explains_is_asked_once_more() {
    let raced = AtomicBool::new(false);
    let (summary, asked) = summary(move |asked| {
        let races = asked.status() == Some("WaitResult") && !raced.swap(true, Ordering::Relaxed);
        let mut page = Window::of(asked).page(METERS);
        if races {
            page["taskDetails"] = json!([]);
        }
        json_reply(200, page)
    })
    .await;
    assert_eq!(asked, ["all", "Success", "Fail", "Timeout", "WaitResult", "WaitResult", "Pending"]);
    assert_eq!((summary.method(), counts(&summary)), (Method::Counted, METERS.to_vec()));
}

#[tokio::test]
async fn a_subtask_that_changes_its_status_during_a_count_is_never_counted_twice() {
    // A subtask succeeds after Success was counted; another gets its command after WaitResult was.
    let (summary, _) = summary(|asked| {
        let moment: &Task = match asked.status() {
            None | Some("Success") => &[("Success", 5), ("WaitResult", 3), ("Pending", 2)],
            Some("Pending") => &[("Success", 6), ("WaitResult", 3), ("Pending", 1)],
            Some(_) => &[("Success", 6), ("WaitResult", 2), ("Pending", 2)],
        };
        page(moment, asked)
    })
    .await;
    assert_eq!(counts(&summary), [("Pending", 1), ("WaitResult", 2), ("Success", 5)]);
    assert_eq!((summary.total(), summary.other()), (10, 2));
}

#[tokio::test]
async fn unknown_statuses_show_as_they_are_when_the_task_is_read() {
    const TASK: &Task = &[("Success", 7), ("Halted", 3)];
    let (counted, _) = summary(|asked| page(TASK, asked)).await;
    assert_eq!((counts(&counted), counted.other()), (vec![("Success", 7)], 3));
    let (read, _) = summary(|asked| unfiltered(TASK, asked)).await;
    assert_eq!((counts(&read), read.other()), (TASK.to_vec(), 3));
    assert!(!counted.is_settled() && !read.is_settled());
}

#[tokio::test]
async fn a_task_without_subtasks_is_settled_only_if_that_is_allowed() {
    let client = fleet(vec![&[]]).client();
    assert!(!client.summary("demo").await.unwrap().is_settled());
    assert!(client.summary("demo").allow_empty(true).await.unwrap().is_settled());
}

#[tokio::test]
async fn an_error_ends_the_answer_at_once() {
    let platform = Platform::in_process(|_| json_reply(404, r#"{"error_code":"105005"}"#));
    let client = platform.client();
    assert!(client.summary("nowhere").await.unwrap_err().is_task_not_found());
    assert_eq!(platform.calls(), 1);
    let mut failures = client.failures("nowhere").stream();
    assert!(failures.try_next().await.unwrap_err().is_task_not_found());
    assert_eq!(failures.try_next().await.unwrap(), None);
    assert_eq!(platform.calls(), 2);
}

#[tokio::test]
async fn nothing_is_sent_for_a_task_that_is_not_allowed() {
    let platform = fleet(vec![METERS]);
    let client = platform.client();
    assert!(client.summary("").await.unwrap_err().is_refused());
    assert!(client.watch("").stream().try_next().await.unwrap_err().is_refused());
    assert!(client.failures("").stream().try_next().await.unwrap_err().is_refused());
    assert!(client.failures("").by_code().await.unwrap_err().is_refused());
    for share in [0.0, -0.5, 1.01, f64::NAN, f64::INFINITY] {
        let error = client.watch("demo").share(share).stream().try_next().await.unwrap_err();
        assert!(error.is_refused(), "{error}");
    }
    assert_eq!(platform.calls(), 0);
}
