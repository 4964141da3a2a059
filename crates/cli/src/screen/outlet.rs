//! A stream that a command writes to, and what is known of whoever reads it.

use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};

use crate::screen::palette::Palette;

/// A stream that the command writes to, and what is known of whoever reads it.
pub struct Outlet<'a> {
    writer: Box<dyn Write + 'a>,
    width: Option<&'a dyn Fn() -> u16>,
    palette: Palette,
}

impl<'a> Outlet<'a> {
    /// A file, or a pipe to another program.
    pub fn plain(writer: &'a mut dyn Write) -> Self {
        Self { writer: Box::new(writer), width: None, palette: Palette::default() }
    }

    /// A file that the command has opened.
    pub(crate) fn file(file: File) -> Self {
        Self { writer: Box::new(BufWriter::new(file)), width: None, palette: Palette::default() }
    }

    /// A terminal, and how many columns wide it is at this moment.
    pub fn terminal(writer: &'a mut dyn Write, width: &'a dyn Fn() -> u16) -> Self {
        Self { writer: Box::new(writer), width: Some(width), palette: Palette::default() }
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
