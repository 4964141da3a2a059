//! Reads of several pages, over sockets: what they ask for, and what they deliver while subtasks move.

use std::sync::Mutex;

use axum::body::Body;
use axum::http::Response;
use northbound::SubtaskStatus::{Fail, Pending, Success, Timeout, WaitResult};
use northbound::{Client, Credentials, Direction, Error, Subtask, SubtaskQuery, SubtaskStatus};
use northbound_emulator::Scenario;
use serde_json::json;

use crate::emulated::Emulated;
use crate::platform::{Platform, reply};

async fn emulator() -> (Emulated, Client) {
    let emulator = Emulated::start().await;
    let credentials = Credentials::new(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).unwrap();
    let client = Client::builder(emulator.url())
        .credentials(credentials)
        .quota(northbound::Quota::unlimited())
        .build()
        .unwrap();
    (emulator, client)
}

async fn all(query: SubtaskQuery) -> Result<Vec<Subtask>, Error> {
    let mut stream = query.stream();
    let mut rows = Vec::new();
    while let Some(row) = stream.try_next().await? {
        rows.push(row);
    }
    Ok(rows)
}

fn devices(rows: &[Subtask]) -> Vec<&str> {
    let mut devices: Vec<_> = rows.iter().filter_map(Subtask::device_id).collect();
    devices.sort_unstable();
    devices
}

#[tokio::test]
async fn every_direction_delivers_what_the_whole_task_holds() {
    let (_emulator, client) = emulator().await;
    let whole = all(client.subtasks(Scenario::DEMO_TASK)).await.unwrap();
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
            let rows = all(query).await.unwrap();
            assert_eq!(devices(&rows), devices(&of_whole), "{wanted:?} by {size}");
        }
    }
}

#[tokio::test]
async fn the_example_of_the_page_ends_clean_in_every_direction() {
    let (_emulator, client) = emulator().await;
    for (wanted, rows) in [(None, 2), (Some(WaitResult), 2), (Some(Pending), 0), (Some(Fail), 0)] {
        for size in [1, 250] {
            let query = client.subtasks(Scenario::EXAMPLE_TASK).page_size(size);
            let query = wanted.iter().cloned().fold(query, SubtaskQuery::status);
            assert_eq!(all(query).await.unwrap().len(), rows, "{wanted:?} by {size}");
        }
    }
}

#[tokio::test]
async fn filters_combine_with_any_status() {
    let (_emulator, client) = emulator().await;
    let query = || client.subtasks(Scenario::DEMO_TASK);
    let failed = all(query().status(Fail)).await.unwrap();
    let device = failed[0].device_id().unwrap();
    assert_eq!(all(query().device_id(device).status(Fail)).await.unwrap().len(), 1);
    assert_eq!(all(query().device_id(device).status(WaitResult)).await.unwrap().len(), 0);
    let command = failed[0].command_id().unwrap();
    assert_eq!(all(query().command_id(command).statuses([Pending, Fail])).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_read_goes_on_where_a_page_says() {
    let (_emulator, client) = emulator().await;
    for wanted in [vec![], vec![Fail], vec![Pending], vec![WaitResult]] {
        let query = || {
            let query = client.subtasks(Scenario::DEMO_TASK).page_size(25);
            if wanted.is_empty() { query } else { query.statuses(wanted.clone()) }
        };
        let whole = all(query()).await.unwrap();
        let mut pages = query().pages();
        let mut rows = Vec::new();
        let mut position = None;
        for _ in 0..2 {
            let page = pages.try_next().await.unwrap().unwrap();
            position = page.resume_from();
            rows.extend(page.into_subtasks());
        }
        rows.extend(all(query().from_page(position.unwrap())).await.unwrap());
        assert_eq!(devices(&rows), devices(&whole), "{wanted:?} from {position:?}");
    }
}

#[tokio::test]
async fn a_plan_says_what_will_be_sent() {
    let platform = Platform::always(200, "application/json", r#"{"totalCount":0,"taskDetails":[]}"#).await;
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
    assert!(platform.asked().is_empty());
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
    assert!(platform.asked().is_empty());
    assert!(all(query().status("Stopped".into())).await.unwrap().is_empty());
    assert!(!platform.asked()[0].contains("status="), "an unknown status is never sent in a read");
}

/// How a platform on which subtasks move answers: the query is in the request line.
fn moving(rows: u32, moves: usize, capped: usize) -> impl Fn(&str) -> Response<Body> + Send + Sync {
    let pending: Mutex<Vec<u32>> = Mutex::new((0..rows).collect());
    move |request| {
        let number = |name: &str| {
            let value = request.split(['?', '&', ' ']).find_map(|part| part.strip_prefix(name)).unwrap();
            value.parse::<usize>().unwrap()
        };
        let mut pending = pending.lock().unwrap();
        let (page, size) = (number("pageNo="), number("pageSize=").min(capped));
        let shown: Vec<u32> = if request.contains("status=Pending") {
            pending.clone()
        } else {
            (0..rows).filter(|row| pending.binary_search(row).is_err()).collect()
        };
        let page = shown.iter().skip(page * size).take(size);
        let page: Vec<_> = page.map(|row| json!({ "param": { "deviceId": row.to_string() } })).collect();
        // From the front, where it hurts a reader that goes forward most.
        let moved = moves.min(pending.len().saturating_sub(rows as usize / 5));
        pending.drain(..moved);
        reply(200, "application/json", json!({ "totalCount": shown.len(), "taskDetails": page }).to_string())
    }
}

#[tokio::test]
async fn moving_subtasks_are_neither_missed_nor_doubled() {
    for capped in [250, 100] {
        let platform = Platform::asking(moving(3000, 150, capped)).await;
        let rows = all(platform.client().subtasks("demo").status(Pending)).await.unwrap();
        let devices: std::collections::HashSet<_> = devices(&rows).into_iter().map(str::to_owned).collect();
        assert_eq!(devices.len(), rows.len(), "none twice");
        assert!((2400..3000).all(|row: u32| devices.contains(&row.to_string())), "all that stayed");

        let platform = Platform::asking(moving(3000, 150, capped)).await;
        let rows = all(platform.client().subtasks("demo").statuses([Success])).await.unwrap();
        let distinct: std::collections::HashSet<_> = rows.iter().filter_map(Subtask::device_id).collect();
        assert_eq!(distinct.len(), rows.len(), "none twice");
    }
}

#[tokio::test]
async fn a_page_tells_how_many_repeats_were_left_out() {
    // With every call a row comes in before all others.
    let calls = std::sync::atomic::AtomicUsize::new(0);
    let platform = Platform::asking(move |request| {
        let number =
            |name: &str| request.split(name).nth(1).unwrap().split(['&', ' ']).next().unwrap().parse();
        let (page, size): (usize, usize) = (number("pageNo=").unwrap(), number("pageSize=").unwrap());
        let call = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let places = (page * size..page * size + size).take_while(|place| *place < 50 + call);
        let rows = places.map(|place| json!({ "param": { "deviceId": (1000 + place - call).to_string() } }));
        let rows: Vec<_> = rows.collect();
        reply(200, "application/json", json!({ "totalCount": 50 + call, "taskDetails": rows }).to_string())
    })
    .await;
    let query = || platform.client().subtasks("demo").status(Success).page_size(10);
    let mut pages = query().pages();
    let mut came = Vec::new();
    while let Some(page) = pages.try_next().await.unwrap() {
        came.push((page.subtasks().len(), page.repeats()));
    }
    assert_eq!(came[..3], [(10, 0), (9, 1), (9, 1)], "{came:?}");
    let page = query().page(0).await.unwrap();
    assert_eq!(page.repeats(), 0);
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

#[tokio::test]
async fn a_platform_that_sorts_anew_is_told_with_the_numbers() {
    let calls = std::sync::atomic::AtomicU32::new(0);
    let platform = Platform::asking(move |request| {
        let call = calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let page: u32 =
            request.split("pageNo=").nth(1).unwrap().split(['&', ' ']).next().unwrap().parse().unwrap();
        let rows = (page * 250..(page * 250 + 250).min(1000))
            .map(|place| json!({ "param": { "deviceId": ((place * 7 + call * 331) % 1000).to_string() } }));
        reply(
            200,
            "application/json",
            json!({ "totalCount": 1000, "taskDetails": rows.collect::<Vec<_>>() }).to_string(),
        )
    })
    .await;
    for query in [
        platform.client().subtasks("demo"),
        platform.client().subtasks("demo").status(Pending),
        platform.client().subtasks("demo").status(Fail),
    ] {
        let error = all(query).await.unwrap_err();
        assert!(error.is_incomplete(), "{error}");
        let numbers = error.incomplete().unwrap();
        assert!(numbers.received < 1000 && numbers.counted == Some(1000), "{numbers:?}");
    }
}

/// Every row that came is delivered before the error, also those of the page with which a backward read begins.
#[tokio::test]
async fn a_platform_that_ignores_page_numbers_ends_a_read_with_the_rows_that_came() {
    for (total, has_param) in [
        (json!(250), false),
        (json!(260), false),
        (json!(null), false),
        (json!(null), true),
        (json!(5_000), true),
        (json!(1_u64 << 62), false),
        (json!(1_u64 << 62), true),
    ] {
        let row = |number: u32| match has_param {
            true => json!({ "status": "Fail", "param": { "deviceId": number.to_string() } }),
            false => json!({ "status": "Fail" }),
        };
        let page = json!({ "totalCount": total, "taskDetails": (0..251).map(row).collect::<Vec<_>>() });
        let platform = Platform::always(200, "application/json", page.to_string()).await;
        for query in [
            platform.client().subtasks("demo"),
            platform.client().subtasks("demo").check_repeats(false),
            platform.client().subtasks("demo").prefetch(1).page_size(100),
            platform.client().subtasks("demo").status(Fail),
            platform.client().subtasks("demo").status(Pending),
            platform.client().subtasks("demo").from_page(7),
        ] {
            let (mut stream, mut rows) = (query.clone().stream(), 0);
            let error = loop {
                match stream.try_next().await {
                    Ok(Some(_)) => rows += 1,
                    Ok(None) => break None,
                    Err(error) => break Some(error),
                }
            };
            let what = format!("{total} {has_param} {:?}: {rows} rows, {error:?}", query.plan().unwrap());
            assert!((251..=1_004).contains(&rows), "{what}");
            let Some(error) = error else {
                // Where nothing tells rows from others, as many as are counted are all.
                assert!(!has_param && total.is_u64() && rows <= 502, "{what}");
                continue;
            };
            assert!(error.is_incomplete() && !error.is_refused(), "{what}");
        }
    }
}
