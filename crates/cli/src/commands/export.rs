//! `northbound export`: the subtasks of a batch task in a file that is either complete or can be resumed.
//!
//! The files on the disk, their checkpoint, and which rows are already there belong here. What a row looks like is in `rows`, and the
//! order of the pages is the SDK's.

mod checkpoint;
mod delivered;
mod part_file;
mod paths;
mod reader;

use clap::Args;
use northbound::SubtaskStatus;
use northbound::client_layer::PAGE_SIZE;
use serde_json::json;
use std::fs;
use std::path::PathBuf;

use crate::arguments::global::{Global, Output};
use crate::arguments::list::List;
use crate::arguments::values;
use crate::error::{CliError, Kind};
use crate::results::result_of;
use crate::rows::totals::Totals;
use crate::screen::chart::span;
use crate::screen::progress::Progress;
use crate::session::connection::Connection;
use crate::session::context::Context;
use crate::session::known_tasks::Memory;
use checkpoint::{Checkpoint, Format};
use part_file::{PartFile, PartFileOptions};
use paths::Paths;
use reader::{ExportReader, Sink};

#[derive(Debug, Args)]
pub(crate) struct ExportOptions {
    /// Id of the batch task, which the platform returned when the task was created
    pub(crate) task_id: String,
    /// The same as -o csv or -o jsonl
    #[arg(long, value_enum, value_name = "FORMAT", hide_short_help = true)]
    pub(crate) format: Option<Format>,
    /// File to write. It is called FILE.part until it is complete; - is stdout
    ///
    /// The format of the rows is that of -o csv or -o jsonl, else the ending of FILE.
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Only subtasks in one of these statuses, such as Fail,Timeout
    #[arg(long, value_parser = values::statuses(), ignore_case = true)]
    pub(crate) status: Vec<List<SubtaskStatus>>,
    /// Continue an interrupted export to FILE, or start one if there is none; if FILE exists, leave it alone
    #[arg(long)]
    pub(crate) resume: bool,
    /// Start from scratch, and replace FILE when the export is complete; with --resume, continue an interrupted export instead
    #[arg(long)]
    pub(crate) replace: bool,
    /// Number of rows to read with one call, 1 to 250
    #[arg(long, allow_negative_numbers = true, value_name = "M", default_value_t = PAGE_SIZE.largest)]
    pub(crate) page_size: u32,
}

pub(crate) async fn run(context: &mut Context<'_>, options: &ExportOptions) -> Result<(), CliError> {
    let (paths, format) = (destination(options)?, format(&context.global, options)?);
    let connection = Connection::open(context).await?;
    let query = connection.client.subtasks(&options.task_id).page_size(options.page_size);
    let wanted = List::all(&options.status);
    let mut reader = ExportReader::new(&query, &wanted, format)?;
    let application = connection.client.app_id().to_string();
    // The emulator inside this command has another address each time, and the same tasks.
    let endpoint = if context.global.emulator { "--emulator" } else { connection.endpoint() };
    let request = reader.request(options.task_id.clone(), endpoint.to_owned(), application);
    let mut memory = Memory::of(context);
    let mut sink = match paths {
        None => Sink::Stdout(&mut context.stdout, Checkpoint::new(request)),
        Some(paths) => {
            let ExportOptions { resume, replace, .. } = *options;
            let part_options = PartFileOptions { paths: paths.clone(), request, resume, replace };
            let Some(mut part) = PartFile::open(part_options).await? else {
                context.note(&left_alone(&paths))?;
                return tell(context, &connection, options, None);
            };
            part.remember(&mut reader.delivered)?;
            Sink::Part(part)
        }
    };
    let mut progress = Progress::new(&context.global, Some(&connection.client), &mut context.stderr)
        .reading(Some(options.page_size));
    if matches!(&sink, Sink::Stdout(stdout, _) if stdout.is_terminal()) {
        progress.silence();
    }
    progress.starts_from(sink.checkpoint().written.subtasks.all());
    let outcome = reader.drain(&mut sink, &mut progress, &context.interrupt).await;
    progress.finish();
    let totals = sink.checkpoint().written.subtasks.clone();
    if outcome.is_ok() || totals.all() > 0 {
        let counts = (outcome.is_ok() && wanted.is_empty()).then(|| (&totals).into());
        memory.note(&connection.client, &options.task_id, None, counts).await;
    }
    // A file gets its name only if its rows are those that were asked for.
    let outcome = outcome.and_then(|()| totals.are_as_asked(&wanted));
    match (sink.into_part(), outcome) {
        (Some(part), Ok(())) => {
            part.complete()?;
            context.note(&format!("{totals} in {}", options.out.display()))?;
            tell(context, &connection, options, Some((format, &totals)))?;
        }
        (Some(part), Err(failure)) => return Err(left(part, failure)),
        (None, outcome) => context.note_totals(&totals, outcome.map(|()| ""))?,
    }
    context.judge(&totals, &wanted)
}

/// Prints what was written as JSON, if that was asked for. Of a file that is left alone nothing else is known than its name.
fn tell(
    context: &mut Context<'_>,
    connection: &Connection,
    options: &ExportOptions,
    written: Option<(Format, &Totals)>,
) -> Result<(), CliError> {
    if !context.global.asks_json() {
        return Ok(());
    }
    let file = json!({ "file": options.out.display().to_string(), "calls": connection.client.calls() });
    let request = written.map(|(format, _)| json!({ "taskId": options.task_id, "format": format }));
    let totals = written.map(|(_, totals)| totals.result());
    let result = result_of(Some(connection.endpoint()), [file, request.into(), totals.into()]);
    Ok(context.deliver_json(&result)?)
}

/// The format of the rows. `-o json` is no such format: it is for what the command prints when the rows are in the file.
fn format(global: &Global, options: &ExportOptions) -> Result<Format, CliError> {
    let of = |output| match output {
        Output::Csv => Some(Format::Csv),
        Output::Jsonl => Some(Format::Jsonl),
        Output::Table | Output::Json => None,
    };
    let typed = options.format.or(global.output.and_then(of));
    typed.or_else(|| Output::of_file(&options.out).and_then(of)).ok_or_else(|| {
        CliError::usage(
            "an export writes rows as csv or jsonl, and neither is given",
            "add --format csv or --format jsonl, or name a file that ends in .csv or .jsonl",
        )
    })
}

/// The file to write, or stdout.
fn destination(options: &ExportOptions) -> Result<Option<Paths>, CliError> {
    if options.out.as_os_str() != "-" {
        return Paths::of(&options.out).map(Some);
    }
    if options.resume || options.replace {
        return Err(CliError::usage(
            "an export to stdout can neither be resumed nor replace a file",
            "name a file with --out, or leave --resume and --replace out",
        ));
    }
    Ok(None)
}

/// The note on a file that is left alone, whatever is in it: with it, a nightly job sees that the file is not a new one.
fn left_alone(paths: &Paths) -> String {
    let written = fs::metadata(&paths.file).and_then(|file| file.modified());
    let age = written.ok().and_then(|written| written.elapsed().ok());
    let age = age.map(|age| format!(", written {} ago", span(age))).unwrap_or_default();
    let file = paths.file.display();
    if paths.part.exists() {
        let part = paths.part.display();
        let advice = "use --resume --replace to continue that export";
        return format!("{file} exists{age}, and is left alone; {part} is not complete: {advice}");
    }
    format!("{file} exists{age}, and is left alone; use --replace to replace it")
}

/// What to do about an export that failed, with what is left of it.
fn left(mut part: PartFile, failure: CliError) -> CliError {
    let is_incomplete = match &failure {
        CliError::Call(error) => error.is_incomplete(),
        failure => matches!(failure, CliError::Own { kind: Kind::Incomplete | Kind::Rows, .. }),
    };
    if is_incomplete && let Err(another) = part.spoil(failure.to_string()) {
        // Otherwise `--resume` would call the rows complete.
        let what = format!("{failure}; and {another}");
        return CliError::own(Kind::Incomplete, what, part.paths.start_over());
    }
    if !part.is_in_place() {
        return failure;
    }
    let (checkpoint, paths) = (&part.checkpoint, &part.paths);
    let subtasks = checkpoint.written.subtasks.counted();
    let advice = match &checkpoint.fault {
        Some(fault) if failure.to_string() == *fault => paths.start_over(),
        Some(fault) => format!("nothing can be added, since {fault}: {}", paths.start_over()),
        None if checkpoint.written.pages == 0 => {
            part.discard();
            return failure;
        }
        None => {
            format!(
                "the same command with --resume continues after the {subtasks} in {}",
                paths.part.display()
            )
        }
    };
    CliError::Left { cause: Box::new(failure), advice }
}
