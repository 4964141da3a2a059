//! The rules of the quota: decides when a call may be sent. The caller supplies the clock, does the waiting, and keeps the
//! order of the waiting calls.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use northbound_client::QUOTA;
use tokio::time::Instant;

/// How long a request may still be on its way after it was given up.
///
/// A call without a reply may reach the platform after its caller has left, and is counted there; nobody knows when. This
/// is three retransmissions of a lost packet, with the doubling of TCP, and some.
pub(super) const TRAVEL: Duration = Duration::from_secs(10);

/// The shortest pause that a reply can ask for: an answer "at once" would be asked for again without end.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
/// The longest one.
const LONGEST_PAUSE: Duration = Duration::from_secs(60 * 60);

/// The part of a pause over which the ends of pauses are spread.
const JITTER: u32 = 10;

/// The slots of a quota, and the line of those that wait for one.
///
/// The platform judges a call when it *arrives*, which is at some time between sending and reply. So a call takes a slot
/// when it is sent, and the slot comes back a window after the *reply*: whatever the network does, no `calls` + 1 of them
/// arrive within a window.
#[derive(Debug)]
pub(super) struct Slots {
    /// As many as there are slots; `None` if calls are not limited.
    pub(super) calls: Option<u32>,
    pub(super) window: Duration,
    in_flight: usize,
    /// When the slots of ended calls come back, earliest first.
    returning: BinaryHeap<Reverse<Instant>>,
    /// How many calls are in the line.
    pub(super) waiting: u32,
    pause: Option<Pause>,
}

/// The answer to the first in the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// There is a slot: take it.
    Now,
    /// Ask again at this time, or when a call has ended.
    At(Instant),
    /// All slots are in flight: ask again when a call has ended.
    Later,
}

/// Nobody calls until it ends; then calls are spread evenly for a window.
///
/// After a window without calls the whole quota would be usable at once. But somebody else still uses it, so the platform
/// would throttle many of these calls. Of calls that are spread, it throttles one or two before the next pause begins.
#[derive(Debug)]
struct Pause {
    jitter: Duration,
    ends: Instant,
    next_call: Instant,
}

impl Slots {
    pub(super) fn new(calls: u32, window: Duration) -> Self {
        Self { calls: Some(calls), window, ..Self::unlimited() }
    }

    /// No limit: calls wait only in a pause, whose length follows from the platform's default quota.
    pub(super) fn unlimited() -> Self {
        Self {
            calls: None,
            window: QUOTA.window,
            in_flight: 0,
            returning: BinaryHeap::new(),
            waiting: 0,
            pause: None,
        }
    }

    /// How many slots are taken: their calls are in flight, or ended less than a window ago.
    pub(super) fn used(&self, now: Instant) -> usize {
        self.in_flight + self.returning.iter().filter(|Reverse(back)| *back > now).count()
    }

    /// Another call waits for a slot.
    pub(super) fn join(&mut self) {
        self.waiting += 1;
    }

    /// One of those that wait has left the line without a slot.
    pub(super) fn leave(&mut self) {
        self.waiting = self.waiting.saturating_sub(1);
    }

    /// Whether there is a slot for the first in the line.
    pub(super) fn admission(&mut self, now: Instant) -> Admission {
        self.settle(now);
        match self.next_call(now) {
            None => Admission::Later,
            Some(at) if at > now => Admission::At(at),
            Some(_) => Admission::Now,
        }
    }

    /// The first in the line takes a slot, and gives its place up.
    pub(super) fn take(&mut self, now: Instant) {
        self.leave();
        self.in_flight += 1;
        let spacing = self.spacing();
        if let Some(pause) = &mut self.pause {
            pause.next_call = now + spacing;
        }
    }

    /// A call has ended in a reply, so it had arrived by now.
    pub(super) fn replied(&mut self, now: Instant) {
        self.end(now + self.window);
    }

    /// A call has ended without a reply: it failed or was cancelled, and may not even have arrived yet.
    pub(super) fn given_up(&mut self, now: Instant) {
        self.end(now + TRAVEL + self.window);
    }

    /// The platform throttled a call nevertheless: another program uses the quota. No call is sent until every call that the
    /// platform counted has left its window, or for as long as the reply `asked` for. Returns the length of the pause.
    /// `jitter`, from 0 to 1, prevents several processes from resuming at the same moment.
    ///
    /// All calls in flight may come back throttled, and each moves the end. The jitter of the first one is kept: the largest of
    /// many random values would be nearly the same in all processes.
    pub(super) fn pause(&mut self, now: Instant, asked: Option<Duration>, jitter: f64) -> Duration {
        let rest = asked.map_or(self.window, |asked| asked.clamp(SHORTEST_PAUSE, LONGEST_PAUSE));
        let (jitter, earliest) = match &self.pause {
            Some(pause) if now < pause.ends => (pause.jitter, pause.ends),
            _ => ((rest / JITTER).mul_f64(jitter), now),
        };
        let ends = earliest.max(now + rest + jitter);
        self.pause = Some(Pause { jitter, ends, next_call: ends });
        ends - now
    }

    /// How long a call that came now would wait, as things stand: at least so long, unless others leave the line.
    pub(super) fn wait(&self, now: Instant) -> Duration {
        self.forecast(0, now)
    }

    /// How long a call waits that has this number of calls before it. Those that wait now are among them.
    pub(super) fn forecast(&self, calls: u64, now: Instant) -> Duration {
        let (nth, turns) = self.place(calls);
        let first = self.wait_for_slot(nth, now).max(self.wait_for_pause(nth, now));
        first.saturating_add(self.window.saturating_mul(turns))
    }

    /// Whether a call that came now would wait because the platform throttled a call, rather than for a slot.
    pub(super) fn is_paused(&self, now: Instant) -> bool {
        let (nth, _) = self.place(0);
        let pause = self.wait_for_pause(nth, now);
        !pause.is_zero() && pause >= self.wait_for_slot(nth, now)
    }

    /// Which slot serves a call that has this number of calls before it, in the order in which slots come back, and how many calls that slot
    /// serves before: each of them keeps it for a window.
    fn place(&self, ahead: u64) -> (u32, u32) {
        let ahead = ahead.max(self.waiting.into());
        let whole = |number| u32::try_from(number).unwrap_or(u32::MAX);
        match self.calls.map(u64::from) {
            Some(calls) => (whole(ahead % calls), whole(ahead / calls)),
            None => (whole(ahead), 0),
        }
    }

    fn wait_for_slot(&self, nth: u32, now: Instant) -> Duration {
        let Some(calls) = self.calls else { return Duration::ZERO };
        let free = (calls as usize).saturating_sub(self.in_flight + self.returning.len());
        let mut back: Vec<_> =
            self.returning.iter().map(|Reverse(back)| back.saturating_duration_since(now)).collect();
        // What is in flight comes back a window from now at the earliest.
        back.resize(back.len() + self.in_flight, self.window);
        match (nth as usize).checked_sub(free) {
            None => Duration::ZERO,
            Some(nth) => *back.select_nth_unstable(nth).1,
        }
    }

    fn wait_for_pause(&self, nth: u32, now: Instant) -> Duration {
        let Some(pause) = self.pause.as_ref().filter(|pause| now < pause.ends + self.window) else {
            return Duration::ZERO;
        };
        let spread = self.spacing() * nth.min(self.paced_calls());
        pause.next_call.saturating_duration_since(now) + spread
    }

    /// Forgets what is over: slots that have come back, and a pause that has no effect any more.
    fn settle(&mut self, now: Instant) {
        while self.returning.peek().is_some_and(|Reverse(back)| *back <= now) {
            self.returning.pop();
        }
        self.pause.take_if(|pause| pause.ends + self.window <= now);
    }

    /// When the first in the line may call; `None` as long as all slots are in flight.
    fn next_call(&self, now: Instant) -> Option<Instant> {
        let slot = if self.has_free_slot() { now } else { self.returning.peek()?.0 };
        Some(self.pause.as_ref().map_or(slot, |pause| slot.max(pause.next_call)))
    }

    fn has_free_slot(&self) -> bool {
        self.calls.is_none_or(|calls| self.in_flight + self.returning.len() < calls as usize)
    }

    fn end(&mut self, back: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if self.calls.is_some() {
            self.returning.push(Reverse(back));
        }
    }

    /// The time between two calls when a window's calls are spread evenly.
    fn spacing(&self) -> Duration {
        self.window / self.paced_calls()
    }

    /// How many calls make up a window, where calls are to be spread: the platform's default without a limit.
    fn paced_calls(&self) -> u32 {
        self.calls.unwrap_or(QUOTA.calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);
    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Slots with nobody in the line, so that whoever asks is the first.
    fn take(slots: &mut Slots, now: Instant) -> Admission {
        slots.join();
        let admission = slots.admission(now);
        if admission == Admission::Now {
            slots.take(now);
        } else {
            slots.leave();
        }
        admission
    }

    fn taken(calls: u32, now: Instant) -> Slots {
        let mut slots = Slots::new(calls, WINDOW);
        for _ in 0..calls {
            assert_eq!(take(&mut slots, now), Admission::Now);
        }
        slots
    }

    #[test]
    fn the_whole_quota_is_usable_at_once_and_no_more() {
        let now = Instant::now();
        let mut slots = taken(3, now);
        assert_eq!((take(&mut slots, now), slots.used(now)), (Admission::Later, 3));
    }

    #[test]
    fn a_slot_comes_back_a_window_after_the_reply() {
        let now = Instant::now();
        let mut slots = taken(2, now);
        slots.replied(now + s(7));
        assert_eq!(take(&mut slots, now + s(66)), Admission::At(now + s(67)));
        assert_eq!((slots.used(now + s(66)), slots.used(now + s(67))), (2, 1));
        assert_eq!(take(&mut slots, now + s(67)), Admission::Now);
        assert_eq!(take(&mut slots, now + s(67)), Admission::Later, "the other call is still in flight");
    }

    #[test]
    fn a_call_that_was_given_up_may_still_be_on_its_way() {
        let now = Instant::now();
        let mut slots = taken(2, now);
        slots.given_up(now);
        assert_eq!(take(&mut slots, now), Admission::At(now + TRAVEL + WINDOW));
        slots.replied(now + s(1));
        assert_eq!(take(&mut slots, now + s(1)), Admission::At(now + s(61)), "the earlier slot counts");
    }

    #[test]
    fn without_a_limit_nobody_waits_and_nothing_is_kept() {
        let now = Instant::now();
        let mut slots = Slots::unlimited();
        for _ in 0..1000 {
            assert_eq!(take(&mut slots, now), Admission::Now);
        }
        assert_eq!((slots.used(now), slots.wait(now)), (1000, Duration::ZERO));
        for _ in 0..1000 {
            slots.replied(now);
        }
        assert_eq!((slots.used(now), slots.returning.len()), (0, 0));
    }

    #[test]
    fn a_pause_lasts_a_window_and_jitter() {
        let now = Instant::now();
        for (jitter, ends) in [(0.0, s(60)), (0.5, s(63)), (1.0, s(66))] {
            for mut slots in [Slots::new(100, WINDOW), Slots::unlimited()] {
                slots.pause(now, None, jitter);
                assert_eq!(take(&mut slots, now), Admission::At(now + ends), "jitter {jitter}");
                assert_eq!(slots.wait(now), ends);
                assert_eq!(take(&mut slots, now + ends), Admission::Now);
            }
        }
    }

    #[test]
    fn a_pause_lasts_as_long_as_the_reply_asks_for() {
        let now = Instant::now();
        for (asked, ends) in [(0, s(1)), (1, s(1)), (90, s(90)), (u64::MAX, s(3600))] {
            let mut slots = Slots::new(100, WINDOW);
            slots.pause(now, Some(s(asked)), 0.0);
            assert_eq!(take(&mut slots, now), Admission::At(now + ends), "asked for {asked} s");
            slots.pause(now, Some(s(2)), 1.0);
            assert_eq!(take(&mut slots, now), Admission::At(now + ends.max(s(2))), "it is not cut short");
        }
    }

    #[test]
    fn a_call_waits_for_a_pause_if_that_ends_after_the_slot_comes_back() {
        let now = Instant::now();
        assert!(!Slots::new(1, WINDOW).is_paused(now));
        let mut slots = taken(1, now);
        slots.replied(now);
        for (asked, paused) in [(10, false), (90, true)] {
            slots.pause(now, Some(s(asked)), 0.0);
            assert_eq!(slots.is_paused(now), paused);
        }
    }

    #[test]
    fn a_pause_in_a_pause_moves_its_end_and_keeps_its_jitter() {
        let now = Instant::now();
        let mut slots = Slots::new(100, WINDOW);
        slots.pause(now, None, 0.5);
        slots.pause(now + s(2), None, 1.0);
        assert_eq!(take(&mut slots, now + s(2)), Admission::At(now + s(65)));
        slots.pause(now + s(65), None, 1.0);
        assert_eq!(
            take(&mut slots, now + s(65)),
            Admission::At(now + s(131)),
            "another pause, another jitter"
        );
    }

    #[test]
    fn after_a_pause_calls_are_spread_evenly_for_a_window() {
        let now = Instant::now();
        for mut slots in [Slots::new(100, WINDOW), Slots::unlimited()] {
            slots.pause(now, None, 0.0);
            let (resumed, spacing) = (now + s(60), Duration::from_millis(600));
            assert_eq!(take(&mut slots, resumed), Admission::Now);
            assert_eq!(take(&mut slots, resumed), Admission::At(resumed + spacing));
            assert_eq!(take(&mut slots, resumed + spacing), Admission::Now);
            let last = resumed + WINDOW - Duration::from_millis(1);
            assert_eq!(take(&mut slots, last), Admission::Now);
            assert_eq!(take(&mut slots, last), Admission::At(last + spacing));
            for _ in 0..97 {
                assert_eq!(take(&mut slots, resumed + WINDOW), Admission::Now, "all the rest at once");
            }
        }
    }

    #[test]
    fn slots_in_flight_still_count_after_a_pause() {
        let now = Instant::now();
        let mut slots = taken(2, now);
        slots.pause(now, None, 0.0);
        assert_eq!(take(&mut slots, now + s(60)), Admission::Later);
        slots.replied(now + s(60));
        assert_eq!(take(&mut slots, now + s(60)), Admission::At(now + s(120)));
    }

    #[test]
    fn the_wait_is_foreseen_from_slots_and_line() {
        let now = Instant::now();
        let mut slots = Slots::new(3, WINDOW);
        let waits = |slots: &mut Slots| {
            let wait = slots.wait(now + s(20));
            slots.join();
            wait
        };
        for _ in 0..2 {
            take(&mut slots, now);
        }
        slots.replied(now + s(10));
        // One is free, one comes back at 70 s, one is in flight; then each of them once more.
        let foreseen = [0, 50, 60, 60, 110, 120].map(s);
        let forecast = [0, 1, 2, 3, 4, 5].map(|calls| slots.forecast(calls, now + s(20)));
        assert_eq!(forecast, foreseen);
        assert_eq!(foreseen.map(|_| waits(&mut slots)), foreseen);
        assert_eq!(slots.forecast(6, now + s(20)), s(120), "the six that wait are among those before it");
        assert_eq!(slots.forecast(602, now + s(20)), s(200 * 60 + 60));
    }

    #[test]
    fn the_wait_is_foreseen_through_a_pause() {
        let now = Instant::now();
        let mut slots = Slots::new(60, WINDOW);
        slots.pause(now, None, 0.0);
        assert_eq!(slots.wait(now + s(10)), s(50));
        slots.join();
        slots.join();
        assert_eq!(slots.wait(now + s(10)), s(52), "two before it, a second apart");
        assert_eq!((slots.wait(now + s(119)), slots.wait(now + s(120))), (s(2), Duration::ZERO));
        for _ in 2..90 {
            slots.join();
        }
        assert_eq!(slots.wait(now + s(10)), s(50 + 30 + 60), "a slot of the spread calls comes back");
    }

    #[test]
    fn a_huge_quota_costs_no_memory() {
        let now = Instant::now();
        let mut slots = Slots::new(u32::MAX, WINDOW);
        take(&mut slots, now);
        assert_eq!(slots.wait(now), Duration::ZERO);
    }
}
