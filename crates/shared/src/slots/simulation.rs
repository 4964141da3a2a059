//! The rules against a platform that counts each call when it arrives. Each operation on the state is a step. Processes are killed
//! between any two steps, requests travel, clocks are set back, calls are throttled and cancelled, and the state is lost. The same
//! simulation runs wrong rules, and sees them fail.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, VecDeque};

use fastrand::Rng;

use super::*;

const WINDOW: u64 = 60_000;
const TIMEOUT: u64 = 30_000;
const TRAVEL: u64 = 10_000;
const LIFE: u64 = TIMEOUT + TRAVEL + WINDOW;
const LENGTH: u64 = 180_000;
const SEEDS: u64 = 1000;
/// How long a call may wait although there is a slot: a lease of a process that was killed, until it asks again, and some steps.
const ALLOWED: u64 = LEASE + LEASE / 3 + 300;

/// What a run does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    Ours,
    /// Wrong: a slot returns a window after it was taken.
    ReturnsAfterTaking,
    /// Wrong: a window after the call was sent.
    ReturnsAfterSending,
    /// Wrong: what is lost counts for nothing.
    LostIsEmpty,
    /// Wrong: a process counts from its last question.
    ForgetsHowLong,
    /// Wrong: somebody keeps the places of processes that were killed.
    KeepsPlaces,
    /// Wrong: each process has the quota for itself.
    Alone,
    /// Wrong: nobody hears of a pause.
    NoPause,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A call comes.
    Call(usize),
    Cancel(usize),
    Ask(usize, u32),
    Leave(usize, u32),
    Send(usize, u32, String),
    Arrive(usize, u32, String, u64),
    Reply(usize, u32, String, bool),
    Replied(usize, u32, String),
    Pause(usize, u32),
    Kill(usize),
    Start(usize),
    SetBack,
    Lose,
}

struct Process {
    /// Whoever is killed and started again is another one.
    generation: u32,
    is_alive: bool,
    is_asking: bool,
    /// When the calls that wait have come.
    line: VecDeque<u64>,
    /// Since when the first call could have a slot, for all that an observer knows who sees everything.
    possible_since: Option<u64>,
    calls: u32,
}

/// What an observer knows of a slot.
struct TrueSlot {
    returns: u64,
    calls: u32,
}

struct Simulation {
    rule: Rule,
    rng: Rng,
    now: u64,
    /// How far the clock of the state is ahead.
    offset: u64,
    slots: Vec<Slots>,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    number: u64,
    processes: Vec<Process>,
    truth: BTreeMap<String, TrueSlot>,
    arrived: VecDeque<u64>,
    granted: Vec<(u64, u64)>,
    paused_until: u64,
    /// Nobody complains before this: a clock was set back, or the state was lost.
    excused_until: u64,
    is_set_back: bool,
    limit: usize,
}

impl Simulation {
    fn new(rule: Rule, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let (limit, processes) = (rng.usize(3..12), rng.usize(2..5));
        let calls = |number| if number == 1 { limit as u32 / 2 + 1 } else { limit as u32 };
        let process = |number| Process {
            generation: 0,
            is_alive: true,
            is_asking: false,
            line: VecDeque::new(),
            possible_since: None,
            calls: calls(number),
        };
        let mut simulation = Self {
            rule,
            now: 0,
            offset: 1_800_000_000_000,
            slots: vec![Slots::default(); if rule == Rule::Alone { processes } else { 1 }],
            events: BinaryHeap::new(),
            number: 0,
            processes: (0..processes).map(process).collect(),
            truth: BTreeMap::new(),
            arrived: VecDeque::new(),
            granted: Vec::new(),
            paused_until: 0,
            excused_until: 0,
            is_set_back: false,
            limit,
            rng: rng.fork(),
        };
        for process in 0..processes {
            simulation.after(0, Event::Call(process));
            if rng.bool() {
                simulation.after(rng.u64(0..LENGTH), Event::Kill(process));
            }
        }
        for event in [Event::SetBack, Event::Lose] {
            if rng.u8(0..4) == 0 {
                simulation.after(rng.u64(0..LENGTH), event);
            }
        }
        simulation
    }

    fn after(&mut self, wait: u64, event: Event) {
        self.number += 1;
        self.events.push(Reverse((self.now + wait, self.number, event)));
    }

    /// Between two steps a process takes some time.
    fn next(&mut self, event: Event) {
        let wait = if self.rng.u8(0..50) == 0 { self.rng.u64(0..500) } else { self.rng.u64(0..4) };
        self.after(wait, event);
    }

    fn clock(&self) -> u64 {
        self.offset + self.now
    }

    fn state(&mut self, process: usize) -> &mut Slots {
        let number = if self.rule == Rule::Alone { process } else { 0 };
        &mut self.slots[number]
    }

    fn turn(&self, process: usize) -> Turn {
        let hold = if self.rule == Rule::ReturnsAfterTaking { 0 } else { TIMEOUT + TRAVEL };
        let span = Duration::from_millis;
        let mut turn = Turn::new(self.processes[process].calls, span(WINDOW), span(hold));
        let line = &self.processes[process].line;
        turn.waiting = line.len() as u32;
        if let (Some(joined), true) = (line.front(), self.rule != Rule::ForgetsHowLong) {
            turn.waited = span(self.now - joined);
        }
        turn
    }

    fn name(process: usize, generation: u32) -> String {
        format!("{process}.{generation}")
    }

    fn is_gone(&self, process: usize, generation: u32) -> bool {
        self.processes[process].generation != generation
    }

    fn run(mut self) -> Result<usize, String> {
        while let Some(Reverse((now, _, event))) = self.events.pop() {
            if now > LENGTH {
                break;
            }
            self.now = now;
            self.happens(event)?;
        }
        Ok(self.granted.len())
    }

    fn happens(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::Call(process) => {
                let calls = if self.rng.u8(0..4) == 0 { self.rng.usize(1..=self.limit) } else { 1 };
                let wait = self.rng.u64(0..2 * WINDOW / self.limit as u64 * self.processes.len() as u64);
                self.after(wait, Event::Call(process));
                if self.processes[process].is_alive {
                    self.processes[process].line.extend(vec![self.now; calls]);
                    if self.rng.u8(0..8) == 0 {
                        let wait = self.rng.u64(0..WINDOW);
                        self.after(wait, Event::Cancel(process));
                    }
                    self.ask_on(process);
                }
            }
            Event::Cancel(process) => {
                let cancelled = self.processes[process].line.len();
                if cancelled > 0 {
                    let cancelled = self.rng.usize(0..cancelled);
                    self.processes[process].line.remove(cancelled);
                    self.processes[process].possible_since = None;
                    if self.processes[process].line.is_empty() {
                        let generation = self.processes[process].generation;
                        self.next(Event::Leave(process, generation));
                    }
                }
            }
            Event::Leave(process, generation) if !self.is_gone(process, generation) => {
                self.state(process).leave(&Self::name(process, generation));
            }
            Event::Ask(process, generation) if !self.is_gone(process, generation) => self.asks(process)?,
            Event::Send(process, generation, slot) if !self.is_gone(process, generation) => {
                if self.rule == Rule::ReturnsAfterSending {
                    self.next(Event::Replied(process, generation, slot.clone()));
                }
                // The step before this one takes up to half a second of what is allowed.
                let longest = if self.rng.u8(0..20) == 0 { TIMEOUT + TRAVEL - 500 } else { 150 };
                let travels = self.rng.u64(1..longest);
                self.after(travels, Event::Arrive(process, generation, slot, self.now));
            }
            Event::Arrive(process, generation, slot, sent) => {
                let is_throttled = self.rng.u8(0..200) == 0;
                self.arrives()?;
                let longest = if self.rng.u8(0..20) == 0 { TIMEOUT } else { 150 };
                let reply = self.rng.u64(1..longest);
                if self.now + reply - sent < TIMEOUT {
                    self.after(reply, Event::Reply(process, generation, slot, is_throttled));
                }
            }
            Event::Reply(process, generation, slot, is_throttled) => {
                if self.rule != Rule::ReturnsAfterSending && self.rng.u8(0..50) > 0 {
                    self.next(Event::Replied(process, generation, slot));
                }
                if is_throttled {
                    self.next(Event::Pause(process, generation));
                }
            }
            Event::Replied(process, generation, slot) if !self.is_gone(process, generation) => {
                let (clock, turn) = (self.clock(), self.turn(process));
                self.state(process).replied(clock, &SlotId::new(slot.clone()), turn);
                let (returns, calls) = (self.now + WINDOW, turn.calls);
                self.truth.insert(slot, TrueSlot { returns, calls });
            }
            Event::Pause(process, generation) if !self.is_gone(process, generation) => {
                let (clock, length) = (self.clock(), WINDOW + self.rng.u64(0..WINDOW / 10));
                if self.rule != Rule::NoPause {
                    self.state(process).pause(clock, Duration::from_millis(length));
                }
                self.paused_until = self.paused_until.max(self.now + length);
            }
            Event::Kill(process) => {
                let killed = &mut self.processes[process];
                killed.generation += 1;
                (killed.is_alive, killed.is_asking, killed.possible_since) = (false, false, None);
                killed.line.clear();
                let wait = self.rng.u64(0..WINDOW);
                self.after(wait, Event::Start(process));
            }
            Event::Start(process) => {
                self.processes[process].is_alive = true;
                let wait = self.rng.u64(0..3 * WINDOW);
                self.after(wait, Event::Kill(process));
            }
            Event::SetBack => {
                self.offset -= self.rng.u64(0..2 * LIFE);
                self.is_set_back = true;
            }
            Event::Lose => {
                let (clock, turn) = (self.clock(), self.turn(0));
                let lost =
                    if self.rule == Rule::LostIsEmpty { Slots::default() } else { Slots::lost(clock, turn) };
                self.slots.fill(lost);
                self.excused_until = self.excused_until.max(self.now + LIFE);
            }
            _ => {}
        }
        Ok(())
    }

    fn ask_on(&mut self, process: usize) {
        let generation = self.processes[process].generation;
        if !std::mem::replace(&mut self.processes[process].is_asking, true) {
            self.next(Event::Ask(process, generation));
        }
    }

    fn asks(&mut self, process: usize) -> Result<(), String> {
        let generation = self.processes[process].generation;
        let Some(joined) = self.processes[process].line.front().copied() else {
            self.processes[process].is_asking = false;
            return Ok(());
        };
        if std::mem::take(&mut self.is_set_back) {
            // A slot of a process that was killed has no reply, and of a pause that has ended nobody may have heard.
            let longest = if self.paused_until == 0 { LIFE } else { 2 * WINDOW + WINDOW / 10 };
            self.excused_until = self.excused_until.max(self.now + longest);
        }
        let (clock, turn) = (self.clock(), self.turn(process));
        if self.rule == Rule::KeepsPlaces && generation > 0 {
            let mut turn = Turn::new(turn.calls, turn.window, turn.hold);
            (turn.waited, turn.waiting) = (Duration::from_millis(self.now), 2);
            let _ = self.state(process).acquire(clock, &Self::name(process, 0), SlotId::new("kept"), turn);
        }
        let (name, slot) =
            (Self::name(process, generation), SlotId::new(format!("{process}.{}", self.number)));
        let is_possible = self.is_possible(process, joined);
        match self.state(process).acquire(clock, &name, slot, turn) {
            Grant::Taken(slot) => {
                self.is_granted(joined, turn.calls)?;
                let slot = slot.as_str().to_owned();
                self.truth.insert(slot.clone(), TrueSlot { returns: self.now + LIFE, calls: turn.calls });
                self.processes[process].line.pop_front();
                self.processes[process].possible_since = None;
                self.next(Event::Send(process, generation, slot));
                self.next(Event::Ask(process, generation));
            }
            Grant::Wait { again, .. } => {
                let since =
                    self.processes[process].possible_since.filter(|_| is_possible).unwrap_or(self.now);
                self.processes[process].possible_since = Some(since);
                if self.now > ALLOWED + self.excused_until.max(since) {
                    return Err(format!("a call waits since {since} although there is a slot"));
                }
                self.after(millis(again), Event::Ask(process, generation));
            }
            Grant::Unshared => {}
            _ => {}
        }
        Ok(())
    }

    /// Whether the first call of this process may have a slot: for all that others may do, since it is as old as that.
    fn is_possible(&mut self, process: usize, joined: u64) -> bool {
        self.truth.retain(|_, slot| slot.returns > self.now);
        let waits = |other: &Process| other.is_alive && !other.line.is_empty();
        let waiting = self.processes.iter().filter(|other| waits(other)).map(|other| other.calls);
        // The place of a process that was killed counts for a lease.
        let killed = self.processes.iter().filter(|other| other.generation > 0).map(|other| other.calls);
        let limit =
            waiting.chain(killed).chain(self.truth.values().map(|slot| slot.calls)).min().unwrap_or(0);
        let older =
            self.processes.iter().flat_map(|other| &other.line).filter(|other| **other <= joined).count();
        let own = self.processes[process].line.iter().filter(|own| **own == joined).count();
        let is_paused = self.now < self.paused_until + WINDOW + WINDOW / 2;
        !is_paused && self.truth.len() + older.saturating_sub(own) < limit as usize
    }

    fn is_granted(&mut self, joined: u64, calls: u32) -> Result<(), String> {
        let limit = self.truth.values().map(|slot| slot.calls).fold(calls, u32::min);
        if self.rule == Rule::Ours && self.truth.len() >= limit as usize {
            return Err(format!(
                "{} slots are taken, and the smallest quota is {limit}",
                self.truth.len() + 1
            ));
        }
        if self.now < self.paused_until {
            return Err("a call is sent in a pause".to_owned());
        }
        let overtakes = |(other, at): &&(u64, u64)| *other > joined + 1000 && at + 1000 < self.now;
        if let Some((other, at)) = self.granted.iter().rev().take(50).find(overtakes) {
            return Err(format!(
                "a call of {joined} has its slot at {}, and one of {other} had it at {at}",
                self.now
            ));
        }
        self.granted.push((joined, self.now));
        Ok(())
    }

    /// The platform counts: also one that arrived exactly a window ago.
    fn arrives(&mut self) -> Result<(), String> {
        self.arrived.push_back(self.now);
        while self.arrived.front().is_some_and(|first| first + WINDOW < self.now) {
            self.arrived.pop_front();
        }
        if self.arrived.len() > self.limit {
            return Err(format!("{} calls arrive in a window, and {} may", self.arrived.len(), self.limit));
        }
        Ok(())
    }
}

/// The first failures of these seeds, and the number of calls.
fn run(rule: Rule, seeds: u64) -> (Vec<String>, usize) {
    let (mut failures, mut calls) = (Vec::new(), 0);
    for seed in 0..seeds {
        match Simulation::new(rule, seed).run() {
            Ok(granted) => calls += granted,
            Err(failure) => failures.push(format!("seed {seed}: {failure}")),
        }
    }
    (failures, calls)
}

#[test]
fn nobody_is_over_the_quota_overtakes_or_waits_for_nothing() {
    let seeds = std::env::var("NORTHBOUND_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    let seeds = seeds.unwrap_or(SEEDS);
    let (failures, calls) = run(Rule::Ours, seeds);
    assert!(failures.is_empty(), "{} seeds fail: {:#?}", failures.len(), &failures[..failures.len().min(5)]);
    assert!(calls as u64 > 10 * seeds, "{calls}");
}

#[test]
fn wrong_rules_are_seen_to_fail() {
    for (rule, seen) in [
        (Rule::ReturnsAfterTaking, "arrive"),
        (Rule::ReturnsAfterSending, "arrive"),
        (Rule::LostIsEmpty, "arrive"),
        (Rule::Alone, "arrive"),
        (Rule::ForgetsHowLong, "had it at"),
        (Rule::KeepsPlaces, "although there is a slot"),
        (Rule::NoPause, "in a pause"),
    ] {
        let (failures, _) = run(rule, 100);
        assert!(failures.iter().any(|failure| failure.contains(seen)), "{rule:?}: {failures:?}");
    }
}
