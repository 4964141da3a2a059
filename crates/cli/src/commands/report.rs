//! `northbound report`: one page for a browser that says which devices of a batch task failed, and why.
//!
//! The content of the page, its HTML, style and script belong here. Reasons are grouped by the SDK.

mod content;
mod list;
mod page;
mod text;

use clap::Args;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

use northbound::{Client, Summary};
use serde_json::json;

use self::content::Content;
use self::list::{List, Spool};
use crate::error::CliError;
use crate::results;
use crate::screen::progress::Progress;
use crate::session::connection::Connection;
use crate::session::context::Context;
use crate::session::interrupt::Interrupt;
use crate::session::known_tasks::Memory;
use crate::session::new_file::{NewFile, folder};

#[derive(Debug, Args)]
pub(crate) struct ReportOptions {
    /// The batch task, by the id that creating it returned
    pub(crate) task_id: String,
    /// Where to write the page, such as report.html; a file that is there is replaced once the page is whole. - is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

pub(crate) async fn run(context: &mut Context<'_>, options: &ReportOptions) -> Result<(), CliError> {
    check_name(&options.out)?;
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
    let spool = Spool::new(scratch(file)?);
    let mut progress =
        Progress::new(&context.global, Some(&connection.client), &mut context.stderr).reading(None);
    let outcome = read(&connection.client, &options.task_id, spool, &mut progress, &context.interrupt).await;
    progress.finish();
    let (summary, rows, list) = outcome?;
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
    };
    match file {
        Some(path) => NewFile::beside(path)?.write(|out| page::write(&content, rows, out))?,
        None => page::write(&content, rows, &mut context.stdout).and_then(|()| context.stdout.flush())?,
    }
    for warning in content.warnings() {
        context.note(&warning)?;
    }
    if let Some(path) = file {
        print_result(context, &content, path)?;
    }
    context.judge(&content.list.totals, &[])
}

/// Reads the counts first, and then the failures: for a task that has settled they agree. The counts also show how far the
/// read of the failures is. Returns the rows of the list as JSON, in a file.
async fn read(
    client: &Client,
    task: &str,
    mut spool: Spool,
    progress: &mut Progress<'_, '_>,
    interrupt: &Interrupt,
) -> Result<(Summary, File, List), CliError> {
    let summary = progress.during(interrupt.or(client.summary(task).into_future())).await?;
    progress.rows(0, Some(summary.failed()));
    let mut failures = client.failures(task).stream();
    while let Some(failure) = progress.during(interrupt.or(failures.try_next())).await? {
        spool.push(&failure)?;
        // While subtasks move, more may come than were counted.
        progress.rows(spool.rows(), Some(summary.failed().max(spool.rows())));
    }
    let (rows, list) = spool.finish()?;
    Ok((summary, rows, list))
}

/// Prints what was written, on one line.
fn print_result(context: &mut Context<'_>, content: &Content, path: &Path) -> io::Result<()> {
    if !context.global.asks_json() {
        writeln!(context.stdout, "{}: {}", path.display(), content.in_one_line())?;
        return context.stdout.flush();
    }
    let (calls, file) = (content.calls, path.display().to_string());
    let listed = json!({ "calls": calls, "file": file, "listed": content.list.totals.all() });
    context.deliver_json(&results::summary(&content.endpoint, &content.summary, listed))
}

/// Refuses a name that promises something else than a page for a browser.
fn check_name(path: &Path) -> Result<(), CliError> {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    if !["csv", "json", "jsonl", "ndjson", "pdf"].contains(&ending.as_str()) {
        return Ok(());
    }
    let what = format!("a report is a page for a browser, and the name {} says .{ending}", path.display());
    Err(CliError::usage(what, "name a file that ends in .html; `northbound export` writes rows"))
}

/// Makes sure that a report can be written to this file.
fn check_file(path: &Path) -> Result<(), CliError> {
    let checked = |_| match fs::metadata(path) {
        // What is a page may be a report; anything else is somebody's work.
        Ok(there) if there.len() > 0 && !begins_as_page(path) => Err(io::Error::other("it is no report")),
        _ => Ok(()),
    };
    NewFile::replacing(path).and_then(checked).map_err(|error| {
        let advice = "name a new file in a folder that you may write to, or - for stdout";
        CliError::usage(format!("cannot write the report to {}: {error}", path.display()), advice)
    })
}

/// A file without a name for what is not yet in its place. It needs as much room as the report.
fn scratch(report: Option<&Path>) -> io::Result<File> {
    report.map_or_else(tempfile::tempfile, |path| tempfile::tempfile_in(folder(path)))
}

fn begins_as_page(path: &Path) -> bool {
    let mut start = [0; 9];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && start.eq_ignore_ascii_case(b"<!doctype")
}
