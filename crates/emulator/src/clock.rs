//! The time that everything follows: tokens, quota, tasks, subtasks, and the waits of faults.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::Instant;

/// Which time a [`Clock`] follows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ClockKind {
    /// Tokio's time: real time, or simulated time where a test has paused tokio's clock.
    #[default]
    Real,
    /// It stands still until it is advanced by a call.
    Manual,
}

/// The clock of an emulator. It starts at zero; clones are the same clock.
///
/// Either kind can be advanced. A manual clock only moves when it is advanced; a real clock jumps ahead. A clock never moves
/// back, except when a reset of the emulator sets it to zero.
///
/// ```
/// use std::time::Duration;
/// use northbound_emulator::{Control, Scenario};
///
/// # fn main() -> Result<(), northbound_emulator::ScenarioError> {
/// let control = Control::new(Scenario::default().with_manual_clock())?;
/// let clock = control.clock().clone();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now(), Duration::from_secs(60));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Clock {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    kind: ClockKind,
    moment: Mutex<Moment>,
    /// Wakes whoever waits for a time that may have come.
    moved: Notify,
}

#[derive(Debug, Clone, Copy)]
struct Moment {
    started: Instant,
    ahead: Duration,
    /// Counts how often the clock was started.
    run: u64,
    /// The date and time at which it started, since 1970 began.
    epoch: Duration,
}

/// The date at which a manual clock starts, always the same: 2022-02-24, that of the platform's page.
const MANUAL_EPOCH: Duration = Duration::from_secs(1_645_660_800);

impl Moment {
    fn new(kind: ClockKind, run: u64) -> Self {
        let epoch = match kind {
            ClockKind::Real => SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
            ClockKind::Manual => MANUAL_EPOCH,
        };
        Self { started: Instant::now(), ahead: Duration::ZERO, run, epoch }
    }
}

impl Clock {
    pub(crate) fn new(kind: ClockKind) -> Self {
        let moment = Mutex::new(Moment::new(kind, 0));
        Self { shared: Arc::new(Shared { kind, moment, moved: Notify::new() }) }
    }

    /// Whether the clock runs by itself or is manual.
    #[must_use]
    pub fn kind(&self) -> ClockKind {
        self.shared.kind
    }

    /// Time since the emulator was started or reset.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.at(&self.moment())
    }

    /// Date and time at this reading of the clock, in seconds since 1970 began in UTC.
    ///
    /// A real clock starts at the date and time of the machine, a manual one at the beginning of 2022-02-24.
    pub(crate) fn unix_seconds(&self, reading: Duration) -> u64 {
        self.moment().epoch.saturating_add(reading).as_secs()
    }

    /// Moves the clock ahead by any time.
    pub fn advance(&self, by: Duration) {
        {
            let mut moment = self.moment();
            moment.ahead = moment.ahead.saturating_add(by);
        }
        self.shared.moved.notify_waiters();
    }

    /// Starts again at zero. Waits that are under way end.
    pub(crate) fn restart(&self) {
        {
            let mut moment = self.moment();
            *moment = Moment::new(self.kind(), moment.run + 1);
        }
        self.shared.moved.notify_waiters();
    }

    /// Waits until this clock has moved on by `duration`.
    pub(crate) async fn sleep(&self, duration: Duration) {
        let start = *self.moment();
        let end = self.at(&start).saturating_add(duration);
        loop {
            // Listen before looking, or a move between the two would be missed.
            let mut moved = std::pin::pin!(self.shared.moved.notified());
            moved.as_mut().enable();
            let moment = *self.moment();
            let left = end.saturating_sub(self.at(&moment));
            if left.is_zero() || moment.run != start.run {
                return;
            }
            match self.kind() {
                // Either way, look again.
                ClockKind::Real => drop(tokio::time::timeout(left, moved).await),
                ClockKind::Manual => moved.await,
            }
        }
    }

    fn at(&self, moment: &Moment) -> Duration {
        match self.kind() {
            ClockKind::Real => moment.started.elapsed().saturating_add(moment.ahead),
            ClockKind::Manual => moment.ahead,
        }
    }

    /// A panic elsewhere leaves the moment intact: it is replaced in one go.
    fn moment(&self) -> MutexGuard<'_, Moment> {
        self.shared.moment.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn is_over(future: &mut std::pin::Pin<&mut impl Future<Output = ()>>) -> bool {
        matches!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Ready(()))
    }

    #[test]
    fn a_manual_clock_moves_by_calls_alone() {
        let clock = Clock::new(ClockKind::Manual);
        assert_eq!(clock.now(), Duration::ZERO);
        clock.clone().advance(3 * SECOND);
        assert_eq!(clock.now(), 3 * SECOND);
        clock.advance(Duration::MAX);
        assert_eq!(clock.now(), Duration::MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn the_real_clock_follows_the_time_of_tokio_and_can_jump_ahead() {
        let clock = Clock::new(ClockKind::Real);
        tokio::time::advance(90 * SECOND).await;
        assert_eq!(clock.now(), 90 * SECOND);
        clock.advance(10 * SECOND);
        assert_eq!(clock.now(), 100 * SECOND);
    }

    #[test]
    fn a_wait_on_a_manual_clock_ends_when_it_was_advanced_far_enough() {
        let clock = Clock::new(ClockKind::Manual);
        let mut wait = pin!(clock.sleep(2 * SECOND));
        assert!(!is_over(&mut wait));
        clock.advance(SECOND);
        assert!(!is_over(&mut wait));
        clock.advance(SECOND);
        assert!(is_over(&mut wait));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_on_the_real_clock_takes_its_time_and_no_longer() {
        let clock = Clock::new(ClockKind::Real);
        clock.sleep(7 * SECOND).await;
        assert!(clock.now().abs_diff(7 * SECOND) < Duration::from_millis(2), "{:?}", clock.now());
    }

    #[test]
    fn a_restart_ends_the_waits_and_begins_at_zero() {
        let clock = Clock::new(ClockKind::Manual);
        clock.advance(SECOND);
        let mut wait = pin!(clock.sleep(SECOND));
        assert!(!is_over(&mut wait));
        clock.restart();
        assert!(is_over(&mut wait));
        assert_eq!(clock.now(), Duration::ZERO);
    }

    #[test]
    fn a_real_clock_has_the_date_of_the_machine_and_a_manual_one_always_the_same() {
        let today = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert!(Clock::new(ClockKind::Real).unix_seconds(Duration::ZERO).abs_diff(today) < 5);
        let manual = Clock::new(ClockKind::Manual);
        manual.advance(SECOND);
        assert_eq!(manual.unix_seconds(manual.now()), 1_645_660_801);
    }
}
