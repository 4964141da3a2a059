//! The SDK sits the exam that the emulator holds for clients in any language.

use std::time::Duration;

use northbound::{Client, Credentials, Quota, Subtask, SubtaskStatus};
use northbound_emulator::{Control, Scenario};
use northbound_testkit::Emulated;
use northbound_testkit::axum::body::{Body, to_bytes};
use northbound_testkit::axum::http::Request;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::support::read;

async fn post(control: &Control, path: &str, body: Value) -> Value {
    let request = Request::post(format!("/_emulator/exam{path}")).body(Body::from(body.to_string())).unwrap();
    let reply = control.router().oneshot(request).await.unwrap();
    let body = to_bytes(reply.into_body(), usize::MAX).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn the_sdk_passes_the_whole_exam() {
    let control = Control::new(Scenario::default()).unwrap();
    let emulated = Emulated::serving(&control).await;
    let offer = post(&control, "", json!({ "window_ms": 300 })).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let window = Duration::from_millis(offer["window_ms"].as_u64().unwrap());
    let calls = offer["calls"].as_u64().unwrap().try_into().unwrap();
    let client = Client::builder(emulated.url())
        .credentials(Credentials::new(text(&offer["app_id"]), text(&offer["secret"])).unwrap())
        .quota(Quota::new(calls, window).unwrap())
        .build()
        .unwrap();

    let mut answers = Vec::new();
    for asked in offer["questions"].as_array().unwrap() {
        let statuses: Vec<_> = asked["statuses"].as_array().unwrap().iter().map(text).collect();
        let mut subtasks = client.subtasks(text(&asked["task_id"]));
        if !statuses.is_empty() {
            subtasks = subtasks.statuses(statuses.iter().map(|status| SubtaskStatus::from(status.as_str())));
        }
        let (rows, end) = read(subtasks.stream()).await;
        let row = |row: &Subtask| json!({ "command": row.command_id(), "status": row.status().map(ToString::to_string) });
        let rows: Vec<_> = rows.iter().map(row).collect();
        answers.push(json!({ "question": asked["question"], "rows": rows, "failed": end.is_some() }));
    }
    let report = post(&control, &format!("/{}/answers", text(&offer["id"])), json!(answers)).await;
    assert_eq!(report["marks"].as_array().unwrap().len(), 11);
    assert_eq!(report["passed"], true, "{report:#}");
    // Nothing else of the story is other than documented.
    let breaches = emulated.breaches().join("\n");
    assert!(breaches.lines().count() == 2 && breaches.contains("307: the status"), "{breaches}");
}
