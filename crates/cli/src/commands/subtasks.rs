//! `northbound subtasks`: what happened to each device.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use northbound::{SubtaskQuery, SubtaskStatus};

use crate::arguments::global::Output;
use crate::arguments::list::{List, ListParser};
use crate::arguments::values;
use crate::codes::Codes;
use crate::error::CliError;
use crate::rows::RowWriter;
use crate::rows::columns::Column;
use crate::rows::join::{Join, JoinOptions};
use crate::rows::selection::{NameParser, Selection};
use crate::rows::table::{self, TableColumn};
use crate::screen::layout::one_line;
use crate::screen::progress::Progress;
use crate::session::connection::Connection;
use crate::session::context::Context;
use crate::session::interrupt::Interrupt;
use crate::session::new_file::refuse_input;

#[derive(Debug, Args)]
pub(crate) struct SubtasksOptions {
    /// Id of the batch task, which the platform returned when the task was created
    pub(crate) task_id: String,
    /// Only subtasks in one of these statuses, such as Fail,Timeout
    #[arg(long, value_parser = values::statuses(), ignore_case = true)]
    pub(crate) status: Vec<List<SubtaskStatus>>,
    /// Only subtasks of these devices, such as @ids.txt with one id a line; each device takes one call
    #[arg(long, value_name = "ID", value_parser = ListParser(NonEmptyStringValueParser::new()))]
    pub(crate) device_id: Vec<List<String>>,
    /// Only the subtask of this device command
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) command_id: Option<String>,
    /// Only this page; 0 is the first. Without it, all pages are read
    #[arg(long, allow_negative_numbers = true, value_name = "N", conflicts_with = "limit")]
    pub(crate) page: Option<u32>,
    /// Number of rows to read with one call, 1 to 250 [default: 25 with --page, else 250]
    #[arg(long, allow_negative_numbers = true, value_name = "M")]
    pub(crate) page_size: Option<u32>,
    /// Stop after this many subtasks
    #[arg(long, allow_negative_numbers = true, value_name = "N")]
    pub(crate) limit: Option<u32>,
    /// What to show of each subtask [default: device,status,outcome,command, on a narrow terminal without command; csv: device,command,status,code,reason,output,error; with --join its columns after device]
    #[arg(long, value_parser = ListParser(NameParser))]
    pub(crate) columns: Vec<List<String>>,
    #[command(flatten)]
    pub(crate) join: JoinOptions,
}

pub(crate) async fn run(context: &mut Context<'_>, options: &SubtasksOptions) -> Result<(), CliError> {
    let output = context.global.output();
    if let Some(out) = &context.global.out {
        refuse_input(out, [options.join.join.as_deref()])?;
    }
    let mut join = read_join(output, options)?;
    let usual = if output == Output::Csv { &Column::CSV[..] } else { &Column::TABLE };
    let selection = Selection::new(&List::all(&options.columns), usual, join.as_ref())?;
    let codes = Codes::of(context)?;
    let connection = Connection::open(context).await?;
    let queries = queries(connection.client.subtasks(&options.task_id), options)?;
    let mut progress = Progress::new(&context.global, Some(&connection.client), &mut context.stderr)
        .reading(options.page_size);
    if context.stdout.is_terminal() && output != Output::Table {
        progress.silence();
    }
    let mut rows = RowWriter::new(output, selection, &codes, join.as_mut(), &mut context.stdout);
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
    if let Some(join) = &join {
        tell_join(context, join)?;
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

/// JSON is what the platform sent, whole: it has no columns to choose from, and none of a file.
fn read_join(output: Output, options: &SubtasksOptions) -> Result<Option<Join>, CliError> {
    let names = [("--columns", !options.columns.is_empty()), ("--join", options.join.join.is_some())];
    match names.iter().find(|(_, is_given)| *is_given && output.is_json()) {
        Some((name, _)) => Err(CliError::usage(
            format!("{name} goes with a table or csv: json is what the platform sent, whole"),
            format!("leave {name} out, or add -o csv"),
        )),
        None => Join::read(&options.join),
    }
}

/// Tells what came of the join: failures by value, as a part of a table or else on stderr, and devices without a counterpart.
fn tell_join(context: &mut Context<'_>, join: &Join) -> Result<(), CliError> {
    let groups = join.groups();
    if let Some(by) = join.by().filter(|_| !groups.is_empty()) {
        let headings = [one_line(&join.columns()[by]).to_uppercase(), "FAILED DEVICES".to_owned()];
        let rows: Vec<_> =
            groups.iter().map(|(value, count)| vec![one_line(value), count.to_string()]).collect();
        let is_table = context.global.output() == Output::Table;
        let outlet = if is_table { &mut context.stdout } else { &mut context.stderr };
        let columns = headings.map(|name| TableColumn::new(&name));
        let lines = table::lines(&columns, &rows, outlet.width(), outlet.palette);
        if is_table {
            outlet.write_lines(&[String::new()])?;
            outlet.write_lines(&lines)?;
        } else {
            lines.iter().try_for_each(|line| context.note(line))?;
        }
    }
    Ok(join.notes().iter().try_for_each(|note| context.note(note))?)
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
