//! Pages of the built-in tasks, their filters, and what a row holds. Which rows a page has is tested in `tasks`.

use northbound_emulator::Scenario;
use serde_json::{Value, json};

use crate::support::{Caller, STATUSES, rows};

#[tokio::test]
async fn page_0_of_25_rows_is_the_default() {
    let demo = Caller::demo().await;
    let page = demo.page("taskId=demo").await;
    let head = json!({ "totalCount": 1000, "pageNo": 0, "pageSize": 25, "taskDetails": page["taskDetails"] });
    assert_eq!((&page, rows(&page).len()), (&head, 25));
    assert_eq!(page, demo.page("taskId=demo&pageNo=0&pageSize=25").await);
}

#[tokio::test]
async fn pages_of_any_size_give_the_same_rows_in_the_same_order_and_later_ones_are_empty() {
    let demo = Caller::demo().await;
    let mut first: Option<Vec<Value>> = None;
    for size in [250, 7, 130] {
        let mut all = Vec::new();
        for number in 0.. {
            let page = demo.page(&format!("taskId=demo&pageNo={number}&pageSize={size}")).await;
            assert_eq!((&page["totalCount"], &page["pageNo"]), (&1000.into(), &number.into()));
            if rows(&page).is_empty() {
                break;
            }
            all.extend_from_slice(rows(&page));
        }
        assert_eq!(all.len(), 1000, "pageSize={size}");
        assert!(*first.get_or_insert_with(|| all.clone()) == all, "pageSize={size}");
    }
    assert!(rows(&demo.page("taskId=demo&pageNo=2147483647&pageSize=250").await).is_empty());
}

#[tokio::test]
async fn the_seed_and_the_size_of_the_demo_task_can_be_chosen() {
    let query = "taskId=demo&pageNo=3&pageSize=250";
    let (one, large) = (Caller::demo().await, Scenario::default().with_demo_subtasks(100_000));
    let mut other = Scenario::default();
    other.seed += 1;
    let (large, other) = (Caller::of(large).await, Caller::of(other).await);
    assert_eq!(large.total("taskId=demo").await, 100_000);
    assert_eq!(rows(&one.page(query).await), rows(&large.page(query).await));
    assert_ne!(one.page(query).await, other.page(query).await);
    assert_ne!(one.authorization(), other.authorization());
    assert_eq!(Caller::of(Scenario::default().with_demo_subtasks(0)).await.total("taskId=demo").await, 0);
}

#[tokio::test]
async fn filters_find_the_rows_that_meet_them_all() {
    let demo = Caller::demo().await;
    let first = rows(&demo.page("taskId=demo&pageSize=1").await)[0].clone();
    let row = rows(&demo.page("taskId=demo&pageNo=500&pageSize=1").await)[0].clone();
    let text = |row: &Value, pointer: &str| row.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let (device, command) = (text(&row, "/param/deviceId"), text(&row, "/param/commandId"));
    let (status, other) = (text(&row, "/status"), text(&first, "/param/commandId"));
    let another = STATUSES.into_iter().find(|another| *another != status).unwrap();
    for (filter, found) in [
        (format!("deviceId={device}"), true),
        (format!("commandId={command}"), true),
        (format!("deviceId={device}&commandId={command}&status={status}"), true),
        (format!("deviceId={device}&status={another}"), false),
        (format!("commandId={command}&status={another}"), false),
        (format!("deviceId={device}&commandId={other}"), false),
        (format!("deviceId={command}"), false),
        ("deviceId=".to_owned(), false),
        ("commandId=%FF%00".to_owned(), false),
    ] {
        let page = demo.page(&format!("taskId=demo&{filter}")).await;
        let expected = if found { std::slice::from_ref(&row) } else { &[] };
        assert_eq!((rows(&page), &page["totalCount"]), (expected, &expected.len().into()), "{filter}");
    }
    let later = demo.page(&format!("taskId=demo&deviceId={device}&pageNo=1&pageSize=1")).await;
    assert_eq!((rows(&later).len(), &later["totalCount"]), (0, &1.into()));
}

#[tokio::test]
async fn the_five_statuses_divide_the_demo_task_and_say_what_a_row_holds() {
    let demo = Caller::demo().await;
    let mut total = 0;
    for status in STATUSES {
        let query = format!("taskId=demo&status={status}");
        let count = demo.total(&query).await;
        assert!(count >= 30, "{status}: {count}");
        total += count;
        for row in rows(&demo.page(&format!("{query}&pageSize=250")).await) {
            let decoded =
                |text: &Value| text.as_str().map(|text| serde_json::from_str::<Value>(text).unwrap());
            let (output, error) = (decoded(&row["output"]), decoded(&row["error"]));
            let answered = output.map(|output| {
                assert!(output["requestId"].is_string(), "{output}");
                output["commandResult"].is_object()
            });
            let expected = match status {
                "Pending" | "Fail" => None,
                _ => Some(status == "Success"),
            };
            assert_eq!((&row["status"], answered), (&status.into(), expected), "{row}");
            assert_eq!(error.is_some(), matches!(status, "Fail" | "Timeout"), "{row}");
        }
    }
    assert_eq!(total, 1000);
}

#[tokio::test]
async fn doc_example_is_the_example_of_the_page() {
    let row = |request: &str, device: &str| {
        json!({
            "status": "WaitResult",
            "output": format!(r#"{{"requestId":"{request}","commandResult":null}}"#),
            "error": null,
            "param": { "deviceId": device, "commandId": "*******" }
        })
    };
    let rows = [row("*****", "*******"), row("******", "******")];
    let example = json!({ "totalCount": 1, "pageNo": 0, "pageSize": 1, "taskDetails": rows });
    let demo = Caller::demo().await;
    for query in ["taskId=doc-example", "taskId=doc-example&pageNo=0&pageSize=250"] {
        assert_eq!(demo.page(query).await, example);
    }
}
