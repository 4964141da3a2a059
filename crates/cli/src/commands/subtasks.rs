//! `northbound subtasks`: what happened to each device.

use clap::Args;
use clap::builder::{EnumValueParser, NonEmptyStringValueParser};
use northbound::{SubtaskQuery, SubtaskStatus};

use crate::arguments::global::Output;
use crate::arguments::list::{List, ListParser};
use crate::arguments::values;
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
    /// Only subtasks in one of these statuses, such as Fail,Timeout
    #[arg(long, value_parser = values::statuses(), ignore_case = true)]
    pub(crate) status: Vec<List<SubtaskStatus>>,
    /// Only subtasks of these devices, such as @ids.txt with an id a line; each costs a call
    #[arg(long, value_name = "ID", value_parser = ListParser(NonEmptyStringValueParser::new()))]
    pub(crate) device_id: Vec<List<String>>,
    /// Only the subtask of this device command
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) command_id: Option<String>,
    /// Only this page; 0 is the first. Without it, all pages are read
    #[arg(long, allow_negative_numbers = true, value_name = "N", conflicts_with = "limit")]
    pub(crate) page: Option<u32>,
    /// Rows that one call asks for, 1 to 250 [default: 25 with --page, else 250]
    #[arg(long, allow_negative_numbers = true, value_name = "M")]
    pub(crate) page_size: Option<u32>,
    /// Stop after this many subtasks
    #[arg(long, allow_negative_numbers = true, value_name = "N")]
    pub(crate) limit: Option<u32>,
    /// What to show of each subtask [default: device,status,outcome,command, on a narrow terminal without command; csv: all but outcome]
    #[arg(long, value_parser = ListParser(EnumValueParser::<Column>::new()))]
    pub(crate) columns: Vec<List<Column>>,
}

pub(crate) async fn run(context: &mut Context<'_>, options: &SubtasksOptions) -> Result<(), CliError> {
    let output = context.global.output();
    let columns = columns(output, List::all(&options.columns))?;
    let connection = Connection::open(context).await?;
    let queries = queries(connection.client.subtasks(&options.task_id), options)?;
    let mut progress = Progress::new(&context.global, Some(&connection.client), &mut context.stderr)
        .reading(options.page_size);
    if context.stdout.is_terminal() && output != Output::Table {
        progress.silence();
    }
    let mut rows = RowWriter::new(output, columns, &mut context.stdout);
    let devices = if options.device_id.is_empty() { 0 } else { queries.len() };
    let mut without_row = 0;
    let outcome =
        print(queries, options, &mut rows, &mut progress, &context.interrupt, &mut without_row).await;
    progress.finish();
    // What came before a failure is shown all the same.
    let totals = rows.finish(outcome.is_ok())?;
    context.note_totals(&totals, outcome)?;
    if let Some(why) = why_nothing(options, devices).filter(|_| totals.all() == 0) {
        context.note(&why)?;
    } else if devices > 1 && without_row > 0 {
        context.note(&format!("{without_row} of {devices} devices have no row here"))?;
    }
    context.deliver()?;
    context.judge(&totals, &List::all(&options.status))
}

/// Why a read of this number of devices brought nothing, if the options explain it.
fn why_nothing(options: &SubtasksOptions, devices: usize) -> Option<String> {
    let is_filtered = !options.status.is_empty() || options.command_id.is_some();
    match (options.limit, options.page, devices) {
        (Some(0), ..) => Some("--limit 0 shows nothing: leave it out to see all".to_owned()),
        (_, Some(page), _) if page > 0 => Some(format!("page {page} is after the last page")),
        (_, _, 0) => None,
        (_, _, 1) if is_filtered => Some("the device has no such subtask in this task".to_owned()),
        (_, _, 1) => Some("the device is not in this task".to_owned()),
        (_, _, devices) if is_filtered => {
            Some(format!("0 of {devices} devices have such a subtask in this task"))
        }
        (_, _, devices) => Some(format!("0 of {devices} devices are in this task")),
    }
}

/// Prints the rows that the queries bring, and counts the queries that bring none. Returns what to say of rows that may be left.
async fn print(
    queries: Vec<SubtaskQuery>,
    options: &SubtasksOptions,
    rows: &mut RowWriter<'_, '_>,
    progress: &mut Progress<'_, '_>,
    interrupt: &Interrupt,
    without_row: &mut usize,
) -> Result<&'static str, CliError> {
    let mut left = options.limit;
    for query in queries {
        let before = rows.count();
        if let Some(page) = options.page {
            for subtask in progress.during(interrupt.or(query.page(page))).await?.into_subtasks() {
                rows.push(&subtask)?;
            }
            *without_row += usize::from(rows.count() == before);
            continue;
        }
        let mut subtasks = query.stream();
        loop {
            if left == Some(0) {
                return Ok("; there may be more beyond --limit");
            }
            let Some(subtask) = progress.during(interrupt.or(subtasks.try_next())).await? else {
                break;
            };
            rows.push(&subtask)?;
            progress.rows(rows.count(), None);
            left = left.map(|left| left - 1);
        }
        *without_row += usize::from(rows.count() == before);
    }
    Ok("")
}

/// JSON is what the platform sent, whole: it has no columns to choose from.
fn columns(output: Output, chosen: Vec<Column>) -> Result<Vec<Column>, CliError> {
    match output {
        Output::Json | Output::Jsonl if !chosen.is_empty() => Err(CliError::usage(
            "--columns goes with a table or csv: json is what the platform sent, whole",
            "leave --columns out, or add -o csv",
        )),
        _ if !chosen.is_empty() => Ok(chosen),
        Output::Csv => Ok(Column::CSV.to_vec()),
        _ => Ok(Column::TABLE.to_vec()),
    }
}

/// The queries to read one after the other: the platform filters by one device.
fn queries(mut query: SubtaskQuery, options: &SubtasksOptions) -> Result<Vec<SubtaskQuery>, CliError> {
    if !options.status.is_empty() {
        query = query.statuses(List::all(&options.status));
    }
    if let Some(command_id) = &options.command_id {
        query = query.command_id(command_id);
    }
    if let Some(page_size) = options.page_size {
        query = query.page_size(page_size);
    }
    let devices = List::distinct(&options.device_id);
    if options.page.is_some() && devices.len() > 1 {
        return Err(CliError::usage(
            "--page is a page of one device",
            "leave --page out, or name one device",
        ));
    }
    match devices.as_slice() {
        [] => Ok(vec![query]),
        some => Ok(some.iter().map(|device| query.clone().device_id(device)).collect()),
    }
}
