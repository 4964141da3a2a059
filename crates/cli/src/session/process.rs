//! What a command takes from the process that it runs in, and gives to it.

use std::fmt;
use std::io::{self, Write};

use crate::screen::palette::Palette;

/// Looks a name up in the environment.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process around a command: its environment, its streams, its signals.
///
/// Tests stand in for it: [`Process::new`] has streams that are no terminals, and no signals.
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

/// A stream that the command writes to, and what is known of whoever reads it.
pub struct Outlet<'a> {
    writer: &'a mut dyn Write,
    width: Option<&'a dyn Fn() -> u16>,
    palette: Palette,
}

impl<'a> Outlet<'a> {
    /// A file, or a pipe to another program.
    pub fn plain(writer: &'a mut dyn Write) -> Self {
        Self { writer, width: None, palette: Palette::default() }
    }

    /// A terminal, which is so many columns wide at this moment.
    pub fn terminal(writer: &'a mut dyn Write, width: &'a dyn Fn() -> u16) -> Self {
        Self { writer, width: Some(width), palette: Palette::default() }
    }

    /// How many columns the terminal has; `None` if it is none. A terminal of no width has not said how wide it is.
    pub(crate) fn width(&self) -> Option<usize> {
        self.width.map(|width| width()).map(|columns| if columns == 0 { 80 } else { columns.into() })
    }

    pub(crate) fn is_terminal(&self) -> bool {
        self.width.is_some()
    }

    pub(crate) fn palette(&self) -> Palette {
        self.palette
    }

    pub(crate) fn set_palette(&mut self, palette: Palette) {
        self.palette = palette;
    }
}

impl Write for Outlet<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl fmt::Debug for Outlet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlet").field("width", &self.width()).finish_non_exhaustive()
    }
}
