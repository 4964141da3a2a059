//! The control API, as a test in another language uses it.

use northbound_emulator::Scenario;
use serde_json::{Value, json};

use crate::support::{Caller, held};

async fn demo() -> Caller {
    held(Scenario::default()).await.1
}

#[tokio::test]
async fn a_whole_test_runs_through_http_alone() {
    let demo = demo().await;
    let life = json!({ "sending_seconds": 0, "answer_seconds": 5, "outcomes": { "timeout": 0 } });
    let content = json!({ "kind": "generated", "subtasks": 40, "life": life });
    let task = json!({ "id": "t", "application": "demo-app", "content": content });
    assert_eq!(demo.steer("POST", "/tasks", task).await.status, 201);
    assert_eq!(demo.total("taskId=t&status=WaitResult").await, 40);

    let advanced = demo.steer("POST", "/clock/advance", json!({ "milliseconds": 5_000 })).await;
    assert_eq!(advanced.body, json!({ "kind": "manual", "now_ms": 5_000 }));
    assert_eq!(demo.total("taskId=t&status=WaitResult").await, 0);
    let tasks = demo.steer("GET", "/tasks", Value::Null).await.body;
    let state = tasks.as_array().unwrap().iter().find(|task| task["id"] == "t").unwrap();
    let ended = state["counts"]["Success"].as_u64().unwrap() + state["counts"]["Fail"].as_u64().unwrap();
    assert_eq!((ended, state["application"].as_str()), (40, Some("demo-app")));

    let fault = json!({ "fault": { "kind": "unavailable", "retry_after_seconds": 3 }, "next": 1 });
    let added = demo.steer("POST", "/faults", fault).await;
    assert_eq!((added.status.as_u16(), added.body), (201, json!({ "id": 1 })));
    assert_eq!(demo.get("taskId=t").await.status, 503);
    assert_eq!(demo.get("taskId=t").await.status, 200);

    let journal = demo.steer("GET", "/journal", Value::Null).await.body;
    let entries = journal["entries"].as_array().unwrap();
    let statuses: Vec<_> = entries.iter().map(|entry| entry["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 200, 200, 503, 200], "calls of the control API are not in it");
    assert_eq!(entries[3]["fault"], "unavailable");
}

#[tokio::test]
async fn a_task_begins_when_it_is_created_and_is_unknown_once_it_is_dropped() {
    let demo = demo().await;
    demo.steer("POST", "/clock/advance", json!({ "milliseconds": 1_000_000 })).await;
    let outcomes = json!({ "success": 0, "fail": 0, "timeout": 1 });
    let life = json!({ "sending_seconds": 0, "timeout_seconds": 5, "outcomes": outcomes });
    let content = json!({ "kind": "generated", "subtasks": 40, "life": life });
    demo.steer("POST", "/tasks", json!({ "id": "late", "application": "demo-app", "content": content }))
        .await;
    assert_eq!(demo.total("taskId=late&status=WaitResult").await, 40);
    assert_eq!(demo.steer("DELETE", "/tasks/late", Value::Null).await.status, 204);
    demo.get("taskId=late").await.expect_error(404, "105005", "The batchTask is not existed.");
}

#[tokio::test]
async fn a_reset_brings_back_the_start() {
    let demo = demo().await;
    let first = demo.get("taskId=live").await;
    demo.steer("POST", "/faults", json!({ "fault": { "kind": "gzip" } })).await;
    demo.steer("POST", "/clock/advance", json!({ "milliseconds": 30_000 })).await;
    assert_eq!(demo.steer("DELETE", "/tasks/demo", Value::Null).await.status, 204);
    assert_eq!(demo.steer("POST", "/reset", Value::Null).await.status, 204);

    demo.get("taskId=demo").await.expect_error(403, "1010005", "App_key or access_token is invalid.");
    assert_eq!(demo.steer("GET", "/faults", Value::Null).await.body, json!([]));
    assert_eq!(demo.steer("GET", "/clock", Value::Null).await.body["now_ms"], 0);
    assert_eq!(demo.steer("GET", "/journal", Value::Null).await.body["entries"].as_array().unwrap().len(), 1);
    demo.steer("POST", "/reset", Value::Null).await;
    let again = demo.logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    let reply = again.get("taskId=live").await;
    assert_eq!((reply.bytes, &reply.headers["x-request-id"]), (first.bytes, &first.headers["x-request-id"]));
}

#[tokio::test]
async fn faults_are_listed_with_what_is_left_and_taken_back() {
    let demo = demo().await;
    for fault in [json!({ "kind": "reset" }), json!({ "kind": "empty-error" }), json!({ "kind": "gzip" })] {
        demo.steer("POST", "/faults", json!({ "fault": fault, "next": 3, "on": "list-subtasks" })).await;
    }
    assert_eq!(demo.steer("DELETE", "/faults/1", Value::Null).await.status, 204);
    assert_eq!(demo.get("taskId=demo").await.status, 500);
    let listed = demo.steer("GET", "/faults", Value::Null).await.body;
    let of = |id: u64, kind: &str, next: u64| json!({ "id": id, "fault": { "fault": { "kind": kind }, "on": "list-subtasks", "next": next } });
    assert_eq!(listed, json!([of(2, "empty-error", 2), of(3, "gzip", 3)]));
    assert_eq!(demo.steer("DELETE", "/faults", Value::Null).await.status, 204);
    assert_eq!(demo.get("taskId=demo").await.status, 200);
    assert_eq!(demo.steer("DELETE", "/journal", Value::Null).await.status, 204);
    assert_eq!(demo.steer("GET", "/journal", Value::Null).await.body, json!({ "entries": [], "dropped": 0 }));
}

#[tokio::test]
async fn what_cannot_be_done_says_what_is_allowed() {
    let demo = demo().await;
    let refused = async |method: &str, path: &str, body: Value| {
        let reply = demo.steer(method, path, body).await;
        (reply.status.as_u16(), reply.body["error"].as_str().unwrap_or_default().to_owned())
    };
    let content = json!({ "kind": "generated", "subtasks": 1 });
    let task = |id: &str, application: &str, content: &Value| json!({ "id": id, "application": application, "content": content });
    let cases = [
        ("POST", "/tasks", task("demo", "demo-app", &content), 409, "two tasks have the id 'demo'"),
        ("POST", "/tasks", task("t", "nobody", &content), 400, "task 't' names the application 'nobody'"),
        ("POST", "/tasks", task("t", "demo-app", &json!({ "kind": "gen" })), 400, "unknown variant `gen`"),
        ("POST", "/tasks", json!({ "id": "t" }), 400, "missing field `application`"),
        ("POST", "/clock/advance", json!({ "seconds": 1 }), 400, "expected `milliseconds`"),
        ("POST", "/faults", json!({ "fault": { "kind": "x" } }), 400, "expected one of `latency`, `reset`"),
        (
            "POST",
            "/faults",
            json!({ "fault": { "kind": "gzip" }, "per_mille": 0 }),
            400,
            "1 to 1000 are allowed",
        ),
        ("POST", "/faults", json!({ "fault": { "kind": "gzip" }, "next": 0 }), 400, "next"),
        ("POST", "/tasks", task(&"t".repeat(3_000_000), "demo-app", &content), 413, "length limit exceeded"),
        ("DELETE", "/tasks/nope", Value::Null, 404, "there is no task 'nope'"),
        ("DELETE", "/faults/7", Value::Null, 404, "there is no fault '7'"),
        ("DELETE", "/faults/x", Value::Null, 404, "there is no fault 'x'"),
        (
            "GET",
            "/nowhere",
            Value::Null,
            404,
            "no operation GET /_emulator/nowhere; expected one of GET /_emulator/clock",
        ),
        ("GET", "/reset", Value::Null, 405, "POST /_emulator/reset"),
    ];
    for (method, path, body, status, error) in cases {
        let (was, text) = refused(method, path, body).await;
        assert_eq!(was, status, "{method} {path}: {text}");
        assert!(text.contains(error), "{method} {path}: {text}");
    }
}

#[tokio::test]
async fn calls_of_the_control_api_are_numbered_apart() {
    let demo = demo().await;
    let with_looks = async |looks: usize| {
        demo.steer("POST", "/reset", Value::Null).await;
        for _ in 0..looks {
            let reply = demo.steer("GET", "/journal", Value::Null).await;
            assert!(reply.headers["x-request-id"].to_str().unwrap().starts_with("control-"));
        }
        demo.get("taskId=demo").await.headers["x-request-id"].clone()
    };
    assert_eq!(with_looks(0).await, with_looks(5).await);
}
