//! `northbound report`: one page for a browser that says which devices of a batch task failed, and why.
//!
//! The content of the page, its HTML, style and script belong here. Reasons are grouped by the SDK.

mod content;
mod destination;
mod list;
mod page;
mod text;

use clap::Args;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Instant, SystemTime};

use northbound::{Client, Summary};
use serde_json::json;

use self::content::{Content, Origin};
use self::destination::Destination;
use self::list::{List, Spool};
use crate::error::CliError;
use crate::results;
use crate::screen::chart::Counts;
use crate::screen::progress::Progress;
use crate::session::connection::Connection;
use crate::session::context::Context;
use crate::session::interrupt::Interrupt;
use crate::session::new_file;

#[derive(Debug, Args)]
pub(crate) struct ReportOptions {
    /// The batch task, by the id that creating it returned
    pub(crate) task_id: String,
    /// Where to write the page, such as report.html; a file that is there is replaced once the page is whole. - is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

pub(crate) async fn run(context: &mut Context<'_>, options: &ReportOptions) -> Result<(), CliError> {
    context.refuse_csv()?;
    let connection = Connection::open(context).await?;
    // Before the first call, so that a folder that is not there is reported at once.
    let destination = Destination::open(&options.out)?;
    let started = Instant::now();
    let spool = Spool::new(destination.scratch()?);
    let mut progress = Progress::new(&context.global, &connection.client, &mut context.stderr);
    let outcome = read(&connection.client, &options.task_id, spool, &mut progress, &context.interrupt).await;
    progress.finish();
    let TaskFailures { summary, rows, list } = outcome?;
    let origin = Origin {
        endpoint: connection.endpoint,
        by_emulator: context.global.asks_emulator(),
        at: SystemTime::now(),
        took: started.elapsed(),
        calls: connection.client.calls(),
        method: summary.method(),
    };
    let content = Content::new(Counts::from(&summary), &list, origin);
    let out = match destination {
        Destination::Stdout => {
            page::write(&content, rows, &mut context.stdout)?;
            context.stdout.flush()?;
            None
        }
        Destination::File(path) => {
            new_file::write(&path, |out| page::write(&content, rows, out))?;
            Some(&options.out)
        }
    };
    tell(context, &content, &summary, out)
}

/// What the platform said.
struct TaskFailures {
    summary: Summary,
    /// The rows of the list, as JSON.
    rows: File,
    list: List,
}

/// Reads the counts first and then the failures: for a task that has settled they agree. The counts also show how far the
/// read of the failures is.
async fn read(
    client: &Client,
    task: &str,
    mut spool: Spool,
    progress: &mut Progress<'_, '_>,
    interrupt: &Interrupt,
) -> Result<TaskFailures, CliError> {
    let summary = progress.during(interrupt.or(client.summary(task).into_future())).await?;
    let mut failures = client.failures(task).stream();
    while let Some(failure) = progress.during(interrupt.or(failures.try_next())).await? {
        spool.push(&failure)?;
        // While subtasks move, more may come than were counted.
        progress.rows(spool.rows(), Some(summary.failed().max(spool.rows())));
    }
    let (rows, list) = spool.finish()?;
    Ok(TaskFailures { summary, rows, list })
}

/// Prints what was written, in one line; nothing if the page itself goes to stdout.
fn tell(
    context: &mut Context<'_>,
    content: &Content,
    summary: &Summary,
    out: Option<&PathBuf>,
) -> Result<(), CliError> {
    for warning in content.warnings() {
        context.note(&warning)?;
    }
    let Some(out) = out.map(|out| out.display().to_string()) else {
        return context.judge(&content.listed, &[]);
    };
    if context.global.asks_json() {
        let listed = json!({ "calls": content.origin.calls, "file": out, "listed": content.listed.all() });
        let result = results::summary(&content.origin.endpoint, summary, listed);
        context.deliver_json(&result)?;
    } else {
        writeln!(context.stdout, "{out}: {}", content.in_one_line())?;
        context.stdout.flush()?;
    }
    context.judge(&content.listed, &[])
}
