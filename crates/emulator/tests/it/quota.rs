//! Flow control, as a client meets it.

use std::time::Duration;

use northbound_emulator::Scenario;

use crate::support::held;

const PAGE: &str = "taskId=demo&pageSize=1";

#[tokio::test]
async fn the_101st_call_within_a_minute_is_throttled() {
    let (control, demo) = held(Scenario::default().with_quota(100)).await;
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
    let (_, demo) = held(Scenario::default().with_quota(2)).await;
    demo.page(PAGE).await;
    let again = demo.logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    again.get(PAGE).await.expect_error(403, "1010009", "app throttle exceed.");
}

#[tokio::test]
async fn a_call_with_a_bad_token_does_not_count_and_one_with_a_bad_query_does() {
    let (_, demo) = held(Scenario::default().with_quota(2)).await;
    let stranger = demo.with(&[("app_key", "demo-app"), ("authorization", "Bearer wrong")]);
    for _ in 0..5 {
        stranger.get(PAGE).await.expect_error(403, "1010005", "App_key or access_token is invalid.");
    }
    demo.get("taskId=").await.expect_error(400, "100022", "The input is invalid");
    demo.get("taskId=").await.expect_error(403, "1010009", "app throttle exceed.");
}
