#![doc = include_str!("../README.md")]

mod arguments;
mod connection;
#[cfg(feature = "emulator")]
mod emulator;
mod explain;
mod failure;
mod rows;
#[cfg(feature = "emulator")]
mod signals;
mod subtasks;

use std::ffi::OsString;
use std::io::Write;

use clap::Parser as _;

use crate::arguments::{Arguments, Command};
use crate::failure::Failure;

/// Looks a name up in the environment.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Runs the command and returns its exit code: 0, 1 for a failed call, 2 for wrong usage.
///
/// Everything that the command takes from the process and gives to it passes through the parameters.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    environment: Environment<'_>,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> u8 {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => return show_usage(&error, stdout, stderr),
    };
    match execute(arguments, environment, stdout, stderr) {
        Ok(()) | Err(Failure::ClosedPipe) => 0,
        Err(failure) => {
            // There is nowhere left to report that stderr is closed.
            let _ = writeln!(stderr, "error: {failure}");
            failure.exit_code()
        }
    }
}

fn execute(
    arguments: Arguments,
    environment: Environment<'_>,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> Result<(), Failure> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::Runtime)?;
    let Arguments { global, command } = arguments;
    match command {
        Command::Subtasks(options) => runtime.block_on(subtasks::run(&global, &options, environment, stdout)),
        Command::Explain { code } => explain::run(&code, global.output, stdout),
        #[cfg(feature = "emulator")]
        Command::Emulator { command } => runtime.block_on(emulator::run(&command, stdout, stderr)),
    }
}

/// Shows help on stdout, a wrong usage on stderr.
fn show_usage(error: &clap::Error, stdout: &mut dyn Write, stderr: &mut dyn Write) -> u8 {
    let text = error.render();
    // A reader who has closed the pipe has seen enough.
    let _ = if error.use_stderr() { write!(stderr, "{text}") } else { write!(stdout, "{text}") };
    u8::try_from(error.exit_code()).unwrap_or(2)
}
