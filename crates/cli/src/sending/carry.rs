//! Carries a send out: with the files of this machine, the terminal and the platform. Then it says what became of it.

use std::io::Write as _;
use std::path::PathBuf;
use std::pin::pin;
use std::time::Duration;

use serde_json::{Value, json};

use crate::error::CliError;
use crate::results::result_of;
use crate::screen::layout::{counted, one_line};
use crate::screen::progress::Progress;
use crate::sending::consent;
use crate::sending::order::{Order, OrderOptions};
use crate::sending::steps::{SendSteps, Sent, carry_out};
use crate::session::connection::Connection;
use crate::session::context::Context;
use crate::session::known_tasks::Memory;
use crate::session::send_record::store::{LockedRecord, SendStore, now};
use crate::session::send_record::{CreateOutcome, Repeat, SendKey, SendRecord, shown};

/// Another process that sends is usually done sooner.
const SHORT: Duration = Duration::from_millis(300);
/// The time of one call, which the other process has, unless --deadline says another.
const USUAL_DEADLINE: Duration = Duration::from_secs(180);

/// A task that was sent, and whether a watch and a report follow.
pub(crate) struct Follow {
    pub(crate) connection: Connection,
    pub(crate) task_id: String,
    pub(crate) watch: bool,
    pub(crate) report: Option<PathBuf>,
}

/// Sends the order, or shows it if that is all that was asked for. `None` if there is nothing to follow.
pub(crate) async fn send(
    context: &mut Context<'_>,
    connection: Connection,
    options: &OrderOptions,
    order: Order,
    repeat: Repeat,
) -> Result<Option<Follow>, CliError> {
    let key = key_of(&connection, &order.name);
    // The emulator inside this command ends with it, and so do its tasks.
    let store = if context.global.emulator { None } else { Some(SendStore::of(context.environment)?) };
    if options.dry_run {
        show(context, &connection, &order, &key, store.as_ref())?;
        return Ok(None);
    }
    let (content, begun) = (order.content(), key.clone());
    let mut steps =
        Real { context, connection: &connection, options, order: &order, key, store, locked: None };
    let sent = carry_out(&mut steps, begun, content, repeat).await?;
    drop(steps);
    let told = tell(context, &connection, &order, &sent).await;
    let (name, task) = (shown(&order.name), one_line(&sent.task_id));
    if let Some(failure) = sent.unrecorded {
        let what = format!("{name} was sent as task {task}, but its record does not say so: {failure}");
        return Err(CliError::file(what, format!("note it with `northbound task {task} --adopt {name}`")));
    }
    if let Err(CliError::Output(failure)) = told {
        let what = format!("{name} was sent as task {task}, but this cannot be printed: {failure}");
        return Err(CliError::file(what, format!("note the id: {task}")));
    }
    told?;
    let (watch, report) = (options.watch || options.report.is_some(), options.report.clone());
    Ok(Some(Follow { connection, task_id: sent.task_id, watch, report }))
}

/// By what a send is known.
pub(crate) fn key_of(connection: &Connection, name: &str) -> SendKey {
    SendKey {
        endpoint: connection.endpoint().to_owned(),
        application: connection.client.app_id().to_string(),
        name: name.to_owned(),
    }
}

/// Prints what would be sent.
fn show(
    context: &mut Context<'_>,
    connection: &Connection,
    order: &Order,
    key: &SendKey,
    store: Option<&SendStore>,
) -> Result<(), CliError> {
    let known = store.map_or(Ok(None), |store| store.look(key))?;
    if context.global.asks_json() || context.global.output().is_json() {
        let task = known.as_ref().and_then(SendRecord::task_id);
        return deliver(context, connection, order, task, "dry-run");
    }
    context.stdout.write_lines(&order.plan(&key.endpoint, &key.application))?;
    let state = known.map(|record| match record.task_id() {
        Some(task_id) => {
            format!("A send of this name is task {}, of {}.", one_line(task_id), record.begun_at)
        }
        None if record.may_exist() => {
            format!("It is not known whether the send of this name of {} was carried out.", record.begun_at)
        }
        None => format!("A send of this name was refused at {}.", record.begun_at),
    });
    context.stdout.write_lines(&state.into_iter().collect::<Vec<_>>())?;
    Ok(context.note("nothing was sent: this was a dry run")?)
}

/// Prints the id of the task, and says how to go on.
async fn tell(
    context: &mut Context<'_>,
    connection: &Connection,
    order: &Order,
    sent: &Sent,
) -> Result<(), CliError> {
    Memory::of(context).note(&connection.client, &sent.task_id, Some(&order.name), None).await;
    let task = one_line(&sent.task_id);
    if context.global.output().is_json() {
        let state = if sent.before { "sent-before" } else { "sent" };
        deliver(context, connection, order, Some(&sent.task_id), state)?;
    } else {
        writeln!(context.stdout, "{task}")?;
        context.stdout.flush()?;
    }
    let (name, devices) = (shown(&order.name), counted(order.devices.count(), "device"));
    let done = match sent.before {
        true => format!("{name} was sent to {devices} by an earlier command, and is not sent again"),
        false => format!("{name} was sent to {devices}"),
    };
    // Its tasks end with this command.
    let next = match context.global.emulator {
        true => String::new(),
        false => format!(
            "; next: `northbound watch {task}`, `northbound report {task} --out report.html`, `northbound resend {task} --name NAME`"
        ),
    };
    Ok(context.note(&(done + &next))?)
}

/// Says that there is no device to send to.
pub(crate) fn nothing_to_send(
    context: &mut Context<'_>,
    connection: &Connection,
    name: &str,
    notes: &[String],
) -> Result<(), CliError> {
    context.note(&notes.join("\n"))?;
    if context.global.output().is_json() {
        let facts = json!({
            "taskId": null, "state": "nothing-to-send", "application": connection.client.app_id().as_str(), "name": name,
            "devices": 0, "notes": notes, "calls": connection.client.calls(),
        });
        context.deliver_json(&result_of(Some(connection.endpoint()), [facts]))?;
    }
    Ok(context.note("there is no device to send to: nothing was sent")?)
}

fn deliver(
    context: &mut Context<'_>,
    connection: &Connection,
    order: &Order,
    task: Option<&str>,
    state: &str,
) -> Result<(), CliError> {
    let outcome =
        json!({ "taskId": task, "state": state, "application": connection.client.app_id().as_str() });
    let calls = json!({ "calls": connection.client.calls() });
    let result: Value = result_of(Some(connection.endpoint()), [outcome, order.facts(), calls]);
    Ok(context.deliver_json(&result)?)
}

/// The steps with the files of this machine, its terminal, and the platform.
struct Real<'a, 'p> {
    context: &'a mut Context<'p>,
    connection: &'a Connection,
    options: &'a OrderOptions,
    order: &'a Order,
    key: SendKey,
    /// `None` for the emulator inside this command.
    store: Option<SendStore>,
    locked: Option<LockedRecord>,
}

impl Real<'_, '_> {
    fn failed(&self, error: northbound::Error) -> CreateOutcome {
        if error.is_outcome_unknown() {
            return CreateOutcome::Unknown(error.into());
        }
        let unfinished = error.is_task_unfinished();
        let latest = self.store.as_ref().filter(|_| unfinished).and_then(|store| store.latest(&self.key));
        let failure = CliError::from(error);
        CreateOutcome::Refused(match latest {
            None => failure,
            Some(latest) => CliError::Left { cause: Box::new(failure), advice: on_unfinished(&latest) },
        })
    }
}

/// What this machine knows of the task that may be unfinished.
fn on_unfinished(latest: &SendRecord) -> String {
    let name = shown(&latest.key.name);
    match latest.task_id().map(one_line) {
        Some(task) => format!(
            "the last send from this machine is {name}, task {task}, of {}: `northbound watch {task}` shows whether it is unfinished",
            latest.begun_at
        ),
        None => format!(
            "it may be {name}, whose outcome is unknown since {}: look for it in the platform's portal",
            latest.begun_at
        ),
    }
}

impl SendSteps for Real<'_, '_> {
    async fn lock(&mut self) -> Result<(), CliError> {
        let Some(store) = &self.store else { return Ok(()) };
        let patience = self.context.global.deadline.unwrap_or(USUAL_DEADLINE);
        self.locked = store.lock(&self.key, SHORT).await?;
        if self.locked.is_none() {
            let name = shown(&self.key.name);
            self.context
                .note(&format!("another process is sending {name} just now: waiting until it has ended"))
                .map_err(CliError::Output)?;
            let interrupt = self.context.interrupt.clone();
            self.locked = interrupt.or(store.lock(&self.key, patience)).await?;
            if self.locked.is_none() {
                let advice = "wait until it has ended; the same command then reports the outcome";
                return Err(CliError::file(format!("another process is still sending {name}"), advice));
            }
        }
        Ok(())
    }

    async fn read(&mut self) -> Result<Option<SendRecord>, CliError> {
        self.locked.as_ref().map_or(Ok(None), LockedRecord::read)
    }

    async fn agree(&mut self, before: Option<&SendRecord>) -> Result<(), CliError> {
        let mut plan = self.order.plan(&self.key.endpoint, &self.key.application);
        if let Some(record) = before.filter(|record| record.may_exist()) {
            plan.push(format!(
                "It may have been sent at {} already: each device may get the command a second time.",
                record.begun_at
            ));
        }
        let missing = self.order.needs_more.as_deref().unwrap_or("--yes");
        let agreed = self.options.yes && self.order.needs_more.is_none();
        consent::agree(self.context, &plan, agreed, missing)
    }

    async fn write(&mut self, record: &SendRecord) -> Result<(), CliError> {
        self.locked.as_ref().map_or(Ok(()), |locked| locked.write(record))
    }

    /// A signal does not stop the call: it would leave an unknown outcome. A second signal ends the process.
    async fn create(&mut self) -> CreateOutcome {
        let client = &self.connection.client;
        let mut request = pin!(self.order.request(client).into_future());
        let Context { global, stderr, interrupt, .. } = &mut *self.context;
        let mut progress = Progress::new(global, Some(client), stderr);
        let first = progress.during(async {
            tokio::select! {
                biased;
                outcome = &mut request => Some(outcome),
                _ = interrupt.wait() => None,
            }
        });
        let first = first.await;
        progress.finish();
        let outcome = match first {
            Some(outcome) => outcome,
            None => {
                // Whoever cannot be told still gets the outcome.
                let _ = self.context.note(
                    "the command is being sent: waiting for the reply; a second signal ends at once, and then nobody knows whether it was sent",
                );
                request.await
            }
        };
        match outcome {
            Ok(task_id) => CreateOutcome::Created(task_id.to_string()),
            Err(error) => self.failed(error),
        }
    }

    fn now(&self) -> String {
        now()
    }
}
