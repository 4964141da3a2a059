//! Flow control, as a client meets it.

use std::time::Duration;

use northbound_emulator::{Application, Control, Scenario};

use crate::support::Caller;

const PAGE: &str = "taskId=demo&pageSize=1";

async fn limited(calls: u32) -> (Control, Caller) {
    let control = Control::new(Scenario::default().with_quota(calls).with_manual_clock()).unwrap();
    let demo = Caller::at(&control).logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    (control, demo)
}

#[tokio::test]
async fn the_101st_call_within_a_minute_is_throttled() {
    let (control, demo) = limited(100).await;
    for _ in 0..99 {
        demo.page(PAGE).await;
    }
    let refused = demo.get(PAGE).await;
    refused.expect_error(403, "1010009", "app throttle exceed.");
    assert_eq!(
        refused.reason(),
        "100 calls of application 'demo-app' arrived within 60 s; the next one is taken in 60.000 s"
    );
    control.advance(Duration::from_millis(59_999));
    demo.get(PAGE).await.expect_error(403, "1010009", "app throttle exceed.");
    control.advance(Duration::from_millis(1));
    demo.page(PAGE).await;
}

#[tokio::test]
async fn a_login_counts_and_is_never_throttled() {
    let (_, demo) = limited(2).await;
    demo.page(PAGE).await;
    let again = demo.logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    again.get(PAGE).await.expect_error(403, "1010009", "app throttle exceed.");
}

#[tokio::test]
async fn a_call_with_a_bad_token_does_not_count_and_one_with_a_bad_query_does() {
    let (_, demo) = limited(2).await;
    let stranger = demo.with(&[("app_key", "demo-app"), ("authorization", "Bearer wrong")]);
    for _ in 0..5 {
        stranger.get(PAGE).await.expect_error(403, "1010005", "App_key or access_token is invalid.");
    }
    demo.get("taskId=").await.expect_error(400, "100022", "The input is invalid");
    demo.get("taskId=").await.expect_error(403, "1010009", "app throttle exceed.");
}

#[tokio::test]
async fn each_application_has_a_quota_of_its_own() {
    let scenario = Scenario::default().with_quota(1).with_application(Application::new("other", "s"));
    let demo = Caller::of(scenario).await;
    demo.get(PAGE).await.expect_error(403, "1010009", "app throttle exceed.");
    let other = demo.login("appId=other&secret=s").await;
    assert_eq!(other.status, 200);
}

#[tokio::test]
async fn without_a_quota_nothing_is_throttled() {
    let demo = Caller::demo().await;
    for _ in 0..150 {
        demo.page(PAGE).await;
    }
}
