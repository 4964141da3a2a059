//! `northbound compare`: which devices failed newly, recovered or failed both times, from one batch task to the next.
//!
//! The lists are read and printed here; what becomes of a device is decided in `comparison`.

mod comparison;

use std::path::Path;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use northbound::{Client, FailureQuery, SubtaskStatus};
use serde_json::{Value, json};

use self::comparison::{Change, Class, ClassCount, Comparison, Shown, Side};
use crate::arguments::global::Output;
use crate::error::{CliError, kebab};
use crate::results::result_of;
use crate::rows::csv;
use crate::rows::file::{self, Source};
use crate::rows::table::{self, TableColumn};
use crate::screen::layout::{counted, one_line};
use crate::screen::palette::STRONG;
use crate::screen::progress::Progress;
use crate::session::connection::Connection;
use crate::session::context::Context;
use crate::session::interrupt::Interrupt;
use crate::session::known_tasks::Memory;
use crate::session::new_file::refuse_input;

#[derive(Debug, Args)]
pub(crate) struct CompareOptions {
    /// The earlier one: a batch task, or a file of its subtasks that ends in .csv, .jsonl or .ndjson
    #[arg(value_name = "A", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) before: String,
    /// The later one, in the same way
    #[arg(value_name = "B", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) after: String,
}

pub(crate) async fn run(context: &mut Context<'_>, options: &CompareOptions) -> Result<(), CliError> {
    let (before, after) = (Source::of(&options.before)?, Source::of(&options.after)?);
    if let Some(out) = &context.global.out {
        refuse_input(out, [&options.before, &options.after].map(|list| Some(Path::new(list))))?;
    }
    let mut comparison = Comparison::default();
    let needs_platform = before.task().or(after.task()).is_some();
    let connection = if needs_platform { Some(Connection::open(context).await?) } else { None };
    let client = connection.as_ref().map(|connection| &connection.client);
    let mut progress = Progress::new(&context.global, client, &mut context.stderr).reading(None);
    let reader = Reader { client, interrupt: &context.interrupt };
    let outcome = reader.read_both(before, after, &mut comparison, &mut progress).await;
    progress.finish();
    outcome?;
    if let Some(client) = client {
        let mut memory = Memory::of(context);
        for (list, side) in [(before, Side::Before), (after, Side::After)] {
            let facts = comparison.facts(side);
            let counts = (facts.unread == 0).then(|| (&facts.totals).into());
            if let Some(task) = list.task() {
                memory.note(client, task, None, counts).await;
            }
        }
    }
    match context.global.output() {
        Output::Json | Output::Jsonl => {
            let result = json_of(&comparison, [before, after], connection.as_ref());
            context.deliver_json(&result)?;
        }
        Output::Csv => print_csv(context, &comparison)?,
        Output::Table => print_table(context, &comparison, [before, after])?,
    }
    context.deliver()?;
    for (list, side) in [(before, Side::Before), (after, Side::After)] {
        for note in notes(list, &comparison, side) {
            context.note(&note)?;
        }
    }
    for side in [Side::Before, Side::After] {
        context.judge(&comparison.facts(side).totals, &[])?;
    }
    Ok(())
}

/// Reads lists, and with as few calls as the answer allows.
struct Reader<'a> {
    /// There is one if a list is a task.
    client: Option<&'a Client>,
    interrupt: &'a Interrupt,
}

impl Reader<'_> {
    /// The later list is read whole: only so is it known which devices of it succeeded, and which are open. Of the earlier one the
    /// failures are enough if all devices of the later one are among them, as after a `resend`: then no other subtask of it matters.
    async fn read_both(
        &self,
        before: Source<'_>,
        after: Source<'_>,
        comparison: &mut Comparison,
        progress: &mut Progress<'_, '_>,
    ) -> Result<(), CliError> {
        self.read(after, Side::After, comparison, progress).await?;
        if let (Source::Task(task), Some(client)) = (before, self.client) {
            let failures = self.read_failures(client, task, comparison, progress).await;
            if failures.map_err(|failure| failure.during("compare", task))? {
                return Ok(());
            }
            comparison.clear(Side::Before);
        }
        self.read(before, Side::Before, comparison, progress).await
    }

    async fn read(
        &self,
        list: Source<'_>,
        side: Side,
        comparison: &mut Comparison,
        progress: &mut Progress<'_, '_>,
    ) -> Result<(), CliError> {
        let (task, client) = match (list, self.client) {
            (Source::Task(task), Some(client)) => (task, client),
            (Source::File(path) | Source::Task(path), _) => {
                return file::read(path, |subtask| comparison.add(side, subtask));
            }
        };
        let during = |failure: CliError| failure.during("compare", task);
        let mut subtasks = client.subtasks(task).stream();
        while let Some(subtask) =
            progress.during(self.interrupt.or(subtasks.try_next())).await.map_err(during)?
        {
            comparison.add(side, &subtask);
            progress.rows(rows(comparison), None);
        }
        Ok(())
    }

    /// Reads what failed of the earlier task. `false` if that is not enough.
    async fn read_failures(
        &self,
        client: &Client,
        task: &str,
        comparison: &mut Comparison,
        progress: &mut Progress<'_, '_>,
    ) -> Result<bool, CliError> {
        let counts = async |status: Option<SubtaskStatus>| {
            let query = client.subtasks(task).page_size(1);
            let query = status.into_iter().fold(query, |query, status| query.status(status));
            Ok::<_, CliError>(self.interrupt.or(query.page(0)).await?.total_count())
        };
        let mut failed = 0;
        for status in FailureQuery::STATUSES {
            let Some(count) = progress.during(counts(Some(status))).await? else { return Ok(false) };
            failed += count;
        }
        if u64::try_from(comparison.devices(Side::After)).is_ok_and(|devices| devices > failed) {
            return Ok(false);
        }
        let mut failures = client.failures(task).stream();
        while let Some(failure) = progress.during(self.interrupt.or(failures.try_next())).await? {
            comparison.add(Side::Before, failure.subtask());
            progress.rows(rows(comparison), None);
        }
        let totals = &comparison.facts(Side::Before).totals;
        // Another row than was asked for is no failure: the platform does not filter.
        let is_filtered = totals.failed() == totals.all();
        if !is_filtered || !comparison.has_all_of(Side::After, Side::Before) {
            return Ok(false);
        }
        let Some(total) = progress.during(counts(None)).await? else { return Ok(false) };
        let unread = total.saturating_sub(comparison.facts(Side::Before).totals.all());
        comparison.leave_unread(Side::Before, unread);
        Ok(true)
    }
}

fn rows(comparison: &Comparison) -> u64 {
    [Side::Before, Side::After].iter().map(|side| comparison.facts(*side).totals.all()).sum()
}

fn name_of(list: Source<'_>) -> String {
    match list {
        Source::Task(task) => format!("task {}", one_line(task)),
        Source::File(file) => one_line(file),
    }
}

/// What a person has to know of a list beside its counts.
fn notes(list: Source<'_>, comparison: &Comparison, side: Side) -> Vec<String> {
    let (facts, name) = (comparison.facts(side), name_of(list));
    let mut notes = Vec::new();
    if facts.repeated > 0 {
        let rows = counted(facts.repeated, "further row");
        notes.push(format!("{name} has {rows} of devices that it lists more than once: each counts once, with its worst outcome"));
    }
    if facts.without_device > 0 {
        let rows = counted(facts.without_device, "row");
        notes.push(format!("{name} has {rows} without a device, which cannot be compared"));
    }
    let all = facts.totals.all();
    if matches!(list, Source::File(_)) && all > 0 && facts.totals.failed() == all {
        notes.push(format!(
            "{name} has only rows that failed or timed out: a device that is not in it may have succeeded"
        ));
    }
    notes
}

/// The class in words, such as `failed both times`.
fn words(class: Class) -> String {
    match class {
        Class::OnlyBefore => "only in A".to_owned(),
        Class::OnlyAfter => "only in B".to_owned(),
        class => kebab(class).replace('-', " "),
    }
}

/// A device's outcome in one list: why it failed, else its status.
fn cell(shown: Option<Shown<'_>>) -> String {
    shown.map_or("-".to_owned(), |shown| one_line(shown.reason.unwrap_or(shown.status)))
}

fn print_table(
    context: &mut Context<'_>,
    comparison: &Comparison,
    lists: [Source<'_>; 2],
) -> Result<(), CliError> {
    /// A longer list is printed as several tables: the widths of one need all of its rows.
    const PART: usize = 20_000;
    let (width, palette) = (context.stdout.width(), context.stdout.palette);
    let stdout = &mut context.stdout;
    for (letter, list, side) in [("A", lists[0], Side::Before), ("B", lists[1], Side::After)] {
        let facts = comparison.facts(side);
        let unread = match facts.unread {
            0 => String::new(),
            unread => format!(" that failed; {unread} others were not read: no device of B is among them"),
        };
        let line = format!("{letter}: {}, {}{unread}", name_of(list), counted(facts.totals.all(), "row"));
        stdout.write_lines(&[palette.paint(STRONG, &line)])?;
    }
    let columns = [TableColumn::new("DEVICES"), TableColumn::new("")];
    let count = |class: Class| {
        let ClassCount { devices, failed } = comparison.count(class);
        let failed = match class {
            Class::OnlyBefore | Class::OnlyAfter => format!(", {failed} of them failed"),
            _ => String::new(),
        };
        vec![devices.to_string(), words(class) + &failed]
    };
    stdout.write_lines(&[String::new()])?;
    stdout.write_lines(&table::lines(&columns, &Class::ALL.map(count), width, palette))?;
    let columns = [
        TableColumn::new("DEVICE"),
        TableColumn::new("WHAT BECAME OF IT"),
        TableColumn::text("IN A"),
        TableColumn::text("IN B"),
    ];
    let row = |change: Change<'_>| {
        vec![one_line(change.device), words(change.class), cell(change.before), cell(change.after)]
    };
    let changes: Vec<_> = Class::ALL.iter().flat_map(|class| comparison.changes(*class)).collect();
    for part in changes.chunks(PART) {
        let rows: Vec<_> = part.iter().copied().map(row).collect();
        stdout.write_lines(&[String::new()])?;
        stdout.write_lines(&table::lines(&columns, &rows, width, palette))?;
    }
    Ok(())
}

fn print_csv(context: &mut Context<'_>, comparison: &Comparison) -> Result<(), CliError> {
    let heading = ["device", "class", "status_before", "reason_before", "status_after", "reason_after"];
    context.stdout.write_data(csv::line(heading).as_bytes())?;
    for change in Class::ALL.iter().flat_map(|class| comparison.changes(*class)) {
        let (class, [before, after]) = (kebab(change.class), [change.before, change.after].map(texts));
        let cells = [change.device, &class, before[0], before[1], after[0], after[1]];
        context.stdout.write_data(csv::line(cells).as_bytes())?;
    }
    let counts = Class::ALL.map(|class| format!("{} {}", comparison.count(class).devices, words(class)));
    Ok(context.note(&counts.join(", "))?)
}

fn texts(shown: Option<Shown<'_>>) -> [&str; 2] {
    shown.map_or(["", ""], |shown| [shown.status, shown.reason.unwrap_or_default()])
}

fn json_of(comparison: &Comparison, lists: [Source<'_>; 2], connection: Option<&Connection>) -> Value {
    let list = |list: Source<'_>, side: Side| {
        let facts = comparison.facts(side);
        json!({
            "taskId": list.task(),
            "file": match list { Source::File(file) => Some(file), Source::Task(_) => None },
            "rows": facts.totals.all(),
            "unread": facts.unread,
            "repeated": facts.repeated,
            "withoutDevice": facts.without_device,
        })
    };
    let count = |class| comparison.count(class).devices;
    let device = |change: Change<'_>| {
        let Change { before, after, .. } = change;
        json!({
            "deviceId": change.device,
            "class": kebab(change.class),
            "statusBefore": before.map(|shown| shown.status),
            "reasonBefore": before.and_then(|shown| shown.reason),
            "statusAfter": after.map(|shown| shown.status),
            "reasonAfter": after.and_then(|shown| shown.reason),
        })
    };
    let devices = Class::ALL.iter().flat_map(|class| comparison.changes(*class)).map(device);
    let found = json!({
        "before": list(lists[0], Side::Before),
        "after": list(lists[1], Side::After),
        "newlyFailed": count(Class::NewlyFailed),
        "recovered": count(Class::Recovered),
        "failedBothTimes": count(Class::FailedBothTimes),
        "stillOpen": count(Class::StillOpen),
        "onlyBefore": count(Class::OnlyBefore),
        "onlyBeforeFailed": comparison.count(Class::OnlyBefore).failed,
        "onlyAfter": count(Class::OnlyAfter),
        "onlyAfterFailed": comparison.count(Class::OnlyAfter).failed,
        "neverFailed": count(Class::NeverFailed),
        "calls": connection.map_or(0, |connection| connection.client.calls()),
        "devices": devices.collect::<Vec<_>>(),
    });
    result_of(connection.map(Connection::endpoint), [found])
}
