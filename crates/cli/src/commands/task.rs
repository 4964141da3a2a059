//! `northbound task`: what a batch task is, and how far.

mod adopt;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use northbound::BatchTask;
use northbound::client_layer::types::TaskParam;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::time::SystemTime;

use crate::error::CliError;
use crate::results::result_of;
use crate::screen::layout::{counted, one_line, shortened, wrapped};
use crate::screen::palette::STRONG;
use crate::screen::progress::Progress;
use crate::session::connection::Connection;
use crate::session::context::Context;
use crate::session::known_tasks::{Memory, TaskCounts};

#[derive(Debug, Args)]
pub(crate) struct TaskOptions {
    /// Id of the batch task, which the platform returned when the task was created
    pub(crate) task_id: String,
    /// Show the tags of the task too
    #[arg(long)]
    pub(crate) tags: bool,
    /// Record this task as the one that `send` or `resend` created under this name, if the outcome of that send is unknown
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) adopt: Option<String>,
}

pub(crate) async fn run(context: &mut Context<'_>, options: &TaskOptions) -> Result<(), CliError> {
    let connection = Connection::open(context).await?;
    let query = connection.client.batch_task(&options.task_id);
    let request = if options.tags { query.tags() } else { query }.into_future();
    let mut progress = Progress::new(&context.global, Some(&connection.client), &mut context.stderr);
    let task = progress.during(context.interrupt.or(request)).await;
    progress.finish();
    let task = task?;
    let counts = TaskCounts::of(&task);
    Memory::of(context).note(&connection.client, &options.task_id, task.name(), counts).await;
    // Before the result, which says that it was adopted.
    if let Some(name) = &options.adopt {
        adopt::take_over(context, &connection, name, &options.task_id, &task).await?;
    }
    if context.global.output().is_json() {
        context.deliver_json(&json_of(&connection, options, &task)?)?;
    } else {
        let lines = lines(&task, &options.task_id, context);
        context.stdout.write_lines(&lines)?;
    }
    Ok(())
}

/// The result, with the task as it came: every member, and every digit.
fn json_of(
    connection: &Connection,
    options: &TaskOptions,
    task: &BatchTask,
) -> io::Result<BTreeMap<String, Box<RawValue>>> {
    let counts = TaskCounts::of(task);
    let result = result_of(
        Some(connection.endpoint()),
        [json!({
            "taskId": options.task_id,
            "name": task.name(),
            "total": task.total(),
            "settled": counts.map(|counts| counts.settled),
            "failed": counts.map(|counts| counts.failed),
            "adopted": options.adopt,
            "calls": connection.client.calls(),
        })],
    );
    let members = result.as_object().into_iter().flatten();
    let raw = |(name, value): (&String, &Value)| Ok((name.clone(), to_raw_value(value)?));
    let mut result = members.map(raw).collect::<serde_json::Result<BTreeMap<_, _>>>()?;
    result.insert("task".to_owned(), to_raw_value(task)?);
    Ok(result)
}

/// What a person reads: a heading, and a line for each thing that the platform says.
fn lines(task: &BatchTask, task_id: &str, context: &Context<'_>) -> Vec<String> {
    let palette = context.stdout.palette;
    let name = task.name().map(|name| format!(": {}", one_line(name))).unwrap_or_default();
    let heading = format!("Batch task {}{name}", one_line(task_id));
    let text = |text: Option<String>| text.map(|text| one_line(&text)).filter(|text| !text.is_empty());
    let kind = task.task_type().map(ToString::to_string);
    let origin = task.task_from().map(|origin| format!("by {origin}"));
    let operator = task.operator().map(|operator| format!("of {operator}"));
    let facts = [
        ("type", kind),
        ("status", task.status().map(ToString::to_string)),
        ("progress", progress(task)),
        ("subtasks", subtasks(task)),
        ("created", joined([created(task), origin, operator], " ")),
        ("timeout", task.timeout().map(|timeout| format!("{timeout}; the platform's page says seconds"))),
    ];
    let tags = task.tags().map(|tags| {
        let tag = |tag: &northbound::client_layer::types::TaskTag| {
            let text = |text: &Option<_>| text.as_ref().map_or("-".to_owned(), ToString::to_string);
            format!("{}={}", text(&tag.tag_name), text(&tag.tag_value))
        };
        if tags.is_empty() { "none".to_owned() } else { tags.iter().map(tag).collect::<Vec<_>>().join(", ") }
    });
    let facts = facts.into_iter().chain(param(task)).chain([("tags", tags)]);
    let facts = facts.filter_map(|(label, fact)| Some(format!("{:10}{}", format!("{label}:"), text(fact)?)));
    let width = context.stdout.width().unwrap_or(usize::MAX);
    let heading = wrapped(&heading, width).into_iter().map(|line| palette.paint(STRONG, &line));
    heading.chain(facts.flat_map(|fact| wrapped(&fact, width))).collect()
}

/// How far it is, such as `80.5 % done, 70.0 % succeeded`.
fn progress(task: &BatchTask) -> Option<String> {
    let percent = |per_mille: u64, what| format!("{}.{} % {what}", per_mille / 10, per_mille % 10);
    let done = task.progress_per_mille().map(|share| percent(share, "done"));
    joined([done, task.success_rate_per_mille().map(|share| percent(share, "success rate"))], ", ")
}

/// The counters that came, such as `10 in all, 7 succeeded, 1 failed, 0 timed out`.
fn subtasks(task: &BatchTask) -> Option<String> {
    let counters = [
        (task.total(), "in all"),
        (task.success(), "succeeded"),
        (task.fail(), "failed"),
        (task.timed_out(), "timed out"),
        (task.expired(), "expired before they were sent"),
        (task.complete(), "complete"),
    ];
    joined(counters.map(|(count, what)| Some(format!("{} {what}", count?))), ", ")
}

/// When it was created: as a person reads it if it has the platform's form.
fn created(task: &BatchTask) -> Option<String> {
    let age = |at: SystemTime| Some(humantime::format_rfc3339_seconds(at).to_string());
    task.started().and_then(age).or_else(|| task.start_time().map(str::to_owned))
}

/// The parameters in short: what goes to how many devices.
fn param(task: &BatchTask) -> Vec<(&'static str, Option<String>)> {
    const LONGEST: usize = 200;
    let Some(TaskParam { type_: Some(kind), device_list, device_type, device_location, group_list, .. }) =
        task.task_param()
    else {
        return vec![("param", task.param().map(|param| shortened(param.as_str(), LONGEST, "…")))];
    };
    let command = task.command().map(|command| {
        let paras =
            command.parameters().map(|paras| shortened(paras.json(), LONGEST, "…")).unwrap_or_default();
        format!("{} {} {paras}", command.service_id(), command.method())
    });
    let listed = device_list.map(|devices| counted(devices.len(), "device"));
    let groups = group_list.map(|groups| format!("of {}", groups.join(", ")));
    vec![
        ("command", command),
        ("devices", joined([Some(kind.to_string()), listed, device_type, device_location, groups], " ")),
    ]
}

/// The texts that are there.
fn joined(texts: impl IntoIterator<Item = Option<String>>, between: &str) -> Option<String> {
    let texts: Vec<_> = texts.into_iter().flatten().collect();
    (!texts.is_empty()).then(|| texts.join(between))
}
