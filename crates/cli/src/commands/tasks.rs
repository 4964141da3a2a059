//! `northbound tasks`: the batch tasks that commands of this user have created or read on this machine.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use serde_json::{Value, json};

use crate::arguments::global::Output;
use crate::arguments::values::id;
use crate::error::CliError;
use crate::results::result_of;
use crate::rows::csv;
use crate::rows::table::{self, TableColumn};
use crate::screen::chart::span;
use crate::screen::layout::{counted, one_line};
use crate::session::context::Context;
use crate::session::known_tasks::{KnownTask, KnownTasks, forget};

#[derive(Debug, Args)]
pub(crate) struct TasksOptions {
    /// Remove the named tasks from the list, or all tasks. Nothing changes on the platform, and no record of a send is deleted
    #[arg(long)]
    pub(crate) forget: bool,
    /// Tasks to remove from the list
    #[arg(value_name = "TASK_ID", value_parser = id, requires = "forget")]
    pub(crate) task_ids: Vec<String>,
}

/// The first line of csv.
const HEADING: [&str; 9] =
    ["task", "name", "total", "settled", "failed", "first_seen", "last_seen", "endpoint", "application"];
const NO_FOLDER: &str =
    "set XDG_STATE_HOME or HOME (on Windows LOCALAPPDATA) to an absolute path: the list is kept there";

pub(crate) async fn run(context: &mut Context<'_>, options: &TasksOptions) -> Result<(), CliError> {
    let known = KnownTasks::of(context.environment)
        .ok_or_else(|| CliError::usage("no folder for the list of tasks is known", NO_FOLDER))?;
    let unusable = |error| CliError::file(format!("the list of tasks cannot be used: {error}"), ADVICE);
    let changed = match options.forget {
        true => known.change(|tasks| (forget(tasks, &options.task_ids), tasks.clone())).await,
        false => known.read().map(|tasks| (0, tasks)),
    };
    let (forgotten, tasks) = changed.map_err(unusable)?;
    match context.global.output() {
        Output::Json | Output::Jsonl => {
            let tasks: Vec<_> = tasks.iter().map(json_of).collect();
            let result = result_of(None, [json!({ "tasks": tasks, "forgotten": forgotten })]);
            context.deliver_json(&result)?;
        }
        Output::Csv => {
            let lines = tasks.iter().map(|task| csv::line(cells(task)));
            context.stdout.write_data((csv::line(HEADING) + &lines.collect::<String>()).as_bytes())?;
        }
        Output::Table if options.forget => {}
        Output::Table => print_table(context, &tasks)?,
    }
    if options.forget {
        let left = counted(tasks.len(), "task");
        context.note(&format!("{} forgotten, {left} left", counted(forgotten, "task")))?;
    }
    Ok(())
}

const ADVICE: &str = "no command depends on this list: if you cannot repair it, delete it";

fn print_table(context: &mut Context<'_>, tasks: &[KnownTask]) -> Result<(), CliError> {
    let columns = [
        TableColumn::new("TASK"),
        TableColumn::text("NAME"),
        TableColumn::new("SETTLED"),
        TableColumn::new("FAILED"),
        TableColumn::new("SEEN"),
        TableColumn::text("ENDPOINT").spare(),
    ];
    let row = |task: &KnownTask| {
        let settled = task.counts.map(|counts| format!("{} of {}", counts.settled, counts.total));
        let failed = task.counts.map(|counts| counts.failed.to_string());
        let or_dash = |cell: Option<String>| cell.map_or("-".to_owned(), |cell| one_line(&cell));
        let seen =
            at(task.last_seen).elapsed().map_or("just now".to_owned(), |age| format!("{} ago", span(age)));
        [
            Some(task.task_id.clone()),
            task.name.clone(),
            settled,
            failed,
            Some(seen),
            Some(task.endpoint.clone()),
        ]
        .map(or_dash)
        .to_vec()
    };
    if tasks.is_empty() {
        let what =
            "no tasks: the platform cannot list them, and no command on this machine has created or read one"
                .to_owned();
        return Ok(context.stdout.write_lines(&[what])?);
    }
    let rows: Vec<_> = tasks.iter().map(row).collect();
    let (width, palette) = (context.stdout.width(), context.stdout.palette);
    Ok(context.stdout.write_lines(&table::lines(&columns, &rows, width, palette))?)
}

fn cells(task: &KnownTask) -> Vec<String> {
    let counts = task
        .counts
        .map(|counts| [counts.total, counts.settled, counts.failed].map(|count| count.to_string()));
    let times = [task.first_seen, task.last_seen].map(time);
    let name = task.name.clone().unwrap_or_default();
    [task.task_id.clone(), name]
        .into_iter()
        .chain(counts.unwrap_or_default())
        .chain(times)
        .chain([task.endpoint.clone(), task.application.clone()])
        .collect()
}

fn json_of(task: &KnownTask) -> Value {
    json!({
        "taskId": task.task_id,
        "name": task.name,
        "endpoint": task.endpoint,
        "application": task.application,
        "firstSeen": time(task.first_seen),
        "lastSeen": time(task.last_seen),
        "total": task.counts.map(|counts| counts.total),
        "settled": task.counts.map(|counts| counts.settled),
        "failed": task.counts.map(|counts| counts.failed),
    })
}

/// A damaged file may name any number.
fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds.min(LAST))).unwrap_or(UNIX_EPOCH)
}

/// The last second of the year 9999, after which times have another form.
const LAST: u64 = 253_402_300_799;

fn time(seconds: u64) -> String {
    humantime::format_rfc3339_seconds(at(seconds)).to_string()
}
