//! `northbound summary`: how many subtasks there are in each status.

use clap::Args;
use std::io::Write as _;

use crate::arguments::global::Output;
use crate::error::CliError;
use crate::screen::chart::{self, Counts};
use crate::session::connection::Connection;
use crate::session::context::Context;

#[derive(Debug, Args)]
pub(crate) struct SummaryOptions {
    /// The batch task, by the id that creating it returned
    pub(crate) task_id: String,
}

pub(crate) async fn run(context: &mut Context<'_>, options: &SummaryOptions) -> Result<(), CliError> {
    context.refuse_csv()?;
    let connection = Connection::open(context).await?;
    let request = connection.client.summary(&options.task_id).into_future();
    let summary = context.interrupt.or(request).await?;
    let stdout = &mut context.stdout;
    match context.global.output {
        Output::Json => {
            writeln!(stdout, "{}", serde_json::to_string_pretty(&summary).map_err(std::io::Error::from)?)?
        }
        Output::Jsonl => {
            writeln!(stdout, "{}", serde_json::to_string(&summary).map_err(std::io::Error::from)?)?
        }
        Output::Table | Output::Csv => {
            let (width, palette) = (stdout.width().unwrap_or(chart::PLAIN_WIDTH), stdout.palette());
            let counts = Counts::from(&summary);
            for line in chart::summary(&counts, summary.calls(), summary.method(), width, palette) {
                writeln!(stdout, "{line}")?;
            }
        }
    }
    stdout.flush()?;
    Ok(())
}
