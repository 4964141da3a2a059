//! System calls that may never return.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::sleep;

/// The call of [`may_hang`] that has not returned, by its number; 0 if there is none.
static CALL: AtomicU64 = AtomicU64::new(0);
/// A call that takes longer than this, after a signal, hangs.
const PATIENCE: Duration = Duration::from_millis(300);

/// Makes a system call that may never return: a write to somebody who has stopped reading, opening a pipe that nobody writes
/// to, a file on a server that is gone. A signal then ends the process, so nothing may need to be put in order.
pub(crate) fn may_hang<T>(call: impl FnOnce() -> T) -> T {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    CALL.store(CALLS.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
    let outcome = call();
    CALL.store(0, Ordering::Relaxed);
    outcome
}

/// Waits until one call has been under way for the whole of [`PATIENCE`].
pub(crate) async fn until_hanging() {
    loop {
        let call = CALL.load(Ordering::Relaxed);
        sleep(PATIENCE).await;
        if call != 0 && call == CALL.load(Ordering::Relaxed) {
            return;
        }
    }
}
