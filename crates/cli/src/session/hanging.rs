//! System calls that may never return.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::thread;
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

/// Opens the stream on which a wait for a file or for stdin is reported; `None` if such waits are not reported.
type Told = Option<fn() -> Box<dyn Write>>;

static TOLD: Mutex<Told> = Mutex::new(None);
/// Who waits longer than this for a file is told.
const UNTOLD: Duration = Duration::from_secs(2);

/// Has [`reading`] say here what it waits for.
pub(crate) fn tell(told: Told) {
    *TOLD.lock().unwrap_or_else(PoisonError::into_inner) = told;
}

/// Reads a file that somebody may have to write first, such as a pipe or a terminal, and says so after some time.
pub(crate) fn reading<T>(file: &str, call: impl FnOnce() -> T) -> T {
    let Some(open) = *TOLD.lock().unwrap_or_else(PoisonError::into_inner) else { return may_hang(call) };
    let (ended, end) = channel::<()>();
    let line = format!("waiting for {file}\n");
    // A thread that cannot be started says nothing.
    let _ = thread::Builder::new().spawn(move || {
        if let Err(RecvTimeoutError::Timeout) = end.recv_timeout(UNTOLD) {
            let _ = open().write_all(line.as_bytes());
        }
    });
    let outcome = may_hang(call);
    drop(ended);
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
