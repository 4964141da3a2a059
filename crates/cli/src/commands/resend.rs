//! `northbound resend`: a command again to the devices that failed.
//!
//! Which devices these are is decided here; how it is sent, and what keeps it from being sent twice, is in `sending`.

mod failed;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use northbound::SubtaskStatus;

use crate::arguments::global::Output;
use crate::arguments::list::{List, ListParser};
use crate::arguments::values;
use crate::error::CliError;
use crate::rows::csv;
use crate::rows::file::{self, Source};
use crate::screen::layout::one_line;
use crate::screen::progress::Progress;
use crate::sending::carry::{Follow, nothing_to_send, send};
use crate::sending::order::{CommandText, Order, OrderOptions};
use crate::session::connection::Connection;
use crate::session::context::Context;
use crate::session::send_record::Repeat;
use failed::{Failed, Wanted};

#[derive(Debug, Args)]
pub(crate) struct ResendOptions {
    /// The batch task whose devices failed, or a file of `export` that ends in .jsonl or .csv
    #[arg(value_name = "TASK_ID|FILE")]
    pub(crate) source: String,
    /// The batch task that FILE was exported from: devices that no longer have the status in the task are left out
    #[arg(long, value_name = "ID", value_parser = values::id)]
    pub(crate) task: Option<String>,
    /// Send to devices in this status: Fail, or Timeout, which requires --may-repeat because these devices may have acted [default:
    /// Fail]
    #[arg(long, value_parser = values::statuses(), ignore_case = true)]
    pub(crate) status: Vec<List<SubtaskStatus>>,
    /// Only devices that failed with one of these error codes, such as 100428
    #[arg(long, value_name = "CODE", value_parser = ListParser(NonEmptyStringValueParser::new()))]
    pub(crate) code: Vec<List<String>>,
    /// The service of the device that takes the command
    #[arg(long, value_name = "NAME", requires_all = ["method", "paras"])]
    pub(crate) service: Option<String>,
    /// The name of the command
    #[arg(long, value_name = "NAME", requires = "service")]
    pub(crate) method: Option<String>,
    /// The parameters of the command as a JSON object, or @FILE; {} if it has none
    #[arg(long, value_name = "JSON", requires = "service")]
    pub(crate) paras: Option<String>,
    /// Agree to the command that the task sent, whatever it is; with --yes, send without asking
    #[arg(long, conflicts_with = "service")]
    pub(crate) same_command: bool,
    #[command(flatten)]
    pub(crate) order: OrderOptions,
}

pub(crate) async fn run(
    context: &mut Context<'_>,
    options: &ResendOptions,
) -> Result<Option<Follow>, CliError> {
    let statuses = statuses(options)?;
    let wanted = Wanted {
        timed_out: statuses.contains(&SubtaskStatus::Timeout),
        statuses,
        codes: List::all(&options.code),
    };
    let source = source(options)?;
    let mut failed = Failed::default();
    if let Source::File(path) = source {
        file::read(path, |subtask| failed.add(subtask, &wanted))?;
        check_ids(path, &failed)?;
    }
    let typed = match (&options.service, &options.method, &options.paras) {
        (Some(service), Some(method), Some(paras)) => Some(CommandText::read(service, method, paras)?),
        _ => None,
    };
    let connection = Connection::open(context).await?;
    let task = source.task().or(options.task.as_deref());
    if let Some(task) = task {
        let mut progress =
            Progress::new(&context.global, Some(&connection.client), &mut context.stderr).reading(None);
        let read = failed::read(&connection.client, task, &wanted, &mut progress, &context.interrupt).await;
        progress.finish();
        let now = read?;
        failed = if matches!(source, Source::File(_)) { failed.that_fail_now(now) } else { now };
    }
    let mut notes = failed.notes(&wanted);
    let (command, needs_more) = match typed {
        Some(command) => (command, None),
        None => {
            notes.push("The command is the one that the task sent.".to_owned());
            let command = command_of(context, &connection, task).await?;
            let needs_more = (!options.same_command).then(|| "--same-command --yes".to_owned());
            (command, needs_more)
        }
    };
    if matches!(source, Source::File(_)) && task.is_none() {
        notes.push(
            "As FILE has it: add --task ID to leave out devices that have not failed any more.".to_owned(),
        );
    }
    if failed.devices.ids.is_empty() {
        nothing_to_send(context, &connection, &options.order.name, &notes)?;
        return Ok(None);
    }
    let repeat = match (options.order.may_repeat, wanted.timed_out) {
        (false, _) => Repeat::No,
        (true, true) => Repeat::OnlyTimedOut,
        (true, false) => Repeat::Agreed,
    };
    let mut order = Order::new(&options.order, command, failed.devices)?;
    (order.notes, order.needs_more) = (notes, needs_more);
    send(context, connection, &options.order, order, repeat).await
}

/// The statuses of devices to send to. Others have acted, or still may.
fn statuses(options: &ResendOptions) -> Result<Vec<SubtaskStatus>, CliError> {
    let mut statuses = List::distinct(&options.status);
    if statuses.is_empty() {
        statuses.push(SubtaskStatus::Fail);
    }
    if let Some(other) =
        statuses.iter().find(|status| !matches!(status, SubtaskStatus::Fail | SubtaskStatus::Timeout))
    {
        let what = format!("devices in status {} are not sent to again", other.as_str());
        return Err(CliError::usage(
            what,
            "give --status Fail or Timeout; to send to any devices use `northbound send`",
        ));
    }
    if statuses.contains(&SubtaskStatus::Timeout) && !options.order.may_repeat {
        let what = "a device that timed out may have got the command, and would get it a second time";
        return Err(CliError::usage(
            what,
            "add --may-repeat if that does no harm, or leave --status Timeout out",
        ));
    }
    Ok(statuses)
}

fn source(options: &ResendOptions) -> Result<Source<'_>, CliError> {
    let source = Source::of(&options.source)?;
    if let (Source::Task(task), Some(_)) = (source, &options.task) {
        let what = format!("{} is a task, and so is --task", one_line(task));
        return Err(CliError::usage(what, "leave --task out, or name a file"));
    }
    Ok(source)
}

/// csv is not exact: an id that it does not write plainly may have been another one.
fn check_ids(path: &str, failed: &Failed) -> Result<(), CliError> {
    let is_csv = Output::of_file(path.as_ref()) == Some(Output::Csv);
    let changed = |id: &&String| is_csv && csv::line([id]).trim_end() != id.as_str();
    failed.devices.ids.iter().find(changed).map_or(Ok(()), |id| {
        let what = format!("{path} has the device id {:?}, which csv may have changed", one_line(id));
        Err(CliError::usage(what, "export the task as jsonl, which is exact"))
    })
}

/// The command that the task sent.
async fn command_of(
    context: &Context<'_>,
    connection: &Connection,
    task: Option<&str>,
) -> Result<CommandText, CliError> {
    let advice = "add --service, --method and --paras";
    let Some(task) = task else {
        return Err(CliError::usage("a file does not say which command its task sent", advice));
    };
    let found = context.interrupt.or(connection.client.batch_task(task).into_future()).await?;
    let command = found.command().ok_or_else(|| {
        CliError::usage(format!("task {} does not say which command it sent", one_line(task)), advice)
    })?;
    let paras = command.parameters()?.clone();
    CommandText { service: command.service_id().to_owned(), method: command.method().to_owned(), paras }
        .checked()
}
