//! How fast a task settles, and how long it will take at that rate.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// How far back the rate looks: long enough for devices that answer in bursts, short enough to follow a change.
const SPAN: Duration = Duration::from_secs(300);

/// How many subtasks were settled when.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outlook {
    points: VecDeque<(Instant, u64)>,
    open: u64,
}

impl Outlook {
    pub(crate) fn take(&mut self, now: Instant, settled: u64, open: u64) {
        self.points.push_back((now, settled));
        self.open = open;
        // The newest point outside of the span stays: without it, a slow watch had nothing to compare with.
        while self.points.get(1).is_some_and(|(at, _)| now.duration_since(*at) >= SPAN) {
            self.points.pop_front();
        }
    }

    /// Forgets the points before an outage, because it is not known when subtasks settled during the outage.
    pub(crate) fn forget(&mut self) {
        self.points.clear();
    }

    /// Subtasks that settle in a second, over the last minutes; `None` before there are two points in time.
    pub(crate) fn rate(&self) -> Option<f64> {
        let ((from, before), (to, after)) = (self.points.front()?, self.points.back()?);
        let seconds = to.duration_since(*from).as_secs_f64();
        (seconds > 0.0).then(|| after.saturating_sub(*before) as f64 / seconds)
    }

    /// How long it takes until all are settled at this rate; `None` if that cannot be estimated.
    pub(crate) fn left(&self) -> Option<Duration> {
        if self.open == 0 {
            return Some(Duration::ZERO);
        }
        // Without any rate it is longer than a duration can be.
        Duration::try_from_secs_f64(self.open as f64 / self.rate()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn the_time_left_follows_the_rate() {
        let start = Instant::now();
        let mut outlook = Outlook::default();
        assert_eq!((outlook.rate(), outlook.left()), (None, Some(Duration::ZERO)));
        outlook.take(start, 0, 1000);
        assert_eq!((outlook.rate(), outlook.left()), (None, None));
        outlook.take(start + 10 * SECOND, 100, 900);
        assert_eq!((outlook.rate(), outlook.left()), (Some(10.0), Some(90 * SECOND)));
        outlook.take(start + 100 * SECOND, 1000, 0);
        assert_eq!(outlook.left(), Some(Duration::ZERO));
        outlook.forget();
        outlook.take(start + 500 * SECOND, 1000, 10);
        assert_eq!((outlook.rate(), outlook.left()), (None, None), "across an outage nothing is compared");
    }

    #[tokio::test(start_paused = true)]
    async fn old_points_in_time_are_forgotten() {
        let start = Instant::now();
        let mut outlook = Outlook::default();
        for (second, settled) in [(0, 0), (60, 600), (400, 600), (700, 600)] {
            outlook.take(start + second * SECOND, settled, 400);
        }
        assert_eq!((outlook.rate(), outlook.left()), (Some(0.0), None));
        assert_eq!(outlook.points.len(), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn no_number_is_too_large() {
        let start = Instant::now();
        let mut outlook = Outlook::default();
        outlook.take(start, 0, u64::MAX);
        outlook.take(start + 300 * SECOND, 1, u64::MAX);
        assert_eq!(outlook.left(), None);
    }
}
