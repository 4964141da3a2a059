//! What waits and wakes, on tokio's paused clock.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures_util::FutureExt as _;
use futures_util::future::{join_all, poll_fn};
use tokio::time::{advance, sleep};

use super::*;

const WINDOW: Duration = Duration::from_secs(60);

impl Quota {
    /// A slot of a quota that is not shared.
    pub(super) async fn local_slot(&self) -> Slot {
        self.slot(Duration::ZERO, |_| Ok::<_, Infallible>(())).await.unwrap().0
    }
}

fn quota(calls: u32) -> Quota {
    Quota::new(calls, WINDOW).unwrap()
}

/// Makes a call that is answered at once.
async fn call(quota: &Quota) -> Instant {
    quota.local_slot().await.replied();
    Instant::now()
}

/// Uses the quota up, with calls that are answered at once.
async fn use_up(quota: &Quota) {
    for _ in 0..quota.calls().unwrap() {
        quota.local_slot().now_or_never().unwrap().replied();
    }
}

#[test]
fn a_quota_that_lets_nobody_call_is_refused() {
    let longest = Duration::from_secs(31_622_400);
    for (calls, window) in [(0, WINDOW), (1, Duration::ZERO), (1, longest + Duration::from_nanos(1))] {
        assert!(Quota::new(calls, window).unwrap_err().is_refused());
    }
    assert!(Quota::new(u32::MAX, longest).is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_numbers_can_be_asked_for() {
    let default = Quota::default();
    assert_eq!((default.calls(), default.window(), default.used()), (Some(100), WINDOW, 0));
    let slot = default.local_slot().await;
    assert_eq!(format!("{default:?}"), "Quota { calls: Some(100), window: 60s, used: 1, .. }");
    drop(slot);
    let unlimited = Quota::unlimited();
    assert_eq!((unlimited.calls(), unlimited.window(), unlimited.used()), (None, WINDOW, 0));
}

#[tokio::test(start_paused = true)]
async fn clones_share_one_quota() {
    let quota = quota(2);
    let slots = [quota.clone().local_slot().await, quota.clone().local_slot().await];
    assert!(quota.local_slot().now_or_never().is_none());
    assert_eq!(quota.used(), 2);
    drop(slots);
}

#[tokio::test(start_paused = true)]
async fn a_slot_comes_back_after_reply_and_later_without_one() {
    for (replies, comes_back) in [(true, WINDOW), (false, WINDOW + slots::TRAVEL)] {
        let (quota, start) = (quota(1), Instant::now());
        let slot = quota.local_slot().await;
        let in_flight = async {
            sleep(Duration::from_secs(5)).await;
            if replies { slot.replied() } else { drop(slot) }
        };
        let ((), next) = tokio::join!(in_flight, call(&quota));
        assert_eq!(next - start, Duration::from_secs(5) + comes_back);
    }
}

#[tokio::test(start_paused = true)]
async fn the_wait_that_is_foreseen_is_the_wait() {
    let (quota, start) = (quota(3), Instant::now());
    use_up(&quota).await;
    advance(Duration::from_secs(10)).await;
    assert_eq!(quota.ready_in(), Duration::from_secs(50));
    let last = quota.forecast(9);
    for _ in 0..9 {
        call(&quota).await;
    }
    assert_eq!((call(&quota).await - start, last), (WINDOW * 4, Duration::from_secs(230)));
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_pause_is_foreseen_for_many_calls() {
    let (quota, start) = (quota(6), Instant::now());
    quota.pause(None, 0.0).await;
    let forecast = [0, 5, 6, 20].map(|calls| quota.forecast(calls));
    let mut admitted = Vec::new();
    for _ in 0..=20 {
        admitted.push(call(&quota).await - start);
    }
    assert_eq!(forecast, [0, 5, 6, 20].map(|calls| admitted[calls]));
    assert_eq!(Quota::unlimited().forecast(u64::MAX), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_pause_stops_who_waits_and_who_comes() {
    for quota in [quota(1), Quota::unlimited()] {
        let start = Instant::now();
        quota.pause(None, 0.5).await;
        let (first, ()) = tokio::join!(call(&quota), async {
            sleep(Duration::from_secs(1)).await;
            quota.pause(None, 0.0).await;
        });
        assert_eq!(first - start, Duration::from_secs(64));
    }
}

#[tokio::test(start_paused = true)]
async fn first_come_first_served() {
    let (quota, served) = (quota(1), Mutex::new(Vec::new()));
    use_up(&quota).await;
    let caller = |name| {
        let (quota, served) = (&quota, &served);
        async move {
            call(quota).await;
            served.lock().unwrap().push(name);
        }
    };
    let leaves = tokio::time::timeout(Duration::from_secs(1), caller("b"));
    let (_, gone, ..) = tokio::join!(caller("a"), leaves, caller("c"), caller("d"));
    assert!(gone.is_err());
    assert_eq!(served.into_inner().unwrap(), ["a", "c", "d"]);
}

/// The next waiter sleeps without a time to wake at, and has to be told.
#[tokio::test(start_paused = true)]
async fn the_next_waiter_is_woken_when_the_first_goes() {
    let (quota, start) = (quota(1), Instant::now());
    use_up(&quota).await;
    let first = tokio::time::timeout(Duration::from_secs(1), quota.local_slot());
    let (gone, next) = tokio::join!(first, call(&quota));
    assert!(gone.is_err());
    assert_eq!(next - start, WINDOW);
}

#[tokio::test(start_paused = true)]
async fn slots_that_come_back_together_are_taken_together() {
    let (quota, start) = (quota(2), Instant::now());
    use_up(&quota).await;
    let held = || async {
        let _slot = quota.local_slot().await;
        let taken = Instant::now();
        sleep(Duration::from_secs(10)).await;
        taken - start
    };
    assert_eq!(tokio::join!(held(), held()), (WINDOW, WINDOW));
}

#[tokio::test(start_paused = true)]
async fn a_reply_may_bring_the_turn_forward() {
    let (quota, start) = (quota(2), Instant::now());
    let (cancelled, answered) = (quota.local_slot().await, quota.local_slot().await);
    drop(cancelled);
    let (next, ()) = tokio::join!(call(&quota), async {
        sleep(Duration::from_secs(1)).await;
        answered.replied();
    });
    assert_eq!(next - start, Duration::from_secs(61));
}

#[tokio::test(start_paused = true)]
async fn a_panic_elsewhere_does_not_stop_the_calls() {
    let quota = quota(2);
    let poisoner = quota.clone();
    let panicked = std::thread::spawn(move || {
        let _slots = poisoner.lock();
        panic!("while it holds the lock");
    });
    assert!(panicked.join().is_err());
    assert!(quota.line.slots.is_poisoned());
    use_up(&quota).await;
    assert_eq!(quota.used(), 2);
}

#[tokio::test(start_paused = true)]
async fn only_the_first_waiter_wakes() {
    const WAITERS: usize = 1000;
    let (quota, polls) = (quota(10), AtomicUsize::new(0));
    join_all((0..WAITERS).map(|_| async {
        let mut slot = pin!(quota.local_slot());
        let counted = poll_fn(|context| {
            polls.fetch_add(1, Relaxed);
            slot.as_mut().poll(context)
        });
        counted.await.replied();
    }))
    .await;
    // One to join, one to become the first, one when the slot is back, and one for a reply meanwhile.
    assert!(polls.load(Relaxed) <= 4 * WAITERS, "{polls:?} polls");
}
