//! Every request for subtasks that is refused, and with which row of the page.

use axum::body::Body;
use axum::http::Request;
use northbound_emulator::{Application, Scenario, Task};

use crate::support::{Caller, LOGIN, TASK_DETAILS};

const INVALID_TOKEN: (u16, &str, &str) = (403, "1010005", "App_key or access_token is invalid.");
const INVALID_INPUT: (u16, &str, &str) = (400, "100022", "The input is invalid");
const NO_APPLICATION: (u16, &str, &str) = (403, "100203", "The application is not existed.");
const NOT_AUTHORIZED: (u16, &str, &str) = (403, "100217", "The application hasn't been authorized");
const NO_TASK: (u16, &str, &str) = (404, "105005", "The batchTask is not existed.");

async fn refused(caller: &Caller, query: &str, (status, code, text): (u16, &str, &str)) {
    caller.get(query).await.expect_error(status, code, text);
}

/// Three applications: `owner` authorizes `friend`, and nobody authorizes `stranger`.
fn three_applications() -> Scenario {
    Scenario::empty()
        .with_application(Application::new("owner", "s").authorizing("friend"))
        .with_application(Application::new("friend", "s"))
        .with_application(Application::new("stranger", "s"))
        .with_task(Task::generated("readings", "owner", 3))
}

#[tokio::test]
async fn headers_that_are_missing_or_malformed_are_refused() {
    let demo = Caller::demo().await;
    let good = demo.authorization();
    let token = good.trim_start_matches("Bearer ");
    for headers in [
        &[][..],
        &[("app_key", "demo-app")],
        &[("authorization", good)],
        &[("app_key", ""), ("authorization", good)],
        &[("app_key", "demo-app"), ("app_key", "demo-app"), ("authorization", good)],
        &[("app_key", "demo-app"), ("authorization", good), ("authorization", good)],
        &[("app_key", "demo-app"), ("authorization", token)],
        &[("app_key", "demo-app"), ("authorization", "Bearer ")],
        &[("app_key", "demo-app"), ("authorization", "Bearer nonsense")],
        &[("app_key", "demo-app"), ("authorization", &format!("Basic {token}"))],
        &[("app_key", "demo-app"), ("authorization", &format!("{good}0"))],
    ] {
        refused(&demo.with(headers), "taskId=demo", INVALID_TOKEN).await;
    }
}

#[tokio::test]
async fn a_token_of_another_application_is_refused() {
    let owner = Caller::stranger(three_applications()).logged_in("owner", "s").await;
    let mixed = owner.with(&[("app_key", "friend"), ("authorization", owner.authorization())]);
    refused(&mixed, "taskId=readings", INVALID_TOKEN).await;
    owner.logged_in("friend", "s").await;
    refused(&mixed, "taskId=readings", INVALID_TOKEN).await;
}

#[tokio::test]
async fn invalid_parameters_are_refused() {
    let demo = Caller::demo().await;
    for query in [
        "",
        "taskId",
        "taskId=",
        "taskid=demo",
        "taskId=demo&taskId=demo",
        "taskId=demo&status=Nope",
        "taskId=demo&status=fail",
        "taskId=demo&status=",
        "taskId=demo&status=Fail&status=Success",
        "taskId=demo&pageNo=-1",
        "taskId=demo&pageNo=2147483648",
        "taskId=demo&pageNo=1.5",
        "taskId=demo&pageNo=",
        "taskId=demo&pageSize=0",
        "taskId=demo&pageSize=251",
        "taskId=demo&pageSize=ten",
        "taskId=demo&deviceId=a&deviceId=b",
    ] {
        refused(&demo, query, INVALID_INPUT).await;
    }
}

#[tokio::test]
async fn every_bound_holds_at_its_value() {
    let demo = Caller::demo().await;
    for query in
        ["pageNo=0", "pageNo=2147483647", "pageSize=1", "pageSize=250", "pageNo=2147483647&pageSize=250"]
    {
        assert!(demo.get(&format!("taskId=demo&{query}")).await.status.is_success(), "{query}");
    }
}

#[tokio::test]
async fn unknown_parameters_are_ignored() {
    let demo = Caller::demo().await;
    assert_eq!(demo.page("taskId=demo&index=1&index=2&x").await, demo.page("taskId=demo").await);
}

#[tokio::test]
async fn an_unknown_task_is_refused() {
    let demo = Caller::demo().await;
    for query in ["taskId=nope", "taskId=Demo", "taskId=%00%FF%0A", "taskId=demo%20"] {
        refused(&demo, query, NO_TASK).await;
    }
}

#[tokio::test]
async fn a_task_of_another_application_is_as_unknown_as_none() {
    let stranger = Caller::stranger(three_applications()).logged_in("stranger", "s").await;
    refused(&stranger, "taskId=readings", NO_TASK).await;
}

#[tokio::test]
async fn app_id_opens_the_tasks_of_an_application_that_authorized_the_caller() {
    let friend = Caller::stranger(three_applications()).logged_in("friend", "s").await;
    assert_eq!(friend.page("taskId=readings&appId=owner").await["totalCount"], 3);
    refused(&friend, "taskId=readings", NO_TASK).await;
    refused(&friend, "taskId=readings&appId=friend", NO_TASK).await;
}

#[tokio::test]
async fn app_id_of_the_caller_changes_nothing() {
    let demo = Caller::demo().await;
    assert_eq!(demo.page("taskId=demo&appId=demo-app").await, demo.page("taskId=demo").await);
}

#[tokio::test]
async fn app_id_of_an_application_that_has_not_authorized_the_caller_is_refused() {
    let stranger = Caller::stranger(three_applications()).logged_in("stranger", "s").await;
    refused(&stranger, "taskId=readings&appId=owner", NOT_AUTHORIZED).await;
    refused(&stranger, "taskId=nope&appId=friend", NOT_AUTHORIZED).await;
}

#[tokio::test]
async fn app_id_of_no_application_is_refused() {
    let demo = Caller::demo().await;
    refused(&demo, "taskId=demo&appId=nobody", NO_APPLICATION).await;
    refused(&demo, "taskId=demo&appId=", NO_APPLICATION).await;
}

#[tokio::test]
async fn the_first_check_that_fails_decides() {
    let demo = Caller::demo().await;
    let unknown = demo.with(&[("app_key", "demo-app"), ("authorization", "Bearer nonsense")]);
    refused(&unknown, "pageSize=251&appId=nobody&taskId=nope", INVALID_TOKEN).await;
    refused(&demo, "pageSize=251&appId=nobody&taskId=nope", INVALID_INPUT).await;
    refused(&demo, "pageSize=250&appId=nobody&taskId=nope", NO_APPLICATION).await;
    refused(&demo, "pageSize=250&appId=demo-app&taskId=nope", NO_TASK).await;
}

#[tokio::test]
async fn a_header_tells_the_reason() {
    let demo = Caller::demo().await;
    let reply = demo.get("taskId=demo&pageSize=251").await;
    assert_eq!(reply.reason(), "pageSize='251' is not an integer from 1 to 250");
    let reply = demo.get("taskId=a%0Ab").await;
    assert_eq!(reply.reason(), r"application 'demo-app' has no task 'a\nb'");
}

#[tokio::test]
async fn an_unknown_path_or_method_is_told_what_is_expected() {
    let demo = Caller::demo().await;
    for (method, path, status) in [
        ("GET", "/", 404),
        ("GET", "/iocm/app/batchtask/v1.1.0/tasks", 404),
        ("GET", LOGIN, 405),
        ("DELETE", TASK_DETAILS, 405),
    ] {
        let reply = demo.send(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status.as_u16(), status, "{method} {path}");
        assert_eq!(
            reply.body,
            serde_json::json!({
                "error_desc": format!("no operation {method} {path}; expected GET {TASK_DETAILS} or POST {LOGIN}")
            })
        );
    }
    let reply = demo.send(Request::get(LOGIN).body(Body::empty()).unwrap()).await;
    assert_eq!(reply.headers["allow"], "POST");
}
