//! The two built-in tasks.

use serde_json::{Value, json};

use crate::support::{Caller, STATUSES, rows};

/// The reply example of the platform's page.
const EXAMPLE: &str = r#"{
  "totalCount": 1,
  "pageNo": 0,
  "pageSize": 1,
  "taskDetails": [
    {
      "status": "WaitResult",
      "output": "{\"requestId\":\"*****\",\"commandResult\":null}",
      "error": null,
      "param": {
        "deviceId": "*******",
        "commandId": "*******"
      }
    },
    {
      "status": "WaitResult",
      "output": "{\"requestId\":\"******\",\"commandResult\":null}",
      "error": null,
      "param": {
        "deviceId": "******",
        "commandId": "*******"
      }
    }
  ]
}"#;

/// The text in a member, decoded; None if the member is null.
fn decoded(text: &Value) -> Option<Value> {
    text.as_str().map(|text| serde_json::from_str(text).unwrap())
}

#[tokio::test]
async fn doc_example_is_the_example_of_the_page() {
    let example: Value = serde_json::from_str(EXAMPLE).unwrap();
    let demo = Caller::demo().await;
    for query in ["taskId=doc-example", "taskId=doc-example&pageNo=0&pageSize=250"] {
        assert_eq!(demo.page(query).await, example);
    }
}

#[tokio::test]
async fn doc_example_has_nothing_on_later_pages() {
    let page = Caller::demo().await.page("taskId=doc-example&pageNo=1&pageSize=1").await;
    assert_eq!(page, json!({ "totalCount": 1, "pageNo": 1, "pageSize": 1, "taskDetails": [] }));
}

#[tokio::test]
async fn demo_has_rows_in_all_five_statuses() {
    let demo = Caller::demo().await;
    for status in STATUSES {
        let page = demo.page(&format!("taskId=demo&status={status}")).await;
        assert!(page["totalCount"].as_u64().unwrap() >= 30, "{status}: {}", page["totalCount"]);
    }
}

#[tokio::test]
async fn output_and_error_hold_json_text_where_the_status_has_them() {
    let demo = Caller::demo().await;
    for status in STATUSES {
        let page = demo.page(&format!("taskId=demo&status={status}&pageSize=250")).await;
        for row in rows(&page) {
            let members: Vec<_> = row.as_object().unwrap().keys().map(String::as_str).collect();
            assert_eq!(members, ["status", "output", "error", "param"]);
            let (output, error) = (decoded(&row["output"]), decoded(&row["error"]));
            let has_result = output.as_ref().map(|output| {
                assert!(output["requestId"].is_string(), "{output}");
                output["commandResult"].is_object()
            });
            let expected = match status {
                "Pending" | "Fail" => None,
                "Success" => Some(true),
                _ => Some(false),
            };
            assert_eq!(has_result, expected, "{row}");
            let failed = matches!(status, "Fail" | "Timeout");
            assert_eq!(error.is_some(), failed, "{row}");
            assert!(
                error.is_none_or(|error| error["error_code"].is_string() && error["error_desc"].is_string())
            );
        }
    }
}
