//! How long the rest of a read takes: from the calls that are left, the quota, and what a call takes. Decides only.

use std::time::Duration;

use tokio::time::Instant;

/// After this number of pages, the time that a call took counts half.
const MEMORY: f64 = 32.0;

/// More calls than a read has under way at a time.
const MOST_IN_FLIGHT: u64 = 8;
/// Rows that come within so little time of each other are of one reply, or of replies that came together.
const TOGETHER: Duration = Duration::from_millis(2);
/// After so long the replies that came together are all there.
const SETTLED: Duration = Duration::from_millis(50);

/// The quota at one moment.
#[derive(Clone, Copy)]
pub(crate) struct QuotaState<'a> {
    /// How long the call after this number of others waits.
    pub(crate) forecast: &'a dyn Fn(u64) -> Duration,
    pub(crate) calls: u32,
    pub(crate) window: Duration,
    /// Calls of the read whose replies have not come.
    pub(crate) in_flight: u64,
}

/// What is known of the pace of a read.
///
/// The time left does not grow because a read waits: waits are left out of what a call takes, and are forecast from the quota instead.
#[derive(Clone, Debug)]
pub(crate) struct Estimate {
    /// Rows that one call asks for.
    page: f64,
    began: Instant,
    came: Instant,
    /// Rows that came in this run.
    rows: u64,
    /// Rows that came together last, and the time that they took; no time if it is no measure.
    last: (f64, Option<f64>),
    /// Rows of late, and the time that they took without waits.
    late_rows: f64,
    late_time: f64,
    has_waited: bool,
    /// Rows that had come when the read last went on after a wait.
    resumed: u64,
    throttled: Option<Throttled>,
}

/// How much the platform admits before it throttles: less than this client's quota, or somebody else calls too.
#[derive(Clone, Copy, Debug, Default)]
struct Throttled {
    pauses: u32,
    /// Rows that came before these pauses, since the first of their windows began.
    rows: u64,
    is_paused: bool,
}

impl Estimate {
    /// A read whose calls each ask for this number of rows.
    pub(crate) fn new(page: u32, now: Instant) -> Self {
        Self {
            page: page.max(1).into(),
            began: now,
            came: now,
            rows: 0,
            last: (0.0, None),
            late_rows: 0.0,
            late_time: 0.0,
            // How long the first reply takes says nothing of replies that come side by side.
            has_waited: true,
            resumed: 0,
            throttled: None,
        }
    }

    /// Takes in the number of rows that came now; 0 begins a new measurement.
    pub(crate) fn rows(&mut self, rows: u64, now: Instant) {
        let took = now - self.came;
        if self.has_waited || rows == 0 || took > TOGETHER || self.last.0 == 0.0 {
            (self.late_rows, self.late_time) = self.late();
            let is_measure = !self.has_waited && rows > 0 && self.rows > 0;
            self.last = (0.0, is_measure.then_some(took.as_secs_f64()));
            if std::mem::take(&mut self.has_waited) {
                self.resumed = self.rows;
                self.throttled.iter_mut().for_each(|throttled| throttled.is_paused = false);
            }
        }
        self.came = now;
        self.last.0 += rows as f64;
        self.rows += rows;
        let beyond = self.throttled.is_some_and(|_| self.calls_since_wait() > 1.5 * self.admitted() + 1.0);
        self.throttled.take_if(|_| beyond);
    }

    /// The rows of late and their time, with those that came last.
    fn late(&self) -> (f64, f64) {
        let (rows, Some(took)) = self.last else { return (self.late_rows, self.late_time) };
        let keep = 0.5_f64.powf(rows / self.page / MEMORY);
        (self.late_rows * keep + rows, self.late_time * keep + took)
    }

    /// The read waits now for the quota, or because the platform has throttled it.
    pub(crate) fn waits(&mut self, throttled: bool) {
        self.has_waited = true;
        if throttled {
            let rows = self.rows - self.resumed;
            let known = self.throttled.get_or_insert_default();
            if !std::mem::replace(&mut known.is_paused, true) {
                (known.pauses, known.rows) = (known.pauses + 1, known.rows + rows);
            }
        }
    }

    fn calls_since_wait(&self) -> f64 {
        (self.rows - self.resumed) as f64 / self.page
    }

    /// How many calls the platform admits in a window.
    fn admitted(&self) -> f64 {
        let all = |known: Throttled| known.rows as f64 / self.page / f64::from(known.pauses.max(1));
        self.throttled.map_or(f64::INFINITY, all).max(1.0)
    }

    /// How many calls have no reply yet, given the number of calls that have begun in this run. A read has few of them at a time.
    pub(crate) fn in_flight(&self, begun: u64) -> u64 {
        begun.saturating_sub((self.rows as f64 / self.page).ceil() as u64).min(MOST_IN_FLIGHT)
    }

    /// Rows that came in a second since the read began.
    pub(crate) fn rate(&self, now: Instant) -> Option<f64> {
        let seconds = (now - self.began).as_secs_f64();
        (self.rows > 0 && seconds >= 0.1).then(|| self.rows as f64 / seconds)
    }

    /// How long this number of rows takes; `paused` is how long no call can be made. `None` before three replies, unless the quota decides.
    pub(crate) fn left(
        &self,
        rows: u64,
        quota: Option<QuotaState<'_>>,
        paused: Duration,
        now: Instant,
    ) -> Option<Duration> {
        let since = now - self.came;
        let late = if since >= SETTLED { self.late() } else { (self.late_rows, self.late_time) };
        let is_known = late.0 >= 1.9 * self.page;
        // A read that waits for its quota takes as long as that, at least.
        if rows == 0 || !is_known && (self.rows == 0 || !self.has_waited) {
            return None;
        }
        let (each, paused) = match is_known {
            true => (late.1 / late.0 * self.page, paused.as_secs_f64()),
            false => (0.0, 0.0),
        };
        let calls = (rows as f64 / self.page).ceil();
        // What comes together next is under way.
        let under_way =
            if self.has_waited { 0.0 } else { since.as_secs_f64().min(self.last.1.unwrap_or(0.0)) };
        let mut left = (calls * each - under_way).max(0.0) + paused;
        if let Some(quota) = quota {
            if let Some(ahead) = (calls as u64).saturating_sub(quota.in_flight).checked_sub(1) {
                left = left.max((quota.forecast)(ahead).as_secs_f64() + each);
            }
            left = left.max(self.throttled_left(calls, each, quota, paused));
        }
        Duration::try_from_secs_f64(left).ok().filter(|left| is_known || !left.is_zero())
    }

    /// The same if the platform goes on admitting what it admitted, and throttles the call after that.
    fn throttled_left(&self, calls: f64, each: f64, quota: QuotaState<'_>, paused: f64) -> f64 {
        let Some(throttled) = self.throttled else { return 0.0 };
        let (window, admitted) = (quota.window.as_secs_f64(), self.admitted());
        // After a pause the client spreads its calls evenly.
        let each = each.max(window / f64::from(quota.calls));
        let room = if throttled.is_paused { 0.0 } else { (admitted - self.calls_since_wait()).max(0.0) };
        let rest = calls - room;
        if rest <= 0.0 {
            return calls * each;
        }
        let pause = if throttled.is_paused { paused } else { window };
        room * each + pause + (rest / admitted - 1.0).ceil().max(0.0) * window + rest * each
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    /// Reads this number of pages of 250 rows, some side by side, of which each takes so long, in a quota of the client and another one of the
    /// platform. Returns the time that it took, and all estimates with the time at which they were made.
    fn read(calls: u64, (own, theirs): (usize, usize), beside: usize, each: u64) -> (f64, Vec<(f64, f64)>) {
        let (began, each) = (Instant::now(), Duration::from_millis(each));
        let (mut now, mut estimate, mut told) = (began, Estimate::new(250, began), Vec::new());
        let (mut slots, mut admitted) = (VecDeque::from(vec![began; own]), VecDeque::<Instant>::new());
        let (mut in_flight, mut sent, mut received) = (VecDeque::new(), 0, 0);
        let (mut pause, mut next_call) = (None, began);
        for tick in 0_u64.. {
            while in_flight.front().is_some_and(|arrives| *arrives <= now) {
                in_flight.pop_front();
                slots.push_back(now + WINDOW);
                received += 1;
                estimate.rows(250, now);
            }
            if received == calls {
                break;
            }
            // The first reply says how many pages there are.
            let most = if received == 0 { 1 } else { beside };
            while sent < calls
                && in_flight.len() < most
                && now >= next_call
                && slots.front().is_some_and(|at| *at <= now)
            {
                slots.pop_front();
                admitted.retain(|at| now - *at < WINDOW);
                if admitted.len() >= theirs {
                    slots.push_back(now + WINDOW);
                    next_call = now + WINDOW + Duration::from_secs(3);
                    pause = Some(next_call);
                    break;
                }
                admitted.push_back(now);
                in_flight.push_back(now + each);
                sent += 1;
                if pause.is_some_and(|ends| now < ends + WINDOW) {
                    next_call = now + WINDOW / u32::try_from(own).unwrap();
                }
            }
            let paused = pause.map(|ends| ends.saturating_duration_since(now)).unwrap_or_default();
            if tick % 20 == 0 {
                let waits_for_slot = slots.front().is_none_or(|at| *at > now) && sent < calls;
                if !paused.is_zero() || waits_for_slot && in_flight.is_empty() {
                    estimate.waits(!paused.is_zero());
                }
                let forecast = |ahead: u64| {
                    let ahead = usize::try_from(ahead).unwrap();
                    let mut back = slots.clone();
                    back.extend(in_flight.iter().map(|arrives| *arrives + WINDOW));
                    let turns = u32::try_from(ahead / own).unwrap();
                    back[ahead % own].max(next_call).saturating_duration_since(now) + WINDOW * turns
                };
                let under_way = in_flight.len() as u64;
                let quota = QuotaState {
                    forecast: &forecast,
                    calls: own as u32,
                    window: WINDOW,
                    in_flight: under_way,
                };
                let left = estimate.left((calls - received) * 250, Some(quota), paused, now);
                told.extend(left.map(|left| ((now - began).as_secs_f64(), left.as_secs_f64())));
            }
            now += Duration::from_millis(10);
        }
        ((now - began).as_secs_f64(), told)
    }

    #[test]
    fn the_time_left_is_right_within_a_factor_of_two() {
        for (calls, quotas, beside, each) in [
            (10, (100, 100), 1, 500),
            (90, (100, 100), 1, 300),
            (101, (100, 100), 1, 50),
            (199, (100, 100), 1, 20),
            (4000, (100, 100), 4, 50),
            (150, (100, 100), 1, 2000),
            (80, (100, 100), 1, 5000),
            // The window opens.
            (240, (100, 100), 4, 50),
            (120, (50, 50), 4, 50),
            // The platform's quota is smaller.
            (39, (100, 20), 4, 50),
            (100, (100, 20), 4, 50),
            // Slow replies side by side.
            (80, (100, 100), 8, 1000),
            (40, (100, 100), 8, 2500),
        ] {
            let (took, told) = read(calls, quotas, beside, each);
            assert!(told.len() > 3);
            // Nobody can know of the platform's quota before it throttles.
            let unknown = if quotas.1 < quotas.0 { 2.0 } else { 0.0 };
            for (at, left) in told.into_iter().filter(|(at, _)| *at > unknown) {
                let truth = took - at;
                assert!(
                    left <= 2.0 * truth + 1.0 && truth <= 2.0 * left + 1.0,
                    "{calls} {quotas:?} {beside} {each}: {at:.1} {left:.1} {truth:.1}"
                );
            }
        }
    }

    #[test]
    fn nothing_is_said_without_rows_to_go_by() {
        let now = Instant::now();
        let s = Duration::from_secs;
        let mut estimate = Estimate::new(250, now);
        for (after, rows, left) in [(60, 0, None), (80, 250, None), (81, 250, None), (82, 250, Some(s(4)))] {
            estimate.rows(rows, now + s(after));
            let told = estimate.left(1050, None, s(0), now + s(after) + SETTLED);
            assert_eq!(
                told.map(|told| s(told.as_secs())),
                left,
                "what came before the second reply does not count"
            );
        }
        assert_eq!(estimate.left(0, None, s(0), now + WINDOW * 2), None);
    }
}
