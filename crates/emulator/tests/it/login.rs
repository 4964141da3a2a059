//! Logging in, and what it does to tokens. The rules of tokens are tested in `platform::token`.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use northbound_emulator::{Application, Scenario};
use serde_json::json;

use crate::support::{Caller, LOGIN, held};

const GOOD: &str = "appId=demo-app&secret=demo-secret";
const INVALID_TOKEN: (u16, &str, &str) = (403, "1010005", "App_key or access_token is invalid.");

#[tokio::test]
async fn a_login_hands_out_a_bearer_token_for_an_hour() {
    let reply = Caller::stranger(Scenario::default()).login(GOOD).await;
    let (access, refresh) = (&reply.body["accessToken"], &reply.body["refreshToken"]);
    let expected = json!({
        "accessToken": access, "tokenType": "bearer", "expiresIn": 3600, "refreshToken": refresh, "scope": "default"
    });
    assert_eq!((reply.status.as_u16(), &reply.body), (200, &expected));
    assert!(access.is_string() && refresh.is_string() && access != refresh);
}

#[tokio::test]
async fn a_new_login_cancels_the_earlier_token_and_no_other_login_does() {
    let scenario = Scenario::default().with_application(Application::new("other", "s"));
    let first = Caller::of(scenario).await;
    assert_eq!(first.login("appId=demo-app&secret=wrong").await.status, 401);
    first.logged_in("other", "s").await;
    first.page("taskId=demo").await;
    let second = first.logged_in("demo-app", "demo-secret").await;
    let refused = first.get("taskId=demo").await;
    let (status, code, text) = INVALID_TOKEN;
    refused.expect_error(status, code, text);
    assert_eq!(refused.reason(), "the token is not the newest one of app_key 'demo-app'");
    second.page("taskId=demo").await;
}

#[tokio::test]
async fn a_token_lives_as_long_as_the_scenario_says() {
    let mut scenario = Scenario::default();
    scenario.token_lifetime_seconds = 600;
    let (control, demo) = held(scenario).await;
    control.advance(Duration::from_secs(599));
    demo.page("taskId=demo").await;
    control.advance(Duration::from_secs(1));
    let expired = demo.get("taskId=demo").await;
    let (status, code, text) = INVALID_TOKEN;
    expired.expect_error(status, code, text);
    assert_eq!(expired.reason(), "the token of app_key 'demo-app' has expired");
    assert_eq!(demo.login(GOOD).await.body["expiresIn"], 600);
}

#[tokio::test]
async fn a_login_that_cannot_be_read_or_is_wrong_is_refused() {
    let caller = Caller::stranger(Scenario::default());
    for form in ["appId=demo-app&secret=demo-Secret", "appId=nobody&secret=demo-secret"] {
        caller.login(form).await.expect_error(401, "100208", "AppId or secret is not right.");
    }
    let huge = format!("{GOOD}&filler={}", "a".repeat(16 * 1024));
    for form in ["", "appId=demo-app", &huge] {
        caller.login(form).await.expect_error(400, "102202", "Required Parameter is null or empty.");
    }
    let request = Request::post(LOGIN).header("content-type", "application/json").body(Body::from("{}"));
    let reply = caller.send(request.unwrap()).await;
    reply.expect_error(400, "102202", "Required Parameter is null or empty.");
    assert_eq!(reply.reason(), "the content type is not application/x-www-form-urlencoded");
}
