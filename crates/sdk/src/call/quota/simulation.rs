//! The quota against a platform that judges each call when it arrives, on tokio's paused clock.
//!
//! The quota runs as it is; network, callers and platform are models, drawn from a seed. The same simulation runs wrong rules,
//! and sees them fail.

use std::collections::VecDeque;

use fastrand::Rng;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::slots::TRAVEL;
use super::*;

const CALLS: u32 = 100;
const WINDOW: Duration = Duration::from_secs(60);
const NETWORKS: [Network; 2] = [Network::Jittered, Network::Slow];

/// When a slot comes back.
#[derive(Clone, Copy, PartialEq)]
enum Rule {
    /// As the SDK does it.
    Ours,
    /// Wrong: a window after the call was sent.
    AfterSending,
    /// Wrong: a window after the caller gave up, although the request is still on its way.
    AfterGivingUp,
}

/// How long requests and replies travel, each for itself.
#[derive(Clone, Copy)]
enum Network {
    /// 20 ms and a jitter of 130 ms on average, without a bound: 0.3 s for both ways.
    Jittered,
    /// Up to 5 s each way.
    Slow,
}

/// When calls are wanted.
#[derive(Clone, Copy)]
enum Pattern {
    /// 250 callers; each calls again as soon as it is answered, or has given up.
    Saturated,
    /// 1 to 250 calls at once, 30 to 150 s apart.
    Burst,
    /// Independent calls, in phases of 300 calls, at 0.2 to 2 times the quota.
    Random,
}

#[derive(Clone)]
struct Scene {
    rule: Rule,
    network: Network,
    pattern: Pattern,
    /// Half of the waiters leave the line within two windows, a fifth of the calls in flight are given up within 3 s.
    cancelling: bool,
    /// Clients of one application that do not know of each other.
    clients: Vec<Quota>,
    seen: Arc<Mutex<Seen>>,
}

/// What a run has shown.
#[derive(Debug, Default)]
struct Seen {
    /// Arrivals within a window, and those among them that the platform took.
    arrived: VecDeque<Instant>,
    taken: VecDeque<Instant>,
    sent: usize,
    throttled: usize,
    left_the_line: usize,
    given_up: usize,
    most_in_a_window: usize,
    lasted: Duration,
    /// How long all calls together were under way, for all that the client knows: to the reply; without one, to giving up
    /// and [`TRAVEL`] more.
    under_way: Duration,
}

impl Seen {
    /// A call arrives; whether it is throttled. The platform takes no more than the quota in any window, and one that arrived
    /// exactly a window ago still counts. What it throttles does not count: the kindest reading, so what fails here fails everywhere.
    fn is_throttled(&mut self, now: Instant) -> bool {
        for calls in [&mut self.taken, &mut self.arrived] {
            while calls.front().is_some_and(|first| *first + WINDOW < now) {
                calls.pop_front();
            }
        }
        self.arrived.push_back(now);
        self.most_in_a_window = self.most_in_a_window.max(self.arrived.len());
        let takes = self.taken.len() < CALLS as usize;
        self.taken.extend(takes.then_some(now));
        self.throttled += usize::from(!takes);
        !takes
    }

    /// Calls made, as a share of what can be made by a client that sees only its own end of a call, and must be right
    /// whenever the call arrived: a slot serves its first call at 0, and the next after time under way + window.
    fn share_of_possible(&self) -> f64 {
        self.share(WINDOW + self.under_way.div_f64(self.sent as f64))
    }

    /// Calls made, as a share of all that the platform could take: a slot serves a call at 0, and one each window.
    fn share_of_quota(&self) -> f64 {
        self.share(WINDOW)
    }

    fn share(&self, cycle: Duration) -> f64 {
        self.sent as f64 / (f64::from(CALLS) * (1.0 + self.lasted.div_duration_f64(cycle)))
    }

    fn share_throttled(&self) -> f64 {
        self.throttled as f64 / self.sent as f64
    }
}

fn up_to(seconds: f64, rng: &mut Rng) -> Duration {
    Duration::from_secs_f64(seconds * rng.f64())
}

/// Independent events at this mean distance.
fn exponential(mean: f64, rng: &mut Rng) -> Duration {
    Duration::from_secs_f64(-mean * (1.0 - rng.f64()).ln())
}

impl Scene {
    fn new(network: Network, pattern: Pattern) -> Self {
        let (rule, cancelling, seen) = (Rule::Ours, false, Arc::default());
        Self { rule, network, pattern, cancelling, clients: vec![Quota::new(CALLS, WINDOW).unwrap()], seen }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap()
    }

    fn travel(&self, rng: &mut Rng) -> Duration {
        match self.network {
            Network::Jittered => (Duration::from_millis(20) + exponential(0.13, rng)).min(TRAVEL),
            Network::Slow => Duration::from_millis(1) + up_to(5.0, rng),
        }
    }

    async fn call(&self, quota: &Quota, begin: Instant, rng: &mut Rng) {
        let patience = if self.cancelling && rng.bool() { up_to(120.0, rng) } else { Duration::MAX };
        let Ok(slot) = timeout(patience, quota.local_slot()).await else {
            self.seen().left_the_line += 1;
            return;
        };
        self.seen().sent += 1;
        self.seen().lasted = begin.elapsed();
        let (request, reply, patience) = (self.travel(rng), self.travel(rng), up_to(3.0, rng));
        let gives_up = self.cancelling && patience < request + reply && rng.u8(0..5) == 0;
        let scene = self.clone();
        // The request goes on its way even if nobody waits for the reply.
        let arrives = tokio::spawn(async move {
            sleep(request).await;
            scene.seen().is_throttled(Instant::now())
        });
        match (self.rule, gives_up) {
            (Rule::AfterSending, _) => {
                slot.replied();
                sleep(request + reply).await;
            }
            (rule, true) => {
                sleep(patience).await;
                if rule == Rule::Ours {
                    drop(slot)
                } else {
                    slot.replied()
                }
                self.seen().given_up += 1;
                self.seen().under_way += patience + TRAVEL;
            }
            (_, false) => {
                let is_throttled = arrives.await.unwrap();
                sleep(reply).await;
                slot.replied();
                if is_throttled {
                    quota.pause(None, rng.f64()).await;
                }
                self.seen().under_way += request + reply;
            }
        }
    }

    /// New calls come until this number is sent. Those that wait by then still get their slot.
    async fn run(self, calls: usize) -> Seen {
        let (mut callers, begin, mut rng) = (JoinSet::new(), Instant::now(), Rng::with_seed(1));
        let mut load = 0.0;
        while self.seen().sent < calls {
            let (count, next) = match self.pattern {
                Pattern::Saturated => (250, Duration::ZERO),
                Pattern::Burst => (rng.usize(1..=250), Duration::from_secs(30) + up_to(120.0, &mut rng)),
                Pattern::Random => {
                    if self.seen().sent.is_multiple_of(300) {
                        load = 0.2 + 1.8 * rng.f64();
                    }
                    (1, exponential(WINDOW.as_secs_f64() / f64::from(CALLS) / load, &mut rng))
                }
            };
            let again = matches!(self.pattern, Pattern::Saturated);
            for caller in 0..count {
                let (scene, quota) = (self.clone(), self.clients[caller % self.clients.len()].clone());
                let mut rng = rng.fork();
                callers.spawn(async move {
                    scene.call(&quota, begin, &mut rng).await;
                    while again && scene.seen().sent < calls {
                        scene.call(&quota, begin, &mut rng).await;
                    }
                });
            }
            if again {
                break;
            }
            sleep(next).await;
        }
        callers.join_all().await;
        std::mem::take(&mut self.seen())
    }
}

/// Runs a scene over both networks and holds it to the promise.
async fn never_throttled(scene: impl Fn(Network) -> Scene) -> [Seen; 2] {
    let mut runs = Vec::new();
    for network in NETWORKS {
        let seen = scene(network).run(20_000).await;
        assert!(seen.sent >= 20_000, "{seen:?}");
        assert_eq!(seen.throttled, 0, "{seen:?}");
        assert!(seen.most_in_a_window <= CALLS as usize, "{seen:?}");
        runs.push(seen);
    }
    runs.try_into().unwrap()
}

#[tokio::test(start_paused = true)]
async fn saturated_callers_are_never_throttled_and_use_what_can_be_used() {
    let [jittered, slow] = never_throttled(|network| Scene::new(network, Pattern::Saturated)).await;
    assert!(jittered.share_of_quota() >= 0.98, "{jittered:?}");
    for seen in [jittered, slow] {
        assert!(seen.share_of_possible() >= 0.98, "{seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn callers_that_cancel_are_never_throttled_and_use_what_can_be_used() {
    let scene = |network| Scene { cancelling: true, ..Scene::new(network, Pattern::Saturated) };
    for seen in never_throttled(scene).await {
        assert!(seen.left_the_line > 10_000 && seen.given_up > 200, "{seen:?}");
        assert!(seen.share_of_possible() >= 0.98, "{seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn bursts_and_random_calls_are_never_throttled() {
    for pattern in [Pattern::Burst, Pattern::Random] {
        never_throttled(|network| Scene::new(network, pattern)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_slot_freed_a_window_after_sending_is_seen_to_fail() {
    for network in NETWORKS {
        let scene = Scene { rule: Rule::AfterSending, ..Scene::new(network, Pattern::Saturated) };
        let seen = scene.run(20_000).await;
        assert!(seen.share_throttled() > 0.05, "{seen:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slot_freed_a_window_after_giving_up_is_seen_to_fail() {
    for network in NETWORKS {
        let scene = Scene { cancelling: true, ..Scene::new(network, Pattern::Saturated) };
        let seen = Scene { rule: Rule::AfterGivingUp, ..scene }.run(20_000).await;
        assert!(seen.throttled > 0, "{seen:?}");
    }
}

/// Resuming with the whole quota at once, half of the calls would be throttled.
#[tokio::test(start_paused = true)]
async fn two_processes_that_each_use_the_whole_quota_are_rarely_throttled() {
    let clients = (0..2).map(|_| Quota::new(CALLS, WINDOW).unwrap()).collect();
    let scene = Scene { clients, ..Scene::new(Network::Jittered, Pattern::Saturated) };
    let seen = scene.run(20_000).await;
    assert!(seen.throttled > 0 && seen.share_throttled() < 0.03, "{seen:?}");
    assert!(seen.share_of_quota() > 0.6, "{seen:?}");
}
