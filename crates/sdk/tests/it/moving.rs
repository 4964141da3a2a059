//! Reads of several pages: what they ask for, and what they deliver while subtasks move. The state machines that decide it
//! are tested with many more platforms (`reads/pages/`).

use std::collections::BTreeSet;

use northbound::SubtaskStatus::{Fail, Pending, Success, Timeout, WaitResult};
use northbound::{Client, Direction, Subtask, SubtaskQuery, SubtaskStatus};
use northbound_emulator::Scenario;
use northbound_testkit::axum::body::Body;
use northbound_testkit::axum::http::Response;
use northbound_testkit::{Emulated, Platform, json_reply};
use serde_json::{Value, json};

use crate::support::{Clients as _, Task, Window, read};

async fn emulator() -> (Emulated, Client) {
    let emulator = Emulated::start().await;
    let client = emulator.with_login().build().unwrap();
    (emulator, client)
}

/// All rows of a read that is complete.
async fn all(query: SubtaskQuery) -> Vec<Subtask> {
    let (rows, end) = read(query.stream()).await;
    assert!(end.is_none(), "{end:?}");
    rows
}

/// A page with these devices.
fn page(total: usize, devices: impl IntoIterator<Item = usize>) -> Response<Body> {
    let rows = devices.into_iter().map(|device| json!({ "param": { "deviceId": device.to_string() } }));
    json_reply(200, json!({ "totalCount": total, "taskDetails": rows.collect::<Vec<_>>() }))
}

fn devices(rows: &[Subtask]) -> Vec<&str> {
    let mut devices: Vec<_> = rows.iter().filter_map(Subtask::device_id).collect();
    devices.sort_unstable();
    devices
}

#[tokio::test]
async fn every_direction_delivers_what_the_whole_task_holds() {
    let (_emulator, client) = emulator().await;
    let whole = all(client.subtasks(Scenario::DEMO_TASK)).await;
    assert_eq!(whole.len(), 1000);
    let unknown = SubtaskStatus::from("Stopped");
    for wanted in [
        vec![Pending],
        vec![WaitResult],
        vec![Fail],
        vec![Success, Fail, Timeout],
        vec![Pending, Fail],
        vec![unknown.clone()],
        vec![Fail, unknown],
    ] {
        let of_whole = whole.iter().filter(|row| row.status().is_some_and(|status| wanted.contains(status)));
        let of_whole: Vec<_> = of_whole.cloned().collect();
        for size in [7, 250] {
            let query = client.subtasks(Scenario::DEMO_TASK).statuses(wanted.clone()).page_size(size);
            let rows = all(query).await;
            assert_eq!(devices(&rows), devices(&of_whole), "{wanted:?} by {size}");
        }
    }
}

#[tokio::test]
async fn the_example_of_the_page_is_read_without_an_error_in_every_direction() {
    let (_emulator, client) = emulator().await;
    for (wanted, rows) in [(None, 2), (Some(WaitResult), 2), (Some(Pending), 0), (Some(Fail), 0)] {
        for size in [1, 250] {
            let query = client.subtasks(Scenario::EXAMPLE_TASK).page_size(size);
            let query = wanted.iter().cloned().fold(query, SubtaskQuery::status);
            assert_eq!(all(query).await.len(), rows, "{wanted:?} by {size}");
        }
    }
}

#[tokio::test]
async fn filters_combine_with_any_status() {
    let (_emulator, client) = emulator().await;
    let query = || client.subtasks(Scenario::DEMO_TASK);
    let failed = all(query().status(Fail)).await;
    let device = failed[0].device_id().unwrap();
    assert_eq!(all(query().device_id(device).status(Fail)).await.len(), 1);
    assert_eq!(all(query().device_id(device).status(WaitResult)).await.len(), 0);
    let command = failed[0].command_id().unwrap();
    assert_eq!(all(query().command_id(command).statuses([Pending, Fail])).await.len(), 1);
}

#[tokio::test]
async fn a_read_goes_on_where_a_page_says() {
    let (_emulator, client) = emulator().await;
    for wanted in [vec![], vec![Fail], vec![Pending], vec![WaitResult]] {
        let query = || {
            let query = client.subtasks(Scenario::DEMO_TASK).page_size(25);
            if wanted.is_empty() { query } else { query.statuses(wanted.clone()) }
        };
        let whole = all(query()).await;
        let mut pages = query().pages();
        let mut rows = Vec::new();
        let mut position = None;
        for _ in 0..2 {
            let page = pages.try_next().await.unwrap().unwrap();
            position = page.resume_from();
            rows.extend(page.into_subtasks());
        }
        rows.extend(all(query().from_page(position.unwrap())).await);
        assert_eq!(devices(&rows), devices(&whole), "{wanted:?} from {position:?}");
    }
}

#[tokio::test]
async fn a_plan_says_what_will_be_sent() {
    let platform = Platform::in_process(|_| page(0, []));
    let client = platform.client();
    let query = || client.subtasks("demo");
    let plan = query().statuses([Fail, Timeout, Fail]).plan().unwrap();
    assert_eq!(
        (plan.direction(), plan.filter(), plan.page_size()),
        (Direction::Forward, &[Fail, Timeout][..], 250)
    );
    let said = [
        query(),
        query().prefetch(8).page_size(25),
        query().status(WaitResult),
        query().statuses([Fail, Timeout]),
        query().status(Pending).from_page(3),
        query().statuses([Pending, "Stopped".into()]).prefetch(1),
    ];
    let said: Vec<_> = said.iter().map(|query| query.plan().unwrap().to_string()).collect();
    insta::assert_snapshot!(said.join("\n"));
    assert!(platform.calls() == 0);
    for query in [
        query().status(Fail).check_repeats(false),
        query().status(Pending).check_repeats(false),
        query().statuses([]),
        query().statuses([Fail, Timeout]).from_page(1),
        query().page_size(0),
    ] {
        assert!(query.plan().unwrap_err().is_refused());
        assert!(query.pages().try_next().await.unwrap_err().is_refused());
    }
    assert!(query().statuses([Fail, Timeout]).page(0).await.unwrap_err().is_refused());
    assert!(platform.calls() == 0);
    assert!(all(query().status("Stopped".into())).await.is_empty());
    assert!(platform.asked()[0].status().is_none(), "an unknown status is never sent in a read");
}

#[tokio::test]
async fn a_page_tells_how_many_repeats_were_left_out() {
    // With every call a row comes in before all others.
    let platform = Platform::in_process(|asked| {
        let (number, size) = asked.page();
        let places = (number * size..number * size + size).take_while(|place| *place < 50 + asked.number);
        page(50 + asked.number, places.map(|place| 1000 + place - asked.number))
    });
    let query = || platform.client().subtasks("demo").status(Success).page_size(10);
    let mut pages = query().pages();
    let mut came = Vec::new();
    while let Some(page) = pages.try_next().await.unwrap() {
        came.push((page.subtasks().len(), page.repeats()));
    }
    assert_eq!(came[..3], [(10, 0), (9, 1), (9, 1)], "{came:?}");
    assert_eq!(query().page(0).await.unwrap().repeats(), 0);
}

/// Pages come back in the order asked, however the platform answers, and no call goes past the end.
#[tokio::test]
async fn pages_ahead_are_delivered_in_order() {
    let (_emulator, client) = emulator().await;
    for ahead in [1, 4, 16] {
        let mut pages = client.subtasks(Scenario::DEMO_TASK).page_size(25).prefetch(ahead).pages();
        let mut numbers = Vec::new();
        while let Some(page) = pages.try_next().await.unwrap() {
            assert_eq!((page.page_no(), page.subtasks().len()), (Some(page.number().into()), 25));
            numbers.push(page.number());
        }
        assert_eq!(numbers, (0..40).collect::<Vec<_>>());
    }
}

/// Rows of 1 KB, and replies of at most 9 KB.
#[tokio::test]
async fn every_read_goes_on_with_smaller_pages_where_one_is_too_long() {
    let task: &Task = &[("Success", 21), ("Pending", 33), ("Fail", 8), ("Timeout", 11)];
    let platform = Platform::in_process(move |asked| {
        let mut page = Window::of(asked).page(task);
        let rows = page["taskDetails"].as_array_mut().unwrap();
        rows.iter_mut().for_each(|row| row["output"] = "x".repeat(1000).into());
        json_reply(200, page)
    });
    let client = platform.builder().body_limit(9_000).build().unwrap();
    let query = || client.subtasks("demo").page_size(30);
    for (query, rows) in [
        (query(), 73),
        (query().prefetch(1), 73),
        (query().status(Success), 21),
        (query().status(Pending), 33),
        (query().statuses([Fail, Timeout, Success]), 40),
        (query().statuses([Pending, Fail]), 41),
        (query().from_page(1), 43),
        (query().status(Pending).from_page(0), 30),
    ] {
        let (came, end) = read(query.clone().stream()).await;
        let distinct: BTreeSet<_> = devices(&came).into_iter().collect();
        assert_eq!((came.len(), distinct.len(), end.is_none()), (rows, rows, true), "{query:?}: {end:?}");
    }
    assert_eq!(client.failures("demo").page_size(30).collect().await.unwrap().len(), 19);
    let first = query().pages().try_next().await.unwrap().unwrap();
    assert_eq!((first.asked_size(), first.resume_from()), (Some(5), Some(1)));
    let rest = query().page_size(first.asked_size().unwrap()).from_page(first.resume_from().unwrap());
    assert_eq!(all(rest).await.len() + first.subtasks().len(), 73);
    let small = platform.builder().body_limit(900).build().unwrap();
    assert!(read(small.subtasks("demo").stream()).await.1.unwrap().is_too_large(), "a row is not cut");
}

/// Nobody knows where its rows stand: a part of an old page cannot be asked for.
#[tokio::test]
async fn a_platform_that_ignores_the_page_size_gets_no_smaller_pages() {
    let platform = Platform::in_process(|asked| {
        let (number, size) = asked.page();
        let long = if number == 1 && size == 30 { "x".repeat(9_000) } else { String::new() };
        let rows: Vec<_> = (0..30)
            .map(|row| json!({ "output": long, "param": { "deviceId": (number * 30 + row).to_string() } }))
            .collect();
        json_reply(200, json!({ "totalCount": 900, "taskDetails": rows }))
    });
    let client = platform.builder().body_limit(9_000).build().unwrap();
    let (rows, error) = read(client.subtasks("demo").page_size(30).prefetch(1).stream()).await;
    assert!(rows.len() == 30 && error.as_ref().is_some_and(|error| error.is_too_large()), "{error:?}");
}

/// Every row that came is delivered before the error, also those of the page with which a backward read begins.
#[tokio::test]
async fn a_platform_that_ignores_page_numbers_ends_a_read_with_the_rows_that_came() {
    for total in [Value::Null, json!(5_000), json!(1_u64 << 62)] {
        let rows: Vec<_> = (0..251).map(|row| json!({ "param": { "deviceId": row.to_string() } })).collect();
        let page = json!({ "totalCount": total, "taskDetails": rows });
        let platform = Platform::in_process(move |_| json_reply(200, &page));
        let query = || platform.client().subtasks("demo");
        for query in [query(), query().status(Fail), query().status(Pending), query().from_page(7)] {
            let (rows, error) = read(query.clone().stream()).await;
            let what = format!("{total} {:?}: {} rows, {error:?}", query.plan().unwrap(), rows.len());
            assert!((251..=1_004).contains(&rows.len()), "{what}");
            assert!(error.is_some_and(|error| error.is_incomplete()), "{what}");
        }
    }
}
