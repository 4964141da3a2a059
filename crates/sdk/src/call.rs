//! One call to the platform: its token, its place in the quota, its attempts, and what its reply means.
//!
//! What a call asks for belongs to [`crate::reads`]; who calls and where to belongs to [`crate::client`].

pub(crate) mod attempts;
pub(crate) mod counters;
pub(crate) mod envelope;
pub(crate) mod exchange;
pub(crate) mod login;
pub(crate) mod quota;
pub(crate) mod run;
pub(crate) mod token;
pub(crate) mod waiting;

use std::time::Duration;

use tokio::time::Instant;

/// A hundred years. Longer spans count as this one: beyond the end of the clock, adding to an instant panics, and so does a
/// timer close to that end.
pub(crate) const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The time that comes this long after another one, or a hundred years after it.
pub(crate) fn after(start: Instant, span: Duration) -> Instant {
    start + span.min(FOREVER)
}
