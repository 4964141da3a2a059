//! `northbound subtasks`: what happened to each device.

use northbound::{SubtaskQuery, SubtaskStatus};

use crate::arguments::{Output, SubtasksOptions, status_of};
use crate::columns::Column;
use crate::connection::Connection;
use crate::context::Context;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::rows::Rows;

pub(crate) async fn run(context: &mut Context<'_>, options: &SubtasksOptions) -> Result<(), Failure> {
    let output = context.global.output;
    let columns = columns(output, &options.columns)?;
    let connection = Connection::open(context).await?;
    let query = query(connection.client.subtasks(&options.task_id), options);
    let mut progress = Progress::new(&context.global, &connection.client, &mut context.stderr);
    if context.stdout.is_terminal() && output != Output::Table {
        progress.silence();
    }
    let mut rows = Rows::new(output, columns, &mut context.stdout);
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
    rows: &mut Rows<'_, '_>,
    progress: &mut Progress<'_, '_>,
    interrupt: &Interrupt,
) -> Result<End, Failure> {
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
fn columns(output: Output, chosen: &[Column]) -> Result<Vec<Column>, Failure> {
    match output {
        Output::Json | Output::Jsonl if !chosen.is_empty() => Err(Failure::usage(
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
