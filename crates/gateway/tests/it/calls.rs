//! The platform's calls: logins, reads and tasks, and errors.

use northbound::Quota;
use northbound_emulator::{Control, Fault, FaultKind, Operation, Scenario};
use northbound_testkit::{Emulated, Platform, json_reply};

use crate::{DETAILS, Gate, LOGIN, TASKS, address, ask, caller, client, log_in, started};

fn logins(control: &Control) -> usize {
    control.journal().entries.iter().filter(|entry| entry.path == LOGIN).count()
}

#[tokio::test]
async fn local_logins_do_not_cancel_each_other_and_the_platform_gets_one() {
    let gate = Gate::start().await;
    let (first, second) = (gate.log_in("app", "x").await.token(), gate.log_in("app", "y").await.token());
    assert_ne!(first, second);
    for token in [&first, &second, &first] {
        let task = gate.get(token, &format!("{TASKS}/demo")).await;
        assert_eq!((task.status, task.json()["totalCnt"].as_u64()), (200, Some(1000)), "{task:?}");
    }
    assert_eq!(logins(&gate.control), 1);
    let reply = gate.log_in("app", "x").await.json();
    assert_eq!((reply["tokenType"].as_str(), reply["expiresIn"].as_u64()), (Some("bearer"), Some(3600)));
}

#[tokio::test]
async fn after_a_restart_a_token_is_invalid_and_a_login_helps() {
    let control = Control::new(Scenario::default()).unwrap();
    let emulator = Emulated::serving(&control).await;
    let (gateway, _log) = started(client(&emulator.url()), |gateway| gateway).await;
    let token = log_in(address(&gateway), "app", "x").await.token();
    gateway.stop().await;
    let (gateway, _log) = started(client(&emulator.url()), |gateway| gateway).await;
    let task = async |token: &str| {
        ask(address(&gateway), &format!("GET {TASKS}/demo"), &caller("app", token), "").await
    };
    assert_eq!(task(&token).await.error(), (403, "1010005".to_owned()));
    let page = async |token: &str, number| {
        let page = format!("GET {DETAILS}?taskId=demo&status=Pending&pageNo={number}&pageSize=10");
        ask(address(&gateway), &page, &caller("app", token), "").await
    };
    assert_eq!(page(&token, 1).await.error(), (403, "1010005".to_owned()));
    let token = log_in(address(&gateway), "app", "x").await.token();
    assert_eq!(task(&token).await.status, 200);
    assert_eq!(
        page(&token, 1).await.error(),
        (409, "gateway-read-ended".to_owned()),
        "other rows are there by now"
    );
    assert_eq!((page(&token, 0).await.status, page(&token, 1).await.status), (200, 200));
}

#[tokio::test]
async fn pages_of_a_read_are_as_the_document_says() {
    let mut gate = Gate::start().await;
    let token = gate.log_in("app", "x").await.token();
    gate.line().await;
    let reply = gate.get(&token, &format!("{DETAILS}?taskId=demo&pageNo=3&pageSize=100")).await;
    let page = reply.json();
    let rows = page["taskDetails"].as_array().unwrap();
    assert_eq!(
        (rows.len(), page["totalCount"].as_u64(), page["pageNo"].as_u64()),
        (100, Some(1000), Some(3))
    );
    assert!(
        reply.header("northbound-read-at").is_some() && reply.header("northbound-changed").is_none(),
        "{}",
        reply.head
    );
    let line = gate.line().await;
    assert_eq!((line["call"].as_str(), line["task"].as_str()), (Some("listSubtasks"), Some("demo")));
    assert_eq!(
        (line["page"].as_u64(), line["rows"].as_u64(), line["status"].as_u64()),
        (Some(3), Some(100), Some(200))
    );
    let default = gate.get(&token, &format!("{DETAILS}?taskId=demo")).await.json();
    assert_eq!((default["pageSize"].as_u64(), default["pageNo"].as_u64()), (Some(25), Some(0)));
    let beyond = gate.get(&token, &format!("{DETAILS}?taskId=demo&pageNo=99999")).await.json();
    assert_eq!(
        (beyond["taskDetails"].as_array().map(Vec::len), beyond["totalCount"].as_u64()),
        (Some(0), Some(1000))
    );
}

#[tokio::test]
async fn what_was_changed_in_rows_is_in_a_header() {
    let row = r#"{"status":"Fail","error":{"error_code":"100022"},"param":{"deviceId":7}}"#;
    let page = format!(r#"{{"totalCount":1,"pageNo":0,"pageSize":250,"taskDetails":[{row}]}}"#);
    let platform = Platform::start(move |asked| {
        json_reply(200, if asked.is_login() { r#"{"accessToken":"t0ken","expiresIn":3600}"# } else { &page })
    })
    .await;
    let (gateway, _log) = started(client(&platform.url()), |gateway| gateway).await;
    let token = log_in(address(&gateway), "app", "x").await.token();
    let reply = ask(address(&gateway), &format!("GET {DETAILS}?taskId=t"), &caller("app", &token), "").await;
    let row = &reply.json()["taskDetails"][0];
    assert_eq!(
        (row["error"].as_str(), row["param"]["deviceId"].as_str()),
        (Some(r#"{"error_code":"100022"}"#), Some("7"))
    );
    let changed = reply.header("northbound-changed").unwrap();
    assert!(changed.contains("error") && changed.contains("deviceId"), "{changed}");
}

/// The emulator is a second reading of the platform's page.
#[tokio::test]
async fn a_bad_request_is_answered_as_the_emulator_answers_it() {
    let gate = Gate::of(Scenario::default().with_quota(0), |gateway| gateway).await;
    let control = Control::new(Scenario::default().with_quota(0)).unwrap();
    let emulator = Emulated::serving(&control).await;
    let platform = emulator.url().strip_prefix("http://").unwrap().parse().unwrap();
    let (app, secret) = (Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET);
    let callers = [
        (gate.at, gate.log_in(app, secret).await.token()),
        (platform, log_in(platform, app, secret).await.token()),
    ];
    let long = "x".repeat(257);
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let mut requests = Vec::new();
    for query in [
        "",
        "taskId=",
        "taskId=nope",
        "taskId=demo&taskId=demo",
        "taskId=demo&status=fail",
        "taskId=demo&status=",
        "taskId=demo&pageNo=-1",
        "taskId=demo&pageNo=2147483648",
        "taskId=demo&pageSize=0",
        "taskId=demo&pageSize=251",
        "taskId=demo&pageSize=1.0",
        "taskId=demo&pageNo=",
        "taskId=demo&appId=nobody",
        "taskId=demo&pageNo=1&pageNo=1",
    ] {
        requests.push((format!("GET {DETAILS}?{query}"), "AUTH".to_owned(), String::new()));
    }
    for path in
        ["/nope", "/", "/%20", "/demo?select=tag&select=tag", "/demo?appId=nobody", "/demo?appId=a&appId=a"]
    {
        requests.push((format!("GET {TASKS}{path}"), "AUTH".to_owned(), String::new()));
    }
    for headers in [
        "",
        "app_key: demo-app\r\n",
        "app_key: demo-app\r\nauthorization: Bearer nope\r\n",
        "app_key: other\r\nTOKEN",
        "app_key: demo-app\r\napp_key: demo-app\r\nTOKEN",
        "TOKEN",
        "app_key: demo-app\r\nauthorization: bearer x\r\n",
    ] {
        for path in [format!("{DETAILS}?taskId=demo"), format!("{TASKS}/demo")] {
            requests.push((format!("GET {path}"), headers.to_owned(), String::new()));
        }
        requests.push((
            format!("POST {TASKS}"),
            format!("{headers}content-type: application/json\r\n"),
            "{}".to_owned(),
        ));
    }
    for body in [
        "appId=a",
        "secret=s",
        "appId=&secret=s",
        "appId=a&secret=",
        "appId=a&appId=a&secret=s",
        &format!("appId={long}&secret=s"),
        "{}",
    ] {
        requests.push((format!("POST {LOGIN}"), form.to_owned(), body.to_owned()));
    }
    requests.push((
        format!("POST {LOGIN}"),
        "content-type: text/plain\r\n".to_owned(),
        "appId=a&secret=s".to_owned(),
    ));
    for (line, headers, body) in requests {
        let mut answers = Vec::new();
        for (at, token) in &callers {
            let headers = headers.replace("AUTH", "app_key: demo-app\r\nTOKEN");
            let headers = headers.replace("TOKEN", &format!("authorization: Bearer {token}\r\n"));
            let reply = ask(*at, &line, &headers, &body).await;
            answers.push((reply.status, reply.json()));
        }
        assert_eq!(answers[0], answers[1], "{line}\n{headers}\n{body}");
    }
}

#[tokio::test]
async fn errors_of_the_platform_pass_through_and_others_say_what_came() {
    let gate = Gate::start().await;
    let token = gate.log_in("app", "x").await.token();
    let task = format!("{TASKS}/demo");
    for (fault, operation, expected) in [
        (FaultKind::InternalError, Operation::ListSubtasks, (500, "50252")),
        (FaultKind::BadGateway, Operation::ListSubtasks, (502, "gateway-no-answer")),
        (FaultKind::BadGateway, Operation::GetBatchTask, (502, "gateway-no-answer")),
        (FaultKind::EmptyError, Operation::GetBatchTask, (502, "gateway-no-answer")),
    ] {
        let path = if operation == Operation::GetBatchTask {
            task.clone()
        } else {
            format!("{DETAILS}?taskId=demo")
        };
        let fault = gate.control.add_fault(Fault::new(fault).on(operation)).unwrap();
        let reply = gate.get(&token, &path).await;
        assert_eq!(reply.error(), (expected.0, expected.1.to_owned()), "{reply:?}");
        gate.control.remove_fault(fault);
    }
    assert_eq!(gate.emulator.breaches().len(), 3, "those are no answers of the document");
    let unknown = gate.get(&token, &format!("{DETAILS}?taskId=nope")).await;
    assert_eq!(unknown.body, r#"{"error_code":"105005","error_desc":"The batchTask is not existed."}"#);
}

#[tokio::test]
async fn a_caller_that_has_gone_no_longer_waits_for_the_quota() {
    let control = Control::new(Scenario::default()).unwrap();
    let emulator = Emulated::serving(&control).await;
    let quota = Quota::new(2, std::time::Duration::from_secs(3600)).unwrap();
    let builder = client(&emulator.url()).quota(quota).deadline(std::time::Duration::from_secs(7200));
    let mut gate = Gate::with(emulator, control, builder, |gateway| gateway).await;
    let token = gate.log_in("app", "x").await.token();
    // A login and a task take both calls of the quota.
    assert_eq!(gate.get(&token, &format!("{TASKS}/demo")).await.status, 200);
    gate.line().await;
    gate.line().await;
    let request = crate::request(&format!("GET {TASKS}/live"), &caller("app", &token), "");
    let mut stream = tokio::net::TcpStream::connect(gate.at).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut stream, request.as_bytes()).await.unwrap();
    // It waits: the gateway has read the request by the time at which it answers another one.
    while !ask(gate.at, "GET /metrics", "", "").await.body.contains("northbound_platform_calls_total 2") {
        gate.line().await;
    }
    gate.line().await;
    drop(stream);
    let line = gate.line().await;
    assert_eq!((line["task"].as_str(), line.get("status")), (Some("live"), None), "{line}");
}
