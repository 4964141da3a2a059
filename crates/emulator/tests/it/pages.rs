//! Paging over a task that does not move.

use std::collections::HashSet;

use northbound_emulator::Scenario;
use serde_json::Value;

use crate::support::{Caller, rows};

/// Every page of a query, until one is empty.
async fn all_rows(caller: &Caller, query: &str, size: usize) -> Vec<Value> {
    let mut all = Vec::new();
    for number in 0.. {
        let page = caller.page(&format!("{query}&pageNo={number}&pageSize={size}")).await;
        let found = rows(&page);
        assert!(found.len() <= size);
        if found.is_empty() {
            break;
        }
        all.extend_from_slice(found);
    }
    all
}

#[tokio::test]
async fn page_0_of_25_rows_is_the_default() {
    let demo = Caller::demo().await;
    let page = demo.page("taskId=demo").await;
    assert_eq!(
        (&page["pageNo"], &page["pageSize"], &page["totalCount"]),
        (&0.into(), &25.into(), &1000.into())
    );
    assert_eq!(rows(&page).len(), 25);
    assert_eq!(page, demo.page("taskId=demo&pageNo=0&pageSize=25").await);
}

#[tokio::test]
async fn pages_of_any_size_give_the_same_rows_in_the_same_order() {
    let demo = Caller::demo().await;
    let expected = all_rows(&demo, "taskId=demo", 250).await;
    assert_eq!(expected.len(), 1000);
    for size in [7, 100, 249] {
        assert!(all_rows(&demo, "taskId=demo", size).await == expected, "pageSize={size}");
    }
}

#[tokio::test]
async fn the_last_page_holds_what_is_left() {
    let demo = Caller::demo().await;
    assert_eq!(rows(&demo.page("taskId=demo&pageNo=7&pageSize=130").await).len(), 90);
}

#[tokio::test]
async fn a_page_past_the_end_is_empty_and_still_counts() {
    let demo = Caller::demo().await;
    for number in ["4", "5", "2147483647"] {
        let page = demo.page(&format!("taskId=demo&pageNo={number}&pageSize=250")).await;
        assert_eq!(page["totalCount"], 1000);
        assert_eq!(page["pageNo"].to_string(), number);
        assert!(rows(&page).is_empty());
    }
}

#[tokio::test]
async fn no_row_comes_twice() {
    let demo = Caller::demo().await;
    let all = all_rows(&demo, "taskId=demo", 250).await;
    let devices: HashSet<_> = all.iter().map(|row| row["param"]["deviceId"].as_str().unwrap()).collect();
    let commands: HashSet<_> = all.iter().map(|row| row["param"]["commandId"].as_str().unwrap()).collect();
    assert_eq!((devices.len(), commands.len()), (1000, 1000));
}

#[tokio::test]
async fn two_emulators_with_one_seed_answer_alike() {
    let (one, two) = (Caller::demo().await, Caller::demo().await);
    assert_eq!(one.authorization(), two.authorization());
    assert_eq!(one.page("taskId=demo&pageNo=3").await, two.page("taskId=demo&pageNo=3").await);
    let mut scenario = Scenario::default();
    scenario.seed += 1;
    let other = Caller::of(scenario).await;
    assert_ne!(one.authorization(), other.authorization());
    assert_ne!(one.page("taskId=demo&pageNo=3").await, other.page("taskId=demo&pageNo=3").await);
}

#[tokio::test]
async fn the_demo_task_can_be_given_another_size() {
    for size in [0, 1, 100_000] {
        let caller = Caller::of(Scenario::default().with_demo_subtasks(size)).await;
        assert_eq!(caller.page("taskId=demo").await["totalCount"], size);
    }
}

#[tokio::test]
async fn a_larger_task_begins_with_the_rows_of_a_smaller_one() {
    let (small, large) =
        (Caller::demo().await, Caller::of(Scenario::default().with_demo_subtasks(5_000)).await);
    let query = "taskId=demo&pageNo=3&pageSize=250";
    assert_eq!(rows(&small.page(query).await), rows(&large.page(query).await));
}
