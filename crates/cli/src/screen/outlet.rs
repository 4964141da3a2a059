//! A stream that a command writes to, and what is known of its reader.

use std::fmt;
use std::fs::File;
use std::io::{self, BufWriter, Write};

use crate::screen::layout::escaped;
use crate::screen::palette::Palette;

/// A stream that the command writes to, and what is known of its reader.
pub struct Outlet<'a> {
    writer: Box<dyn Write + 'a>,
    size: Option<&'a dyn Fn() -> (u16, u16)>,
    pub(crate) palette: Palette,
}

impl<'a> Outlet<'a> {
    /// A file, or a pipe to another program.
    pub fn plain(writer: &'a mut dyn Write) -> Self {
        Self { writer: Box::new(writer), size: None, palette: Palette::default() }
    }

    /// A file that the command has opened.
    pub(crate) fn file(file: File) -> Self {
        Self { writer: Box::new(BufWriter::new(file)), size: None, palette: Palette::default() }
    }

    /// A terminal, and how many columns and lines it has at this moment.
    pub fn terminal(writer: &'a mut dyn Write, size: &'a dyn Fn() -> (u16, u16)) -> Self {
        Self { writer: Box::new(writer), size: Some(size), palette: Palette::default() }
    }

    /// One that nobody reads.
    pub(crate) fn nowhere() -> Self {
        Self { writer: Box::new(io::sink()), size: None, palette: Palette::default() }
    }

    /// How many columns the terminal has; `None` if it is none. A terminal of no width has not said how wide it is.
    pub(crate) fn width(&self) -> Option<usize> {
        self.size.map(|size| size().0).map(|columns| if columns == 0 { 80 } else { columns.into() })
    }

    /// How many lines the terminal has, if it has said so.
    pub(crate) fn height(&self) -> Option<usize> {
        self.size.map(|size| size().1.into()).filter(|lines| *lines > 0)
    }

    pub(crate) fn is_terminal(&self) -> bool {
        self.size.is_some()
    }

    /// Whether it is a terminal on which a picture can be redrawn.
    pub(crate) fn is_redrawn(&self) -> bool {
        self.is_terminal() && !self.palette.is_dumb
    }

    /// Writes csv or JSON. A terminal gets escapes in the place of characters that it would obey or hide.
    pub(crate) fn write_data(&mut self, data: &[u8]) -> io::Result<()> {
        if self.is_terminal() {
            return self.write_all(escaped(&String::from_utf8_lossy(data)).as_bytes());
        }
        self.write_all(data)
    }

    pub(crate) fn write_lines(&mut self, lines: &[String]) -> io::Result<()> {
        lines.iter().try_for_each(|line| writeln!(self, "{line}"))
    }
}

impl Write for Outlet<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
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
