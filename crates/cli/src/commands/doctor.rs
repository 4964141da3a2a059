//! `northbound doctor`: whether everything is set up right, and whether the platform behaves as we assume.
//!
//! Evidence is collected first (`setting`, `network`, `calls` over `wire`), then judged without I/O (`checks`, `assumptions`), then
//! printed (`diagnosis`). Nothing here repairs a setting, and no call changes anything on the platform.

mod assumptions;
mod calls;
mod checks;
mod diagnosis;
mod filters;
mod finding;
mod network;
mod paging;
mod problem;
mod rows;
mod setting;
mod tasks;
mod wire;

use clap::Args;
use northbound::{Page, Retry};

use self::checks::Evidence;
use self::diagnosis::Diagnosis;
use self::finding::Finding;
use self::network::Route;
use self::problem::Problem;
use self::setting::Setting;
use self::wire::WireLog;
use crate::arguments::values::id;
use crate::error::CliError;
use crate::screen::outlet::Outlet;
use crate::screen::progress::Progress;
use crate::session::connection::{Adjust, Connection};
use crate::session::context::Context;

#[derive(Debug, Args)]
pub(crate) struct DoctorOptions {
    /// Also check on this batch task what northbound assumes about the platform. The calls change nothing; there are at most 12 in all
    #[arg(long, value_name = "TASK_ID", value_parser = id)]
    pub(crate) task: Option<String>,
}

pub(crate) async fn run(context: &mut Context<'_>, options: &DoctorOptions) -> Result<(), CliError> {
    // The examination itself prints nothing.
    let mut stderr = std::mem::replace(&mut context.stderr, Outlet::nowhere());
    let mut progress = Progress::new(&context.global, None, &mut stderr);
    let (done, width, palette) = (progress.done(), context.stdout.width(), context.stdout.palette);
    let tell = |checks: &[Finding]| *done.borrow_mut() = diagnosis::finished(checks, width, palette);
    let diagnosis = progress.during(context.interrupt.or(examine(context, options, &tell))).await;
    progress.finish();
    context.stderr = stderr;
    let diagnosis = diagnosis?;
    if context.global.output().is_json() {
        context.deliver_json(&diagnosis.json())?;
    } else {
        diagnosis.write(&mut context.stdout)?;
        context.deliver()?;
        context.note(diagnosis.next_step())?;
    }
    diagnosis.verdict()
}

/// Checks one thing after the other, as long as the one works that the next one needs, and tells of those that are finished.
async fn examine(
    context: &Context<'_>,
    options: &DoctorOptions,
    tell: &dyn Fn(&[Finding]),
) -> Result<Diagnosis, CliError> {
    let log = WireLog::default();
    let (setting, connection) = open(context, &|builder| log.under(builder).retry(Retry::off())).await?;
    let route = route(context, &setting).await;
    let is_reached = route.as_ref().is_some_and(|route| route.connected.is_ok());
    let task = options.task.as_deref();
    let seen = Evidence { setting: &setting, route: route.as_ref(), call: None, wire_calls: &[], task: None };
    tell(&checks::findings(&seen));
    let call = match &connection {
        Some(connection) if is_reached => Some(calls::first(&connection.client, task).await),
        _ => None,
    };
    let was_asked = log.wire_calls().last().is_some_and(|wire_call| !wire_call.is_login);
    let outcome = call.as_ref().map(|call| outcome_of(call, was_asked && task.is_none()));
    let seen = Evidence {
        setting: &setting,
        route: route.as_ref(),
        call: outcome.as_ref().map(|outcome| outcome.as_ref().copied()),
        wire_calls: &log.wire_calls(),
        task: task.map(|_| call.as_ref().and_then(|call| subtasks(call.as_ref().ok()?))),
    };
    let checks = checks::findings(&seen);
    tell(&checks);
    let assumptions = match (task, &connection, &call) {
        (Some(task), Some(connection), Some(Ok(first))) => {
            let replies = calls::all(&connection.client, &log, task, first).await;
            let mut findings = assumptions::findings(&replies);
            for finding in &mut findings {
                // They name members and statuses that the platform made up.
                finding.found = connection.client.redacted(&finding.found);
            }
            Some(findings)
        }
        _ => None,
    };
    let endpoint = setting.endpoint.as_ref().ok().map(|endpoint| endpoint.url.to_string());
    Ok(Diagnosis { endpoint, checks, assumptions, asked: task.is_some(), wire_calls: log.wire_calls() })
}

/// How many subtasks there are, if the platform says so. A total below the number of listed rows is not believed.
fn subtasks(page: &Page) -> Option<u64> {
    page.total_count().map(|total| total.max(page.subtasks().len() as u64))
}

/// What the first call says about the route. Without a task the call asks for one that does not exist, and the right answer is just
/// that; a login has no such answer.
fn outcome_of(call: &Result<Page, northbound::Error>, asks_for_none: bool) -> Result<(), Problem> {
    match call {
        Ok(_) => Ok(()),
        Err(error) if asks_for_none && (error.is_task_not_found() || error.is_invalid_input()) => Ok(()),
        Err(error) => Err(Problem::from(error)),
    }
}

async fn open(context: &Context<'_>, adjust: Adjust<'_>) -> Result<(Setting, Option<Connection>), CliError> {
    #[cfg(feature = "emulator")]
    if context.global.emulator {
        let connection = Connection::open_with(context, adjust).await?;
        let url = connection.endpoint().parse();
        let url = url.map_err(|_| CliError::system("the emulator has no address".to_owned()))?;
        return Ok((Setting::of_emulator(context, &connection.client, url), Some(connection)));
    }
    let setting = Setting::of(context);
    let connection =
        if setting.is_sound() { Some(Connection::open_with(context, adjust).await?) } else { None };
    Ok((setting, connection))
}

async fn route(context: &Context<'_>, setting: &Setting) -> Option<Route> {
    let url = &setting.endpoint.as_ref().ok()?.url;
    let proxy = setting.proxy.clone().ok()?;
    Some(network::explore(url, context.global.resolve.as_ref(), proxy).await)
}
