//! Ctrl-C and SIGTERM, as something that a command can wait for wherever it can stop.

use std::io;

use tokio::sync::watch;

use crate::failure::Failure;

/// What asks a command to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM: what a service manager or a container sends.
    Terminate,
}

impl Signal {
    /// What a shell reports for a process that the signal has ended.
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// Whether the command has been asked to stop. Clones are the same thing.
///
/// The first signal is the command's to obey: it stops at the next place where it waits, and leaves whole lines behind. The
/// second one ends the process at once.
#[derive(Clone, Debug)]
pub(crate) struct Interrupt(Option<watch::Receiver<Option<Signal>>>);

impl Interrupt {
    /// One that never comes.
    pub(crate) fn never() -> Self {
        Self(None)
    }

    /// Listens from now on, so that no signal is missed. Needs a tokio runtime.
    pub(crate) fn listen() -> io::Result<Self> {
        let mut signals = Signals::listen()?;
        let (tell, told) = watch::channel(None);
        tokio::spawn(async move {
            tell.send_replace(Some(signals.next().await));
            let signal = signals.next().await;
            std::process::exit(signal.exit_code().into());
        });
        Ok(Self(Some(told)))
    }

    /// Waits for the signal; it has come already if it came before.
    pub(crate) async fn wait(&self) -> Signal {
        if let Some(told) = &self.0
            && let Ok(told) = told.clone().wait_for(Option::is_some).await
            && let Some(signal) = *told
        {
            return signal;
        }
        std::future::pending().await
    }

    /// Does some work, unless the signal comes first: the work is then dropped where it waits.
    pub(crate) async fn or<T, E: Into<Failure>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Failure> {
        tokio::select! {
            biased;
            signal = self.wait() => Err(Failure::Interrupted(signal)),
            outcome = work => outcome.map_err(Into::into),
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
