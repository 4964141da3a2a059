//! The platform's habits that a scenario can choose between.

use std::time::Duration;

use northbound_emulator::{Control, Scenario};
use serde_json::json;

use crate::support::Caller;

#[tokio::test]
async fn the_gateway_reports_token_and_throttle_in_an_envelope_of_its_own() {
    let demo = Caller::of(Scenario::default().with_quota(1).with_gateway_envelope()).await;
    let throttled = demo.get("taskId=demo").await;
    assert_eq!(throttled.status, 403);
    assert_eq!(throttled.body, json!({ "resultcode": "1010009", "resultmsg": "app throttle exceed." }));
    let refused = demo.with(&[]).get("taskId=demo").await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.body,
        json!({ "resultcode": "1010005", "resultmsg": "App_key or access_token is invalid." })
    );
}

#[tokio::test]
async fn a_service_behind_the_gateway_keeps_the_documented_envelope() {
    let demo = Caller::of(Scenario::default().with_gateway_envelope()).await;
    demo.get("taskId=").await.expect_error(400, "100022", "The input is invalid");
    demo.login("appId=demo-app").await.expect_error(400, "102202", "Required Parameter is null or empty.");
}

#[tokio::test]
async fn an_unknown_application_is_refused_under_403_or_500() {
    for status in [403, 500] {
        let mut scenario = Scenario::default();
        scenario.unknown_application_status = status;
        let reply = Caller::of(scenario).await.get("taskId=demo&appId=nobody").await;
        reply.expect_error(status, "100203", "The application is not existed.");
    }
}

#[tokio::test]
async fn a_token_ages_by_the_clock_of_the_emulator() {
    let control = Control::new(Scenario::default().with_manual_clock()).unwrap();
    let demo = Caller::at(&control).logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    control.advance(Duration::from_secs(3_599));
    demo.page("taskId=demo").await;
    control.advance(Duration::from_secs(1));
    let expired = demo.get("taskId=demo").await;
    expired.expect_error(403, "1010005", "App_key or access_token is invalid.");
    assert_eq!(expired.reason(), "the token of app_key 'demo-app' has expired");
}

#[tokio::test]
async fn a_token_lives_as_long_as_the_scenario_says() {
    let mut scenario = Scenario::default().with_manual_clock();
    scenario.token_lifetime_seconds = 600;
    let control = Control::new(scenario).unwrap();
    let stranger = Caller::at(&control);
    assert_eq!(stranger.login("appId=demo-app&secret=demo-secret").await.body["expiresIn"], 600);
    let demo = stranger.logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    control.advance(Duration::from_secs(599));
    demo.page("taskId=demo").await;
    control.advance(Duration::from_secs(1));
    demo.get("taskId=demo").await.expect_error(403, "1010005", "App_key or access_token is invalid.");
}

#[tokio::test(start_paused = true)]
async fn the_real_clock_follows_simulated_time() {
    let demo = Caller::demo().await;
    tokio::time::advance(Duration::from_secs(3_600)).await;
    let expired = demo.get("taskId=demo").await;
    assert_eq!(expired.reason(), "the token of app_key 'demo-app' has expired");
}
