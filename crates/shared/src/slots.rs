//! The rules of a quota that processes share: who gets a slot, and when. Decides only; the clock is the caller's, and so is the
//! place where the state is kept.
//!
//! Times are milliseconds of the clock of that place. It may be set back: then nothing may last longer than it was meant to from
//! that moment on, so whatever lies in the future has its length beside it.

use std::collections::BTreeMap;
use std::time::Duration;

use northbound::{Grant, SlotId, Turn};
use serde::{Deserialize, Serialize};

/// A place in the line is given up after this time without a question.
pub(crate) const LEASE: u64 = 1500;
/// How soon a process asks again that could have a slot at once, if those before it did not come first.
pub(crate) const SOON: u64 = 20;
/// The clock shows the last whole millisecond, and no slot may return early.
pub(crate) const ROUNDING: u64 = 1;

/// The slots of one application on one platform, and the line of processes with calls that wait for one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slots {
    taken: BTreeMap<String, Taken>,
    /// By process.
    line: BTreeMap<String, Place>,
    pause: Option<Pause>,
    /// The earlier slots are lost: nobody knows who calls until they would have returned.
    lost: Option<Until>,
}

/// A time that comes after this length, at the latest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Until {
    at: u64,
    length: u64,
}

/// A slot that a call has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Taken {
    returns: Until,
    /// The quota of the process that took it.
    calls: u32,
}

/// The place of a process in the line: that of its call that has waited longest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Place {
    since: u64,
    /// How many calls of the process wait.
    waiting: u32,
    /// Its quota.
    calls: u32,
    given_up: Until,
}

/// Nobody calls until it ends; then calls are spread evenly for a window. Somebody who does not share the quota still uses it, so
/// the platform would throttle many of the calls that wait if they came at once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Pause {
    ends: Until,
    /// The earliest time of the next call after it.
    next_call: Until,
}

impl Until {
    fn after(now: u64, length: u64) -> Self {
        Self { at: now.saturating_add(length), length }
    }

    /// Whether it is still to come. A clock that was set back makes it come no later than it would from now.
    fn is_ahead(&mut self, now: u64) -> bool {
        self.at = self.at.min(now.saturating_add(self.length));
        self.at > now
    }

    fn left(&self, now: u64) -> u64 {
        self.at.saturating_sub(now)
    }
}

impl Slots {
    /// What is known after the state was lost: as if the whole quota were taken just now.
    pub fn lost(now: u64, turn: Turn) -> Self {
        Self { lost: Some(Until::after(now, life(turn))), ..Self::default() }
    }

    /// Asks for a slot for the longest waiting call of this process. It gets this name if it is taken.
    pub fn acquire(&mut self, now: u64, process: &str, slot: SlotId, turn: Turn) -> Grant {
        self.settle(now);
        self.pause.take_if(|pause| pause.ends.at.saturating_add(millis(turn.window)) <= now);
        let lease = LEASE.min(millis(turn.window) / 4);
        let place = Place {
            since: now.saturating_sub(millis(turn.waited)),
            waiting: turn.waiting,
            calls: turn.calls,
            given_up: Until::after(now, lease),
        };
        let since = place.since;
        self.line.insert(process.to_owned(), place);
        let limit = self.limit().unwrap_or(turn.calls).max(1) as usize;
        let before =
            self.line.iter().filter(|(other, place)| (place.since, other.as_str()) < (since, process));
        let (mut processes, mut calls, mut next_leaves) = (0, 0_usize, u64::MAX);
        for (_, place) in before {
            (processes, calls) = (processes + 1, calls.saturating_add(place.waiting as usize));
            next_leaves = next_leaves.min(place.given_up.left(now));
        }
        let spacing = millis(turn.window) / limit as u64;
        let paused = self.pause.as_ref().map(|pause| pause.next_call.left(now));
        let paused = paused.map(|next_call| next_call.saturating_add(spacing.saturating_mul(processes)));
        let is_free = self.lost.is_none() && self.taken.len().saturating_add(calls) < limit;
        if is_free && paused.is_none_or(|wait| wait == 0) {
            self.take(now, process, slot.clone(), turn);
            if let Some(pause) = &mut self.pause {
                pause.next_call = Until::after(now, spacing);
            }
            return Grant::Taken(slot);
        }
        // Of the other calls of the processes before it, nobody knows whether they came first.
        let slot = self.wait_for_slot(now, limit, processes as usize, millis(turn.window));
        let ready = slot.max(paused.unwrap_or(0));
        let again = if ready == 0 { SOON } else { ready }.min(lease / 3).min(next_leaves).max(1);
        Grant::Wait {
            again: Duration::from_millis(again),
            ready: Duration::from_millis(ready),
            is_paused: paused.is_some_and(|paused| paused >= slot),
        }
    }

    /// A call of this slot has been answered, so it had arrived by now.
    pub fn replied(&mut self, now: u64, slot: &SlotId, turn: Turn) {
        let returns = Until::after(now, ROUNDING + millis(turn.window));
        self.taken.insert(slot.as_str().to_owned(), Taken { returns, calls: turn.calls });
    }

    /// No call of this process waits any more.
    pub fn leave(&mut self, process: &str) {
        self.line.remove(process);
    }

    /// The platform throttled a call. A pause is never cut short by another one.
    pub fn pause(&mut self, now: u64, length: Duration) {
        self.settle(now);
        let ends = Until::after(now, millis(length));
        if self.pause.as_ref().is_none_or(|pause| pause.ends.at < ends.at) {
            self.pause = Some(Pause { ends, next_call: ends });
        }
    }

    /// Forgets what lies behind.
    fn settle(&mut self, now: u64) {
        self.taken.retain(|_, taken| taken.returns.is_ahead(now));
        self.lost.take_if(|lost| !lost.is_ahead(now));
        self.line.retain(|_, place| {
            // Nobody overtakes it since the clock was set back by so much.
            let set_back = place.given_up.left(now).saturating_sub(place.given_up.length);
            place.since = place.since.saturating_sub(set_back).min(now);
            place.given_up.is_ahead(now)
        });
        if let Some(pause) = &mut self.pause {
            pause.ends.is_ahead(now);
            pause.next_call.is_ahead(now);
        }
    }

    /// The smallest quota of those who have a slot or wait for one.
    fn limit(&self) -> Option<u32> {
        let taken = self.taken.values().map(|taken| taken.calls);
        taken.chain(self.line.values().map(|place| place.calls)).min()
    }

    /// The process keeps its place if more of its calls wait, until it asks for the next one: with the time of this one, since
    /// nobody may overtake the next one meanwhile.
    fn take(&mut self, now: u64, process: &str, slot: SlotId, turn: Turn) {
        let returns = Until::after(now, life(turn));
        self.taken.insert(slot.as_str().to_owned(), Taken { returns, calls: turn.calls });
        match self.line.get_mut(process) {
            Some(place) if place.waiting > 1 => place.waiting -= 1,
            _ => drop(self.line.remove(process)),
        }
    }

    /// How long a call waits at least that has this number of calls before it.
    fn wait_for_slot(&self, now: u64, limit: usize, before: usize, window: u64) -> u64 {
        let lost = self.lost.map_or(0, |lost| lost.left(now));
        // What is in flight comes back a window from now at the earliest.
        let mut back: Vec<_> = self.taken.values().map(|taken| taken.returns.left(now).min(window)).collect();
        let (nth, turns) = (before % limit, before / limit);
        let first = match (back.len() + nth).checked_sub(limit) {
            Some(nth) => *back.select_nth_unstable(nth).1,
            None => 0,
        };
        lost.max(first).saturating_add(window.saturating_mul(turns as u64))
    }
}

/// From when a slot is taken to when it returns without a reply.
fn life(turn: Turn) -> u64 {
    millis(turn.hold).saturating_add(millis(turn.window)).saturating_add(ROUNDING)
}

/// Rounded up: a slot may return late, and never early.
pub(crate) fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);
    const HOLD: Duration = Duration::from_secs(40);
    /// Any time will do.
    const T: u64 = 1_800_000_000_000;

    fn turn(calls: u32) -> Turn {
        Turn::new(calls, WINDOW, HOLD)
    }

    /// The first of some calls, which has waited for this number of milliseconds.
    fn first(waited: u64, waiting: u32, calls: u32) -> Turn {
        let mut turn = turn(calls);
        (turn.waited, turn.waiting) = (Duration::from_millis(waited), waiting);
        turn
    }

    fn waiting(waited: u64, waiting: u32) -> Turn {
        first(waited, waiting, 2)
    }

    fn slot(name: &str) -> SlotId {
        SlotId::new(name)
    }

    /// Asks for a slot that is named for the moment and the process.
    fn ask(slots: &mut Slots, now: u64, process: &str, turn: Turn) -> Grant {
        slots.acquire(now, process, slot(&format!("{process}{now}")), turn)
    }

    fn is_taken(grant: &Grant) -> bool {
        matches!(grant, Grant::Taken(_))
    }

    /// When to ask again, and when there may be a slot, in milliseconds.
    fn wait(grant: &Grant) -> (u64, u64) {
        match grant {
            Grant::Wait { again, ready, .. } => (millis(*again), millis(*ready)),
            taken => panic!("{taken:?}"),
        }
    }

    /// A quota of 2, used up by calls that were sent at `T`.
    fn used_up() -> Slots {
        let mut slots = Slots::default();
        for process in ["a", "b"] {
            assert!(is_taken(&ask(&mut slots, T, process, turn(2))));
        }
        slots
    }

    #[test]
    fn a_slot_returns_when_its_call_has_surely_arrived_and_a_window_is_over() {
        let mut slots = used_up();
        assert_eq!(wait(&ask(&mut slots, T, "c", turn(2))), (500, 60_000), "a reply may come now");
        assert_eq!(wait(&ask(&mut slots, T + 99_999, "c", turn(2))), (2, 2));
        assert!(is_taken(&ask(&mut slots, T + 100_001, "c", turn(2))));
    }

    #[test]
    fn a_reply_brings_the_return_forward_even_if_the_slot_is_unknown() {
        for mut slots in [used_up(), Slots::default()] {
            for process in ["a", "b"] {
                slots.replied(T + 100, &slot(&format!("{process}{T}")), turn(2));
            }
            assert_eq!(wait(&ask(&mut slots, T + 60_000, "c", turn(2))), (101, 101));
            assert!(is_taken(&ask(&mut slots, T + 60_101, "c", turn(2))));
        }
    }

    #[test]
    fn the_call_that_has_waited_longest_is_served_first() {
        let mut slots = used_up();
        ask(&mut slots, T + 100_000, "late", waiting(10, 1));
        ask(&mut slots, T + 100_000, "early", waiting(20, 3));
        assert!(
            !is_taken(&ask(&mut slots, T + 100_001, "late", waiting(11, 1))),
            "two slots, and three before it"
        );
        assert_eq!(wait(&ask(&mut slots, T + 100_001, "late", waiting(11, 1))).0, SOON);
        assert!(is_taken(&ask(&mut slots, T + 100_001, "early", waiting(21, 3))));
        assert!(
            !is_taken(&ask(&mut slots, T + 100_001, "late", waiting(11, 1))),
            "the next one may be older"
        );
        assert!(!is_taken(&ask(&mut slots, T + 100_002, "early", waiting(5, 2))), "it is younger");
        assert!(is_taken(&ask(&mut slots, T + 100_003, "late", waiting(13, 1))));
    }

    #[test]
    fn who_comes_later_waits_for_a_later_slot() {
        let mut slots = used_up();
        for (process, replied) in [("a", 100), ("b", 900)] {
            slots.replied(T + replied, &slot(&format!("{process}{T}")), turn(2));
        }
        let waits = [("c", 30), ("d", 20), ("e", 10)]
            .map(|(process, waited)| wait(&ask(&mut slots, T + 1000, process, waiting(waited, 1))).1);
        assert_eq!(waits, [59_101, 59_901, 119_101]);
    }

    #[test]
    fn the_longer_one_of_a_pause_and_the_wait_for_a_slot_is_reported() {
        for (seconds, paused) in [(10, false), (70, true)] {
            let mut slots = used_up();
            slots.pause(T, Duration::from_secs(seconds));
            let grant = ask(&mut slots, T + 1, "c", turn(2));
            assert!(matches!(grant, Grant::Wait { is_paused, .. } if is_paused == paused), "{grant:?}");
        }
    }

    #[test]
    fn where_the_window_is_short_a_process_asks_more_often() {
        let (mut slots, turn) = (Slots::default(), Turn::new(1, Duration::from_secs(2), HOLD));
        assert!(is_taken(&ask(&mut slots, T, "a", turn)));
        assert_eq!(wait(&ask(&mut slots, T, "b", turn)), (166, 2000));
    }

    #[test]
    fn a_burst_that_fits_does_not_wait_for_those_before_it() {
        let mut slots = Slots::default();
        assert!(
            is_taken(&ask(&mut slots, T, "a", first(9, 4, 6))),
            "three more wait there, and five are free"
        );
        assert!(is_taken(&ask(&mut slots, T, "b", first(8, 1, 6))));
        assert!(is_taken(&ask(&mut slots, T, "c", first(7, 1, 6))));
        assert!(!is_taken(&ask(&mut slots, T, "d", first(6, 1, 6))));
    }

    #[test]
    fn the_smallest_quota_of_all_who_call_or_wait_holds() {
        let mut slots = Slots::default();
        assert!(is_taken(&ask(&mut slots, T, "small", turn(2))));
        assert!(is_taken(&ask(&mut slots, T + 1, "large", turn(100))));
        assert!(!is_taken(&ask(&mut slots, T + 2, "large", turn(100))));
        slots.replied(T, &slot(&format!("small{T}")), turn(2));
        assert!(is_taken(&ask(&mut slots, T + 60_001, "large", turn(100))), "the small one calls no more");
        ask(&mut slots, T + 60_001, "small", turn(2));
        assert!(!is_taken(&ask(&mut slots, T + 60_002, "large", turn(100))), "it waits");
    }

    #[test]
    fn a_place_is_left_or_given_up_after_a_lease() {
        let in_line = |asked: u64| {
            let mut slots = used_up();
            assert!(!is_taken(&ask(&mut slots, T + 99_000, "gone", waiting(9000, 2))));
            assert!(!is_taken(&ask(&mut slots, T + asked, "gone", waiting(9000, 2))));
            slots
        };
        let next = |slots: &mut Slots, now| ask(slots, T + now, "next", waiting(0, 1));
        let mut slots = in_line(100_000);
        assert!(!is_taken(&next(&mut slots, 101_499)));
        assert_eq!(wait(&next(&mut slots, 101_499)).0, 1, "it asks again when the lease ends");
        assert!(is_taken(&next(&mut slots, 101_500)));
        let mut slots = in_line(100_000);
        slots.leave("gone");
        assert!(is_taken(&next(&mut slots, 100_001)));
    }

    #[test]
    fn a_lost_state_counts_as_a_quota_that_is_used_up_now() {
        let mut slots = Slots::lost(T, turn(2));
        assert_eq!(wait(&ask(&mut slots, T, "a", turn(2))), (500, 100_001));
        assert!(is_taken(&ask(&mut slots, T + 100_001, "a", turn(2))));
    }

    #[test]
    fn after_a_pause_calls_are_spread_for_a_window_and_first_come_first_served() {
        let mut slots = Slots::default();
        for seconds in [2, 60, 1] {
            slots.pause(T, Duration::from_secs(seconds));
        }
        let grant = ask(&mut slots, T, "a", turn(60));
        assert_eq!(grant, Grant::Wait { again: Duration::from_millis(500), ready: WINDOW, is_paused: true });
        ask(&mut slots, T + 59_999, "a", first(9, 1, 60));
        assert!(!is_taken(&ask(&mut slots, T + 60_000, "b", turn(60))));
        slots.leave("b");
        let mut sent = vec![];
        for second in 60..120 {
            let now = T + second * 1000;
            sent.push(is_taken(&ask(&mut slots, now, "a", turn(60))));
            assert!(!is_taken(&ask(&mut slots, now, "a", turn(60))), "one a second");
        }
        assert_eq!(sent, [true; 60]);
    }

    #[test]
    fn a_clock_that_was_set_back_lets_nobody_overtake() {
        let mut slots = Slots::default();
        slots.pause(T, Duration::from_secs(1));
        ask(&mut slots, T + 990, "early", waiting(5000, 1));
        let back = T - 9000;
        assert!(!is_taken(&ask(&mut slots, back, "late", waiting(10, 1))));
        assert!(!is_taken(&ask(&mut slots, back + 1000, "late", waiting(1010, 1))));
        assert!(is_taken(&ask(&mut slots, back + 1000, "early", waiting(6010, 1))));
    }

    #[test]
    fn a_clock_that_was_set_back_delays_nobody_by_more_than_a_life() {
        let mut slots = used_up();
        for process in ["a", "b"] {
            slots.replied(T + 100, &slot(&format!("{process}{T}")), turn(2));
        }
        slots.pause(T, WINDOW);
        ask(&mut slots, T + 200, "gone", waiting(0, 1));
        let back = T - 3_600_000;
        assert_eq!(wait(&ask(&mut slots, back, "c", waiting(1, 1))), (500, 60_000));
        assert!(is_taken(&ask(&mut slots, back + 60_001, "c", turn(2))));
    }
}

#[cfg(test)]
mod simulation;
