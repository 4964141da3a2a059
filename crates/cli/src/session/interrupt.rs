//! Ctrl-C and SIGTERM: a command waits for them wherever it can stop.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::error::{CliError, Signal};

/// Whether the command has been asked to stop. Clones are the same thing.
///
/// The command obeys the first signal: it stops at the next place where it waits, and leaves complete lines behind. The
/// second one ends the process at once. So does the first one while the command hangs in a system call (see [`may_hang`]).
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(Option<watch::Receiver<Option<Signal>>>);

impl Interrupt {
    /// One that never comes.
    pub(crate) fn never() -> Self {
        Self(None)
    }

    /// Listens from now on, so that no signal is missed, on a thread of its own: the command's thread may hang.
    pub(crate) fn listen() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut signals = runtime.block_on(async { Signals::listen() })?;
        let (sender, receiver) = watch::channel(None);
        let obey = async move {
            let first = signals.next().await;
            sender.send_replace(Some(first));
            let last = tokio::select! {
                second = signals.next() => second,
                () = until_hanging() => first,
            };
            std::process::exit(last.exit_code().into());
        };
        thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(obey))?;
        Ok(Self(Some(receiver)))
    }

    /// Waits for the signal; it has come already if it came before.
    pub(crate) async fn wait(&self) -> Signal {
        if let Some(receiver) = &self.0
            && let Ok(came) = receiver.clone().wait_for(Option::is_some).await
            && let Some(signal) = *came
        {
            return signal;
        }
        std::future::pending().await
    }

    /// Does some work, unless the signal comes first: the work is then dropped where it waits.
    pub(crate) async fn or<T, E: Into<CliError>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, CliError> {
        tokio::select! {
            biased;
            signal = self.wait() => Err(CliError::Interrupted(signal)),
            outcome = work => outcome.map_err(Into::into),
        }
    }
}

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
async fn until_hanging() {
    loop {
        let call = CALL.load(Ordering::Relaxed);
        sleep(PATIENCE).await;
        if call != 0 && call == CALL.load(Ordering::Relaxed) {
            return;
        }
    }
}

struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
            })
        }
        #[cfg(windows)]
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    async fn next(&mut self) -> Signal {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
        #[cfg(windows)]
        {
            self.interrupt.recv().await;
            Signal::Interrupt
        }
    }
}
