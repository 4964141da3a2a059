//! Logging in, and what it does to tokens.

use axum::body::Body;
use axum::http::Request;
use northbound_emulator::{Application, Scenario};
use serde_json::json;

use crate::support::{Caller, LOGIN};

const GOOD: &str = "appId=demo-app&secret=demo-secret";

#[tokio::test]
async fn a_login_hands_out_a_bearer_token_for_an_hour() {
    let reply = Caller::stranger(Scenario::default()).login(GOOD).await;
    assert_eq!(reply.status.as_u16(), 200);
    let (access, refresh) = (&reply.body["accessToken"], &reply.body["refreshToken"]);
    assert_eq!(
        reply.body,
        json!({
            "accessToken": access, "tokenType": "bearer", "expiresIn": 3600, "refreshToken": refresh, "scope": "default"
        })
    );
    assert!(access.is_string() && refresh.is_string() && access != refresh);
}

#[tokio::test]
async fn a_new_login_cancels_the_earlier_token_at_once() {
    let first = Caller::demo().await;
    assert!(first.get("taskId=demo").await.status.is_success());
    let second = first.logged_in("demo-app", "demo-secret").await;
    let refused = first.get("taskId=demo").await;
    refused.expect_error(403, "1010005", "App_key or access_token is invalid.");
    assert_eq!(refused.reason(), "the token is not the newest one of app_key 'demo-app'");
    assert!(second.get("taskId=demo").await.status.is_success());
}

#[tokio::test]
async fn a_failed_login_leaves_the_token_alone() {
    let caller = Caller::demo().await;
    assert_eq!(caller.login("appId=demo-app&secret=wrong").await.status.as_u16(), 401);
    assert!(caller.get("taskId=demo").await.status.is_success());
}

#[tokio::test]
async fn a_login_of_another_application_leaves_the_token_alone() {
    let caller = Caller::of(Scenario::default().with_application(Application::new("other", "s"))).await;
    caller.logged_in("other", "s").await;
    assert!(caller.get("taskId=demo").await.status.is_success());
}

#[tokio::test]
async fn a_token_whose_lifetime_is_over_is_refused() {
    let mut scenario = Scenario::default();
    scenario.token_lifetime_seconds = 0;
    let reply = Caller::of(scenario).await.get("taskId=demo").await;
    reply.expect_error(403, "1010005", "App_key or access_token is invalid.");
    assert_eq!(reply.reason(), "the token of app_key 'demo-app' has expired");
}

#[tokio::test]
async fn wrong_credentials_are_refused() {
    let caller = Caller::stranger(Scenario::default());
    for form in ["appId=demo-app&secret=demo-Secret", "appId=nobody&secret=demo-secret"] {
        caller.login(form).await.expect_error(401, "100208", "AppId or secret is not right.");
    }
}

#[tokio::test]
async fn a_form_without_both_texts_is_refused() {
    let caller = Caller::stranger(Scenario::default());
    let long = format!("appId={}&secret=demo-secret", "a".repeat(257));
    let huge = format!("{GOOD}&filler={}", "a".repeat(16 * 1024));
    for form in ["", "appId=demo-app", "secret=demo-secret", "appId=&secret=demo-secret", &long, &huge] {
        caller.login(form).await.expect_error(400, "102202", "Required Parameter is null or empty.");
    }
}

#[tokio::test]
async fn a_body_that_is_no_form_is_refused() {
    let caller = Caller::stranger(Scenario::default());
    let json = json!({ "appId": "demo-app", "secret": "demo-secret" }).to_string();
    let request = Request::post(LOGIN).header("content-type", "application/json").body(Body::from(json));
    let reply = caller.send(request.unwrap()).await;
    reply.expect_error(400, "102202", "Required Parameter is null or empty.");
    assert_eq!(reply.reason(), "the content type is not application/x-www-form-urlencoded");
}

#[tokio::test]
async fn the_reason_never_shows_the_secret() {
    let reply = Caller::stranger(Scenario::default()).login("appId=demo-app&secret=hush").await;
    assert!(!format!("{:?}", reply.headers).contains("hush"));
}
