//! Tasks with rows of their own, from a scenario file, a file beside it, and the control API.

use std::fs;

use northbound_emulator::{Control, Scenario};
use serde_json::{Value, json};

use crate::support::{Caller, new_task, rows};

/// Rows as a platform may send them: with undocumented members, numbers as they are written, half of a surrogate pair, and what
/// should not be null.
const LINES: [&str; 6] = [
    r#"{"status":"Fail","error":"{\"error_code\":\"100428\"}","output":null,"param":{"deviceId":"meter-1","commandId":"c1"}}"#,
    r#"{ "param": {"commandId":"c2","deviceId":"meter-2","nodeId":1.50}, "status":"Stopped", "retransmissions":1e3 }"#,
    r#"{"status":"Success","output":"\ud800 a","error":{"error_code":7},"param":null}"#,
    r#"{"status":"Fail","param":{"deviceId":868744031131026}}"#,
    r#"{"status":7}"#,
    r#"{"status":"Pending","param":{"deviceId":"meter-1","commandId":"c6"}}"#,
];

/// A scenario whose task `own` has these lines in a file, which is gone when it was read.
fn own(lines: &str) -> Scenario {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("all.jsonl"), lines).unwrap();
    let task = "id = \"own\"\napplication = \"demo-app\"";
    let scenario = format!("[[tasks]]\n{task}\ncontent = {{ kind = \"rows\", file = \"all.jsonl\" }}\n");
    Scenario::from_toml_in(&scenario, folder.path()).unwrap()
}

async fn texts(caller: &Caller, query: &str) -> String {
    let body = caller.get(&format!("taskId=own{query}")).await.bytes;
    let body = String::from_utf8(body).unwrap();
    body.split_once(r#""taskDetails":["#).unwrap().1.strip_suffix("]}").unwrap().to_owned()
}

#[tokio::test]
async fn rows_of_a_file_come_back_byte_for_byte() {
    let lines = format!("\u{feff}{}\r\n\n", LINES.join("\r\n"));
    let control = Control::new(own(&lines)).unwrap();
    control.reset();
    let caller = Caller::at(&control).logged_in("demo-app", "demo-secret").await;
    // What is not as documented is not held to the document.
    let fault = json!({ "fault": { "kind": "wrong-content-type" } });
    caller.steer("POST", "/faults", fault).await;
    assert_eq!(texts(&caller, "").await, LINES.join(","));
    assert_eq!(texts(&caller, "&pageNo=1&pageSize=2").await, LINES[2..4].join(","));
    let counts = &control.tasks()[0].counts;
    assert_eq!([counts["Fail"], counts["Pending"], counts["Success"], counts["other"]], [2, 1, 1, 2]);
}

#[tokio::test]
async fn own_rows_are_found_by_what_they_hold_and_counted() {
    let caller = Caller::of(own(&LINES.join("\n"))).await;
    for (query, found) in [
        ("&status=Fail", vec![0, 3]),
        ("&deviceId=meter-1", vec![0, 5]),
        ("&deviceId=meter-1&status=Pending", vec![5]),
        ("&deviceId=868744031131026", vec![3]),
        ("&deviceId=meter-1&commandId=c6", vec![5]),
        ("&commandId=c2&deviceId=meter-1", vec![]),
        ("&deviceId=meter-3", vec![]),
        ("&status=WaitResult", vec![]),
    ] {
        let fault = json!({ "fault": { "kind": "wrong-content-type" }, "next": 1 });
        caller.steer("POST", "/faults", fault).await;
        let lines: Vec<_> = found.iter().map(|row| LINES[*row]).collect();
        assert_eq!(texts(&caller, query).await, lines.join(","), "{query}");
    }
    let task = caller.task("own").await.body;
    let counts =
        ["totalCnt", "failCnt", "successCnt", "completeCnt"].map(|name| task[name].as_u64().unwrap());
    assert_eq!((counts, task["status"].as_str()), ([6, 2, 1, 3], Some("Running")));
}

#[tokio::test]
async fn short_rows_become_those_of_the_platform() {
    let caller = Caller::demo().await;
    let error = json!({ "error_code": "100428", "error_desc": "The device is not online." });
    let content = json!({ "kind": "rows", "rows": [
        { "deviceId": "meter-1", "status": "Fail", "error": error, "retransmissions": 3 },
        { "status": "Success", "param": { "deviceId": "meter-2" } },
    ] });
    let task = json!({ "id": "own", "application": "demo-app", "content": content });
    assert_eq!(caller.steer("POST", "/tasks", task).await.status, 201);
    let page = caller.page("taskId=own").await;
    let short = json!({
        "status": "Fail", "output": null, "error": error.to_string(),
        "param": { "deviceId": "meter-1", "commandId": null }, "retransmissions": 3,
    });
    assert_eq!(rows(&page), [short, json!({ "status": "Success", "param": { "deviceId": "meter-2" } })]);
    for (content, error) in [
        (
            json!({ "kind": "rows", "file": "/etc/hostname" }),
            "task 'x': only a scenario file can name a file",
        ),
        (json!({ "kind": "rows" }), "task 'x' of kind `rows` has either `rows` or `file`"),
        (
            json!({ "kind": "rows", "rows": [{ "deviceID": "x" }] }),
            "task 'x': a row needs `deviceId`, or `param`",
        ),
    ] {
        let task = json!({ "id": "x", "application": "demo-app", "content": content });
        let reply = caller.steer("POST", "/tasks", task).await;
        assert_eq!(reply.status, 400);
        assert!(reply.body["error"].as_str().unwrap().starts_with(error), "{}", reply.body);
    }
}

#[tokio::test]
async fn as_many_tasks_as_the_scenario_allows_can_be_created() {
    let mut scenario = Scenario::default();
    scenario.max_tasks = 4;
    scenario.created_tasks.unfinished = 0;
    let caller = Caller::of(scenario).await;
    let own =
        |id: &str| json!({ "id": id, "application": "demo-app", "content": { "kind": "page-example" } });
    assert_eq!(caller.steer("POST", "/tasks", own("a")).await.status, 201);
    let refused = caller.steer("POST", "/tasks", own("b")).await;
    let reason = "there are 4 tasks, as many as max_tasks of the scenario allows: drop some, reset the emulator, or raise max_tasks";
    assert_eq!((refused.status.as_u16(), refused.body["error"].as_str()), (409, Some(reason)));
    let refused = caller.post(new_task("c", &["meter-1"]).to_string()).await;
    refused.expect_error(200, "105001", "The batchTask count has reached the limit");
    assert_eq!(refused.reason(), reason);
    caller.steer("DELETE", "/tasks/a", Value::Null).await;
    caller.create(&new_task("c", &["meter-1"])).await;
}
