//! Creating batch tasks: each error row, the order of checks, names, unfinished tasks, targets, and faults.

use axum::body::Body;
use northbound_emulator::{
    Application, ClockKind, Control, CreatedTasks, Emulator, Fault, FaultKind, Fleet, Operation, Scenario,
};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Caller, TASKS, held, new_task, rows};

const HOUR: Duration = Duration::from_secs(3_600);

/// The built-in application, two others of which one authorized it, and one that may only read.
fn scenario() -> Scenario {
    Scenario::default()
        .with_application(Application::new("friend", "s").authorizing(Scenario::DEMO_APP_ID))
        .with_application(Application::new("stranger", "s"))
        .with_application(Application::new("reader", "s").read_only())
}

/// A task for one device, with this member changed.
fn with(pointer: &str, value: Value) -> Value {
    let mut task = new_task("valves", &["a"]);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    task.pointer_mut(parent).unwrap()[name] = value;
    task
}

fn area(name: &str) -> Value {
    let mut param = new_task("", &[])["param"].take();
    (param["type"], param["deviceLocation"]) = (json!("DeviceArea"), json!(name));
    with("/param", param)
}

fn tag(value: &str) -> Value {
    with("/tags", json!([{ "tagName": "district", "tagValue": value }]))
}

#[tokio::test]
async fn each_error_row_comes_with_its_own_status() {
    let unknown = |status| {
        let mut scenario = scenario();
        scenario.unknown_application_status = status;
        scenario
    };
    let throttled = Scenario::default().with_quota(1);
    let failing = Scenario::default()
        .with_fault(Fault::new(FaultKind::InternalError).on(Operation::CreateBatchTask).next(1));
    let no_application = "The application is not existed.";
    for (scenario, task, status, code, text) in [
        (unknown(200), with("/appId", json!("nobody")), 200, "100203", no_application),
        (scenario(), area("Paris"), 200, "101001", "Resource doesn't exist"),
        (scenario(), with("/taskType", json!("DeviceReg")), 200, "101001", "Resource doesn't exist"),
        (scenario(), with("/taskName", json!("demo")), 200, "105002", "The batchTask name has exist"),
        (scenario(), tag("centre"), 400, "105201", "The tagName and tagValue has been used on the platform"),
        (scenario(), with("/timeout", json!(9)), 400, "50400", "The input is invalid"),
        (scenario(), with("/appId", json!("nobody")), 403, "100203", no_application),
        (
            scenario(),
            with("/appId", json!("stranger")),
            403,
            "100217",
            "The application hasn't been authorized",
        ),
        (throttled, new_task("valves", &["a"]), 403, "1010009", "app throttle exceed."),
        (scenario(), tag("east"), 404, "105202", "The tag is not existed"),
        (unknown(500), with("/appId", json!("nobody")), 500, "100203", no_application),
        (failing, new_task("valves", &["a"]), 500, "50252", "Internal server error."),
    ] {
        let demo = Caller::of(scenario).await;
        demo.post(task.to_string()).await.expect_error(status, code, text);
    }
    let demo = Caller::of(scenario()).await;
    demo.create(&new_task("first", &["a"])).await;
    let second = demo.post(new_task("second", &["a"]).to_string()).await;
    second.expect_error(200, "105001", "The batchTask count has reached the limit");
    let reader = demo.logged_in("reader", "s").await;
    reader.post("").await.expect_error(401, "100028", "The user has no right");
    demo.with(&[]).post("").await.expect_error(403, "1010005", "App_key or access_token is invalid.");
}

#[tokio::test]
async fn the_first_check_that_fails_decides() {
    let demo = Caller::of(scenario()).await;
    demo.create(&new_task("unfinished", &["a"])).await;
    let mut task = area("Paris");
    task["taskName"] = json!("demo");
    task["tags"] = tag("east")["tags"].take();
    task["appId"] = json!("nobody");
    task["timeout"] = json!(9);
    // Each step mends what the one before complains about.
    for (member, value, code) in [
        ("timeout", json!(10), "50400"),
        ("appId", json!("stranger"), "100203"),
        ("appId", json!(""), "100217"),
        ("appId", json!("demo-app"), "100203"),
        ("tags", json!([]), "105202"),
        ("param", area("Shenzhen")["param"].take(), "101001"),
        ("taskName", json!("new"), "105002"),
    ] {
        let reply = demo.post(task.to_string()).await;
        assert_eq!(reply.body["error_code"], code, "before {member} is {value}");
        task[member] = value;
    }
    assert_eq!(demo.post(task.to_string()).await.body["error_code"], "105001");
}

#[tokio::test]
async fn a_body_that_is_no_such_json_is_refused_with_a_reason() {
    let demo = Caller::demo().await;
    let reason = async |body: Body| {
        let reply = demo.post(body).await;
        reply.expect_error(400, "50400", "The input is invalid");
        reply.reason().to_owned()
    };
    assert!(
        reason("{\"taskName\": 7}".into()).await.contains("invalid type: integer `7`, expected a string")
    );
    assert!(reason(with("/param/maxRetransmit", json!(4)).to_string().into()).await.contains("0 to 3"));
    let too_long = Body::from(vec![b' '; 64 * 1024 * 1024 + 1]);
    assert_eq!(reason(too_long).await, "the body is longer than 67108864 bytes, or broke off");
}

#[tokio::test]
async fn a_name_is_used_once_in_each_application_until_its_task_is_dropped() {
    let (control, demo) = held(scenario()).await;
    let id = demo.create(&new_task("valves", &["a"])).await;
    control.advance(HOUR);
    let demo = demo.logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    let again = demo.post(new_task("valves", &["b"]).to_string()).await;
    again.expect_error(200, "105002", "The batchTask name has exist");
    assert_eq!(again.reason(), format!("task '{id}' has this name"));
    let mut of_friend = new_task("valves", &["a"]);
    of_friend["appId"] = json!("friend");
    let friends = demo.create(&of_friend).await;
    assert_eq!(demo.task(&format!("{friends}?appId=friend")).await.body["operator"], "demo-app");
    assert!(control.drop_task(&id));
    demo.create(&new_task("valves", &["b"])).await;
}

#[tokio::test]
async fn of_calls_at_the_same_time_one_takes_the_name() {
    let (control, demo) = held(Scenario::default()).await;
    let authorization = demo.authorization();
    let create = || {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let headers = [("app_key", Scenario::DEMO_APP_ID), ("authorization", authorization)];
        let demo = Caller::at(&control).with(&headers);
        let reply = runtime.block_on(demo.post(new_task("valves", &["a"; 1_000]).to_string()));
        reply.body["error_code"].as_str().map(str::to_owned)
    };
    let mut codes: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(create)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    codes.sort();
    assert_eq!(codes, [vec![None], vec![Some("105002".to_owned()); 7]].concat());
}

#[tokio::test]
async fn an_application_has_as_many_unfinished_tasks_as_the_scenario_says() {
    for (allowed, possible) in [(None, 1), (Some(3), 3), (Some(0), 10)] {
        let mut rules = CreatedTasks::default();
        rules.unfinished = allowed.unwrap_or(rules.unfinished);
        let (control, demo) = held(scenario().with_created_tasks(rules)).await;
        let create = async |round: u32| {
            let mut created = 0;
            for number in 0..10 {
                let name = format!("{round}-{number}");
                let reply = demo.post(new_task(&name, &["a", "b"]).to_string()).await;
                created += u32::from(reply.body["taskID"].is_string());
            }
            created
        };
        assert_eq!(create(1).await, possible);
        let stranger = demo.logged_in("stranger", "s").await;
        stranger.create(&new_task("valves", &["a"])).await;
        control.advance(Duration::from_secs(20));
        assert_eq!(create(2).await, possible, "those before are finished");
    }
}

#[tokio::test]
async fn a_listed_device_has_a_row_wherever_it_is_in_the_list() {
    let (control, demo) = held(Scenario::default()).await;
    let devices = ["b", "a\"é\n", "b", "4d8dbbe5-a63b-4e7b-80bc-cbc1e7d426b7", &"x".repeat(300)];
    let id = demo.create(&new_task("valves", &devices)).await;
    let listed = async |filter: &str| {
        let page = demo.page(&format!("taskId={id}{filter}")).await;
        let devices = rows(&page).iter().map(|row| row["param"]["deviceId"].as_str().unwrap().to_owned());
        (devices.collect::<Vec<_>>(), page["totalCount"].as_u64().unwrap())
    };
    for _ in 0..40 {
        assert_eq!(listed("").await, (devices.map(str::to_owned).to_vec(), 5));
        control.advance(Duration::from_millis(500));
    }
    assert_eq!(listed("&deviceId=b").await, (vec!["b".to_owned(); 2], 2));
    assert_eq!(listed("&deviceId=b&pageNo=1&pageSize=1").await, (vec!["b".to_owned()], 2));
    assert_eq!(listed("&deviceId=a%22%C3%A9%0A").await.1, 1);
    assert_eq!(listed("&deviceId=c").await, (vec![], 0));
    let row = rows(&demo.page(&format!("taskId={id}&pageNo=2&pageSize=1")).await)[0].clone();
    let command = row["param"]["commandId"].as_str().unwrap();
    assert_eq!(listed(&format!("&commandId={command}&deviceId=b")).await.1, 1);
    assert_eq!(listed(&format!("&commandId={command}&deviceId=c")).await.1, 0);
}

#[tokio::test]
async fn a_task_for_a_part_of_the_fleet_has_its_devices_and_a_closed_fleet_no_others() {
    let mut fleet = Fleet::default();
    (fleet.devices, fleet.closed) = (1_000, true);
    let mut rules = CreatedTasks::default();
    rules.unfinished = 0;
    let demo = Caller::of(Scenario::default().with_fleet(fleet).with_created_tasks(rules)).await;
    let mut total = 0;
    for name in ["Shenzhen", "Shanghai"] {
        let mut task = area(name);
        task["taskName"] = json!(name);
        let id = demo.create(&task).await;
        total += demo.total(&format!("taskId={id}")).await;
        let page = demo.page(&format!("taskId={id}")).await;
        let devices: Vec<_> =
            rows(&page).iter().map(|row| row["param"]["deviceId"].as_str().unwrap()).collect();
        demo.create(&new_task(&format!("again in {name}"), &devices)).await;
    }
    assert_eq!(total, 1_000);
    let unknown = demo.post(new_task("valves", &["a"]).to_string()).await;
    unknown.expect_error(200, "101001", "Resource doesn't exist");
    assert_eq!(unknown.reason(), "1 of 1 devices are not in the fleet");
}

#[tokio::test]
async fn a_hundred_thousand_devices_are_a_task_like_any_other() {
    let (control, demo) = held(Scenario::default()).await;
    let devices: Vec<String> = (0..100_000).map(|number| format!("device-{number:06}")).collect();
    let devices: Vec<&str> = devices.iter().map(String::as_str).collect();
    let id = demo.create(&new_task("valves", &devices)).await;
    let last = demo.page(&format!("taskId={id}&pageNo=399&pageSize=250")).await;
    assert_eq!(rows(&last)[249]["param"]["deviceId"], "device-099999");
    control.advance(Duration::from_secs(20));
    let task = demo.task(&id).await.body;
    assert_eq!((&task["status"], &task["completeCnt"]), (&json!("Complete"), &json!(100_000)));
    assert_eq!(task["param"]["deviceList"].as_array().unwrap().len(), 100_000);
}

#[tokio::test]
async fn the_same_calls_create_the_same_tasks() {
    let run = async |seed| {
        let mut scenario = Scenario::default();
        scenario.seed = seed;
        let (control, demo) = held(scenario).await;
        let mut bytes = Vec::new();
        for _ in 0..2 {
            let demo = demo.logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
            let id = demo.create(&new_task("valves", &["a", "b"])).await;
            assert!(
                id.len() == 24 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')),
                "{id}"
            );
            control.advance(Duration::from_secs(9));
            bytes.push((demo.task(&id).await.bytes, demo.page(&format!("taskId={id}")).await));
            control.reset();
        }
        assert_eq!(bytes[0], bytes[1]);
        bytes.remove(0)
    };
    assert_eq!(run(1).await, run(1).await);
    assert_ne!(run(1).await, run(2).await);
}

/// What comes back over a connection of its own, from an emulator that has this fault for the next task.
async fn over_the_wire(kind: FaultKind) -> (Control, String) {
    let fault = Fault::new(kind).on(Operation::CreateBatchTask).next(1);
    let emulator = Emulator::builder().scenario(Scenario::default().with_fault(fault)).start().await.unwrap();
    let caller = Caller::at(emulator.control());
    let caller = caller.logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    let body = new_task("valves", &["a"]).to_string();
    let request = format!(
        "POST {TASKS} HTTP/1.1\r\nhost: localhost\r\napp_key: demo-app\r\nauthorization: {}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        caller.authorization(),
        body.len()
    );
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.unwrap();
    (emulator.control().clone(), reply)
}

#[tokio::test]
async fn a_task_whose_reply_is_lost_exists_and_its_repeat_is_refused() {
    let (control, reply) = over_the_wire(FaultKind::CreateReplyLost).await;
    assert_eq!(reply, "", "the connection is closed before any byte of the answer");
    let tasks = control.tasks();
    let task = tasks.iter().find(|task| task.name == "valves").unwrap();
    let entry = control.journal().entries.pop().unwrap();
    let reason = format!("task {} of 1 subtasks is created", task.id);
    assert_eq!(
        (entry.status, entry.fault.as_deref(), entry.reason),
        (None, Some("create-reply-lost"), reason)
    );
    let again = Caller::at(&control).logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    let again = again.post(new_task("valves", &["a"]).to_string()).await;
    again.expect_error(200, "105002", "The batchTask name has exist");
}

#[tokio::test]
async fn a_reply_is_lost_for_the_call_that_creates_a_task_alone() {
    let control =
        Control::new(Scenario::default().with_fault(Fault::new(FaultKind::CreateReplyLost))).unwrap();
    let demo = Caller::at(&control).logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    assert_eq!(
        (demo.get("taskId=demo").await.status, demo.task("demo").await.status),
        (200.try_into().unwrap(), 200.try_into().unwrap())
    );
    assert_eq!(control.clock().kind(), ClockKind::Real);
}

#[tokio::test]
async fn an_error_under_200_creates_nothing() {
    let (control, demo) = held(Scenario::default()).await;
    let fault = |code: &str| Fault::new(FaultKind::ErrorUnder200 { code: code.to_owned() }).next(1);
    control.add_fault(fault("101001").on(Operation::CreateBatchTask)).unwrap();
    demo.post(new_task("valves", &["a"]).to_string()).await.expect_error(
        200,
        "101001",
        "Resource doesn't exist",
    );
    demo.create(&new_task("valves", &["a"])).await;
    control.add_fault(fault("50252")).unwrap();
    demo.get("taskId=demo").await.expect_error(200, "50252", "Internal server error.");
}
