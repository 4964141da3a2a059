//! A million calls against a platform that judges each of them when it arrives, on a simulated clock.
//!
//! The rules run as they are; network, callers and platform are models, drawn from a seed. The tests run their patterns over
//! two networks, 100,000 calls each. The same simulation runs wrong rules, and sees them fail.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use fastrand::Rng;
use tokio::time::Instant;

use super::slots::{Admission, Slots, TRAVEL, Ticket};

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
    /// Independent calls, in phases of one to ten minutes, at 0.2 to 2 times the quota.
    Random,
}

/// One run: what happens, and what shall be seen.
struct Scene {
    rule: Rule,
    network: Network,
    pattern: Pattern,
    /// Half of the waiters leave the line within two windows, a fifth of the calls in flight are given up within 3 s.
    cancelling: bool,
    /// Clients of one application that do not know of each other.
    processes: usize,
    /// Calls are wanted until so many are sent; who then waits is still served.
    calls: usize,
    seed: u64,
}

impl Scene {
    fn new(network: Network, pattern: Pattern) -> Self {
        let (rule, cancelling, processes, calls, seed) = (Rule::Ours, false, 1, 100_000, 1);
        Self { rule, network, pattern, cancelling, processes, calls, seed }
    }

    fn run(self) -> Seen {
        Simulation::new(self).run()
    }
}

/// What a run has shown.
#[derive(Debug, Default)]
struct Seen {
    sent: usize,
    throttled: usize,
    left_the_line: usize,
    given_up: usize,
    /// The most calls that arrived within one window.
    most_in_a_window: usize,
    /// How many calls were sent until no more were wanted, and how long that took from the first of them.
    wanted: usize,
    lasted: Duration,
    /// How long all calls together were under way, for all that the client knows: to the reply; without one, to giving up
    /// and [`TRAVEL`] more.
    under_way: Duration,
}

impl Seen {
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
        self.wanted as f64 / (f64::from(CALLS) * (1.0 + self.lasted.div_duration_f64(cycle)))
    }

    fn share_throttled(&self) -> f64 {
        self.throttled as f64 / self.sent as f64
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The next calls of the pattern are wanted.
    Wanted,
    /// The first in the line of a process asks for its turn.
    Admission(usize),
    /// The patience of a waiter ends.
    Leaves(usize),
    Arrives(usize),
    Replied(usize),
    GivenUp(usize),
}

struct Caller {
    process: usize,
    ticket: Ticket,
    sent: Option<Instant>,
    throttled: bool,
}

struct Process {
    slots: Slots<usize>,
    /// When the first in the line has been told to ask again.
    alarm: Option<Instant>,
}

/// Takes no more than the quota in any window. What it throttles does not count: the kindest reading, so what fails here
/// fails everywhere.
#[derive(Default)]
struct Platform {
    taken: VecDeque<Instant>,
    /// Those that were throttled among them.
    arrived: VecDeque<Instant>,
}

impl Platform {
    /// Whether the call is taken. One that arrived exactly a window ago still counts.
    fn judge(&mut self, now: Instant) -> bool {
        for calls in [&mut self.taken, &mut self.arrived] {
            while calls.front().is_some_and(|first| *first + WINDOW < now) {
                calls.pop_front();
            }
        }
        self.arrived.push_back(now);
        let takes = self.taken.len() < CALLS as usize;
        if takes {
            self.taken.push_back(now);
        }
        takes
    }
}

struct Simulation {
    scene: Scene,
    rng: Rng,
    begin: Instant,
    now: Instant,
    events: BinaryHeap<Reverse<(Instant, Event)>>,
    callers: Vec<Caller>,
    processes: Vec<Process>,
    platform: Platform,
    /// When the phase ends, and the share of the quota that is wanted in it.
    phase: (Instant, f64),
    seen: Seen,
}

impl Simulation {
    fn new(scene: Scene) -> Self {
        let begin = Instant::now();
        let process = || Process { slots: Slots::new(CALLS, WINDOW), alarm: None };
        Self {
            rng: Rng::with_seed(scene.seed),
            begin,
            now: begin,
            events: BinaryHeap::from([Reverse((begin, Event::Wanted))]),
            callers: Vec::new(),
            processes: (0..scene.processes).map(|_| process()).collect(),
            platform: Platform::default(),
            phase: (begin, 0.0),
            seen: Seen::default(),
            scene,
        }
    }

    fn run(mut self) -> Seen {
        while let Some(Reverse((at, event))) = self.events.pop() {
            self.now = at;
            match event {
                Event::Wanted => self.wanted(),
                Event::Admission(process) => self.turns(process),
                Event::Leaves(caller) => self.leaves(caller),
                Event::Arrives(caller) => self.arrives(caller),
                Event::Replied(caller) => self.ends(caller, true),
                Event::GivenUp(caller) => self.ends(caller, false),
            }
        }
        assert_eq!(self.seen.sent + self.seen.left_the_line, self.callers.len(), "a caller was forgotten");
        self.seen
    }

    fn after(&mut self, delay: Duration, event: Event) {
        self.events.push(Reverse((self.now + delay, event)));
    }

    fn up_to(&mut self, seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds * self.rng.f64())
    }

    /// Independent events at this mean distance.
    fn exponential(&mut self, mean: f64) -> Duration {
        Duration::from_secs_f64(-mean * (1.0 - self.rng.f64()).ln())
    }

    fn travel(&mut self) -> Duration {
        match self.scene.network {
            Network::Jittered => (Duration::from_millis(20) + self.exponential(0.13)).min(TRAVEL),
            Network::Slow => Duration::from_millis(1) + self.up_to(5.0),
        }
    }

    fn wanted(&mut self) {
        let evenly = WINDOW.as_secs_f64() / f64::from(CALLS);
        let (calls, next) = match self.scene.pattern {
            Pattern::Saturated => (250, None),
            Pattern::Burst => (self.rng.usize(1..=250), Some(Duration::from_secs(30) + self.up_to(120.0))),
            Pattern::Random => {
                let mean = evenly / self.phase();
                (1, Some(self.exponential(mean)))
            }
        };
        for _ in 0..calls {
            self.joins();
        }
        if let Some(next) = next.filter(|_| self.is_wanting()) {
            self.after(next, Event::Wanted);
        }
    }

    fn is_wanting(&self) -> bool {
        self.seen.sent < self.scene.calls
    }

    fn phase(&mut self) -> f64 {
        if self.phase.0 <= self.now {
            let lasts = Duration::from_secs(60) + self.up_to(540.0);
            self.phase = (self.now + lasts, 0.2 + 1.8 * self.rng.f64());
        }
        self.phase.1
    }

    fn joins(&mut self) {
        let caller = self.callers.len();
        let process = caller % self.processes.len();
        let ticket = self.processes[process].slots.join(caller);
        self.callers.push(Caller { process, ticket, sent: None, throttled: false });
        if self.scene.cancelling && self.rng.bool() {
            let patience = self.up_to(2.0 * WINDOW.as_secs_f64());
            self.after(patience, Event::Leaves(caller));
        }
        self.turns(process);
    }

    /// Lets as many call as may, as the bells of the real thing would.
    fn turns(&mut self, process: usize) {
        while let Some(caller) = self.processes[process].slots.first().copied() {
            match self.admit(process, self.callers[caller].ticket) {
                Admission::Taken => self.sends(caller),
                Admission::Later => return,
                Admission::At(at) => return self.turns_at(process, at),
            }
        }
    }

    fn turns_at(&mut self, process: usize, at: Instant) {
        let alarm = &mut self.processes[process].alarm;
        if alarm.is_none_or(|alarm| alarm <= self.now || at < alarm) {
            *alarm = Some(at);
            self.events.push(Reverse((at, Event::Admission(process))));
        }
    }

    fn admit(&mut self, process: usize, ticket: Ticket) -> Admission {
        let slots = &mut self.processes[process].slots;
        let turn = slots.admit(ticket, self.now);
        if turn == Admission::Taken && self.scene.rule == Rule::AfterSending {
            slots.replied(self.now);
        }
        turn
    }

    fn sends(&mut self, caller: usize) {
        self.callers[caller].sent = Some(self.now);
        self.seen.sent += 1;
        if self.seen.sent <= self.scene.calls {
            self.seen.wanted = self.seen.sent;
            self.seen.lasted = self.now - self.begin;
        }
        let request = self.travel();
        let reply = self.travel();
        self.after(request, Event::Arrives(caller));
        let patience = self.up_to(3.0);
        if self.scene.cancelling && patience < request + reply && self.rng.u8(0..5) == 0 {
            self.after(patience, Event::GivenUp(caller));
        } else {
            self.after(request + reply, Event::Replied(caller));
        }
    }

    fn leaves(&mut self, caller: usize) {
        let Caller { process, ticket, sent, .. } = self.callers[caller];
        if sent.is_some() {
            return;
        }
        self.seen.left_the_line += 1;
        self.processes[process].slots.leave(ticket);
        self.ended(process);
    }

    fn arrives(&mut self, caller: usize) {
        if !self.platform.judge(self.now) {
            self.callers[caller].throttled = true;
            self.seen.throttled += 1;
        }
        self.seen.most_in_a_window = self.seen.most_in_a_window.max(self.platform.arrived.len());
    }

    fn ends(&mut self, caller: usize, replied: bool) {
        let Caller { process, sent, throttled, .. } = self.callers[caller];
        let (now, slots) = (self.now, &mut self.processes[process].slots);
        match self.scene.rule {
            Rule::AfterSending => {}
            Rule::Ours if !replied => slots.given_up(now),
            _ => slots.replied(now),
        }
        if self.scene.rule == Rule::Ours && replied && throttled {
            slots.pause(now, self.rng.f64());
        }
        self.seen.under_way += now - sent.unwrap_or(now) + if replied { Duration::ZERO } else { TRAVEL };
        self.seen.given_up += usize::from(!replied);
        self.ended(process);
    }

    /// A caller is done: in the saturated pattern another comes at once.
    fn ended(&mut self, process: usize) {
        if matches!(self.scene.pattern, Pattern::Saturated) && self.is_wanting() {
            self.joins();
        }
        self.turns(process);
    }
}

/// Runs a scene over both networks and holds it to the promise.
fn never_throttled(scene: impl Fn(Network) -> Scene) -> [Seen; 2] {
    NETWORKS.map(|network| {
        let seen = scene(network).run();
        assert!(seen.sent >= 100_000, "{seen:?}");
        assert_eq!(seen.throttled, 0, "{seen:?}");
        assert!(seen.most_in_a_window <= CALLS as usize, "{seen:?}");
        seen
    })
}

#[test]
fn saturated_callers_are_never_throttled_and_use_what_can_be_used() {
    let [jittered, slow] = never_throttled(|network| Scene::new(network, Pattern::Saturated));
    assert!(jittered.share_of_quota() >= 0.99, "{jittered:?}");
    for seen in [jittered, slow] {
        assert!(seen.share_of_possible() >= 0.99, "{seen:?}");
    }
}

#[test]
fn callers_that_cancel_are_never_throttled_and_use_what_can_be_used() {
    let scene = |network| Scene { cancelling: true, ..Scene::new(network, Pattern::Saturated) };
    for seen in never_throttled(scene) {
        assert!(seen.left_the_line > 50_000 && seen.given_up > 1_000, "{seen:?}");
        assert!(seen.share_of_possible() >= 0.99, "{seen:?}");
    }
}

#[test]
fn bursts_and_random_calls_are_never_throttled() {
    for pattern in [Pattern::Burst, Pattern::Random] {
        never_throttled(|network| Scene::new(network, pattern));
    }
}

#[test]
fn a_slot_freed_a_window_after_sending_is_seen_to_fail() {
    for network in NETWORKS {
        let scene = Scene::new(network, Pattern::Saturated);
        let seen = Scene { rule: Rule::AfterSending, calls: 20_000, ..scene }.run();
        assert!(seen.share_throttled() > 0.05, "{seen:?}");
    }
}

#[test]
fn a_slot_freed_a_window_after_giving_up_is_seen_to_fail() {
    for network in NETWORKS {
        let scene = Scene { cancelling: true, ..Scene::new(network, Pattern::Saturated) };
        let seen = Scene { rule: Rule::AfterGivingUp, calls: 20_000, ..scene }.run();
        assert!(seen.throttled > 0, "{seen:?}");
    }
}

/// Resuming with the whole quota at once, half of the calls would be throttled.
#[test]
fn two_processes_do_not_drive_each_other_into_the_same_wall() {
    let scene = Scene::new(Network::Jittered, Pattern::Saturated);
    let seen = Scene { processes: 2, calls: 50_000, ..scene }.run();
    assert!(seen.throttled > 0 && seen.share_throttled() < 0.03, "{seen:?}");
    assert!(seen.share_of_quota() > 0.6, "{seen:?}");
}
