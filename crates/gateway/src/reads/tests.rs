//! Reads through the SDK from the emulator, in one process and on simulated time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use northbound::{Client, Credentials, Quota, SubtaskStatus, reqwest};
use northbound_emulator::{Application, Life, Scenario, Task, router};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tower::ServiceExt as _;

use super::model::{Got, KINDS, Kind};
use super::{PageAsked, PageReply, ReadError, ReadKey, ReaderId, Reads};

/// A platform whose replies take so long, in milliseconds.
fn client(scenario: Scenario, latency: std::ops::Range<u64>) -> Client {
    let router = router(scenario).unwrap();
    let service = tower::service_fn(move |request: http::Request<reqwest::Body>| {
        let (router, latency) = (router.clone(), Duration::from_millis(fastrand::u64(latency.clone())));
        async move {
            sleep(latency / 2).await;
            let reply = router.oneshot(request).await;
            sleep(latency / 2).await;
            reply
        }
    });
    let credentials = Credentials::new("app", "a-secret").unwrap();
    let client = Client::builder("https://platform.example").credentials(credentials).service(service);
    client.quota(Quota::unlimited()).build().unwrap()
}

fn scenario() -> Scenario {
    Scenario::empty().with_application(Application::new("app", "a-secret"))
}

fn key(task: &str, status: Option<SubtaskStatus>) -> ReadKey {
    ReadKey { task_id: task.to_owned(), app_id: None, status, device_id: None, command_id: None }
}

fn asked(number: u64, size: u32) -> PageAsked {
    PageAsked { number, size }
}

fn device(row: &Bytes) -> String {
    let row: serde_json::Value = serde_json::from_slice(row).unwrap();
    row["param"]["deviceId"].as_str().unwrap().to_owned()
}

/// Asks for pages at the same time.
async fn pages(
    reads: &Reads,
    reader: ReaderId,
    key: &ReadKey,
    pages: Vec<PageAsked>,
) -> Result<BTreeMap<u64, PageReply>, ReadError> {
    let mut asked = JoinSet::new();
    for page in pages {
        let (reads, key) = (reads.clone(), key.clone());
        asked.spawn(async move { reads.page(reader, key, page).await.map(|reply| (page.number, reply)) });
    }
    asked.join_all().await.into_iter().collect()
}

/// Goes through all pages.
async fn all(
    reads: &Reads,
    reader: ReaderId,
    key: &ReadKey,
    kind: Kind,
    size: u32,
) -> Result<Vec<Bytes>, ReadError> {
    let mut got = Got::new();
    loop {
        let next = kind.next(size, &got);
        if next.is_empty() {
            return Ok(got.into_values().flat_map(|(rows, _)| rows).collect());
        }
        for (number, reply) in
            pages(reads, reader, key, next.into_iter().map(|page| asked(page, size)).collect()).await?
        {
            got.insert(number, (reply.rows, reply.total));
        }
    }
}

/// `NORTHBOUND_MOVING_TASKS=1100` reads more.
fn moving_tasks() -> u32 {
    std::env::var("NORTHBOUND_MOVING_TASKS").map_or(30, |tasks| tasks.parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn of_tasks_that_move_no_row_is_lost_and_none_is_doubled() {
    let mut rng = fastrand::Rng::with_seed(7);
    let mut scenario = scenario();
    for task in 0..moving_tasks() {
        let life = Life::new(rng.u32(1..400), rng.u32(1..200), 300);
        scenario =
            scenario.with_task(Task::generated(task.to_string(), "app", rng.u32(0..700)).with_life(life));
    }
    // What they hold is asked of a second emulator that has the same tasks and takes no time.
    let oracle = client(scenario.clone(), 0..1);
    let reads = Reads::new(client(scenario, 10..20_000), usize::MAX);
    let mut programs = JoinSet::new();
    for task in 0..moving_tasks() {
        let (oracle, reads, mut rng) = (oracle.clone(), reads.clone(), rng.fork());
        programs.spawn(async move {
            sleep(Duration::from_secs(rng.u64(0..300))).await;
            let task = task.to_string();
            let status = [None, Some(0), Some(1), Some(2), Some(3)][rng.usize(0..5)]
                .map(|at: usize| SubtaskStatus::KNOWN[at].clone());
            let held = async || {
                let mut rows = oracle.subtasks(&task).stream();
                let (mut held, mut number) = (BTreeSet::new(), 0);
                while let Some(row) = rows.try_next().await.unwrap() {
                    number += 1;
                    if status.is_none() || row.status() == status.as_ref() {
                        held.insert(row.device_id().unwrap().to_owned());
                    }
                }
                (held, number)
            };
            let (kind, size) =
                (KINDS[rng.usize(0..KINDS.len())], [1, 7, 25, 100, 250, 1000][rng.usize(0..6)]);
            let (before, number) = held().await;
            let rows =
                all(&reads, ReaderId(1), &key(&task, status.clone()), kind, size.max(number / 30)).await;
            let (after, _) = held().await;
            let changed = match rows {
                // Page 0 of size 1 was a count, and the task has moved on since.
                Err(ReadError::Changed { .. }) => return (true, before != after),
                rows => rows.unwrap(),
            };
            let devices: BTreeSet<_> = changed.iter().map(device).collect();
            assert_eq!(devices.len(), changed.len(), "{task} {status:?} {kind:?}: a row is doubled");
            let held_all_the_time: Vec<_> =
                before.intersection(&after).filter(|row| !devices.contains(*row)).collect();
            assert!(held_all_the_time.is_empty(), "{task} {status:?} {kind:?}: lost {held_all_the_time:?}");
            (false, before != after)
        });
    }
    let done = programs.join_all().await;
    let moved = done.iter().filter(|(_, moved)| *moved).count();
    let errors = done.iter().filter(|(error, _)| *error).count();
    println!("{} tasks, {moved} with a set that moved, {errors} ended with an error", done.len());
    assert!(moved * 4 > done.len() && errors * 10 < done.len(), "{moved} moved, {errors} errors");
}
