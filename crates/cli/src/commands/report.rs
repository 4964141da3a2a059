//! `northbound report`: one page for a browser that says which devices of a batch task failed, and why.
//!
//! The content of the page, its HTML, style and script belong here. Reasons are grouped by the SDK.

mod content;
mod earlier;
mod list;
mod page;
mod sink;
mod workbook;
mod zone;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use northbound::{Client, Summary};

use self::content::Content;
use self::earlier::Earlier;
use self::list::List;
use self::sink::{Format, Sink};
use self::zone::Zone;
use crate::codes::Codes;
use crate::error::CliError;
use crate::results;
use crate::rows::join::{Join, JoinOptions};
use crate::screen::progress::Progress;
use crate::session::connection::Connection;
use crate::session::context::Context;
use crate::session::interrupt::Interrupt;
use crate::session::known_tasks::Memory;
use crate::session::new_file::{NewFile, refuse_input};

#[derive(Debug, Args)]
pub(crate) struct ReportOptions {
    /// Id of the batch task, which the platform returned when the task was created
    pub(crate) task_id: String,
    /// File to write: a page for a browser, such as report.html, or a workbook for a spreadsheet, such as failed.xlsx. An older report
    /// is replaced when the new one is complete. - is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Title at the top of the report, instead of the task's id
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) title: Option<String>,
    /// Time zone of all times in the report: a name such as Asia/Shanghai, or local for that of this machine [default: UTC]
    #[arg(long, value_name = "ZONE")]
    pub(crate) time_zone: Option<Zone>,
    /// An older export of this task or an earlier one: the report marks devices that did not fail in it
    #[arg(long, value_name = "FILE")]
    pub(crate) since: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) join: JoinOptions,
}

impl ReportOptions {
    /// A report of a task without anything further.
    pub(crate) fn new(task_id: String, out: PathBuf) -> Self {
        Self { task_id, out, title: None, time_zone: None, since: None, join: JoinOptions::default() }
    }
}

pub(crate) async fn run(context: &mut Context<'_>, options: &ReportOptions) -> Result<(), CliError> {
    Format::check_name(&options.out)?;
    refuse_input(&options.out, [options.join.join.as_deref(), options.since.as_deref()])?;
    let connection = Connection::open(context).await?;
    // Before the first call, so that a folder that is not there is reported at once.
    check(context, &options.out)?;
    write(context, options, &connection).await
}

/// Makes sure that a report can be written there.
pub(crate) fn check(context: &Context<'_>, out: &Path) -> Result<(), CliError> {
    match file_of(out) {
        Some(file) => check_file(file),
        None if context.global.asks_json() => {
            let what = "the page itself goes to stdout, so there is no room for JSON";
            Err(CliError::usage(what, "name a file, or leave -o out"))
        }
        None => Ok(()),
    }
}

fn file_of(out: &Path) -> Option<&Path> {
    Some(out).filter(|path| *path != Path::new("-"))
}

/// Writes the report with a connection that is there.
pub(crate) async fn write(
    context: &mut Context<'_>,
    options: &ReportOptions,
    connection: &Connection,
) -> Result<(), CliError> {
    let file = file_of(&options.out);
    let started = Instant::now();
    let codes = Codes::of(context)?;
    let mut list =
        List::new(Join::read(&options.join)?, options.since.as_deref().map(Earlier::read).transpose()?);
    let mut sink = Sink::new(file, &list.headings())?;
    let mut progress =
        Progress::new(&context.global, Some(&connection.client), &mut context.stderr).reading(None);
    let reader = Reader { client: &connection.client, interrupt: &context.interrupt, codes: &codes };
    let outcome = reader.read(&options.task_id, &mut list, &mut sink, &mut progress).await;
    progress.finish();
    let summary = outcome?;
    let counts = Some((&summary).into());
    Memory::of(context).note(&connection.client, &options.task_id, None, counts).await;
    let content = Content {
        summary,
        list,
        endpoint: connection.endpoint().to_owned(),
        by_emulator: context.global.emulator,
        at: SystemTime::now(),
        took: started.elapsed(),
        calls: connection.client.calls(),
        title: options.title.clone(),
        zone: options.time_zone.clone().unwrap_or_default(),
        codes,
    };
    let cut = sink.cut();
    sink.write(&content, file, &mut context.stdout)?;
    let doubt = content.list.earlier.as_ref().and_then(Earlier::doubt);
    let notes = content.warnings().into_iter().chain(content.repeats()).chain(doubt);
    for note in notes.chain(content.about_own_columns()).chain(cut) {
        context.note(&note)?;
    }
    if let Some(path) = file {
        print_result(context, &content, path)?;
    }
    context.judge(&content.list.totals, &[])
}

struct Reader<'a> {
    client: &'a Client,
    interrupt: &'a Interrupt,
    codes: &'a Codes,
}

impl Reader<'_> {
    /// Reads the counts first, and then the failures: for a task that has settled they agree. The counts also show how far the
    /// read of the failures is.
    async fn read(
        &self,
        task: &str,
        list: &mut List,
        sink: &mut Sink,
        progress: &mut Progress<'_, '_>,
    ) -> Result<Summary, CliError> {
        let summary = progress.during(self.interrupt.or(self.client.summary(task).into_future())).await?;
        progress.rows(0, Some(summary.failed()));
        let mut failures = self.client.failures(task).stream();
        while let Some(failure) = progress.during(self.interrupt.or(failures.try_next())).await? {
            if let Some(row) = list.add(&failure) {
                sink.push(&row, self.codes)?;
            }
            // While subtasks move, more may come than were counted.
            let rows = list.totals.all();
            progress.rows(rows, Some(summary.failed().max(rows)));
        }
        Ok(summary)
    }
}

/// Prints what was written, on one line.
fn print_result(context: &mut Context<'_>, content: &Content, path: &Path) -> io::Result<()> {
    if !context.global.asks_json() {
        writeln!(context.stdout, "{}: {}", path.display(), content.in_one_line())?;
        return context.stdout.flush();
    }
    let further = content.json(&path.display().to_string());
    context.deliver_json(&results::summary(&content.endpoint, &content.summary, further))
}

/// Makes sure that a report can be written to this file.
fn check_file(path: &Path) -> Result<(), CliError> {
    let checked = |_| match fs::metadata(path) {
        // What begins as a report may be one; anything else is somebody's work.
        Ok(there) if there.len() > 0 && !Format::of(path).is_there(path) => {
            Err(io::Error::other("it is no report"))
        }
        _ => Ok(()),
    };
    NewFile::replacing(path).and_then(checked).map_err(|error| {
        let advice = "name a new file in a folder that you may write to, or - for stdout";
        CliError::usage(format!("cannot write the report to {}: {error}", path.display()), advice)
    })
}
