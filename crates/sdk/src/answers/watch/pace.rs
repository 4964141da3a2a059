//! Decides when a watch may call again: within a share of the quota, and more often while statuses change. The clock is
//! injected.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::call::after;

/// The rest between two polls grows by this factor while nothing moves.
const SLOWER: u32 = 2;
/// What it grows to from nothing.
const SHORTEST: Duration = Duration::from_secs(1);

/// The pace of a watch, which makes one call at a time.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    /// How many calls may fall into one window; `None` if there is no limit.
    calls: Option<usize>,
    window: Duration,
    /// When the latest calls were answered, the oldest first. Each holds its place in the window until then: the
    /// platform counts a call when it arrives, which is some time between sending and answer.
    answered: VecDeque<Instant>,
    fastest: Duration,
    slowest: Duration,
    rest: Duration,
    next_poll: Option<Instant>,
}

impl Pace {
    /// Takes at most this share (above 0, up to 1) of the calls in a window, and at least one call.
    pub(crate) fn new(
        (calls, window): (Option<u32>, Duration),
        share: f64,
        fastest: Duration,
        slowest: Duration,
    ) -> Self {
        // Neither sign nor size can be lost: the share is at most 1, and a fraction of a call is none.
        let calls = calls.map(|calls| ((f64::from(calls) * share) as usize).max(1));
        Self {
            calls,
            window,
            answered: VecDeque::new(),
            fastest,
            slowest: slowest.max(fastest),
            rest: fastest,
            next_poll: None,
        }
    }

    /// When the next call of a poll may be made, of which this many are still to come: after the rest between two polls, and
    /// when the window has room for all of them, since counts far apart in time miss more of what moves.
    pub(crate) fn next_at(&self, now: Instant, calls: usize) -> Instant {
        self.next_poll.unwrap_or(now).max(self.call_at(now, calls))
    }

    /// When the window has room for this many calls; if a window never has, when it is empty.
    fn call_at(&self, now: Instant, calls: usize) -> Instant {
        let Some(limit) = self.calls else { return now };
        let over = (self.answered.len() + calls.min(limit)).saturating_sub(limit);
        let freed = over.checked_sub(1).and_then(|last| self.answered.get(last));
        freed.map_or(now, |answered| now.max(after(*answered, self.window)))
    }

    /// A call was answered just now.
    pub(crate) fn answered(&mut self, now: Instant) {
        let Some(limit) = self.calls else { return };
        self.answered.push_back(now);
        if self.answered.len() > limit {
            self.answered.pop_front();
        }
    }

    /// A poll has ended, and things have moved since the one before, or not.
    pub(crate) fn polled(&mut self, now: Instant, moved: bool) {
        let slower = self.rest.saturating_mul(SLOWER).max(SHORTEST).min(self.slowest);
        self.rest = if moved { self.fastest } else { slower };
        self.next_poll = Some(after(now, self.rest));
    }

    /// A poll has failed, after this many attempts. It rests as if nothing had moved, and at least for a moment.
    pub(crate) fn missed(&mut self, now: Instant, attempts: u32) {
        (0..attempts).for_each(|_| self.answered(now));
        self.polled(now, false);
        self.next_poll = Some(after(now, self.rest.max(SHORTEST)));
    }
}

#[cfg(test)]
mod tests {
    use northbound_client::QUOTA;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pace(share: f64) -> Pace {
        Pace::new((Some(QUOTA.calls), QUOTA.window), share, SECOND, 10 * SECOND)
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_gives_its_place_back_a_window_after_its_answer() {
        let start = Instant::now();
        let mut pace = pace(0.03);
        for second in 0..3 {
            let now = start + second * SECOND;
            assert_eq!(pace.call_at(now, 1), now);
            pace.answered(now);
        }
        let now = start + 3 * SECOND;
        assert_eq!(pace.call_at(now, 1), start + QUOTA.window);
        assert_eq!(pace.call_at(now, 2), start + QUOTA.window + SECOND);
        assert_eq!(pace.call_at(now, 3), start + QUOTA.window + 2 * SECOND);
        assert_eq!(pace.call_at(now, 300), start + QUOTA.window + 2 * SECOND, "no more than a window holds");
        pace.answered(start + QUOTA.window);
        assert_eq!(pace.call_at(now, 1), start + QUOTA.window + SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_share_of_nearly_nothing_is_one_call() {
        let now = Instant::now();
        let mut pace = pace(f64::MIN_POSITIVE);
        assert_eq!(pace.call_at(now, 6), now);
        pace.answered(now);
        assert_eq!(pace.call_at(now, 6), now + QUOTA.window);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_quota_only_the_rest_between_two_polls_counts() {
        let now = Instant::now();
        let mut pace = Pace::new((None, QUOTA.window), f64::MIN_POSITIVE, SECOND, SECOND);
        (0..1000).for_each(|_| pace.answered(now));
        assert_eq!(pace.next_at(now, 1000), now);
        pace.polled(now, true);
        assert_eq!(pace.next_at(now, 1000), now + SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn with_a_fastest_interval_of_zero_polls_rest_only_while_nothing_changes() {
        let now = Instant::now();
        let mut pace = Pace::new((Some(QUOTA.calls), QUOTA.window), 1.0, Duration::ZERO, 3 * SECOND);
        let mut rest = |moved| {
            pace.polled(now, moved);
            pace.next_at(now, 1) - now
        };
        assert_eq!([rest(true), rest(false), rest(false), rest(false)], [0, 1, 2, 3].map(|n| n * SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn rests_grow_while_nothing_moves_and_shrink_at_once() {
        let now = Instant::now();
        let mut pace = pace(1.0);
        assert_eq!(pace.next_at(now, 6), now);
        let mut rest = |moved| {
            pace.polled(now, moved);
            pace.next_at(now, 1) - now
        };
        assert_eq!([rest(true), rest(false), rest(false), rest(false)], [1, 2, 4, 8].map(|n| n * SECOND));
        assert_eq!([rest(false), rest(false), rest(true)], [10, 10, 1].map(|n| n * SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn the_slowest_is_never_below_the_fastest() {
        let now = Instant::now();
        let mut pace = Pace::new((Some(QUOTA.calls), QUOTA.window), 1.0, 10 * SECOND, SECOND);
        pace.polled(now, false);
        assert_eq!(pace.next_at(now, 1), now + 10 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn a_poll_waits_for_room_even_when_it_has_rested() {
        let now = Instant::now();
        let mut pace = pace(0.05);
        (0..4).for_each(|_| pace.answered(now));
        pace.polled(now, true);
        assert_eq!(pace.next_at(now, 1), now + SECOND);
        assert_eq!(pace.next_at(now, 2), now + QUOTA.window);
    }
}
