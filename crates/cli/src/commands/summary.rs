//! `northbound summary`: how many subtasks there are in each status.

use clap::Args;
use std::io::Write as _;

use serde_json::Value;

use crate::arguments::global::Output;
use crate::error::CliError;
use crate::results;
use crate::rows::csv;
use crate::screen::chart::{self, Counts};
use crate::screen::layout::lines_on_terminal;
use crate::session::connection::Connection;
use crate::session::context::Context;

#[derive(Debug, Args)]
pub(crate) struct SummaryOptions {
    /// The batch task, by the id that creating it returned
    pub(crate) task_id: String,
}

pub(crate) async fn run(context: &mut Context<'_>, options: &SummaryOptions) -> Result<(), CliError> {
    let connection = Connection::open(context).await?;
    let request = connection.client.summary(&options.task_id).into_future();
    let summary = context.interrupt.or(request).await?;
    let counts = Counts::from(&summary);
    let stdout = &mut context.stdout;
    match context.global.output() {
        Output::Json | Output::Jsonl => {
            context.deliver_json(&results::summary(&connection.endpoint, &summary, Value::Null))?
        }
        Output::Csv => {
            let lines = csv_lines(&counts);
            let lines = if stdout.is_terminal() { lines_on_terminal(&lines) } else { lines };
            stdout.write_all(lines.as_bytes())?;
        }
        Output::Table => {
            let (width, palette) = (stdout.width().unwrap_or(chart::PLAIN_WIDTH), stdout.palette());
            for line in chart::summary(&counts, summary.calls(), summary.method(), width, palette) {
                writeln!(stdout, "{line}")?;
            }
        }
    }
    Ok(())
}

/// A line for each status. The counts add up to the number of subtasks.
fn csv_lines(counts: &Counts) -> String {
    let others = Some(("(other)", counts.unnamed())).filter(|(_, count)| *count > 0);
    let statuses = counts.by_status.iter().map(|(status, count)| (status.as_str(), *count)).chain(others);
    let lines = statuses.map(|(status, count)| csv::line([counts.task.as_str(), status, &count.to_string()]));
    csv::line(["task", "status", "count"]) + &lines.collect::<String>()
}
