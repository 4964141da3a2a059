#![doc = include_str!("../README.md")]

mod arguments;
mod codes;
mod commands;
mod error;
mod results;
mod rows;
mod screen;
mod sending;
mod session;

use std::ffi::OsString;
use std::io::{self, Write};

use clap::FromArgMatches as _;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::arguments::global::{ColourChoice, Global, Output, SettingName, TASK_ID_ORIGIN, typed_formats};
pub use crate::commands::command_tree;
use crate::commands::{Arguments, Command};
use crate::error::CliError;
use crate::screen::layout::one_line;
pub use crate::screen::outlet::Outlet;
use crate::screen::palette::Palette;
use crate::session::context::Context;
use crate::session::hanging;
use crate::session::interrupt::Interrupt;
pub use crate::session::process::{Environment, Process};
pub use crate::session::standard_stream::StandardStream;
use crate::session::traces;

/// Runs the command and returns its exit code.
///
/// Everything that the command takes from the process and gives to it passes through the parameters.
pub fn run(arguments: impl IntoIterator<Item = OsString>, process: Process<'_>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    // Before the arguments are read: they may name a pipe to which nobody writes.
    let interrupt = if process.signals { Interrupt::listen() } else { Ok(Interrupt::never()) };
    let is_quiet = arguments.iter().any(|word| word == "-q" || word == "--quiet");
    hanging::tell((process.stderr.is_terminal() && !is_quiet).then_some(process.traces));
    let Arguments { global, command } = match parse(&arguments, &process) {
        Ok(arguments) => arguments,
        Err(error) => return show_usage(&explained(error, &arguments), typed_formats(&arguments), process),
    };
    let traces = traces::writer(&global, process.traces);
    tracing::dispatcher::with_default(&traces, || execute(global, &command, process, interrupt))
}

fn parse(arguments: &[OsString], process: &Process<'_>) -> Result<Arguments, clap::Error> {
    // Without a terminal nothing is wrapped, so that scripts and snapshots see whole lines.
    let mut command = commands::parser().term_width(process.stdout.width().unwrap_or(0));
    let words = arguments::list::joined(arguments.to_vec(), &command);
    let matches = command.try_get_matches_from_mut(words)?;
    let mut arguments = Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    arguments.global.typed = SettingName::typed(&matches);
    Ok(arguments)
}

fn execute(global: Global, command: &Command, process: Process<'_>, interrupt: io::Result<Interrupt>) -> u8 {
    let output = global.output.unwrap_or_default();
    let mut context = Context::new(global, process);
    match run_in(&mut context, command, interrupt) {
        Ok(()) => 0,
        Err(failure) => end(&failure, output, context.stderr),
    }
}

fn run_in(
    context: &mut Context<'_>,
    command: &Command,
    interrupt: io::Result<Interrupt>,
) -> Result<(), CliError> {
    let cannot = |error| CliError::system(format!("cannot start the runtime: {error}"));
    context.interrupt = interrupt.map_err(cannot)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    let outcome = runtime.block_on(commands::run(command, context));
    // A look-up of a name goes on when nobody waits for it any more, and must not keep the process.
    runtime.shutdown_background();
    outcome?;
    Ok(context.deliver()?)
}

/// Shows why the command failed, and returns its exit code.
fn end(failure: &CliError, output: Output, mut stderr: Outlet<'_>) -> u8 {
    if !matches!(failure, CliError::ClosedPipe) {
        // There is nowhere left to report that stderr is closed.
        let _ = failure.show(output, &mut stderr);
    }
    failure.exit_code()
}

/// The error with a tip: where a missing TASK_ID comes from, what writes to a file where `-o` names one, as in many tools, which argument
/// is not UTF-8, and else what an option is for.
fn explained(mut error: clap::Error, arguments: &[OsString]) -> clap::Error {
    use ContextValue::{String as Text, Strings as Texts};
    // No value begins with `-`, so what the parser says of `--` does not help.
    if error.get(ContextKind::Suggested).is_some_and(|tips| tips.to_string().contains("as a value")) {
        error.remove(ContextKind::Suggested);
    }
    let has_tip = error.get(ContextKind::Suggested).is_some();
    let (argument, value) = (error.get(ContextKind::InvalidArg), error.get(ContextKind::InvalidValue));
    let tip = match (argument, value) {
        (Some(Texts(missing)), _) if missing.iter().any(|argument| argument == "<TASK_ID>") => {
            format!("TASK_ID: {TASK_ID_ORIGIN}")
        }
        (Some(Text(option)), Some(Text(file)))
            if option.starts_with("--output ") && file.contains(['.', '/']) =>
        {
            format!("-o is a format; to write to a file use '--out {file}'")
        }
        (Some(Text(option)), None) if option == "--port" => {
            error.remove(ContextKind::SuggestedArg);
            "a port is a part of an address, as in '--listen 127.0.0.1:0' of `emulator serve`".to_owned()
        }
        _ if error.kind() == ErrorKind::InvalidUtf8 => {
            let found = (0..).zip(arguments).find(|(_, word)| word.to_str().is_none());
            let Some((place, word)) = found else { return error };
            format!("argument {place} is not UTF-8: {}", one_line(&word.to_string_lossy()))
        }
        (Some(Text(option)), _) if error.kind() == ErrorKind::ValueValidation && !has_tip => {
            let parser = commands::parser();
            let option = option.split(' ').next().unwrap_or_default();
            let help = arguments::list::named(option, &parser).and_then(clap::Arg::get_help);
            let Some(help) = help.map(ToString::to_string) else { return error };
            format!("{option}: {}", help.split('[').next().unwrap_or_default().trim())
        }
        _ => return error,
    };
    arguments::list::with_tip(error, tip)
}

/// Shows help on stdout, a wrong usage on stderr.
fn show_usage(error: &clap::Error, (output, color): (Output, ColourChoice), mut process: Process<'_>) -> u8 {
    let wrong = error.use_stderr();
    let outlet = if wrong { &mut process.stderr } else { &mut process.stdout };
    let text = error.render();
    let shown = if wrong && output.is_json() {
        error::usage_of_parser(&text.to_string()).show(output, outlet)
    } else if Palette::chosen(color, outlet.is_terminal(), process.environment).is_coloured() {
        write!(outlet, "{}", text.ansi())
    } else {
        write!(outlet, "{text}")
    };
    match shown.and_then(|()| outlet.flush()) {
        Err(failed) if !wrong => end(&failed.into(), output, process.stderr),
        // There is nowhere left to report that stderr cannot be written.
        _ => u8::try_from(error.exit_code()).unwrap_or(2),
    }
}
