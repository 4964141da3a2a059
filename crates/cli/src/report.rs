//! `northbound report`: one page for a browser that says which devices of a batch task failed, and why.

mod destination;
mod findings;
mod list;
mod page;
mod security;
mod text;

use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Instant, SystemTime};

use northbound::{Client, Summary};
use serde_json::json;

use self::destination::Destination;
use self::findings::{Findings, Made};
use self::list::List;
use crate::arguments::{Output, ReportOptions};
use crate::chart::Counts;
use crate::connection::Connection;
use crate::context::Context;
use crate::failure::Failure;

/// How often a list that its counts do not confirm is read anew, if the task has settled meanwhile.
const READS: usize = 2;

pub(crate) async fn run(context: &mut Context<'_>, options: &ReportOptions) -> Result<(), Failure> {
    context.refuse_csv()?;
    let connection = Connection::open(context).await?;
    // Before the first call: who names a folder that is not there should not have to wait for it.
    let destination = Destination::open(&options.out)?;
    let started = Instant::now();
    let Read { rows, list, summary } = read(context, &connection.client, options, &destination).await?;
    let made = Made {
        endpoint: connection.endpoint,
        by_emulator: context.global.asks_emulator(),
        at: SystemTime::now(),
        took: started.elapsed(),
        calls: connection.client.calls(),
        method: summary.method(),
    };
    let findings = Findings::new(Counts::from(&summary), &list, made);
    let out = match destination {
        Destination::Stdout => {
            page::write(&findings, rows, &mut context.stdout)?;
            context.stdout.flush()?;
            None
        }
        Destination::File(mut part) => {
            part.fill(|out| page::write(&findings, rows, out))?;
            part.keep()?;
            Some(&options.out)
        }
    };
    tell(context, &findings, out)
}

/// What the platform said.
struct Read {
    /// The rows of the list, as JSON.
    rows: File,
    list: List,
    summary: Summary,
}

/// The failures first and the counts after them: those of a task that has settled then agree.
async fn read(
    context: &mut Context<'_>,
    client: &Client,
    options: &ReportOptions,
    destination: &Destination,
) -> Result<Read, Failure> {
    let mut reads = 1;
    loop {
        let mut spool = list::Spool::new(destination.scratch()?);
        let mut failures = client.failures(&options.task_id).stream();
        while let Some(failure) = context.interrupt.or(failures.try_next()).await? {
            spool.push(&failure)?;
        }
        let (rows, list) = spool.finish()?;
        let summary = context.interrupt.or(client.summary(&options.task_id).into_future()).await?;
        let settled_meanwhile = summary.is_settled() && !list.agrees_with(&Counts::from(&summary));
        if !settled_meanwhile || reads == READS {
            return Ok(Read { rows, list, summary });
        }
        reads += 1;
    }
}

/// Says what was written, in one line. A page on stdout stands there alone.
fn tell(context: &mut Context<'_>, findings: &Findings, out: Option<&PathBuf>) -> Result<(), Failure> {
    for warning in findings.warnings() {
        context.note(&warning)?;
    }
    let Some(out) = out.map(|out| out.display().to_string()) else { return Ok(()) };
    let json = json!({
        "file": out,
        "taskId": findings.counts.task,
        "total": findings.counts.total,
        "failed": findings.counts.failed,
        "listed": findings.listed.all(),
        "calls": findings.made.calls,
    });
    match context.global.output {
        Output::Json => writeln!(context.stdout, "{json:#}")?,
        Output::Jsonl => writeln!(context.stdout, "{json}")?,
        Output::Table | Output::Csv => writeln!(context.stdout, "{out}: {}", findings.in_one_line())?,
    }
    context.stdout.flush()?;
    Ok(())
}
