//! The process that a command runs in: its environment, its streams, its signals.

use std::io::{self, Write};

use crate::screen::outlet::Outlet;

/// Looks a name up in the environment. U+FFFD stands for what is not UTF-8 in a value.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What stands for bytes that are not UTF-8.
pub(crate) const NOT_UTF_8: char = char::REPLACEMENT_CHARACTER;

/// The process around a command: its environment, its streams, its signals.
///
/// Tests use one of their own: [`Process::new`] has no signals.
pub struct Process<'a> {
    /// The environment.
    pub environment: Environment<'a>,
    /// Standard output.
    pub stdout: Outlet<'a>,
    /// Standard error.
    pub stderr: Outlet<'a>,
    /// Opens the place where traces go, which any part of the command may write at any time.
    pub traces: fn() -> Box<dyn Write>,
    /// Whether to listen to Ctrl-C and SIGTERM, for as long as the operating system's process lives.
    pub signals: bool,
}

impl<'a> Process<'a> {
    /// A process with this environment and these streams, without signals, and with traces that go nowhere.
    pub fn new(environment: Environment<'a>, stdout: Outlet<'a>, stderr: Outlet<'a>) -> Self {
        Self { environment, stdout, stderr, traces: || Box::new(io::sink()), signals: false }
    }
}
