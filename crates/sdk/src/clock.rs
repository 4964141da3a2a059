//! Times that lie ahead.

use std::time::Duration;

use tokio::time::Instant;

/// A hundred years. Longer spans count as this one: beyond the end of the clock, adding to an instant panics, and so does a
/// timer close to that end.
pub(crate) const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// The time that comes this long after another one, or a hundred years after it.
pub(crate) fn after(start: Instant, span: Duration) -> Instant {
    start + span.min(FOREVER)
}
