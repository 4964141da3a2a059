//! Reads through the SDK from the emulator, in one process and on simulated time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use northbound::{Client, Credentials, Quota, SubtaskStatus, reqwest};
use northbound_emulator::{Application, Life, Scenario, Task, router};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
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
            let rows = all(
                &reads,
                ReaderId { token: 1, app: 1 },
                &key(&task, status.clone()),
                kind,
                size.max(number / 30),
            )
            .await;
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

/// A platform with a task of 1,000 subtasks that stand still, and one whose subtasks leave Pending within two minutes. A reply
/// takes a second.
async fn slow() -> (Client, Reads) {
    let moving = Task::generated("moving", "app", 300).with_life(Life::new(120, 60, 300));
    let scenario = scenario().with_task(Task::generated("still", "app", 1000)).with_task(moving);
    let client = client(scenario, 1000..1001);
    // It logs in.
    client.batch_task("still").await.unwrap();
    (client.clone(), Reads::new(client, 1_000_000))
}

const READER: ReaderId = ReaderId { token: 1, app: 1 };

#[tokio::test(start_paused = true)]
async fn a_whole_task_is_handed_out_as_it_is_read_and_its_end_when_the_read_has_ended() {
    let (client, reads) = slow().await;
    let (began, whole) = (Instant::now(), key("still", None));
    let first = reads.page(READER, whole.clone(), asked(0, 100)).await.unwrap();
    assert_eq!((first.rows.len(), first.total, began.elapsed().as_secs()), (100, 1000, 1));
    let last = reads.page(READER, whole.clone(), asked(9, 100)).await.unwrap();
    assert_eq!((last.rows.len(), last.total, began.elapsed().as_secs()), (100, 1000, 2));
    let beyond = reads.page(READER, whole.clone(), asked(u64::MAX, 1000)).await.unwrap();
    assert_eq!((beyond.rows.len(), beyond.total), (0, 1000));
    // Other pages of it cost no call, whatever their size.
    let calls = client.calls();
    let rows = all(&reads, READER, &whole, Kind::Waves(5), 7).await.unwrap();
    assert_eq!((rows.len(), &rows[..100], client.calls()), (1000, &first.rows[..], calls));
    // The rows belong to this reader.
    reads.page(ReaderId { token: 2, app: 2 }, whole, asked(0, 100)).await.unwrap();
    assert!(client.calls() > calls);
}

#[tokio::test(start_paused = true)]
async fn who_leaves_and_asks_again_joins_the_read_that_is_under_way() {
    let (client, reads) = slow().await;
    let (before, success) = (client.calls(), key("still", Some(SubtaskStatus::Success)));
    let page = || reads.page(READER, success.clone(), asked(0, 250));
    assert!(timeout(Duration::from_millis(1500), page()).await.is_err());
    assert!(timeout(Duration::from_millis(500), page()).await.is_err());
    let reply = page().await.unwrap();
    assert!(reply.total > 250, "{}", reply.total);
    let calls = client.calls();
    assert_eq!(calls - before, reply.total.div_ceil(250), "each page is asked for once");
    assert_eq!(page().await.unwrap().rows, reply.rows);
    assert_eq!(client.calls(), calls);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_nobody_waits_for_is_stopped_and_its_pages_are_errors_until_page_0_begins_another() {
    let client = client(scenario().with_task(Task::generated("still", "app", 1000)), 30_000..30_001);
    let reads = Reads::new(client.clone(), 1_000_000);
    let success = key("still", Some(SubtaskStatus::Success));
    let page = |number| reads.page(READER, success.clone(), asked(number, 100));
    assert!(timeout(Duration::from_secs(1), page(0)).await.is_err());
    sleep(Duration::from_secs(80)).await;
    let calls = client.calls();
    sleep(Duration::from_secs(300)).await;
    assert_eq!((client.calls(), reads.bytes()), (calls, 0));
    assert!(matches!(page(1).await, Err(ReadError::Ended)));
    assert_eq!(page(0).await.unwrap().rows.len(), 100);
    assert_eq!(page(1).await.unwrap().rows.len(), 100);
    // Complete, it is kept for ten minutes.
    let calls = client.calls();
    sleep(Duration::from_secs(580)).await;
    assert_eq!((page(1).await.unwrap().rows.len(), client.calls()), (100, calls));
    sleep(Duration::from_secs(620)).await;
    assert!(matches!(page(1).await, Err(ReadError::Ended)));
    assert_eq!(reads.bytes(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_asks_again_and_again_sees_what_changes_within_a_minute_or_so() {
    let (_client, reads) = slow().await;
    let pending = key("moving", Some(SubtaskStatus::Pending));
    for (kind, size) in [(None, 50), (Some(Kind::UntilEmpty), 50), (Some(Kind::Parallel), 50), (None, 1)] {
        let token = u64::from(size) + kind.map_or(0, |_| 7);
        let reader = ReaderId { token, app: token };
        let began = Instant::now();
        loop {
            let rows = match kind {
                None => reads.page(reader, pending.clone(), asked(0, size)).await.unwrap().rows,
                Some(kind) => all(&reads, reader, &pending, kind, size).await.unwrap(),
            };
            if rows.is_empty() {
                break;
            }
            assert!(
                began.elapsed() < Duration::from_secs(200),
                "{kind:?} of {size} sees {} rows",
                rows.len()
            );
            sleep(Duration::from_secs(10)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn page_0_of_size_1_is_answered_from_a_read_or_else_by_one_call() {
    let (client, reads) = slow().await;
    let whole = key("still", None);
    let count = || reads.page(READER, whole.clone(), asked(0, 1));
    let before = client.calls();
    let reply = count().await.unwrap();
    assert_eq!((reply.rows.len(), reply.total, client.calls() - before, reads.bytes()), (1, 1000, 1, 0));
    let first = reads.page(READER, whole.clone(), asked(0, 10)).await.unwrap();
    sleep(Duration::from_secs(5)).await;
    let calls = client.calls();
    assert_eq!(count().await.unwrap().rows[0], first.rows[0]);
    assert_eq!(client.calls(), calls);
    // It does not keep the read alive.
    for seconds in [30, 20, 10] {
        sleep(Duration::from_secs(seconds)).await;
        count().await.unwrap();
    }
    assert_eq!(client.calls(), calls + 1);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_read_that_fails_gets_its_error_and_page_0_begins_another() {
    let (client, reads) = slow().await;
    let missing = key("missing", None);
    let page = |number| reads.page(READER, missing.clone(), asked(number, 100));
    let (one, two) = tokio::join!(page(0), page(3));
    for outcome in [one, two] {
        let Err(ReadError::Sdk(error)) = outcome else { panic!("{outcome:?}") };
        assert!(error.is_task_not_found());
    }
    let calls = client.calls();
    assert!(page(3).await.unwrap_err().to_string().contains("105005"));
    assert_eq!(client.calls(), calls);
    page(0).await.unwrap_err();
    assert_eq!(client.calls(), calls + 1);
}

#[tokio::test(start_paused = true)]
async fn a_read_beyond_the_memory_limit_is_an_error_and_who_pages_keeps_a_read() {
    let (client, reads) = slow().await;
    let [whole, success, fail] =
        [None, Some(SubtaskStatus::Success), Some(SubtaskStatus::Fail)].map(|status| key("still", status));
    let rows = all(&reads, READER, &success, Kind::UntilShort, 1000).await.unwrap();
    let (bytes, limit) = (rows.iter().map(Bytes::len).sum::<usize>(), reads.bytes());
    assert!(limit > bytes && limit < bytes + bytes / 10, "{limit} for {bytes}");

    // There is room for one of the three, or for less. A read takes some more while it is under way.
    let reads = Reads::new(client, limit + 16 * 1024);
    let rows = all(&reads, READER, &fail, Kind::UntilShort, 100).await.unwrap();
    for large in [&whole, &success] {
        let refused = reads.page(READER, large.clone(), asked(0, 1000)).await;
        assert!(matches!(refused, Err(ReadError::TooLarge { .. })));
        assert_eq!(reads.page(READER, fail.clone(), asked(1, 10)).await.unwrap().rows, rows[10..20]);
    }
    sleep(Duration::from_secs(61)).await;
    reads.page(READER, success, asked(0, 100)).await.unwrap();
    assert_eq!(reads.bytes(), limit);
    assert!(matches!(reads.page(READER, fail, asked(1, 10)).await, Err(ReadError::Ended)));
}

#[tokio::test(start_paused = true)]
async fn a_stop_reaches_everybody_who_waits() {
    let (client, reads) = slow().await;
    let whole = key("still", None);
    let stop = async {
        sleep(Duration::from_millis(1500)).await;
        assert!(client.waiting().is_some());
        reads.stop();
        Instant::now()
    };
    let (outcome, stopped) = tokio::join!(reads.page(READER, whole.clone(), asked(0, 1000)), stop);
    assert!(matches!(outcome, Err(ReadError::Stopping)), "{outcome:?}");
    assert!(stopped.elapsed().is_zero(), "at once");
    // Not even the calls go on that were under way.
    sleep(Duration::from_millis(1)).await;
    assert!(client.waiting().is_none());
    let calls = client.calls();
    assert!(matches!(reads.page(READER, whole, asked(0, 10)).await, Err(ReadError::Stopping)));
    sleep(Duration::from_secs(60)).await;
    assert_eq!((client.calls(), reads.bytes()), (calls, 0));
}
