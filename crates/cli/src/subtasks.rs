//! `northbound subtasks`: what happened to each device.

use std::io::Write;

use northbound::{SubtaskStatus, Subtasks};

use crate::Environment;
use crate::arguments::{Global, SubtasksOptions};
use crate::connection::Connection;
use crate::failure::Failure;
use crate::rows::Rows;

pub(crate) async fn run(
    global: &Global,
    options: &SubtasksOptions,
    environment: Environment<'_>,
    stdout: &mut dyn Write,
) -> Result<(), Failure> {
    let connection = Connection::open(global, environment).await?;
    let query = query(connection.client.subtasks(&options.task_id), options);
    let mut rows = Rows::new(global.output, stdout);
    let outcome = print(query, options, &mut rows).await;
    // What came before a failure is shown all the same.
    rows.finish(outcome.is_ok())?;
    outcome
}

async fn print(query: Subtasks, options: &SubtasksOptions, rows: &mut Rows<'_>) -> Result<(), Failure> {
    if let Some(page) = options.page {
        for subtask in query.page(page).await?.into_subtasks() {
            rows.push(&subtask)?;
        }
        return Ok(());
    }
    let mut left = options.limit;
    let mut subtasks = query.stream();
    while left != Some(0) {
        let Some(subtask) = subtasks.try_next().await? else {
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
