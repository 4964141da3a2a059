//! Flow control: how many calls of an application are taken in a window of time that slides.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// The time in which the platform counts calls.
pub(crate) const WINDOW: Duration = Duration::from_secs(60);

/// The calls of each application that the window holds.
#[derive(Debug)]
pub(crate) struct Quota {
    /// Calls in a window; 0 is no limit.
    calls: usize,
    window: Duration,
    arrivals: HashMap<String, VecDeque<Duration>>,
}

/// A call too many.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exceeded {
    /// Time until the next call would be taken.
    pub(crate) free_in: Duration,
}

impl Quota {
    pub(crate) fn new(calls: u32, window: Duration) -> Self {
        Self { calls: calls as usize, window, arrivals: HashMap::new() }
    }

    /// Judges a call that arrives now. It counts if it is taken.
    pub(crate) fn take(&mut self, app_id: &str, now: Duration) -> Result<(), Exceeded> {
        if self.calls == 0 {
            return Ok(());
        }
        let (calls, length) = (self.calls, self.window);
        let window = self.window(app_id, now);
        // The call is taken once fewer than `calls` others are left in the window: when this one has moved out.
        match window.len().checked_sub(calls).and_then(|over| window.get(over)) {
            None => {
                window.push_back(now);
                Ok(())
            }
            Some(last) => Err(Exceeded { free_in: last.saturating_add(length).saturating_sub(now) }),
        }
    }

    /// Counts a call that is taken whatever the window holds.
    pub(crate) fn count(&mut self, app_id: &str, now: Duration) {
        if self.calls > 0 {
            self.window(app_id, now).push_back(now);
        }
    }

    /// The arrivals of less than a window ago, oldest first.
    fn window(&mut self, app_id: &str, now: Duration) -> &mut VecDeque<Duration> {
        let length = self.window;
        let arrivals = self.arrivals.entry(app_id.to_owned()).or_default();
        while arrivals.front().is_some_and(|arrival| now.saturating_sub(*arrival) >= length) {
            arrivals.pop_front();
        }
        arrivals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    #[test]
    fn the_window_slides_with_each_call() {
        let mut quota = Quota::new(2, WINDOW);
        assert_eq!(quota.take("a", at(0)), Ok(()));
        assert_eq!(quota.take("a", at(10_000)), Ok(()));
        assert_eq!(quota.take("a", at(59_999)), Err(Exceeded { free_in: at(1) }));
        assert_eq!(quota.take("a", at(60_000)), Ok(()), "the first call is 60 s ago");
        assert_eq!(quota.take("a", at(60_000)), Err(Exceeded { free_in: at(10_000) }));
        assert_eq!(quota.take("a", at(70_000)), Ok(()));
    }

    #[test]
    fn applications_do_not_share_a_window() {
        let mut quota = Quota::new(1, WINDOW);
        assert_eq!(quota.take("a", at(0)), Ok(()));
        assert_eq!(quota.take("b", at(0)), Ok(()));
        assert!(quota.take("a", at(0)).is_err());
    }

    #[test]
    fn a_counted_call_may_overfill_the_window_and_the_wait_says_so() {
        let mut quota = Quota::new(2, WINDOW);
        for now in [0, 5_000, 20_000] {
            quota.count("a", at(now));
        }
        assert_eq!(quota.take("a", at(30_000)), Err(Exceeded { free_in: at(35_000) }));
        assert_eq!(quota.take("a", at(60_000)), Err(Exceeded { free_in: at(5_000) }));
        assert_eq!(quota.take("a", at(65_000)), Ok(()));
    }

    #[test]
    fn without_a_quota_every_call_is_taken_and_none_is_remembered() {
        let mut quota = Quota::new(0, WINDOW);
        for _ in 0..1_000 {
            quota.count("a", at(0));
            assert_eq!(quota.take("a", at(0)), Ok(()));
        }
        assert!(quota.arrivals.is_empty());
    }
}
