//! Where the pages of an export go.

use std::io::Write as _;

use super::part_file::PartFile;
use super::record::Record;
use crate::failure::Failure;
use crate::screen::layout::lines_on_terminal;
use crate::session::process::Outlet;

#[derive(Debug)]
pub(crate) enum Sink<'a, 'p> {
    Part(PartFile),
    Stdout(&'a mut Outlet<'p>, Record),
}

impl Sink<'_, '_> {
    pub(crate) fn record(&self) -> &Record {
        match self {
            Self::Part(part) => part.record(),
            Self::Stdout(_, record) => record,
        }
    }

    /// Adds the lines of a page; `record` tells what is known once they are there.
    pub(crate) fn append(&mut self, lines: &[u8], record: Record) -> Result<(), Failure> {
        match self {
            Self::Part(part) => part.append(lines, record)?,
            Self::Stdout(stdout, before) => {
                if stdout.is_terminal() {
                    stdout.write_all(lines_on_terminal(&String::from_utf8_lossy(lines)).as_bytes())?;
                } else {
                    stdout.write_all(lines)?;
                }
                stdout.flush()?;
                *before = record;
            }
        }
        Ok(())
    }

    /// The file that was written, unless it was stdout.
    pub(crate) fn into_part(self) -> Option<PartFile> {
        match self {
            Self::Part(part) => Some(part),
            Self::Stdout(..) => None,
        }
    }

    /// Says that nothing can be added to what is there.
    pub(crate) fn spoil(&mut self, fault: String) -> Result<(), Failure> {
        match self {
            Self::Part(part) => part.spoil(fault),
            Self::Stdout(..) => Ok(()),
        }
    }
}
