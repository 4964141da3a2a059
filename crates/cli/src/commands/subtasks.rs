//! `northbound subtasks`: what happened to each device.

use crate::arguments::values;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use northbound::{SubtaskQuery, SubtaskStatus};

use crate::arguments::global::Output;
use crate::arguments::values::status_of;
use crate::error::CliError;
use crate::rows::RowWriter;
use crate::rows::columns::Column;
use crate::screen::progress::Progress;
use crate::session::connection::Connection;
use crate::session::context::Context;
use crate::session::interrupt::Interrupt;

#[derive(Debug, Args)]
pub(crate) struct SubtasksOptions {
    /// The batch task, by the id that creating it returned
    pub(crate) task_id: String,
    /// Only subtasks in this status, or one of several: give it again, or part them by commas
    #[arg(long, value_parser = values::status(), ignore_case = true, value_delimiter = ',')]
    pub(crate) status: Vec<String>,
    /// Only subtasks of this device
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) device_id: Option<String>,
    /// Only the subtask of this device command
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) command_id: Option<String>,
    /// Only this page; 0 is the first. Without it, all pages are read
    #[arg(long, value_name = "N", conflicts_with = "limit")]
    pub(crate) page: Option<u32>,
    /// Rows that one call asks for, 1 to 250 [default: 25 with --page, else 250]
    #[arg(long, value_name = "M")]
    pub(crate) page_size: Option<u32>,
    /// Stop after so many subtasks
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// What to show of each subtask, parted by commas [default: device,status,outcome,command; csv: all but outcome]
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) columns: Vec<Column>,
}

pub(crate) async fn run(context: &mut Context<'_>, options: &SubtasksOptions) -> Result<(), CliError> {
    let output = context.global.output;
    let columns = columns(output, &options.columns)?;
    let connection = Connection::open(context).await?;
    let query = query(connection.client.subtasks(&options.task_id), options);
    let mut progress = Progress::new(&context.global, &connection.client, &mut context.stderr);
    if context.stdout.is_terminal() && output != Output::Table {
        progress.silence();
    }
    let mut rows = RowWriter::new(output, columns, &mut context.stdout);
    let outcome = print(query, options, &mut rows, &mut progress, &context.interrupt).await;
    progress.finish();
    // What came before a failure is shown all the same.
    let totals = rows.finish(outcome.is_ok())?;
    match outcome {
        Ok(End::All) => context.note(&totals.to_string())?,
        Ok(End::Limit) => context.note(&format!("{totals}; there may be more beyond --limit"))?,
        Err(failure) => {
            if totals.all() > 0 {
                context.note(&format!("{totals}; then the read ended"))?;
            }
            return Err(failure);
        }
    }
    context.judge(&totals, &statuses(options))
}

/// What a read ended with.
enum End {
    All,
    Limit,
}

async fn print(
    query: SubtaskQuery,
    options: &SubtasksOptions,
    rows: &mut RowWriter<'_, '_>,
    progress: &mut Progress<'_, '_>,
    interrupt: &Interrupt,
) -> Result<End, CliError> {
    if let Some(page) = options.page {
        for subtask in progress.during(interrupt.or(query.page(page))).await?.into_subtasks() {
            rows.push(&subtask)?;
        }
        return Ok(End::All);
    }
    let mut left = options.limit;
    let mut subtasks = query.stream();
    while left != Some(0) {
        let Some(subtask) = progress.during(interrupt.or(subtasks.try_next())).await? else {
            return Ok(End::All);
        };
        rows.push(&subtask)?;
        progress.rows(rows.count(), None);
        left = left.map(|left| left - 1);
    }
    Ok(End::Limit)
}

/// JSON is what the platform sent, whole: it has no columns to choose from.
fn columns(output: Output, chosen: &[Column]) -> Result<Vec<Column>, CliError> {
    match output {
        Output::Json | Output::Jsonl if !chosen.is_empty() => Err(CliError::usage(
            "--columns goes with a table or csv: json is what the platform sent, whole",
            "leave --columns out, or add -o csv",
        )),
        _ if !chosen.is_empty() => Ok(chosen.to_vec()),
        Output::Csv => Ok(Column::CSV.to_vec()),
        _ => Ok(Column::TABLE.to_vec()),
    }
}

fn statuses(options: &SubtasksOptions) -> Vec<SubtaskStatus> {
    options.status.iter().map(|status| status_of(status)).collect()
}

fn query(mut query: SubtaskQuery, options: &SubtasksOptions) -> SubtaskQuery {
    if !options.status.is_empty() {
        query = query.statuses(statuses(options));
    }
    if let Some(device_id) = &options.device_id {
        query = query.device_id(device_id);
    }
    if let Some(command_id) = &options.command_id {
        query = query.command_id(command_id);
    }
    if let Some(page_size) = options.page_size {
        query = query.page_size(page_size);
    }
    query
}
