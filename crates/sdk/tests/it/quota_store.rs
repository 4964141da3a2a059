//! A quota that is kept outside the process: what the store is asked, and what its answers do to a call.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use northbound::{
    Client, Error, Grant, Quota, QuotaFuture, QuotaStore, Retry, SlotId, TokenError, Turn, WaitReason,
};
use northbound_testkit::{Platform, json_reply};
use tokio::time::{Instant, sleep, timeout};

use crate::support::Clients as _;

/// An answer, and how long it takes.
type Answer = (Duration, Result<Grant, TokenError>);

/// Answers what the test says, from the number of the question, and keeps what it was asked.
#[derive(Clone)]
struct Store {
    answer: Arc<dyn Fn(usize) -> Answer + Send + Sync>,
    turns: Arc<Mutex<Vec<Turn>>>,
    asked: Arc<Mutex<String>>,
}

impl Store {
    fn new(answer: impl Fn(usize) -> Answer + Send + Sync + 'static) -> Self {
        Self { answer: Arc::new(answer), turns: Arc::default(), asked: Arc::default() }
    }

    fn note(&self, what: &str) -> QuotaFuture<'_, ()> {
        self.asked.lock().unwrap().push_str(what);
        Box::pin(async { Err("it is out of order".into()) })
    }

    fn asked(&self) -> String {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl QuotaStore for Store {
    fn acquire(&self, turn: Turn) -> QuotaFuture<'_, Grant> {
        self.asked.lock().unwrap().push('?');
        self.turns.lock().unwrap().push(turn);
        let (takes, answer) = (self.answer)(self.turns.lock().unwrap().len() - 1);
        Box::pin(async move {
            sleep(takes).await;
            answer
        })
    }

    fn replied(&self, slot: SlotId, _: Turn) -> QuotaFuture<'_, ()> {
        self.note(&format!(" replied {} ", slot.as_str()))
    }

    fn leave(&self) -> QuotaFuture<'_, ()> {
        self.note(" leave ")
    }

    fn pause(&self, pause: Duration) -> QuotaFuture<'_, ()> {
        self.note(&format!(" pause {} ", pause.as_secs() / 60))
    }
}

fn now(grant: Grant) -> Answer {
    (Duration::ZERO, Ok(grant))
}

fn taken(number: usize) -> Answer {
    now(Grant::Taken(SlotId::new(number.to_string())))
}

fn wait(ready: u64) -> Answer {
    let again = Duration::from_millis(500);
    now(Grant::Wait { again, ready: Duration::from_secs(ready), is_paused: false })
}

fn failed() -> Answer {
    (Duration::ZERO, Err("its disk is on fire".into()))
}

fn platform() -> Platform {
    Platform::in_process(|asked| match asked.number {
        // What a call that is throttled does is one of the tests.
        7 => json_reply(403, r#"{"error_code":"1010009"}"#),
        _ => json_reply(200, r#"{"totalCount":0,"taskDetails":[]}"#),
    })
}

fn client(platform: &Platform, store: &Store) -> Client {
    let quota = Quota::default().shared(store.clone());
    platform.builder().quota(quota).deadline(Duration::from_secs(60)).build().unwrap()
}

async fn call(client: &Client) -> Result<(), Error> {
    client.subtasks("demo").page(0).await.map(drop)
}

#[tokio::test(start_paused = true)]
async fn a_call_has_a_slot_of_the_store_before_it_is_sent_and_returns_it_after_the_reply() {
    let (platform, store) = (platform(), Store::new(|asked| if asked < 3 { wait(30) } else { taken(asked) }));
    let (client, start) = (client(&platform, &store), Instant::now());
    let watched = async {
        sleep(Duration::from_millis(1)).await;
        let waiting = client.waiting().unwrap();
        assert!(matches!(waiting.reason, WaitReason::Quota), "{waiting:?}");
        assert_eq!((waiting.until, platform.calls()), (Some(start + Duration::from_secs(30)), 0));
    };
    let (outcome, ()) = tokio::join!(call(&client), watched);
    outcome.unwrap();
    assert_eq!((start.elapsed(), platform.calls()), (Duration::from_millis(1500), 1));
    assert_eq!(store.asked(), "???? replied 3 ", "what fails afterwards harms nobody");
    let turns = std::mem::take(&mut *store.turns.lock().unwrap());
    assert_eq!(turns[0], Turn::new(100, Duration::from_secs(60), Duration::from_secs(40)));
    let waited: Vec<_> = turns.iter().map(|turn| turn.waited.as_millis()).collect();
    assert_eq!(waited, [0, 500, 1000, 1500]);
}

#[tokio::test(start_paused = true)]
async fn calls_of_a_process_ask_one_at_a_time_and_say_how_many_wait() {
    let (platform, store) = (platform(), Store::new(|asked| if asked == 0 { wait(1) } else { taken(asked) }));
    let client = client(&platform, &store);
    let outcomes = tokio::join!(call(&client), call(&client), call(&client));
    assert!(outcomes.0.is_ok() && outcomes.1.is_ok() && outcomes.2.is_ok());
    let turns = store.turns.lock().unwrap();
    assert_eq!(turns.iter().map(|turn| turn.waiting).collect::<Vec<_>>(), [1, 3, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_asked_again_and_a_call_is_never_sent_without_a_slot() {
    let (platform, store) = (platform(), Store::new(|asked| if asked < 3 { failed() } else { taken(0) }));
    call(&client(&platform, &store)).await.unwrap();
    assert_eq!((platform.calls(), store.asked().matches('?').count()), (1, 4));

    let (store, start) = (Store::new(|_| failed()), Instant::now());
    let client = client(&platform, &store);
    let watched = async {
        sleep(Duration::from_secs(2)).await;
        client.waiting().unwrap().reason
    };
    let (outcome, reason) = tokio::join!(call(&client), watched);
    assert!(matches!(reason, WaitReason::QuotaStore(_)), "{reason:?}");
    insta::assert_snapshot!(outcome.unwrap_err(), @"page 0 of the subtasks of batch task demo: what is left of the shared quota is not known (its disk is on fire), and the deadline comes before another attempt: check what was given to the quota with shared()");
    assert_eq!((start.elapsed(), platform.calls()), (Duration::from_secs(60), 1));
}

/// A process may also be stopped before it sees the answer: the slot may have returned by then.
#[tokio::test(start_paused = true)]
async fn a_late_answer_of_the_store_is_ignored() {
    let slow = |asked| if asked == 0 { (Duration::from_secs(6), taken(0).1) } else { taken(asked) };
    let (platform, store) = (platform(), Store::new(slow));
    call(&client(&platform, &store)).await.unwrap();
    assert_eq!(store.asked(), "?? replied 1 ");
}

#[tokio::test(start_paused = true)]
async fn a_wait_beyond_the_deadline_is_reported_at_once() {
    let (platform, store) = (platform(), Store::new(|_| wait(61)));
    let start = Instant::now();
    let error = call(&client(&platform, &store)).await.unwrap_err();
    assert_eq!((start.elapsed(), platform.calls()), (Duration::ZERO, 0), "{error}");
    insta::assert_snapshot!(error, @"page 0 of the subtasks of batch task demo: the quota left no room in time, and the deadline comes before another attempt: call less often, or raise deadline()");
}

#[tokio::test(start_paused = true)]
async fn who_waits_no_longer_leaves_the_line() {
    let (platform, store) = (platform(), Store::new(|asked| if asked < 9 { wait(1) } else { taken(asked) }));
    let client = client(&platform, &store);
    for _ in 0..2 {
        let second = Duration::from_secs(1);
        let _ = tokio::join!(timeout(second, call(&client)), timeout(second, call(&client)));
        sleep(second).await;
        assert_eq!(store.asked().trim_matches('?'), " leave ", "once, when nobody waits");
    }
    while store.turns.lock().unwrap().len() < 10 {
        call(&client).await.unwrap();
    }
    drop(timeout(Duration::ZERO, call(&client)).await);
    sleep(Duration::from_secs(1)).await;
    assert!(!store.asked().contains("leave"), "it has no place after a slot");
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_pauses_the_calls_of_every_process() {
    let (platform, store) = (platform(), Store::new(taken));
    let quota = Quota::default().shared(store.clone());
    let client = platform.builder().quota(quota).retry(Retry::default()).build().unwrap();
    for _ in 0..7 {
        call(&client).await.unwrap();
    }
    store.asked();
    call(&client).await.unwrap();
    assert_eq!(store.asked(), "? replied 7  pause 1 ? replied 8 ");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_out_of_order_leaves_the_quota_to_the_process() {
    let (platform, store) = (platform(), Store::new(|_| now(Grant::Unshared)));
    let client = client(&platform, &store);
    call(&client).await.unwrap();
    assert_eq!((store.asked().as_str(), client.quota().used()), ("?", 1));
}

#[tokio::test(start_paused = true)]
async fn a_quota_without_a_limit_asks_no_store() {
    let (platform, store) = (platform(), Store::new(|_| failed()));
    let client = platform.builder().quota(Quota::unlimited().shared(store.clone())).build().unwrap();
    call(&client).await.unwrap();
    assert_eq!(store.asked(), "");
}
