//! What has happened to calls so far, as numbers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Less is no wait: it is what getting a free slot takes.
const SHORTEST_WAIT: Duration = Duration::from_millis(1);

/// Counts what has happened to calls, for the metrics of a program.
///
/// Clones share their counts. Give one to several clients with [`ClientBuilder::counters`](crate::ClientBuilder::counters),
/// such as a client and the client that logs in for it.
///
/// ```no_run
/// # fn example(client: northbound::Client) {
/// let counters = client.counters();
/// println!("{} logins, {} throttled calls", counters.logins(), counters.throttles());
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Counters(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    logins: AtomicU64,
    throttles: AtomicU64,
    quota_waits: AtomicU64,
    quota_wait_micros: AtomicU64,
}

impl Counters {
    /// How many logins were sent.
    pub fn logins(&self) -> u64 {
        self.0.logins.load(Ordering::Relaxed)
    }

    /// How often the platform throttled a call.
    pub fn throttles(&self) -> u64 {
        self.0.throttles.load(Ordering::Relaxed)
    }

    /// How often an attempt waited for the quota, and was then sent.
    pub fn quota_waits(&self) -> u64 {
        self.0.quota_waits.load(Ordering::Relaxed)
    }

    /// How long these waits were together.
    pub fn quota_wait_time(&self) -> Duration {
        Duration::from_micros(self.0.quota_wait_micros.load(Ordering::Relaxed))
    }

    pub(crate) fn logs_in(&self) {
        self.0.logins.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn throttled(&self) {
        self.0.throttles.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn waited(&self, wait: Duration) {
        if wait >= SHORTEST_WAIT {
            let micros = u64::try_from(wait.as_micros()).unwrap_or(u64::MAX);
            self.0.quota_waits.fetch_add(1, Ordering::Relaxed);
            self.0.quota_wait_micros.fetch_add(micros, Ordering::Relaxed);
        }
    }
}
