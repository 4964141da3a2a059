//! Where the pages of an export go.

use std::io::Write as _;

use super::checkpoint::Checkpoint;
use super::part_file::PartFile;
use crate::error::CliError;
use crate::screen::layout::lines_on_terminal;
use crate::screen::outlet::Outlet;

#[derive(Debug)]
pub(crate) enum Sink<'a, 'p> {
    Part(PartFile),
    Stdout(&'a mut Outlet<'p>, Checkpoint),
}

impl Sink<'_, '_> {
    pub(crate) fn checkpoint(&self) -> &Checkpoint {
        match self {
            Self::Part(part) => part.checkpoint(),
            Self::Stdout(_, checkpoint) => checkpoint,
        }
    }

    /// Adds the lines of a page; `checkpoint` is what is known once they are there.
    pub(crate) fn append(&mut self, lines: &[u8], checkpoint: Checkpoint) -> Result<(), CliError> {
        match self {
            Self::Part(part) => part.append(lines, checkpoint)?,
            Self::Stdout(stdout, before) => {
                if stdout.is_terminal() {
                    stdout.write_all(lines_on_terminal(&String::from_utf8_lossy(lines)).as_bytes())?;
                } else {
                    stdout.write_all(lines)?;
                }
                stdout.flush()?;
                *before = checkpoint;
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
    pub(crate) fn spoil(&mut self, fault: String) -> Result<(), CliError> {
        match self {
            Self::Part(part) => part.spoil(fault),
            Self::Stdout(..) => Ok(()),
        }
    }
}
