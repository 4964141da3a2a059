//! Undocumented replies: nothing is lost, and the error says what is wrong.

use northbound::{Subtask, SubtaskStatus};
use northbound_testkit::Platform;
use serde_json::{Value, json};

use crate::support::{Clients as _, read};

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
    assert_eq!(written, row);
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
async fn counters_beyond_32_bits_are_kept() {
    let page =
        r#"{"totalCount":9007199254740993,"pageNo":4294967296,"pageSize":4294967297,"taskDetails":[]}"#;
    let platform = Platform::always(200, "application/json", page).await;
    let page = platform.client().subtasks("demo").page(0).await.unwrap();
    let counters = (page.total_count(), page.page_no(), page.page_size());
    assert_eq!(counters, (Some(9_007_199_254_740_993), Some(4_294_967_296), Some(4_294_967_297)));
}

#[tokio::test]
async fn error_code_inside_a_subtask_does_not_make_the_page_an_error() {
    let row =
        json!({ "error": "{\"error_code\":\"100022\"}", "error_code": "x", "param": { "resultcode": "7" } });
    assert_eq!(subtasks(json!([row])).await.len(), 1);
}

fn page(ids: std::ops::Range<u32>, total: u32) -> String {
    let rows: Vec<_> = ids.map(|id| json!({ "param": { "deviceId": id.to_string() } })).collect();
    json!({ "totalCount": total, "taskDetails": rows }).to_string()
}

/// How many rows a read over these pages delivers, after how many calls, and the error with which it ends.
async fn read_of(pages: Vec<String>) -> (usize, usize, Option<northbound::Error>) {
    let platform = Platform::paging(pages).await;
    let (rows, end) = read(platform.client().subtasks("demo").prefetch(1).stream()).await;
    (rows.len(), platform.calls(), end)
}

#[tokio::test]
async fn a_platform_that_caps_pages_loses_nothing() {
    let (rows, calls, end) =
        read_of((0..10).map(|number| page(number * 100..number * 100 + 100, 1000)).collect()).await;
    assert_eq!((rows, calls, end.is_none()), (1000, 10, true));
}

#[tokio::test]
async fn a_page_that_repeats_ends_in_an_error_and_not_in_a_loop() {
    let (rows, _, error) = read_of(vec![page(0..250, 1000)]).await;
    let error = error.unwrap();
    let numbers = error.incomplete().map(|numbers| (numbers.received, numbers.counted));
    assert_eq!((rows, numbers), (250, Some((250, Some(1000)))));
    insta::assert_snapshot!(error);
}

#[tokio::test]
async fn missing_rows_end_a_read_with_an_error() {
    let (rows, _, error) = read_of(vec![page(0..250, 1000), page(0..0, 1000)]).await;
    assert_eq!(rows, 250);
    insta::assert_snapshot!(error.unwrap());
}

/// The page's own example: two rows under a total of one, which is then no longer believed.
#[tokio::test]
async fn more_rows_than_the_total_are_read_on_to_an_empty_page() {
    let (rows, calls, end) = read_of(vec![page(0..2, 1), page(2..4, 1), page(0..0, 1)]).await;
    assert_eq!((rows, calls, end.is_none()), (4, 3, true));
}

#[tokio::test]
async fn rows_without_param_are_never_dropped() {
    let rows =
        json!({ "totalCount": 500, "taskDetails": vec![json!({ "status": "Fail" }); 250] }).to_string();
    let (rows, _, end) = read_of(vec![rows.clone(), rows]).await;
    assert_eq!((rows, end.is_none()), (500, true));
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
        let (rows, end) =
            read(platform.client().subtasks("demo").status(SubtaskStatus::Pending).stream()).await;
        let devices: Vec<_> = rows.iter().map(|row| row.device_id().unwrap()).collect();
        assert_eq!(devices, expected);
        assert!(end.as_ref().is_some_and(northbound::Error::is_incomplete), "{end:?}");
    }
}
