//! The SDK sits the exam that the emulator holds for clients in any language.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use northbound::{Client, Credentials, Quota, SubtaskStatus};
use northbound_emulator::Emulator;
use serde_json::{Value, json};
use tower::ServiceExt;

async fn post(emulator: &Emulator, path: &str, body: Value) -> Value {
    let request = Request::post(format!("/_emulator/exam{path}")).body(Body::from(body.to_string())).unwrap();
    let reply = emulator.control().router().oneshot(request).await.unwrap();
    let body = to_bytes(reply.into_body(), usize::MAX).await.unwrap();
    serde_json::from_slice(&body).unwrap()
}

#[tokio::test]
async fn the_sdk_passes_the_exam_whole() {
    let emulator = Emulator::builder().start().await.unwrap();
    let offer = post(&emulator, "", json!({ "window_ms": 300 })).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let window = Duration::from_millis(offer["window_ms"].as_u64().unwrap());
    let calls = offer["calls"].as_u64().unwrap().try_into().unwrap();
    let client = Client::builder(emulator.url())
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
        let (mut stream, mut rows) = (subtasks.stream(), Vec::new());
        let failed = loop {
            match stream.try_next().await {
                Ok(Some(row)) => {
                    let status = row.status().map(ToString::to_string);
                    rows.push(json!({ "command": row.command_id(), "status": status }));
                }
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        answers.push(json!({ "question": asked["question"], "rows": rows, "failed": failed }));
    }
    let report = post(&emulator, &format!("/{}/answers", text(&offer["id"])), json!(answers)).await;
    assert_eq!(report["marks"].as_array().unwrap().len(), 11);
    assert_eq!(report["passed"], true, "{report:#}");
}
