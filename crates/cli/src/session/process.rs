//! The process that a command runs in: its environment, its streams, its signals.

use std::fmt;
use std::io::{self, Write};

use crate::screen::outlet::Outlet;

/// Looks a name up in the environment.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process around a command: its environment, its streams, its signals.
///
/// Tests use one of their own: [`Process::new`] has streams that are no terminals, and no signals.
pub struct Process<'a> {
    pub(crate) environment: Environment<'a>,
    pub(crate) stdout: Outlet<'a>,
    pub(crate) stderr: Outlet<'a>,
    pub(crate) traces: fn() -> Box<dyn Write>,
    pub(crate) signals: bool,
}

impl<'a> Process<'a> {
    /// A process with this environment and these streams.
    pub fn new(environment: Environment<'a>, stdout: Outlet<'a>, stderr: Outlet<'a>) -> Self {
        Self { environment, stdout, stderr, traces: || Box::new(io::sink()), signals: false }
    }

    /// Opens the place where traces go, which any part of the command may write at any time; nowhere unless set.
    #[must_use]
    pub fn traces(mut self, open: fn() -> Box<dyn Write>) -> Self {
        self.traces = open;
        self
    }

    /// Listens to Ctrl-C and SIGTERM, for as long as the operating system's process lives.
    #[must_use]
    pub fn signals(mut self) -> Self {
        self.signals = true;
        self
    }
}

impl fmt::Debug for Process<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("stdout", &self.stdout)
            .field("stderr", &self.stderr)
            .finish_non_exhaustive()
    }
}
