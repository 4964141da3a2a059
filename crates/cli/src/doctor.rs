//! `northbound doctor`: whether everything is set up right, and whether the platform is what it is taken for.

mod assumptions;
mod calls;
mod certificate;
mod checks;
mod fault;
mod filters;
mod finding;
mod network;
mod paging;
mod report;
mod rows;
mod setting;
mod wire;

use northbound::{Page, Retry};

use self::checks::Sight;
use self::fault::Fault;
use self::network::Way;
use self::report::Report;
use self::setting::Setting;
use self::wire::Record;
use crate::arguments::DoctorOptions;
use crate::connection::{Adjust, Connection};
use crate::context::Context;
use crate::failure::Failure;

pub(crate) async fn run(context: &mut Context<'_>, options: &DoctorOptions) -> Result<(), Failure> {
    context.refuse_csv()?;
    let report = context.interrupt.or(examine(context, options)).await?;
    report.write(context.global.output, &mut context.stdout)?;
    if !context.global.output.is_json() {
        context.note(report.farewell())?;
    }
    report.verdict()
}

/// Looks at one thing after the other, as far as one works that the next one needs.
async fn examine(context: &Context<'_>, options: &DoctorOptions) -> Result<Report, Failure> {
    let record = Record::default();
    let patient = {
        let record = record.clone();
        move |builder| record.under(builder).retry(Retry::off())
    };
    let (setting, connection) = open(context, &patient).await?;
    let way = way(context, &setting).await;
    let is_reached = way.as_ref().is_some_and(|way| matches!(way.connected, Some(Ok(_))));
    let task = options.task.as_deref();
    let call = match &connection {
        Some(connection) if is_reached => Some(calls::first(&connection.client, task).await),
        _ => None,
    };
    let was_asked = record.exchanges().last().is_some_and(|exchange| !exchange.is_login);
    let outcome = call.as_ref().map(|call| judged(call, was_asked && task.is_none()));
    let sight = Sight {
        setting: &setting,
        way: way.as_ref(),
        call: outcome.as_ref().map(|outcome| outcome.as_ref().map(|_| ())),
        exchanges: &record.exchanges(),
        task: task.map(|_| call.as_ref().and_then(|call| subtasks(call.as_ref().ok()?))),
    };
    let checks = sight.findings();
    let assumptions = match (task, &connection, &call) {
        (Some(task), Some(connection), Some(Ok(first))) => {
            let replies = calls::all(&connection.client, &record, task, first).await;
            let mut findings = assumptions::findings(&replies);
            for finding in &mut findings {
                // They name members and statuses that the platform made up.
                finding.found = connection.client.redacted(&finding.found);
            }
            Some(findings)
        }
        _ => None,
    };
    Ok(Report { checks, assumptions, asked: task.is_some(), exchanges: record.exchanges() })
}

/// How many subtasks there are, as far as the platform says so; no fewer than it lists.
fn subtasks(page: &Page) -> Option<u64> {
    page.total_count().map(|total| total.max(page.subtasks().len() as u64))
}

/// What the first call says about the way. Without a task the call asks for one that does not exist, and the right answer is just
/// that; a login has no such answer.
fn judged(call: &Result<Page, northbound::Error>, asks_for_none: bool) -> Result<(), Fault> {
    match call {
        Ok(_) => Ok(()),
        Err(error) if asks_for_none && (error.is_task_not_found() || error.is_invalid_input()) => Ok(()),
        Err(error) => Err(Fault::from(error)),
    }
}

async fn open(context: &Context<'_>, adjust: Adjust<'_>) -> Result<(Setting, Option<Connection>), Failure> {
    let Context { global, environment, .. } = context;
    #[cfg(feature = "emulator")]
    if global.asks_emulator() {
        let connection = Connection::open_with(context, adjust).await?;
        let url =
            connection.endpoint.parse().map_err(|_| Failure::other("the emulator has no address", ""))?;
        return Ok((Setting::of_emulator(global, &connection.client, url), Some(connection)));
    }
    let setting = Setting::of(global, environment);
    let connection =
        if setting.is_sound() { Some(Connection::open_with(context, adjust).await?) } else { None };
    Ok((setting, connection))
}

async fn way(context: &Context<'_>, setting: &Setting) -> Option<Way> {
    let url = &setting.endpoint.as_ref().ok()?.url;
    let proxy = setting.proxy.clone().ok()?;
    Some(network::explore(url, context.global.resolve.as_ref(), proxy).await)
}
