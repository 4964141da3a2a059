//! The time by which tokens age.

use std::time::{Duration, Instant};

/// A clock that starts at zero. Everything that depends on time asks this one, so that a clock advanced by hand can take
/// its place.
#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
}

impl Clock {
    /// A clock that follows real time.
    pub(crate) fn real() -> Self {
        Self { started: Instant::now() }
    }

    /// Time since the clock was started.
    pub(crate) fn now(&self) -> Duration {
        self.started.elapsed()
    }
}
