//! What every command works with.

use std::io::{self, Write as _};
use std::path::Path;

use northbound::SubtaskStatus;
use serde_json::Value;

use crate::arguments::global::{Global, Output};
use crate::error::CliError;
use crate::rows::totals::Totals;
use crate::screen::outlet::Outlet;
use crate::screen::palette::Palette;
use crate::session::interrupt::Interrupt;
use crate::session::new_file::NewFile;
use crate::session::process::{Environment, Process};

/// The options of every command, and the process around it.
pub(crate) struct Context<'a> {
    pub(crate) global: Global,
    pub(crate) environment: Environment<'a>,
    pub(crate) stdout: Outlet<'a>,
    pub(crate) stderr: Outlet<'a>,
    pub(crate) interrupt: Interrupt,
    /// The file that is stdout of this command, until it has its name.
    file: Option<NewFile>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(global: Global, process: Process<'a>) -> Result<Self, (CliError, Outlet<'a>)> {
        let Process { environment, mut stdout, mut stderr, signals, .. } = process;
        for outlet in [&mut stdout, &mut stderr] {
            outlet.set_palette(Palette::chosen(global.color, outlet.is_terminal(), environment));
        }
        match if signals { Interrupt::listen() } else { Ok(Interrupt::never()) } {
            Ok(interrupt) => Ok(Self { global, environment, stdout, stderr, interrupt, file: None }),
            Err(error) => Err((CliError::Runtime(error), stderr)),
        }
    }

    /// Has the result go to the file of `--out` if one is named.
    pub(crate) fn write_to_file(&mut self) -> Result<(), CliError> {
        let Some(path) = self.global.out.as_deref().filter(|path| *path != Path::new("-")) else {
            return Ok(());
        };
        let opened = NewFile::replacing(path).and_then(|mut file| Ok((file.file().try_clone()?, file)));
        let (opened, file) = opened.map_err(|error| {
            let advice = "name a file in a folder that you may write to, or - for stdout";
            CliError::file(format!("cannot write to {}: {error}", path.display()), advice)
        })?;
        (self.stdout, self.file) = (Outlet::file(opened), Some(file));
        Ok(())
    }

    /// Hands the result over: it is complete, whatever the command has to complain about. A file that was named gets its name.
    pub(crate) fn deliver(&mut self) -> io::Result<()> {
        self.stdout.flush()?;
        self.file.take().map_or(Ok(()), NewFile::keep)
    }

    /// Prints a result as JSON, on one line unless a single value was asked for, and hands it over.
    pub(crate) fn deliver_json(&mut self, result: &Value) -> io::Result<()> {
        match self.global.output() {
            Output::Json => writeln!(self.stdout, "{result:#}")?,
            _ => writeln!(self.stdout, "{result}")?,
        }
        self.deliver()
    }

    /// Prints a note on stderr, unless the user wants the result and errors only.
    pub(crate) fn note(&mut self, text: &str) -> io::Result<()> {
        if self.global.quiet {
            return Ok(());
        }
        writeln!(self.stderr, "{text}")
    }

    /// Says what is wrong with rows: a note for those that were repaired, an error for those that could not be read or that
    /// nobody asked for.
    pub(crate) fn judge(&mut self, totals: &Totals, asked: &[SubtaskStatus]) -> Result<(), CliError> {
        if let Some(repairs) = totals.repairs() {
            self.note(&repairs)?;
        }
        totals.all_are_readable()?;
        totals.all_were_asked_for(asked)
    }

    /// Refuses a format that a command does not have.
    pub(crate) fn refuse_csv(&self) -> Result<(), CliError> {
        if self.global.output() != Output::Csv {
            return Ok(());
        }
        Err(CliError::usage(
            "this command has no table to print as csv",
            "print it with -o table, json or jsonl",
        ))
    }
}
