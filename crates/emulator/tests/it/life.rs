//! Subtasks that move, as a client sees them.

use std::time::Duration;

use northbound_emulator::{Control, Life, Outcomes, Scenario, Task};
use serde_json::Value;

use crate::support::{Caller, STATUSES, rows};

async fn moving(scenario: Scenario) -> (Control, Caller) {
    let control = Control::new(scenario.with_manual_clock()).unwrap();
    let caller = Caller::at(&control).logged_in(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).await;
    (control, caller)
}

/// The rows of a task in their order.
async fn all(caller: &Caller, task: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for page in 0..4 {
        let page = caller.page(&format!("taskId={task}&pageSize=250&pageNo={page}")).await;
        all.extend(rows(&page).to_vec());
    }
    all
}

async fn counts(caller: &Caller, task: &str) -> [u64; 5] {
    let mut counts = [0; 5];
    for (count, status) in counts.iter_mut().zip(STATUSES) {
        let page = caller.page(&format!("taskId={task}&status={status}&pageSize=1")).await;
        *count = page["totalCount"].as_u64().unwrap();
    }
    counts
}

#[tokio::test]
async fn live_begins_as_pending_and_settles_within_a_minute() {
    let (control, demo) = moving(Scenario::default()).await;
    let [pending, waiting, ..] = counts(&demo, "live").await;
    assert!(pending >= 998 && pending + waiting == 1_000, "{pending} pending, {waiting} waiting");
    control.advance(Duration::from_secs(12));
    let counts_12 = counts(&demo, "live").await;
    assert!(counts_12[..4].iter().all(|count| *count > 0), "after 12 s: {counts_12:?}");
    control.advance(Duration::from_secs(48));
    let [pending, waiting, success, fail, timeout] = counts(&demo, "live").await;
    assert_eq!((pending, waiting, success + fail + timeout), (0, 0, 1_000));
    assert!(success.abs_diff(850) < 50 && fail.abs_diff(100) < 40 && timeout.abs_diff(50) < 30);
}

#[tokio::test]
async fn demo_does_not_move() {
    let (control, demo) = moving(Scenario::default()).await;
    let before = all(&demo, "demo").await;
    control.advance(Duration::from_secs(3_000));
    assert_eq!(all(&demo, "demo").await, before);
}

#[tokio::test]
async fn output_and_error_come_with_the_status_and_stay() {
    let (control, demo) = moving(Scenario::default()).await;
    let mut before = all(&demo, "live").await;
    for _ in 0..30 {
        control.advance(Duration::from_secs(2));
        let after = all(&demo, "live").await;
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before["param"], after["param"], "rows keep their order");
            let (output, error) = (after["output"].as_str(), after["error"].as_str());
            let status = after["status"].as_str().unwrap();
            assert_eq!(output.is_some(), status != "Pending", "{after}");
            assert_eq!(error.is_some(), matches!(status, "Fail" | "Timeout"), "{after}");
            let answered = output.is_some_and(|output| !output.ends_with(r#""commandResult":null}"#));
            assert_eq!(answered, status == "Success", "{after}");
            let place =
                |row: &Value| STATUSES.iter().position(|status| row["status"] == *status).unwrap().min(2);
            assert!(place(before) < place(after) || before == after, "{before} became {after}");
        }
        before = after;
    }
}

#[tokio::test]
async fn outcomes_and_speed_are_the_ones_of_the_scenario() {
    let life = Life::new(0, 1, 10).with_outcomes(Outcomes::new(0, 1, 0));
    let task = Task::generated("quick", Scenario::DEMO_APP_ID, 400).with_life(life);
    let (control, demo) = moving(Scenario::default().with_task(task)).await;
    assert_eq!(counts(&demo, "quick").await[0], 0, "all were sent at once");
    control.advance(Duration::from_secs(1));
    assert_eq!(counts(&demo, "quick").await, [0, 0, 0, 400, 0]);
}

#[tokio::test]
async fn the_same_seed_and_the_same_clock_give_the_same_bytes() {
    let scenario = || Scenario::default();
    let ((first, one), (second, other)) = (moving(scenario()).await, moving(scenario()).await);
    for _ in 0..6 {
        first.advance(Duration::from_millis(7_777));
        for _ in 0..7_777 {
            second.advance(Duration::from_millis(1));
        }
        assert_eq!(all(&one, "live").await, all(&other, "live").await);
    }
}

#[tokio::test(start_paused = true)]
async fn subtasks_follow_simulated_time() {
    let demo = Caller::demo().await;
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(counts(&demo, "live").await[..2], [0, 0]);
}
