//! The loops that programs write to go through pages, over HTTP and while subtasks change their status: no row is lost, and none
//! is there twice. Many more are simulated beneath HTTP (`src/reads`).

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use fastrand::Rng;
use northbound::SubtaskStatus;
use northbound_emulator::{Control, Life, Scenario, Task};
use serde_json::Value;

use crate::{DETAILS, Gate, client};

const SIZE: usize = 50;

/// When a loop ends, or how else it asks.
#[derive(Clone, Copy, Debug)]
enum Loop {
    EmptyPage,
    ShortPage,
    FirstTotal,
    EachTotal,
    /// All pages of page 0's total at once.
    Parallel,
    /// Every page two times, until one is empty.
    Twice,
}

const LOOPS: [Loop; 6] =
    [Loop::EmptyPage, Loop::ShortPage, Loop::FirstTotal, Loop::EachTotal, Loop::Parallel, Loop::Twice];

async fn page(gate: &Gate, token: &str, query: &str, number: usize) -> (Vec<Value>, usize) {
    let path = format!("{DETAILS}?{query}&pageNo={number}&pageSize={SIZE}");
    let reply = gate.get(token, &path).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let page = reply.json();
    let total = page["totalCount"].as_u64().unwrap();
    (page["taskDetails"].as_array().unwrap().clone(), usize::try_from(total).unwrap())
}

/// The rows that a program gets.
async fn rows(gate: &Gate, token: &str, query: &str, kind: Loop) -> Vec<Value> {
    let (mut rows, first_total) = page(gate, token, query, 0).await;
    let pages = first_total.div_ceil(SIZE);
    if let Loop::Parallel = kind {
        let others = (1..pages).map(|number| page(gate, token, query, number));
        rows.extend(futures_util::future::join_all(others).await.into_iter().flat_map(|(rows, _)| rows));
        return rows;
    }
    let (mut last, mut total) = (rows.len(), first_total);
    for number in 1.. {
        let goes_on = match kind {
            Loop::EmptyPage | Loop::Twice => last > 0,
            Loop::ShortPage => last == SIZE,
            Loop::FirstTotal | Loop::Parallel => number < pages,
            Loop::EachTotal => rows.len() < total,
        };
        if !goes_on {
            break;
        }
        let more;
        (more, total) = page(gate, token, query, number).await;
        if let Loop::Twice = kind {
            assert_eq!(page(gate, token, query, number).await.0, more);
        }
        last = more.len();
        rows.extend(more);
    }
    rows
}

/// The subtasks of a task, with their statuses.
async fn held(gate: &Gate) -> BTreeMap<String, String> {
    let client = client(&gate.emulator.url()).build().unwrap();
    let (mut rows, mut held) = (client.subtasks("moving").stream(), BTreeMap::new());
    while let Some(row) = rows.try_next().await.unwrap() {
        held.insert(row.device_id().unwrap().to_owned(), row.status().unwrap().to_string());
    }
    held
}

/// Lets time pass at the platform, a little for each time that somebody else does something.
async fn pass_time(control: &Control) {
    loop {
        control.advance(Duration::from_millis(20));
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn no_loop_over_pages_that_move_loses_a_row_or_has_one_twice() {
    let mut moved = 0;
    for seed in 0..48 {
        let mut rng = Rng::with_seed(seed);
        let kind = LOOPS[usize::try_from(seed).unwrap() % LOOPS.len()];
        let status =
            [None, Some(SubtaskStatus::Success), Some(SubtaskStatus::Fail), Some(SubtaskStatus::Pending)]
                [rng.usize(0..4)]
            .as_ref()
            .map(ToString::to_string);
        let life = Life::new(rng.u32(20..200), rng.u32(10..100), 100);
        let task = Task::generated("moving", Scenario::DEMO_APP_ID, rng.u32(1..900)).with_life(life);
        let scenario = Scenario::default().with_quota(0).with_manual_clock().with_task(task);
        let gate = Gate::of(scenario, |gateway| gateway).await;
        gate.control.advance(Duration::from_secs(rng.u64(0..150)));
        let before = held(&gate).await;
        let token = gate.log_in("app", "x").await.token();
        let query = format!(
            "taskId=moving{}",
            status.iter().map(|status| format!("&status={status}")).collect::<String>()
        );
        let rows = tokio::select! {
            rows = rows(&gate, &token, &query, kind) => rows,
            () = pass_time(&gate.control) => unreachable!(),
        };
        let after = held(&gate).await;
        moved += usize::from(before != after);
        let devices: BTreeSet<_> =
            rows.iter().map(|row| row["param"]["deviceId"].as_str().unwrap()).collect();
        assert_eq!(devices.len(), rows.len(), "seed {seed}, {kind:?}, {query}: a row is there twice");
        let is_wanted = |now: &String| status.as_ref().is_none_or(|status| status == now);
        let stayed = before.iter().filter(|(device, was)| is_wanted(was) && is_wanted(&after[*device]));
        let lost: Vec<_> = stayed.filter(|(device, _)| !devices.contains(device.as_str())).collect();
        assert!(lost.is_empty(), "seed {seed}, {kind:?}, {query}: {lost:?}");
    }
    assert!(moved > 24, "subtasks changed their status in {moved} of the tasks");
}
