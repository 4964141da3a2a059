//! Ctrl-C and SIGTERM: a command waits for them wherever it can stop.

use std::io;
use std::thread;

use tokio::sync::watch;

use crate::error::{CliError, Signal};
pub(crate) use crate::session::hanging::may_hang;
use crate::session::hanging::until_hanging;

/// Whether the command has been asked to stop. Clones are the same thing.
///
/// The command obeys the first signal: it stops at the next place where it waits, and leaves complete lines behind. The
/// second one ends the process at once. So does the first one while the command hangs in a system call (see [`may_hang`]).
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(watch::Receiver<Option<Signal>>);

impl Interrupt {
    /// One that never comes.
    pub(crate) fn never() -> Self {
        Self(watch::channel(None).1)
    }

    /// Listens from now on, so that no signal is missed, on a thread of its own: the command's thread may hang.
    pub(crate) fn listen() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut next = runtime.block_on(async { signals() })?;
        let (sender, receiver) = watch::channel(None);
        let mut obey = async move || {
            let first = next().await;
            sender.send_replace(Some(first));
            let last = tokio::select! {
                second = next() => second,
                () = until_hanging() => first,
            };
            std::process::exit(last as i32);
        };
        thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(obey()))?;
        Ok(Self(receiver))
    }

    /// Waits for the signal; it has come already if it came before.
    pub(crate) async fn wait(&self) -> Signal {
        match self.0.clone().wait_for(Option::is_some).await.ok().and_then(|came| *came) {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
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

/// Listens to the signals, and returns what waits for the next one.
#[cfg(unix)]
fn signals() -> io::Result<impl AsyncFnMut() -> Signal> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move || {
        tokio::select! {
            _ = interrupt.recv() => Signal::Interrupt,
            _ = terminate.recv() => Signal::Terminate,
        }
    })
}

#[cfg(windows)]
fn signals() -> io::Result<impl AsyncFnMut() -> Signal> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move || {
        interrupt.recv().await;
        Signal::Interrupt
    })
}
