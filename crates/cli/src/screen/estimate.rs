//! How long the rest of a read takes: from the calls that are left, the quota, and what a call takes. Decides only.

use std::time::Duration;

use tokio::time::Instant;

/// After so many pages what a call took counts half.
const MEMORY: f64 = 32.0;

/// The quota at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QuotaState {
    pub(crate) calls: u32,
    pub(crate) window: Duration,
    /// Calls that can be made at once.
    pub(crate) free: u32,
}

/// What is known of the pace of a read.
///
/// The time left does not grow because a read waits: waits are left out of what a call takes, and are computed from the quota instead.
#[derive(Clone, Debug)]
pub(crate) struct Estimate {
    /// Rows that one call asks for.
    page: f64,
    began: Instant,
    came: Instant,
    /// Rows that came in this run.
    rows: u64,
    /// Rows of late, and the time that they took without waits.
    late_rows: f64,
    late_time: f64,
    /// Since when the calls of the current window are made.
    window_began: Instant,
    has_waited: bool,
    /// When the platform last throttled a call, or something else went wrong.
    throttled: Option<Instant>,
}

impl Estimate {
    /// A read whose calls ask for so many rows.
    pub(crate) fn new(page: u32, now: Instant) -> Self {
        Self {
            page: page.max(1).into(),
            began: now,
            came: now,
            rows: 0,
            late_rows: 0.0,
            late_time: 0.0,
            window_began: now,
            has_waited: false,
            throttled: None,
        }
    }

    /// So many more rows came now; 0 if what came before them is no measure of the read.
    pub(crate) fn rows(&mut self, rows: u64, now: Instant) {
        let (took, waited) = (now - self.came, std::mem::take(&mut self.has_waited));
        self.came = now;
        if waited {
            self.window_began = now;
        } else if rows > 0 {
            let keep = 0.5_f64.powf(rows as f64 / self.page / MEMORY);
            self.late_rows = self.late_rows * keep + rows as f64;
            self.late_time = self.late_time * keep + took.as_secs_f64();
        }
        self.rows += rows;
    }

    /// The read waits now for the quota, or because somebody else has used it.
    pub(crate) fn waits(&mut self, throttled: bool, now: Instant) {
        self.has_waited = true;
        if throttled {
            self.throttled = Some(now);
        }
    }

    /// Rows that came in a second since the read began.
    pub(crate) fn rate(&self, now: Instant) -> Option<f64> {
        let seconds = (now - self.began).as_secs_f64();
        (self.rows > 0 && seconds >= 0.1).then(|| self.rows as f64 / seconds)
    }

    /// How long so many rows take; `paused` is how long nothing is called at all.
    pub(crate) fn left(
        &self,
        rows: u64,
        quota: Option<QuotaState>,
        paused: Duration,
        now: Instant,
    ) -> Option<Duration> {
        if rows == 0 || self.late_rows <= 0.0 {
            return None;
        }
        let mut each = self.late_time / self.late_rows * self.page;
        let window = quota.map_or(0.0, |quota| quota.window.as_secs_f64());
        let quota = quota.map(|quota| (f64::from(quota.calls), f64::from(quota.free)));
        // For a window the client spreads its calls evenly then.
        let spreads = self.throttled.is_some_and(|at| (now - at).as_secs_f64() <= window);
        if let Some((calls, _)) = quota.filter(|_| spreads || !paused.is_zero()) {
            each = each.max(window / calls);
        }
        let takes = |calls: f64, free: f64, next: f64| {
            let of_quota = quota.map(|(all, _)| {
                let waiting = (calls - free - 1.0).max(0.0);
                next + window * (waiting / all).floor() + each * (waiting % all + 1.0)
            });
            let by_calls = calls * each;
            if calls > free { of_quota.unwrap_or(by_calls).max(by_calls) } else { by_calls }
        };
        let free = quota.map_or(f64::INFINITY, |(_, free)| free);
        let next = (window - (now - self.window_began).as_secs_f64()).max(0.0);
        let left = takes((rows as f64 / self.page).ceil(), free, next);
        // Whoever shares the quota makes the read slower, but nobody knows for how long.
        let took = (self.came - self.began).as_secs_f64();
        let all = quota.map_or(f64::INFINITY, |(all, _)| all);
        let expected = takes((self.rows as f64 / self.page).ceil(), all, window);
        let slower = if quota.is_some() && took > window { (took / expected).clamp(1.0, 2.0) } else { 1.0 };
        Duration::try_from_secs_f64(left * slower).ok().map(|left| paused + left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_secs(60);

    /// Reads pages of 250 rows, of which each takes so long, in a quota of 100 calls. From a second on, and for `throttled` after each
    /// window, somebody else uses the quota up. Returns the time that it took, and all estimates with the time at which they were made.
    fn read(calls: u64, each: Duration, throttled: Duration) -> (Duration, Vec<(Duration, Duration)>) {
        let (began, rows) = (Instant::now(), calls * 250);
        let (mut now, mut estimate, mut told) = (began, Estimate::new(250, began), Vec::new());
        let mut window_began = now;
        for call in 0..calls {
            let used = u32::try_from(call % 100).unwrap();
            let mut look = |estimate: &Estimate, now: Instant, paused| {
                let quota = QuotaState {
                    calls: 100,
                    window: WINDOW,
                    free: 100 - if used == 0 && call > 0 { 100 } else { used },
                };
                let left = estimate.left(rows - call * 250, Some(quota), paused, now);
                told.extend(left.map(|left| (now - began, left)));
            };
            if used == 0 && call > 0 {
                let opens = now.max(window_began + WINDOW) + throttled;
                while now < opens {
                    let is_throttled = now >= window_began + WINDOW;
                    let paused = if is_throttled { opens - now } else { Duration::ZERO };
                    estimate.waits(is_throttled, now);
                    look(&estimate, now, paused);
                    now = (now + Duration::from_secs(1)).min(opens);
                }
                window_began = now;
            }
            look(&estimate, now, Duration::ZERO);
            now += each;
            estimate.rows(250, now);
        }
        (now - began, told)
    }

    #[test]
    fn the_time_left_is_right_within_a_factor_of_two() {
        for (calls, each) in
            [(10, 50), (90, 300), (101, 50), (120, 50), (199, 20), (4000, 50), (150, 2000), (80, 5000)]
        {
            let (took, told) = read(calls, Duration::from_millis(each), Duration::ZERO);
            assert!(told.len() > 5);
            for (at, left) in told {
                let (left, truth) = (left.as_secs_f64(), (took - at).as_secs_f64());
                assert!(
                    left <= 2.0 * truth + 1.0 && truth <= 2.0 * left + 1.0,
                    "{calls} {each}: {at:?} {left} {truth}"
                );
            }
        }
    }

    #[test]
    fn the_time_left_grows_by_less_than_a_factor_of_two_while_somebody_else_uses_the_quota() {
        for throttled in [1, 30, 60] {
            let (_, told) = read(1000, Duration::from_millis(50), Duration::from_secs(throttled));
            let first = told[0].1;
            assert!(told.iter().all(|(_, left)| *left < 2 * first), "{throttled}: {told:?}");
        }
    }

    #[test]
    fn nothing_is_said_without_rows_to_go_by() {
        let now = Instant::now();
        let mut estimate = Estimate::new(250, now);
        assert_eq!(estimate.left(1000, None, Duration::ZERO, now), None);
        estimate.rows(0, now + WINDOW);
        assert_eq!(estimate.left(1000, None, Duration::ZERO, now + WINDOW), None);
        estimate.rows(250, now + WINDOW + Duration::from_secs(1));
        let left = estimate.left(1000, None, Duration::ZERO, now + WINDOW);
        assert_eq!(left, Some(Duration::from_secs(4)), "what came before the first rows does not count");
        assert_eq!(estimate.left(0, None, Duration::ZERO, now + WINDOW), None);
    }
}
