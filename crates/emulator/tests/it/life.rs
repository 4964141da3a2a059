//! Subtasks that move, as a client sees them. How each one moves is tested in `tasks` and `scenario::life`.

use std::time::Duration;

use northbound_emulator::{Life, Outcomes, Scenario, Task};

use crate::support::{Caller, STATUSES, held};

async fn counts(caller: &Caller, task: &str) -> [u64; 5] {
    let mut counts = [0; 5];
    for (count, status) in counts.iter_mut().zip(STATUSES) {
        *count = caller.total(&format!("taskId={task}&status={status}")).await;
    }
    counts
}

#[tokio::test]
async fn live_begins_as_pending_and_settles_within_a_minute_and_demo_does_not_move() {
    let (control, demo) = held(Scenario::default()).await;
    let frozen = demo.page("taskId=demo&pageSize=250").await;
    let [pending, waiting, ..] = counts(&demo, "live").await;
    assert!(pending >= 998 && pending + waiting == 1_000, "{pending} pending, {waiting} waiting");
    control.advance(Duration::from_secs(12));
    let counts_12 = counts(&demo, "live").await;
    assert!(counts_12[..4].iter().all(|count| *count > 0), "after 12 s: {counts_12:?}");
    control.advance(Duration::from_secs(48));
    let [pending, waiting, success, fail, timeout] = counts(&demo, "live").await;
    assert_eq!((pending, waiting, success + fail + timeout), (0, 0, 1_000));
    assert!(success.abs_diff(850) < 50 && fail.abs_diff(100) < 40 && timeout.abs_diff(50) < 30);
    assert_eq!(demo.page("taskId=demo&pageSize=250").await, frozen);
}

#[tokio::test]
async fn outcomes_and_speed_are_the_ones_of_the_scenario() {
    let life = Life::new(0, 1, 10).with_outcomes(Outcomes::new(0, 1, 0));
    let task = Task::generated("quick", Scenario::DEMO_APP_ID, 400).with_life(life);
    let (control, demo) = held(Scenario::default().with_task(task)).await;
    assert_eq!(counts(&demo, "quick").await[0], 0, "all were sent at once");
    control.advance(Duration::from_secs(1));
    assert_eq!(counts(&demo, "quick").await, [0, 0, 0, 400, 0]);
}

#[tokio::test(start_paused = true)]
async fn subtasks_and_tokens_follow_simulated_time() {
    let demo = Caller::demo().await;
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(counts(&demo, "live").await[..2], [0, 0]);
    tokio::time::advance(Duration::from_secs(3_540)).await;
    let expired = demo.get("taskId=demo").await;
    assert_eq!(expired.reason(), "the token of app_key 'demo-app' has expired");
}
