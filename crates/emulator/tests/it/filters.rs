//! The three filters, alone and combined.

use serde_json::Value;

use crate::support::{Caller, STATUSES, rows};

/// The row in the middle of the demo task, with its device id and command id.
async fn a_row(demo: &Caller) -> (Value, String, String) {
    let row = rows(&demo.page("taskId=demo&pageNo=500&pageSize=1").await)[0].clone();
    let id = |name: &str| row["param"][name].as_str().unwrap().to_owned();
    let (device, command) = (id("deviceId"), id("commandId"));
    (row, device, command)
}

fn another_status(row: &Value) -> &'static str {
    STATUSES.into_iter().find(|status| row["status"] != **status).unwrap()
}

#[tokio::test]
async fn a_status_filter_returns_the_rows_in_that_status_and_no_other() {
    let demo = Caller::demo().await;
    let mut total = 0;
    for status in STATUSES {
        let mut expected = Vec::new();
        let mut found = Vec::new();
        for number in 0..4 {
            let all = demo.page(&format!("taskId=demo&pageNo={number}&pageSize=250")).await;
            expected.extend(rows(&all).iter().filter(|row| row["status"] == status).cloned());
            let filtered =
                demo.page(&format!("taskId=demo&status={status}&pageNo={number}&pageSize=250")).await;
            assert_eq!(filtered["totalCount"], count(&demo, &format!("status={status}")).await);
            found.extend(rows(&filtered).to_vec());
        }
        assert_eq!(found, expected, "{status}");
        assert_eq!(count(&demo, &format!("status={status}")).await, found.len() as u64);
        total += found.len();
    }
    assert_eq!(total, 1000);
}

/// What a page of one row says about the size of the whole.
async fn count(demo: &Caller, filter: &str) -> u64 {
    demo.page(&format!("taskId=demo&pageSize=1&{filter}")).await["totalCount"].as_u64().unwrap()
}

#[tokio::test]
async fn a_device_or_a_command_has_one_row() {
    let demo = Caller::demo().await;
    let (row, device, command) = a_row(&demo).await;
    for filter in [
        format!("deviceId={device}"),
        format!("commandId={command}"),
        format!("deviceId={device}&commandId={command}"),
        format!("deviceId={device}&commandId={command}&status={}", row["status"].as_str().unwrap()),
    ] {
        let page = demo.page(&format!("taskId=demo&{filter}")).await;
        assert_eq!(rows(&page), std::slice::from_ref(&row), "{filter}");
        assert_eq!(page["totalCount"], 1, "{filter}");
    }
}

#[tokio::test]
async fn filters_that_no_row_meets_together_give_an_empty_page() {
    let demo = Caller::demo().await;
    let (row, device, command) = a_row(&demo).await;
    let other = rows(&demo.page("taskId=demo&pageSize=1").await)[0]["param"]["commandId"].clone();
    for filter in [
        format!("deviceId={device}&status={}", another_status(&row)),
        format!("commandId={command}&status={}", another_status(&row)),
        format!("deviceId={device}&commandId={}", other.as_str().unwrap()),
        format!("deviceId={command}"),
        format!("commandId={device}"),
        "deviceId=".to_owned(),
        "commandId=".to_owned(),
        "deviceId=%FF%00".to_owned(),
    ] {
        let page = demo.page(&format!("taskId=demo&{filter}")).await;
        assert!(rows(&page).is_empty(), "{filter}");
        assert_eq!(page["totalCount"], 0, "{filter}");
    }
}

#[tokio::test]
async fn the_only_row_of_a_device_is_on_page_0() {
    let demo = Caller::demo().await;
    let (_, device, _) = a_row(&demo).await;
    let page = demo.page(&format!("taskId=demo&deviceId={device}&pageNo=1&pageSize=1")).await;
    assert!(rows(&page).is_empty());
    assert_eq!(page["totalCount"], 1);
}
