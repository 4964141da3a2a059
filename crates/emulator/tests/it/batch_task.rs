//! Querying one batch task: each error row, its members, and counters that agree with the subtasks at every moment.

use std::time::Duration;

use northbound_emulator::{Application, CreatedTasks, Life, Scenario};
use serde_json::{Value, json};

use crate::support::{Caller, STATUSES, held, new_task, rows};

const NO_APPLICATION: (&str, &str) = ("100203", "The application is not existed.");
const INVALID: (&str, &str) = ("100022", "The input is invalid");
const ILLEGAL: (&str, &str) = ("100019", "Illegal request.");

#[tokio::test]
async fn each_error_row_comes_with_its_own_status() {
    let scenario = |status| {
        let mut scenario = Scenario::default().with_application(Application::new("stranger", "s"));
        scenario.unknown_application_status = status;
        scenario
    };
    for (scenario, query, status, (code, text)) in [
        (scenario(403), "", 400, ILLEGAL),
        (scenario(403), "%20?select=tag", 400, ILLEGAL),
        (scenario(403), "demo?select=tag&select=tag", 400, INVALID),
        (scenario(403), "demo?appId=nobody", 403, NO_APPLICATION),
        (scenario(403), "demo?appId=stranger", 403, ("100217", "The application hasn't been authorized")),
        (scenario(403).with_quota(1), "demo", 403, ("1010009", "app throttle exceed.")),
        (scenario(403), "unknown", 404, ("105005", "The batchTask is not existed.")),
        (scenario(403), "%FF", 404, ("105005", "The batchTask is not existed.")),
        (scenario(500), "demo?appId=nobody", 500, NO_APPLICATION),
        // The page has no such row under 200.
        (scenario(200), "demo?appId=nobody", 403, NO_APPLICATION),
    ] {
        Caller::of(scenario).await.task(query).await.expect_error(status, code, text);
    }
    let stranger = Caller::stranger(scenario(403));
    stranger.task("demo").await.expect_error(403, "1010005", "App_key or access_token is invalid.");
}

#[tokio::test]
async fn a_task_is_what_was_posted() {
    let (control, demo) = held(Scenario::default()).await;
    control.advance(Duration::from_secs(3_661));
    let demo = demo.logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    let mut posted = new_task("valves", &["a", "b"]);
    posted["param"]["groupTag"] = json!("x");
    posted["tags"] = json!([{ "tagName": "district", "tagValue": "north" }]);
    let id = demo.create(&posted).await;
    let expected = json!({
        "appId": "demo-app", "taskId": id, "taskName": "valves", "operator": "demo-app",
        "taskFrom": "Northbound", "taskType": "DeviceCmd", "status": "Pending",
        "startTime": "20220224T010101Z", "timeout": 3600, "progress": 0, "successRate": 0,
        "totalCnt": 2, "successCnt": 0, "failCnt": 0, "timeoutCnt": 0, "expiredCnt": 0, "completeCnt": 0,
        "param": posted["param"],
    });
    for query in ["", "?select=tags", "?select=&appId=demo-app"] {
        assert_eq!(demo.task(&format!("{id}{query}")).await.body, expected, "{query}");
    }
    let reply = demo.task(&format!("{id}?select=tag")).await;
    assert_eq!(reply.body["tags"], posted["tags"]);
    let text = String::from_utf8(reply.bytes).unwrap();
    assert!(text.contains(r#""paras":{"valve":1.5}"#), "{text}");
}

#[tokio::test]
async fn a_timeout_may_be_in_seconds() {
    let mut rules = CreatedTasks::default();
    rules.timeout_in_seconds = true;
    let demo = Caller::of(Scenario::default().with_created_tasks(rules)).await;
    let id = demo.create(&new_task("valves", &["a"])).await;
    assert_eq!(demo.task(&id).await.body["timeout"], 60);
}

#[tokio::test]
async fn a_task_of_the_scenario_was_made_in_the_portal() {
    let demo = Caller::demo().await;
    for (id, total, status) in
        [("demo", 1_000, "Running"), ("live", 1_000, "Pending"), ("doc-example", 2, "Running")]
    {
        let task = demo.task(&format!("{id}?select=tag")).await.body;
        assert_eq!(
            (&task["taskId"], &task["taskName"], &task["taskFrom"]),
            (&json!(id), &json!(id), &json!("Portal"))
        );
        assert_eq!((&task["totalCnt"], &task["tags"]), (&json!(total), &json!([])));
        assert!(task["status"] == status || id == "live" && task["status"] == "Running", "{task}");
        assert_eq!(task["param"]["command"]["serviceId"], "WaterMeter");
    }
}

/// The counters of a task, and those of its subtasks.
async fn both(demo: &Caller, id: &str) -> (Value, Value) {
    let mut of_rows = [0; 5];
    for (count, status) in of_rows.iter_mut().zip(STATUSES) {
        *count = demo.total(&format!("taskId={id}&status={status}")).await;
    }
    let [pending, waiting, success, fail, timeout] = of_rows;
    let (total, complete) = (of_rows.iter().sum::<u64>(), success + fail + timeout);
    let counted = json!({
        "totalCnt": total, "successCnt": success, "failCnt": fail, "timeoutCnt": timeout, "completeCnt": complete,
        "progress": 1_000 * complete / total, "successRate": 1_000 * success / total,
    });
    let task = demo.task(id).await.body;
    let names = counted.as_object().unwrap().keys();
    let told = names.map(|name| (name.clone(), task[name].clone())).collect();
    let status = match (pending, complete) {
        (_, complete) if complete == total => "Complete",
        (pending, _) if pending == total => "Pending",
        _ if task["expiredCnt"] == pending && pending > 0 && waiting == 0 => "Timeout",
        _ => "Running",
    };
    assert_eq!(task["status"], status, "{task}");
    (Value::Object(told), counted)
}

#[tokio::test]
async fn counters_agree_with_the_subtasks_at_every_moment_of_a_life() {
    let (control, demo) = held(Scenario::default()).await;
    let mut task = new_task("everything", &[]);
    task["param"]["type"] = json!("Broadcast");
    let id = demo.create(&task).await;
    let mut seen = Vec::new();
    for moment in 0..=80 {
        let (told, counted) = both(&demo, &id).await;
        assert_eq!(told, counted, "after {moment} quarters of a second");
        seen.push(told["progress"].as_u64().unwrap());
        control.advance(Duration::from_millis(250));
    }
    assert!(seen.is_sorted() && seen[0] == 0 && seen[80] == 1_000, "{seen:?}");
    let settled = demo.task(&id).await.body;
    assert!(settled["failCnt"].as_u64().unwrap().abs_diff(40) < 15, "{settled}");
    assert!(settled["timeoutCnt"].as_u64().unwrap() > 0 && settled["status"] == "Complete");
}

#[tokio::test]
async fn what_was_not_sent_when_the_time_is_over_has_expired_and_the_task_is_finished() {
    let mut rules = CreatedTasks::default();
    (rules.timeout_in_seconds, rules.life) = (true, Life::new(120, 2, 2));
    let (control, demo) = held(Scenario::default().with_created_tasks(rules)).await;
    let mut task = new_task("everything", &[]);
    task["param"]["type"] = json!("Broadcast");
    let id = demo.create(&task).await;
    for _ in 0..70 {
        let (told, counted) = both(&demo, &id).await;
        assert_eq!(told, counted);
        control.advance(Duration::from_secs(1));
    }
    let task = demo.task(&id).await.body;
    let (expired, complete) = (task["expiredCnt"].as_u64().unwrap(), task["completeCnt"].as_u64().unwrap());
    assert!(expired.abs_diff(100) < 30 && expired + complete == 200 && task["status"] == "Timeout", "{task}");
    assert_eq!(demo.total(&format!("taskId={id}&status=Pending")).await, expired);
    control.advance(Duration::from_secs(1_000));
    assert_eq!(demo.task(&id).await.body, task, "it stays so");
    demo.create(&new_task("the next", &["a"])).await;
}

#[tokio::test]
async fn a_part_of_the_devices_that_failed_recovers_when_the_command_is_sent_again() {
    let (control, demo) = held(Scenario::default()).await;
    let devices: Vec<String> = (0..200).map(|number| format!("meter-{number}")).collect();
    let mut failed: Vec<&str> = devices.iter().map(String::as_str).collect();
    let mut history = vec![failed.len()];
    let mut kept = Vec::new();
    for round in 0..4 {
        let id = demo.create(&new_task(&format!("round {round}"), &failed)).await;
        control.advance(Duration::from_secs(20));
        kept.push(demo.page(&format!("taskId={id}&status=Fail&pageSize=250")).await);
        let ids: Vec<_> = rows(&kept[round]).iter().map(|row| row["param"]["deviceId"].clone()).collect();
        failed.retain(|device| ids.contains(&json!(device)));
        assert_eq!(failed.len(), ids.len());
        history.push(failed.len());
    }
    assert!(history[1].abs_diff(40) < 15 && history[2] < history[1] && history[4] > 5, "{history:?}");
    let codes = |page: &Value, device: &str| {
        rows(page).iter().find(|row| row["param"]["deviceId"] == device).map(|row| row["error"].clone())
    };
    assert!(failed.iter().filter(|device| codes(&kept[0], device) == codes(&kept[3], device)).count() > 5);
}
