//! How a command fails, and the exit code for it.

use std::io;

/// Why the command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// What was typed cannot work.
    #[error("{0}")]
    Usage(String),
    /// The call failed, or was refused before it was sent.
    #[error("{0}")]
    Call(#[from] northbound::Error),
    /// The emulator did not start.
    #[cfg(feature = "emulator")]
    #[error("{}", chain(.0))]
    Emulator(#[from] northbound_emulator::StartError),
    /// The output cannot be written.
    #[error("cannot write the output: {0}")]
    Output(io::Error),
    /// Whoever read the output has seen enough.
    #[error("the reader has closed the pipe")]
    ClosedPipe,
    /// The process cannot do I/O at all.
    #[error("cannot start the runtime: {0}")]
    Runtime(io::Error),
}

impl Failure {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::ClosedPipe => 0,
            Self::Usage(_) => 2,
            Self::Call(error) if error.is_refused() => 2,
            _ => 1,
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Output(error),
        }
    }
}

/// An error with its causes on one line.
#[cfg(feature = "emulator")]
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
