//! What every command works with.

use std::io::{self, Write as _};
use std::path::Path;

use northbound::SubtaskStatus;
use serde::Serialize;
use serde_json::json;

use crate::arguments::global::{Global, Output};
use crate::error::CliError;
use crate::rows::totals::Totals;
use crate::screen::outlet::Outlet;
use crate::screen::palette::Palette;
use crate::session::interrupt::Interrupt;
use crate::session::new_file::NewFile;
use crate::session::process::{Environment, Process};
use crate::session::settings::Settings;

/// The options of every command, and the process around it.
pub(crate) struct Context<'a> {
    pub(crate) global: Global,
    pub(crate) environment: Environment<'a>,
    pub(crate) stdout: Outlet<'a>,
    pub(crate) stderr: Outlet<'a>,
    pub(crate) interrupt: Interrupt,
    /// Where its settings come from, once they are complete.
    pub(crate) settings: Settings,
    /// The file that is stdout of this command, until it has its name.
    file: Option<NewFile>,
}

impl<'a> Context<'a> {
    pub(crate) fn new(global: Global, process: Process<'a>) -> Self {
        let Process { environment, mut stdout, mut stderr, .. } = process;
        for outlet in [&mut stdout, &mut stderr] {
            outlet.palette = Palette::chosen(global.color, outlet.is_terminal(), environment);
        }
        Self {
            global,
            environment,
            stdout,
            stderr,
            interrupt: Interrupt::never(),
            settings: Settings::default(),
            file: None,
        }
    }

    /// Completes what was typed with what the environment and a profile say of the connection.
    pub(crate) fn complete_settings(&mut self) -> Result<(), CliError> {
        self.settings = Settings::of(&self.global, self.environment)?;
        let (completed, problems) = self.settings.completed(self.global.clone());
        self.global = completed;
        problems.into_iter().next().map_or(Ok(()), Err)
    }

    /// Has the result go to the file of `--out` if one is named. A table leaves out some of what rows hold, so it goes to a file only if
    /// that was asked for.
    pub(crate) fn write_to_file(&mut self, has_table: bool) -> Result<(), CliError> {
        let Some(path) = self.global.out.as_deref().filter(|path| *path != Path::new("-")) else {
            return Ok(());
        };
        let opened = NewFile::replacing(path).and_then(|mut file| Ok((file.file().try_clone()?, file)));
        let (opened, file) = opened.map_err(|error| {
            let advice = "name a file in a folder that you may write to, or - for stdout";
            CliError::usage(format!("cannot write to {}: {error}", path.display()), advice)
        })?;
        if has_table && self.global.output.or_else(|| Output::of_file(path)).is_none() {
            let advice =
                "name a file that ends in .json, .jsonl, .ndjson or .csv, or add -o FORMAT, such as -o table";
            let what = format!("the name `{}` does not say a format", path.display());
            return Err(CliError::usage(what, advice));
        }
        (self.stdout, self.file) = (Outlet::file(opened), Some(file));
        Ok(())
    }

    /// Hands the result over: it is complete, whatever the command has to complain about. A file that was named gets its name.
    pub(crate) fn deliver(&mut self) -> io::Result<()> {
        self.stdout.flush()?;
        self.file.take().map_or(Ok(()), NewFile::keep)
    }

    /// Prints a result as JSON, on one line if that was asked for, and hands it over.
    pub(crate) fn deliver_json(&mut self, result: &impl Serialize) -> io::Result<()> {
        let mut json = match self.global.output() {
            Output::Jsonl => serde_json::to_vec(result)?,
            _ => serde_json::to_vec_pretty(result)?,
        };
        json.push(b'\n');
        self.stdout.write_data(&json)?;
        self.deliver()
    }

    /// Prints a note on stderr, unless `-q` is set. Where errors are JSON, so is a note.
    pub(crate) fn note(&mut self, text: &str) -> io::Result<()> {
        match self.global.quiet {
            true => Ok(()),
            false if self.global.asks_json() => {
                writeln!(self.stderr, "{}", json!({ "note": { "message": text } }))
            }
            false => writeln!(self.stderr, "{text}"),
        }
    }

    /// Says how many rows a read brought, `further` if it came to its end, or why it did not.
    pub(crate) fn note_totals(
        &mut self,
        totals: &Totals,
        outcome: Result<&'static str, CliError>,
    ) -> Result<(), CliError> {
        match outcome {
            // The table itself says so.
            Ok(_) if totals.all() == 0 && self.global.output() == Output::Table => Ok(()),
            Ok(further) => Ok(self.note(&format!("{totals}{further}"))?),
            Err(failure) => {
                if totals.all() > 0 && !matches!(failure, CliError::ClosedPipe) {
                    self.note(&format!("{totals}; then the read ended"))?;
                }
                Err(failure)
            }
        }
    }

    /// Says what is wrong with rows: a note for those that were repaired, an error for those that could not be read or that
    /// nobody asked for.
    pub(crate) fn judge(&mut self, totals: &Totals, asked: &[SubtaskStatus]) -> Result<(), CliError> {
        if let Some(repairs) = totals.repairs() {
            self.note(&repairs)?;
        }
        totals.are_readable()?;
        totals.are_as_asked(asked)
    }

    /// Refuses a format that a command does not have.
    pub(crate) fn refuse_csv(&self) -> Result<(), CliError> {
        if self.global.output() != Output::Csv {
            return Ok(());
        }
        Err(CliError::usage(
            "this command cannot print csv, which -o or the name of --out asks for",
            "add -o table, json or jsonl",
        ))
    }
}
