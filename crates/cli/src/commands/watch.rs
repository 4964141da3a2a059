//! `northbound watch`: a batch task until it is settled.
//!
//! What ends a watch is decided here, and what each reader gets in `view`. The SDK decides when to ask again.

mod on_settled;
mod view;

use crate::arguments::values;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use std::time::Duration;

use northbound::{Client, Summary, Watch, WatchStream};
use serde_json::json;
use tokio::time::{Instant, interval};

use crate::error::{CliError, Kind};
use crate::results;
use crate::screen::chart::{WatchSnapshot, percent, span};
use crate::screen::layout::{counted, one_line};
use crate::screen::progress::Progress;
use crate::screen::waiting;
use crate::session::connection::Connection;
use crate::session::context::Context;
use crate::session::known_tasks::Memory;
use view::View;

#[derive(Debug, Args)]
pub(crate) struct WatchOptions {
    /// Id of the batch task, which the platform returned when the task was created
    pub(crate) task_id: String,
    /// Give up if the task has not settled within this time, such as 90s or 2h
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(crate) timeout: Option<Duration>,
    /// Treat a task without subtasks as settled; otherwise the watch waits until it has some
    #[arg(long)]
    pub(crate) allow_empty: bool,
    /// End with exit code 3 as soon as more than this share of all subtasks failed or timed out, such as 2%
    #[arg(long, value_name = "SHARE", value_parser = share)]
    pub(crate) fail_above: Option<f64>,
    /// Time between two counts; the watch never uses more than half of the quota [default: 6s while subtasks change, up to 30s while
    /// they do not]
    #[arg(long, value_name = "TIME", value_parser = values::time)]
    pub(crate) interval: Option<Duration>,
    /// When the task has settled, run this command in the shell, with the result as JSON on its stdin; if it fails, the watch fails
    ///
    /// The command does not run if the watch is stopped, gives up or fails before. It writes to the stdout and stderr of the watch,
    /// after the result. The shell is sh, and cmd on Windows.
    #[arg(long, value_name = "COMMAND", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) on_settled: Option<String>,
}

impl WatchOptions {
    /// A watch of this task without any limit.
    pub(crate) fn until_settled(task_id: &str) -> Self {
        let task_id = task_id.to_owned();
        Self {
            task_id,
            timeout: None,
            allow_empty: false,
            fail_above: None,
            interval: None,
            on_settled: None,
        }
    }
}

/// How often a terminal is redrawn while nothing has come: time and quota change.
const REDRAWN: Duration = Duration::from_secs(1);
/// A poll takes up to five calls. At this interval they use the whole quota; the embedded emulator serves nobody else.
const EMULATOR_INTERVAL: Duration = Duration::from_secs(3);

pub(crate) async fn run(context: &mut Context<'_>, options: &WatchOptions) -> Result<(), CliError> {
    let connection = Connection::open(context).await?;
    follow(context, options, &connection).await
}

/// Watches with a connection that is there: the emulator inside this command lives as long as its connection.
pub(crate) async fn follow(
    context: &mut Context<'_>,
    options: &WatchOptions,
    connection: &Connection,
) -> Result<(), CliError> {
    let client = &connection.client;
    let (started, mut ticks) = (Instant::now(), interval(REDRAWN));
    let mut view = View::new(context, connection.endpoint());
    let mut memory = Memory::of(context);
    let mut stream = watch(context, options, client).split_open(view.splits_open()).stream();
    let mut progress = Progress::new(&context.global, Some(client), &mut context.stderr);
    if view.is_picture() {
        progress.leave_terminal();
    }
    let mut last: Option<Summary> = None;
    let mut counted_at = started;
    let mut outcome = loop {
        let next = async {
            tokio::select! {
                biased;
                counted = context.interrupt.or(stream.try_next()) => Some(counted),
                _ = ticks.tick() => None,
            }
        };
        match progress.during(next).await {
            Some(Ok(Some(summary))) => {
                if last.is_none() {
                    memory.note(client, &options.task_id, None, Some((&summary).into())).await;
                }
                (last, counted_at) = (Some(summary), Instant::now());
            }
            Some(Ok(None)) => break Ok(()),
            Some(Err(failure)) => break Err(failure),
            None => {}
        }
        let mut waiting = waiting::line_of(client);
        if last.is_none() && started.elapsed() >= waiting::PATIENCE {
            waiting =
                waiting.or_else(|| Some(format!("counting: {} so far", counted(stream.calls(), "call"))));
        }
        if let Some(summary) = &last {
            let mut snapshot = snapshot(summary, &stream, client, started.elapsed(), options);
            let old = span(counted_at.elapsed());
            snapshot.waiting = waiting.map(|line| format!("numbers of {old} ago: {line}"));
            view.show(&snapshot, &mut context.stdout)?;
            if let Some(failure) = too_many_failed(summary, options.fail_above) {
                break Err(failure);
            }
        } else {
            view.show_waiting(waiting.as_deref(), &mut context.stdout)?;
        }
    };
    progress.finish();
    if let Some(summary) = &last {
        let snapshot = snapshot(summary, &stream, client, started.elapsed(), options);
        view.end(&snapshot, &mut context.stdout)?;
        context.deliver()?;
        memory.note(client, &options.task_id, None, Some(summary.into())).await;
        let has_settled = outcome.is_ok() || summary.is_settled();
        if let Some(command) = options.on_settled.as_ref().filter(|_| has_settled) {
            let result = results::summary(connection.endpoint(), summary, json!({ "calls": stream.calls() }));
            let ran = context.interrupt.or(on_settled::run(command, &result)).await;
            outcome = match (outcome, ran) {
                (Err(cause), Err(ran)) => {
                    Err(CliError::Left { cause: Box::new(cause), advice: ran.to_string() })
                }
                (outcome, ran) => outcome.and(ran),
            };
        }
    }
    outcome.map_err(|failure| match failure {
        // A call that takes longer than --deadline is no end of the watch's time.
        CliError::Call(error) if error.is_timeout() && options.timeout <= Some(started.elapsed()) => {
            CliError::GaveUp(error)
        }
        failure => failure,
    })
}

fn watch(context: &Context<'_>, options: &WatchOptions, client: &Client) -> Watch {
    let mut watch = client.watch(&options.task_id).allow_empty(options.allow_empty);
    if context.global.emulator {
        watch = watch.share(1.0).interval(EMULATOR_INTERVAL, EMULATOR_INTERVAL);
    }
    if let Some(interval) = options.interval {
        watch = watch.interval(interval, interval);
    }
    match options.timeout {
        Some(timeout) => watch.deadline(timeout),
        None => watch,
    }
}

fn snapshot<'a>(
    summary: &'a Summary,
    stream: &WatchStream,
    client: &Client,
    elapsed: Duration,
    options: &WatchOptions,
) -> WatchSnapshot<'a> {
    let quota = client.quota();
    WatchSnapshot {
        summary,
        rate: stream.rate(),
        left: stream.time_left(),
        elapsed,
        calls: stream.calls(),
        quota: quota.calls().map(|calls| (quota.used(), calls)),
        limit: options.fail_above,
        waiting: None,
    }
}

/// Whether more of all subtasks failed or timed out than the user allows, in percent.
fn too_many_failed(summary: &Summary, limit: Option<f64>) -> Option<CliError> {
    let (limit, failed, total) = (limit?, summary.failed(), summary.total());
    let exceeded = total > 0 && 100.0 * failed as f64 / total as f64 > limit;
    let what = format!(
        "{failed} of {} failed or timed out ({}), more than the {limit} % that --fail-above allows",
        counted(total, "subtask"),
        percent(failed, total)
    );
    let task = one_line(summary.task_id());
    let advice = format!("`northbound subtasks {task} --status Fail,Timeout` shows which, and why");
    exceeded.then(|| CliError::own(Kind::TooManyFailed, what, advice))
}

/// A share in percent. The sign is asked for, since 0.02 could mean either.
fn share(text: &str) -> Result<f64, String> {
    let share = text.strip_suffix('%').and_then(|number| number.trim().parse::<f64>().ok());
    share
        .filter(|share| (0.0..=100.0).contains(share))
        .ok_or_else(|| "write it in percent, from 0% to 100%, such as 2%".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn too_many_failed(total: u64, failed: u64, limit: Option<f64>) -> Option<CliError> {
        let by_status = json!({ "Fail": failed, "Pending": total - failed });
        let summary = json!({ "taskId": "t", "total": total, "byStatus": by_status, "other": 0, "calls": 6 });
        super::too_many_failed(&serde_json::from_value(summary).unwrap(), limit)
    }

    #[test]
    fn a_share_of_failures_is_exceeded_only_beyond_it() {
        assert!(too_many_failed(1000, 20, Some(2.0)).is_none());
        let failure = too_many_failed(1000, 21, Some(2.0)).unwrap();
        assert_eq!(failure.exit_code(), 3);
        assert!(
            failure.to_string().starts_with("21 of 1000 subtasks failed or timed out (2.1 %)"),
            "{failure}"
        );
        assert!(too_many_failed(10, 1, Some(0.0)).is_some());
        assert!(too_many_failed(10, 0, Some(0.0)).is_none());
        assert!(too_many_failed(0, 0, Some(0.0)).is_none());
        assert!(too_many_failed(10, 10, None).is_none());
    }

    #[test]
    fn a_share_is_written_in_percent() {
        assert_eq!([share("2%"), share("0.5 %"), share("100%")], [Ok(2.0), Ok(0.5), Ok(100.0)]);
        for text in ["", "%", "2", "0.02", "-1%", "101%", "NaN%", "inf%"] {
            assert!(share(text).is_err(), "{text}");
        }
    }
}
