//! `northbound summary`: how many subtasks there are in each status.

use clap::Args;

use northbound::Summary;
use serde_json::Value;

use crate::arguments::global::Output;
use crate::error::CliError;
use crate::results;
use crate::rows::csv;
use crate::screen::chart;
use crate::screen::layout::one_line;
use crate::screen::progress::Progress;
use crate::session::connection::Connection;
use crate::session::context::Context;
use crate::session::known_tasks::Memory;

#[derive(Debug, Args)]
pub(crate) struct SummaryOptions {
    /// Id of the batch task, which the platform returned when the task was created
    pub(crate) task_id: String,
}

pub(crate) async fn run(context: &mut Context<'_>, options: &SummaryOptions) -> Result<(), CliError> {
    let connection = Connection::open(context).await?;
    let request = connection.client.summary(&options.task_id).into_future();
    let mut progress = Progress::new(&context.global, Some(&connection.client), &mut context.stderr);
    let summary = progress.during(context.interrupt.or(request)).await;
    progress.finish();
    let summary = summary?;
    let counts = Some((&summary).into());
    Memory::of(context).note(&connection.client, &options.task_id, None, counts).await;
    let stdout = &mut context.stdout;
    match context.global.output() {
        Output::Json | Output::Jsonl => {
            context.deliver_json(&results::summary(connection.endpoint(), &summary, Value::Null))?
        }
        Output::Csv => {
            stdout.write_data(csv_lines(&summary).as_bytes())?;
        }
        Output::Table => {
            let (width, palette) = (stdout.width().unwrap_or(chart::PLAIN_WIDTH), stdout.palette);
            stdout.write_lines(&chart::summary(&summary, width, palette))?;
        }
    }
    Ok(())
}

/// A line for each status. The counts add up to the number of subtasks.
fn csv_lines(summary: &Summary) -> String {
    let others = Some(("(other)", chart::unnamed(summary))).filter(|(_, count)| *count > 0);
    let statuses = summary.by_status().map(|(status, count)| (status.as_str(), count)).chain(others);
    let task = one_line(summary.task_id());
    let lines = statuses.map(|(status, count)| csv::line([task.as_str(), status, &count.to_string()]));
    csv::line(["task", "status", "count"]) + &lines.collect::<String>()
}
