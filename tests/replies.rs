//! Replies that nobody documented: nothing is lost, and what is wrong is told.

use northbound::{Subtask, SubtaskStatus};
use serde_json::{Value, json};

use crate::decoding::is_whole;
use crate::platform::Platform;

async fn subtasks(rows: Value) -> Vec<Subtask> {
    let page = json!({ "totalCount": 1, "pageNo": 0, "pageSize": 25, "taskDetails": rows });
    let platform = Platform::always(200, "application/json", page.to_string()).await;
    platform.client().subtasks("demo").page(0).await.unwrap().into_subtasks()
}

#[tokio::test]
async fn whatever_a_row_holds_is_written_back_as_it_came() {
    let row = json!({
        "status": "Stopped",
        "output": { "requestId": "4f1c", "commandResult": null },
        "error": null,
        "param": { "deviceId": 4711, "commandId": null, "nodeId": "868744", "index": 3 },
        "retries": 2,
    });
    let subtasks = subtasks(json!([row])).await;
    let written = serde_json::to_value(&subtasks[0]).unwrap();
    assert!(is_whole(&written, &row), "{written}");
}

#[tokio::test]
async fn unknown_status_numeric_id_and_objects_for_text_are_readable() {
    let row = json!({
        "status": "Stopped",
        "output": { "requestId": "4f1c", "commandResult": { "resultCode": "SUCCESS" } },
        "error": { "error_code": 100431, "error_desc": "The serviceType is not exist." },
        "param": { "deviceId": 4711, "nodeId": "868744" },
    });
    let subtask = &subtasks(json!([row])).await[0];
    assert_eq!(subtask.status(), Some(&SubtaskStatus::from("Stopped")));
    assert!(!SubtaskStatus::KNOWN.contains(subtask.status().unwrap()));
    assert_eq!(subtask.device_id(), Some("4711"));
    assert_eq!(subtask.param().unwrap().extra.get("nodeId").unwrap(), "868744");
    assert_eq!(subtask.command_output().unwrap().request_id.as_deref(), Some("4f1c"));
    assert_eq!(subtask.failure().unwrap().error_code.unwrap().as_str(), "100431");
    assert_eq!(subtask.reason(), "The serviceType is not exist. (100431)");
}

#[tokio::test]
async fn text_that_is_no_json_stays_text() {
    for text in ["not JSON", "{\"error_code\":", "[1]", "\u{0}"] {
        let subtask = &subtasks(json!([{ "error": text, "output": text }])).await[0];
        assert_eq!((subtask.error(), subtask.output()), (Some(text), Some(text)));
        assert!(subtask.failure().is_none() && subtask.command_output().is_none());
        assert_eq!(subtask.reason(), text);
    }
}

#[tokio::test]
async fn missing_null_and_empty_all_mean_none() {
    for row in [
        json!({}),
        json!({ "error": null, "output": null, "param": null, "status": null }),
        json!({ "error": "" }),
    ] {
        let subtask = &subtasks(json!([row])).await[0];
        assert_eq!(
            (subtask.error(), subtask.output(), subtask.device_id(), subtask.status()),
            (None, None, None, None)
        );
        assert_eq!(subtask.reason(), "no reason given");
    }
}

#[tokio::test]
async fn a_null_list_is_a_page_without_rows() {
    let platform = Platform::always(200, "application/json", r#"{"totalCount":0,"taskDetails":null}"#).await;
    let page = platform.client().subtasks("demo").page(0).await.unwrap();
    assert_eq!((page.subtasks().len(), page.total_count(), page.page_no()), (0, Some(0), None));
}

#[tokio::test]
async fn error_code_inside_a_subtask_does_not_make_the_page_an_error() {
    let row =
        json!({ "error": "{\"error_code\":\"100022\"}", "error_code": "x", "param": { "resultcode": "7" } });
    assert_eq!(subtasks(json!([row])).await.len(), 1);
}

#[tokio::test]
async fn a_counter_below_zero_counts_nothing() {
    let platform = Platform::always(200, "application/json", r#"{"totalCount":-1,"taskDetails":[]}"#).await;
    let page = platform.client().subtasks("demo").page(0).await.unwrap();
    assert_eq!((page.total_count(), page.as_raw().total_count), (None, Some(-1)));
}

fn page(ids: std::ops::Range<u32>, total: u32) -> String {
    let rows: Vec<_> = ids.map(|id| json!({ "param": { "deviceId": id.to_string() } })).collect();
    json!({ "totalCount": total, "taskDetails": rows }).to_string()
}

async fn read(platform: &Platform) -> (usize, Option<northbound::Error>) {
    let mut stream = platform.client().subtasks("demo").prefetch(1).stream();
    let mut rows = 0;
    loop {
        match stream.try_next().await {
            Ok(Some(_)) => rows += 1,
            Ok(None) => return (rows, None),
            Err(error) => return (rows, Some(error)),
        }
    }
}

#[tokio::test]
async fn a_platform_that_caps_pages_loses_nothing() {
    let pages = (0..10).map(|number| page(number * 100..number * 100 + 100, 1000)).collect();
    let platform = Platform::paging(pages).await;
    let (rows, error) = read(&platform).await;
    assert_eq!((rows, error.map(|error| error.to_string()), platform.asked().len()), (1000, None, 10));
}

#[tokio::test]
async fn a_page_that_repeats_ends_in_an_error_and_not_in_a_loop() {
    let platform = Platform::paging(vec![page(0..250, 1000)]).await;
    let (rows, error) = read(&platform).await;
    assert_eq!(rows, 250);
    let error = error.unwrap();
    assert_eq!(
        error.incomplete().map(|numbers| (numbers.received, numbers.counted)),
        Some((250, Some(1000)))
    );
    insta::assert_snapshot!(error);
}

#[tokio::test]
async fn rows_that_stay_out_end_in_an_error_and_not_in_silence() {
    let platform = Platform::paging(vec![page(0..250, 1000), page(0..0, 1000)]).await;
    let (rows, error) = read(&platform).await;
    assert_eq!(rows, 250);
    insta::assert_snapshot!(error.unwrap());
}

#[tokio::test]
async fn without_a_total_an_empty_page_ends_the_read() {
    let rows = |ids: std::ops::Range<u32>| page(ids, 0).replace("\"totalCount\":0", "\"totalCount\":null");
    let platform = Platform::paging(vec![rows(0..3), rows(3..5), rows(0..0)]).await;
    let (rows, error) = read(&platform).await;
    assert_eq!((rows, error.map(|error| error.to_string())), (5, None));
}

/// The page's own example: two rows under a total of one, which is then no longer believed.
#[tokio::test]
async fn more_rows_than_the_total_are_read_on_to_an_empty_page() {
    let platform = Platform::paging(vec![page(0..2, 1), page(2..4, 1), page(0..0, 1)]).await;
    let (rows, error) = read(&platform).await;
    assert_eq!((rows, error.map(|error| error.to_string()), platform.asked().len()), (4, None, 3));
}

/// A platform may count the page in place of the task.
#[tokio::test]
async fn a_total_that_one_full_page_reaches_is_not_believed() {
    let platform = Platform::paging(vec![page(0..250, 250), page(250..300, 50), page(0..0, 0)]).await;
    let (rows, error) = read(&platform).await;
    assert_eq!((rows, error.map(|error| error.to_string())), (300, None));
}

#[tokio::test]
async fn rows_without_param_are_never_dropped() {
    let rows =
        |count: usize| json!({ "totalCount": 500, "taskDetails": vec![json!({ "status": "Fail" }); count] });
    let platform = Platform::paging(vec![rows(250).to_string(), rows(250).to_string()]).await;
    let (rows, error) = read(&platform).await;
    assert_eq!((rows, error.map(|error| error.to_string())), (500, None));
}

#[tokio::test]
async fn a_search_for_the_end_keeps_short_pages_and_forgets_long_ones() {
    for (length, expected) in [(10, &["2", "0", "1"][..]), (5 << 20, &["2", "0"])] {
        let page = |device: u8| {
            let row =
                json!({ "status": "Pending", "output": "a".repeat(length), "param": { "deviceId": device } });
            json!({ "taskDetails": [row] }).to_string()
        };
        // The last page is the one before it once more, which ends the search.
        let platform = Platform::paging([0, 1, 2, 2].map(page).to_vec()).await;
        let mut rows = platform.client().subtasks("demo").status(SubtaskStatus::Pending).stream();
        let mut devices = Vec::new();
        let end = loop {
            match rows.try_next().await {
                Ok(row) => devices.push(row.unwrap().device_id().unwrap().to_owned()),
                Err(end) => break end,
            }
        };
        assert_eq!(devices, expected);
        assert!(end.is_incomplete(), "{end}");
    }
}
