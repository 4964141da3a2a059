//! The SDK against the emulator in one process, on simulated time: the examples, reads that are interrupted, and calls where no
//! runtime is.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use northbound::{AppId, Client, Credentials, Error, HttpService, Retry, SubtaskStatus, reqwest};
use northbound_emulator::{Application, Control, Life, Scenario, Task};
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

#[allow(dead_code, reason = "its main is for a user")]
#[path = "../../examples/failed_devices.rs"]
mod failed_devices;
#[allow(dead_code, reason = "its main is for a user")]
#[path = "../../examples/send.rs"]
mod send;
#[allow(dead_code, reason = "its main is for a user")]
#[path = "../../examples/share_a_token.rs"]
mod share_a_token;
/// Brings tests of its own.
#[allow(dead_code, reason = "its main is for a user")]
#[path = "../../examples/test_against_the_emulator.rs"]
mod test_against_the_emulator;
#[allow(dead_code, reason = "its main is for a user")]
#[path = "../../examples/watch_until_settled.rs"]
mod watch_until_settled;

fn scenario() -> Scenario {
    Scenario::empty()
        .with_quota(100)
        .with_application(Application::new("demo-app", "demo-secret"))
        .with_task(Task::generated("demo", "demo-app", 1000))
        .with_task(Task::generated("moving", "demo-app", 90).with_life(Life::new(60, 60, 120)))
}

fn client(service: impl HttpService) -> Client {
    let credentials = Credentials::new("demo-app", "demo-secret").unwrap();
    Client::builder("https://platform.example").credentials(credentials).service(service).build().unwrap()
}

/// A platform whose replies take a tenth of a second.
fn slow() -> Client {
    let router = northbound_emulator::router(scenario()).unwrap();
    client(tower::service_fn(move |request: http::Request<reqwest::Body>| {
        let router = router.clone();
        async {
            sleep(Duration::from_millis(100)).await;
            router.oneshot(request).await
        }
    }))
}

#[tokio::test]
async fn failed_devices_are_grouped() {
    let client = client(northbound_emulator::router(scenario()).unwrap());
    let groups = failed_devices::failed_devices(&client, "demo").await.unwrap();
    assert_eq!(groups.count(), client.summary("demo").await.unwrap().failed());
}

#[tokio::test(start_paused = true)]
async fn the_tasks_that_examples_watch_settle() {
    let client = client(northbound_emulator::router(Scenario::default()).unwrap());
    let report = test_against_the_emulator::report(&client, test_against_the_emulator::TASK);
    timeout(Duration::from_secs(600), report).await.unwrap().unwrap();
    let watch = watch_until_settled::watch_until_settled(&client, watch_until_settled::TASK);
    timeout(Duration::from_secs(600), watch).await.unwrap().unwrap();
    let send = send::send(&client, "Close", ["a", "b"].map(str::to_owned).into_iter());
    timeout(Duration::from_secs(600), send).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn clients_that_share_a_token_log_in_once() {
    let folder = tempfile::tempdir().unwrap();
    let emulator = Control::new(scenario()).unwrap();
    let logins = Arc::new(AtomicU64::new(0));
    let shares = || {
        let logins = Arc::clone(&logins);
        let login = Client::builder("https://platform.example")
            .credentials(Credentials::new("demo-app", "demo-secret").unwrap())
            .before_login(move |_| _ = logins.fetch_add(1, Ordering::Relaxed))
            .service(emulator.router());
        let source =
            share_a_token::TokenFile { file: folder.path().join("token"), login: login.build().unwrap() };
        let builder = Client::builder("https://platform.example").service(emulator.router());
        builder.token_source(AppId::new("demo-app").unwrap(), source).build().unwrap()
    };
    let (one, other) = (shares(), shares());
    let (one_summary, other_summary) = tokio::join!(one.summary("demo"), other.summary("demo"));
    assert_eq!(one_summary.unwrap(), other_summary.unwrap());
    assert_eq!(logins.load(Ordering::Relaxed), 1);

    // The token has expired: the first who notices logs in for both.
    emulator.advance(Duration::from_secs(4000));
    one.summary("demo").await.unwrap();
    other.summary("demo").await.unwrap();
    assert_eq!(logins.load(Ordering::Relaxed), 2);
}

/// All items of a stream whose pending `try_next` is dropped every 30 ms.
async fn interrupted<T>(mut next: impl AsyncFnMut() -> Result<Option<T>, Error>) -> Vec<T> {
    let (mut items, mut dropped) = (Vec::new(), 0);
    loop {
        match timeout(Duration::from_millis(30), next()).await {
            Err(_) => dropped += 1,
            Ok(item) => match item.unwrap() {
                Some(item) => items.push(item),
                None => break,
            },
        }
    }
    assert!(dropped > 0);
    items
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_interrupted_loses_nothing_and_repeats_nothing() {
    let (calm, hasty) = (slow(), slow());
    for status in [None, Some(SubtaskStatus::Pending), Some(SubtaskStatus::Success)] {
        let read = |client: &Client| {
            status.iter().cloned().fold(client.subtasks("demo"), northbound::SubtaskQuery::status)
        };
        let (mut rows, mut all) = (read(&hasty).page_size(50).stream(), Vec::new());
        let mut undisturbed = read(&calm).page_size(50).stream();
        while let Some(row) = undisturbed.try_next().await.unwrap() {
            all.push(row);
        }
        assert!(!all.is_empty());
        assert_eq!(interrupted(async || rows.try_next().await).await, all);
        let mut pages = read(&hasty).page_size(50).pages();
        let pages = interrupted(async || pages.try_next().await).await;
        assert_eq!(pages.into_iter().flat_map(northbound::Page::into_subtasks).collect::<Vec<_>>(), all);
    }
}

#[tokio::test(start_paused = true)]
async fn failures_that_are_interrupted_are_those_that_are_collected() {
    let client = slow();
    let all = client.failures("demo").page_size(10).collect().await.unwrap();
    let calls = client.calls();
    let mut failures = client.failures("demo").page_size(10).stream();
    assert_eq!(interrupted(async || failures.try_next().await).await, all);
    assert_eq!(client.calls(), 2 * calls);
    assert_eq!(all.len() as u64, client.summary("demo").await.unwrap().failed());
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_interrupted_ends_as_one_that_is_not() {
    let (calm, hasty) = (slow(), slow());
    let mut watch = hasty.watch("moving").stream();
    let (settled, summaries) =
        tokio::join!(calm.watch("moving").settled(), interrupted(async || watch.try_next().await));
    assert!(summaries.len() > 3);
    assert_eq!(summaries.last(), Some(&settled.unwrap()));
    assert_eq!(hasty.calls(), calm.calls());
}

#[tokio::test]
async fn an_error_of_a_service_is_one_of_the_connection() {
    let service = tower::service_fn(|_: http::Request<reqwest::Body>| async {
        Err::<http::Response<reqwest::Body>, _>(std::io::Error::other("the cable is cut"))
    });
    let builder = Client::builder("https://platform.example").service(service).retry(Retry::off());
    let client = builder.token(AppId::new("demo-app").unwrap(), "t0ken").build().unwrap();
    let error = client.subtasks("demo").page(0).await.unwrap_err();
    assert!(error.is_connection() && error.to_string().contains("the cable is cut"), "{error}");
}

#[test]
fn outside_of_tokio_a_call_fails_and_does_not_panic() {
    fn outcome<T>(call: impl Future<Output = Result<T, Error>>) -> Error {
        match std::pin::pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => outcome.err().unwrap(),
            Poll::Pending => panic!("it waits"),
        }
    }
    let client = client(northbound_emulator::router(scenario()).unwrap());
    let hour = Duration::from_secs(3600);
    for error in [
        outcome(client.subtasks("demo").page(0)),
        outcome(client.subtasks("demo").stream().try_next()),
        outcome(client.failures("demo").collect()),
        outcome(client.summary("demo").into_future()),
        outcome(client.watch("demo").settled()),
        outcome(client.watch("demo").deadline(hour).settled()),
        outcome(client.log_in()),
        outcome(client.batch_task("demo").into_future()),
    ] {
        assert!(error.is_refused() && error.to_string().contains("tokio runtime"), "{error}");
    }
}
