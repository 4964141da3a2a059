//! Guards of the ledger that no other test shows.

use northbound::{Client, Credentials, SubtaskStatus};
use northbound_emulator::Scenario;

use crate::emulated::Emulated;
use crate::platform::Platform;

#[tokio::test]
async fn counters_beyond_32_bits_are_kept() {
    let page =
        r#"{"totalCount":9007199254740993,"pageNo":4294967296,"pageSize":4294967297,"taskDetails":[]}"#;
    let platform = Platform::always(200, "application/json", page).await;
    let page = platform.client().subtasks("demo").page(0).await.unwrap();
    let counters = (page.total_count(), page.page_no(), page.page_size());
    assert_eq!(counters, (Some(9_007_199_254_740_993), Some(4_294_967_296), Some(4_294_967_297)));
}

/// The emulator takes `Bearer` in exactly this form, and its login says `bearer`.
#[tokio::test]
async fn the_authorization_header_is_not_built_from_the_token_type() {
    let emulator = Emulated::start().await;
    let credentials = Credentials::new(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).unwrap();
    let client = Client::builder(emulator.url()).credentials(credentials).build().unwrap();
    let page = client.subtasks(Scenario::DEMO_TASK).page(0).await.unwrap();
    assert_eq!(page.total_count(), Some(1000));
}

#[test]
fn a_final_status_has_no_successor_and_an_unknown_one_is_not_said_to_be_final() {
    for status in [SubtaskStatus::Success, SubtaskStatus::Fail, SubtaskStatus::Timeout] {
        assert_eq!(status.successors(), Some(&[][..]), "{status}");
    }
    assert!(SubtaskStatus::Pending.successors().unwrap().contains(&SubtaskStatus::WaitResult));
    assert_eq!(SubtaskStatus::from("Stopped").successors(), None);
}
