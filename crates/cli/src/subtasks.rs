//! `northbound subtasks`: what happened to each device.

use northbound::{SubtaskStatus, Subtasks};

use crate::arguments::SubtasksOptions;
use crate::connection::Connection;
use crate::context::Context;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::rows::Rows;

pub(crate) async fn run(context: &mut Context<'_>, options: &SubtasksOptions) -> Result<(), Failure> {
    let connection = Connection::open(context).await?;
    let query = query(connection.client.subtasks(&options.task_id), options);
    let mut rows = Rows::new(context.global.output, &mut context.stdout);
    let outcome = print(query, options, &mut rows, &context.interrupt).await;
    // What came before a failure is shown all the same.
    rows.finish(outcome.is_ok())?;
    outcome
}

async fn print(
    query: Subtasks,
    options: &SubtasksOptions,
    rows: &mut Rows<'_>,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    if let Some(page) = options.page {
        for subtask in interrupt.or(query.page(page)).await?.into_subtasks() {
            rows.push(&subtask)?;
        }
        return Ok(());
    }
    let mut left = options.limit;
    let mut subtasks = query.stream();
    while left != Some(0) {
        let Some(subtask) = interrupt.or(subtasks.try_next()).await? else {
            break;
        };
        rows.push(&subtask)?;
        left = left.map(|left| left - 1);
    }
    Ok(())
}

fn query(mut query: Subtasks, options: &SubtasksOptions) -> Subtasks {
    if let Some(status) = &options.status {
        let listed = SubtaskStatus::KNOWN.iter().find(|known| known.as_str().eq_ignore_ascii_case(status));
        query = query.status(listed.cloned().unwrap_or_else(|| SubtaskStatus::from(status.as_str())));
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
