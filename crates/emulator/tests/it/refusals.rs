//! Requests for subtasks that are refused, and with which row of the page. How headers and query are read is tested in `api`.

use northbound_emulator::{Application, Scenario, Task};
use serde_json::json;

use crate::support::{Caller, LOGIN, TASK_DETAILS};

const INVALID_TOKEN: (u16, &str, &str) = (403, "1010005", "App_key or access_token is invalid.");
const INVALID_INPUT: (u16, &str, &str) = (400, "100022", "The input is invalid");
const NO_APPLICATION: (u16, &str, &str) = (403, "100203", "The application is not existed.");
const NOT_AUTHORIZED: (u16, &str, &str) = (403, "100217", "The application hasn't been authorized");
const NO_TASK: (u16, &str, &str) = (404, "105005", "The batchTask is not existed.");

async fn refused(caller: &Caller, query: &str, (status, code, text): (u16, &str, &str)) {
    caller.get(query).await.expect_error(status, code, text);
}

#[tokio::test]
async fn headers_that_are_missing_malformed_or_of_another_application_are_refused() {
    let demo = Caller::of(Scenario::default().with_application(Application::new("other", "s"))).await;
    let (good, other) = (demo.authorization(), demo.logged_in("other", "s").await);
    for headers in [
        &[][..],
        &[("app_key", "demo-app")],
        &[("authorization", good)],
        &[("app_key", "demo-app"), ("app_key", "demo-app"), ("authorization", good)],
        &[("app_key", "demo-app"), ("authorization", good.trim_start_matches("Bearer "))],
        &[("app_key", "demo-app"), ("authorization", &format!("{good}0"))],
        &[("app_key", "demo-app"), ("authorization", other.authorization())],
        &[("app_key", "other"), ("authorization", good)],
    ] {
        refused(&demo.with(headers), "taskId=demo", INVALID_TOKEN).await;
    }
}

#[tokio::test]
async fn the_first_check_that_fails_decides() {
    let demo = Caller::demo().await;
    let unknown = demo.with(&[("app_key", "demo-app"), ("authorization", "Bearer nonsense")]);
    refused(&unknown, "pageSize=251&appId=nobody&taskId=nope", INVALID_TOKEN).await;
    for (query, row) in [
        ("pageSize=251&appId=nobody&taskId=nope", INVALID_INPUT),
        ("pageSize=250&appId=nobody&taskId=nope", NO_APPLICATION),
        ("pageSize=250&appId=demo-app&taskId=nope", NO_TASK),
        ("taskId=demo&appId=", NO_APPLICATION),
        ("taskId=Demo", NO_TASK),
        ("taskId=%00%FF%0A", NO_TASK),
        ("taskId=demo%20", NO_TASK),
    ] {
        refused(&demo, query, row).await;
    }
    let last = "taskId=demo&pageNo=2147483647&pageSize=250&appId=demo-app&index=1&index=2&x";
    assert_eq!(demo.page(last).await["totalCount"], 1000);
}

#[tokio::test]
async fn an_application_reads_its_own_tasks_and_those_of_applications_that_authorized_it() {
    let scenario = Scenario::empty()
        .with_application(Application::new("owner", "s").authorizing("friend"))
        .with_application(Application::new("friend", "s"))
        .with_application(Application::new("stranger", "s"))
        .with_task(Task::generated("readings", "owner", 3));
    let nobody = Caller::stranger(scenario);
    let (friend, stranger) = (nobody.logged_in("friend", "s").await, nobody.logged_in("stranger", "s").await);
    assert_eq!(friend.total("taskId=readings&appId=owner").await, 3);
    for (caller, query, row) in [
        (&friend, "taskId=readings", NO_TASK),
        (&friend, "taskId=readings&appId=friend", NO_TASK),
        (&stranger, "taskId=readings", NO_TASK),
        (&stranger, "taskId=readings&appId=owner", NOT_AUTHORIZED),
        (&stranger, "taskId=nope&appId=friend", NOT_AUTHORIZED),
    ] {
        refused(caller, query, row).await;
    }
}

#[tokio::test]
async fn an_unknown_application_is_refused_with_500_if_the_scenario_says_so() {
    let mut scenario = Scenario::default();
    scenario.unknown_application_status = 500;
    let (_, code, text) = NO_APPLICATION;
    refused(&Caller::of(scenario).await, "taskId=demo&appId=nobody", (500, code, text)).await;
}

#[tokio::test]
async fn the_gateway_may_have_an_envelope_of_its_own_and_a_service_does_not() {
    let demo = Caller::of(Scenario::default().with_quota(2).with_gateway_envelope()).await;
    refused(&demo, "taskId=", INVALID_INPUT).await;
    let (throttled, unknown) = (demo.get("taskId=demo").await, demo.with(&[]).get("taskId=demo").await);
    for (reply, code, text) in [
        (throttled, "1010009", "app throttle exceed."),
        (unknown, "1010005", "App_key or access_token is invalid."),
    ] {
        assert_eq!(reply.status, 403);
        assert_eq!(reply.body, json!({ "resultcode": code, "resultmsg": text }));
    }
    let login = demo.login("appId=demo-app").await;
    login.expect_error(400, "102202", "Required Parameter is null or empty.");
}

#[tokio::test]
async fn a_header_tells_the_reason() {
    let demo = Caller::demo().await;
    for (query, reason) in [
        ("taskId=demo&pageSize=251", "pageSize='251' is not an integer from 1 to 250"),
        ("taskId=a%0Ab", r"application 'demo-app' has no task 'a\nb'"),
    ] {
        assert_eq!(demo.get(query).await.reason(), reason);
    }
}

#[tokio::test]
async fn an_unknown_path_or_method_is_told_what_is_expected() {
    let demo = Caller::demo().await;
    for (method, path, status) in [
        ("GET", "/", 404),
        ("GET", "/iocm/app/batchtask/v1.1.0/task", 404),
        ("GET", "/iocm/app/batchtask/v1.1.0/tasks", 405),
        ("GET", LOGIN, 405),
        ("DELETE", TASK_DETAILS, 405),
    ] {
        let reply = demo.bare(method, path).await;
        let text = reply.body["error_desc"].as_str().unwrap();
        let expected = [
            format!("no operation {method} {path}; expected "),
            format!("GET {TASK_DETAILS}"),
            format!("POST {LOGIN}"),
        ];
        assert!(expected.iter().all(|part| text.contains(part)), "{text}");
        assert_eq!((reply.status.as_u16(), reply.body.as_object().unwrap().len()), (status, 1));
    }
    assert_eq!(demo.bare("GET", LOGIN).await.headers["allow"], "POST");
}
