//! The platform behind the calls: who exists, who has logged in, the quota, the journal, and in which order a request is
//! judged. Exams are not here: they have tokens, a quota and tasks of their own.

mod batch_task;
mod create;
pub(crate) mod journal;
pub(crate) mod quota;
pub(crate) mod token;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use axum::response::Response;

use crate::api::batch_task::TaskQuery;
use crate::api::credentials::Caller;
use crate::api::query::SubtaskQuery;
use crate::api::refusal::{
    APPLICATION_NOT_AUTHORIZED, APPLICATION_NOT_FOUND, APPLICATION_NOT_FOUND_200, APPLICATION_NOT_FOUND_500,
    Envelope, ErrorRow, INVALID_TOKEN, Refusal, TASK_NOT_FOUND, THROTTLED, Verdict, WRONG_CREDENTIALS, shown,
};
use crate::api::{LoginRequest, TaskId, json_text};
use crate::clock::Clock;
use crate::draw::{self, Purpose};
use crate::fault::{FaultKind, Faults, Operation};
use crate::platform::batch_task::BatchTask;
pub use crate::platform::batch_task::TaskState;
use crate::platform::journal::{Entry as JournalEntry, Recorder};
use crate::platform::quota::{Quota, WINDOW};
use crate::platform::token::{BadToken, Tokens};
use crate::scenario::{Application, CreatedTasks, Scenario, ScenarioError, Tag, Task};
use crate::tasks::Page;
use crate::tasks::fleet::Devices;

/// The state that all requests share.
#[derive(Debug)]
pub(crate) struct Platform {
    seed: u64,
    clock: Clock,
    /// How what the gateway refuses is written.
    pub(crate) envelope: Envelope,
    /// The row of an application that does not exist: the page lists it under two statuses.
    unknown_application: ErrorRow,
    /// The same for a call that creates a task, whose page lists it under a third status as well.
    unknown_application_of_create: ErrorRow,
    created_tasks: CreatedTasks,
    /// The devices that a task can be for.
    devices: Devices,
    tags: Vec<Tag>,
    max_tasks: usize,
    quota_calls: u32,
    applications: HashMap<String, Application>,
    tasks: RwLock<BTreeMap<String, Arc<BatchTask>>>,
    /// Number of tasks that were created by a call. It is held while one is, so that no other takes the same name meanwhile.
    created: Mutex<u64>,
    tokens: Mutex<Tokens>,
    quota: Mutex<Quota>,
    faults: Mutex<Faults>,
    recorder: Mutex<Recorder>,
    /// Requests so far.
    requests: AtomicU64,
}

impl Platform {
    pub(crate) fn new(scenario: &Scenario, clock: Clock) -> Result<Self, ScenarioError> {
        scenario.check()?;
        let seed = scenario.seed;
        let token_lifetime = Duration::from_secs(scenario.token_lifetime_seconds.into());
        let created = clock.now();
        let batch_task = |task: &Task| Arc::new(BatchTask::of_scenario(seed, task, created));
        Ok(Self {
            seed,
            clock,
            envelope: if scenario.gateway_envelope { Envelope::Gateway } else { Envelope::Documented },
            unknown_application: match scenario.unknown_application_status {
                500 => APPLICATION_NOT_FOUND_500,
                _ => APPLICATION_NOT_FOUND,
            },
            unknown_application_of_create: match scenario.unknown_application_status {
                200 => APPLICATION_NOT_FOUND_200,
                500 => APPLICATION_NOT_FOUND_500,
                _ => APPLICATION_NOT_FOUND,
            },
            created_tasks: scenario.created_tasks.clone(),
            devices: Devices::new(seed, scenario.fleet.clone()),
            tags: scenario.tags.clone(),
            max_tasks: scenario.max_tasks as usize,
            created: Mutex::new(0),
            quota_calls: scenario.quota,
            applications: scenario.applications.iter().map(|app| (app.id.clone(), app.clone())).collect(),
            tasks: RwLock::new(
                scenario.tasks.iter().map(|task| (task.id.clone(), batch_task(task))).collect(),
            ),
            tokens: Mutex::new(Tokens::new(seed, token_lifetime)),
            quota: Mutex::new(Quota::new(scenario.quota, WINDOW)),
            faults: Mutex::new(Faults::new(seed, &scenario.faults)),
            recorder: Mutex::new(Recorder::new(scenario.journal_entries)),
            requests: AtomicU64::new(0),
        })
    }

    /// Takes a request in: an entry for the journal that has its number and time, and the fault that applies to it.
    pub(crate) fn arrive(&self, operation: Option<Operation>) -> (JournalEntry, Option<FaultKind>) {
        let number = self.requests.fetch_add(1, Ordering::Relaxed) + 1;
        let fault = operation.and_then(|operation| lock(&self.faults).take(operation, number));
        let request_id = draw::hex32(self.seed, number, Purpose::RequestId);
        (JournalEntry::of(number, request_id, self.clock.now()), fault)
    }

    /// Enters a request that was answered into the journal.
    pub(crate) fn record(&self, entry: JournalEntry) {
        lock(&self.recorder).record(entry);
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    pub(crate) fn recorder(&self) -> MutexGuard<'_, Recorder> {
        lock(&self.recorder)
    }

    /// Answers a login.
    pub(crate) fn login(&self, request: &LoginRequest) -> Result<Response, Refusal> {
        let application = self
            .applications
            .get(&request.app_id)
            .ok_or_else(|| WRONG_CREDENTIALS.because(format!("no application {}", shown(&request.app_id))))?;
        if application.secret != request.secret.0 {
            return Err(WRONG_CREDENTIALS.because("the secret is not the one of this application"));
        }
        let now = self.clock.now();
        // The login's table of errors is complete and has no row for throttling, so a login counts but is never refused.
        lock(&self.quota).count(&application.id, now);
        Ok(lock(&self.tokens).issue(&application.id, now).answer(&application.id))
    }

    /// Cancels the token of an application, as a login of another program does.
    pub(crate) fn cancel_token(&self, app_id: &str) {
        lock(&self.tokens).cancel(app_id);
    }

    /// Answers a query for subtasks. The first check that fails decides: caller, quota, form of the query, application, task.
    ///
    /// With `repeat`, the rows are those of the page before.
    pub(crate) fn list_subtasks(
        &self,
        caller: &Caller<'_>,
        query: &str,
        repeat: bool,
    ) -> Result<Response, Refusal> {
        self.authenticate(caller)?;
        self.take_from_quota(caller.app_key)?;
        let query = SubtaskQuery::parse(query)?;
        let owner = self.owner(caller, query.app_id.as_deref(), self.unknown_application)?;
        let task = self.task(owner, &query.task_id)?;
        let page_of_rows = if repeat { query.page_no.saturating_sub(1) } else { query.page_no };
        let Page { total, rows, text } = task.subtasks.page(&query, page_of_rows, task.age(self.clock.now()));
        let reason = format!("{rows} of {total} subtasks");
        Ok(Verdict { reason, ..Verdict::default() }.answer(text))
    }

    /// Answers a query for one task, in the same order of checks. All numbers are those of one moment.
    pub(crate) fn get_batch_task(
        &self,
        caller: &Caller<'_>,
        task_id: String,
        query: &str,
    ) -> Result<Response, Refusal> {
        self.authenticate(caller)?;
        self.take_from_quota(caller.app_key)?;
        let query = TaskQuery::parse(task_id, query)?;
        let owner = self.owner(caller, query.filter.app_id.as_deref(), self.unknown_application)?;
        let task = self.task(owner, &query.task_id)?;
        let counts = task.counts(self.clock.now());
        let start = self.clock.unix_seconds(task.created);
        let reason = format!("{} of {} subtasks are complete", counts.complete(), counts.total());
        let text = json_text(&task.answer(&counts, start, query.asks_for_tags()));
        Ok(Verdict { reason, ..Verdict::default() }.answer(text.into_bytes()))
    }

    /// Adds a task that begins now.
    pub(crate) fn create_task(&self, task: &Task) -> Result<(), ScenarioError> {
        let applications: HashSet<&str> = self.applications.keys().map(String::as_str).collect();
        task.check(&applications).map_err(|flaw| flaw.error)?;
        // A large task takes a while to draw, during which calls go on.
        let batch_task = Arc::new(BatchTask::of_scenario(self.seed, task, self.clock.now()));
        let mut tasks = self.tasks.write().unwrap_or_else(PoisonError::into_inner);
        let most = self.max_tasks;
        let is_full = tasks.len() >= most;
        match tasks.entry(task.id.clone()) {
            Entry::Occupied(_) => Err(ScenarioError::DuplicateTask { id: task.id.clone() }),
            Entry::Vacant(_) if is_full => Err(ScenarioError::TooManyTasks { most }),
            Entry::Vacant(place) => {
                place.insert(batch_task);
                Ok(())
            }
        }
    }

    /// Whether there was such a task.
    pub(crate) fn drop_task(&self, task_id: &str) -> bool {
        self.tasks.write().unwrap_or_else(PoisonError::into_inner).remove(task_id).is_some()
    }

    /// Every task, in the order of their ids.
    pub(crate) fn task_states(&self) -> Vec<TaskState> {
        let tasks = self.tasks.read().unwrap_or_else(PoisonError::into_inner).clone();
        let now = self.clock.now();
        tasks.into_values().map(|task| task.state(now)).collect()
    }

    fn authenticate(&self, caller: &Caller<'_>) -> Result<(), Refusal> {
        let checked = lock(&self.tokens).check(caller.app_key, caller.token, self.clock.now());
        checked.map_err(|fault| {
            let app_key = shown(caller.app_key);
            INVALID_TOKEN.because(match fault {
                BadToken::NeverIssued => format!("app_key {app_key} has no token: it has not logged in"),
                BadToken::NotTheNewest => format!("the token is not the newest one of app_key {app_key}"),
                BadToken::Expired => format!("the token of app_key {app_key} has expired"),
            })
        })
    }

    /// A call whose token works counts, whatever else is wrong with it.
    fn take_from_quota(&self, app_id: &str) -> Result<(), Refusal> {
        lock(&self.quota).take(app_id, self.clock.now()).map_err(|exceeded| {
            THROTTLED.because(format!(
                "{} calls of application {} arrived within {} s; the next one is taken in {:.3} s",
                self.quota_calls,
                shown(app_id),
                WINDOW.as_secs(),
                exceeded.free_in.as_secs_f64()
            ))
        })
    }

    /// Whose tasks are asked for: the caller's own, or those of the application that `app_id` names. One that does not exist is
    /// `unknown`.
    fn owner<'a>(
        &self,
        caller: &Caller<'a>,
        app_id: Option<&'a str>,
        unknown: ErrorRow,
    ) -> Result<&'a str, Refusal> {
        let Some(app_id) = app_id.filter(|app_id| *app_id != caller.app_key) else {
            return Ok(caller.app_key);
        };
        let application = self
            .applications
            .get(app_id)
            .ok_or_else(|| unknown.because(format!("no application {}", shown(app_id))))?;
        if application.authorizes.iter().any(|authorized| authorized == caller.app_key) {
            Ok(app_id)
        } else {
            let reason = format!("{} has not authorized {}", shown(app_id), shown(caller.app_key));
            Err(APPLICATION_NOT_AUTHORIZED.because(reason))
        }
    }

    /// A task of another application is as unknown as one that does not exist.
    fn task(&self, owner: &str, task_id: &TaskId) -> Result<Arc<BatchTask>, Refusal> {
        let found = self.tasks.read().unwrap_or_else(PoisonError::into_inner).get(&task_id.0).cloned();
        found.filter(|task| task.owner == owner).ok_or_else(|| {
            TASK_NOT_FOUND.because(format!("application {} has no task {}", shown(owner), shown(&task_id.0)))
        })
    }
}

/// A panic elsewhere leaves what is locked intact: each change is one insertion or removal.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
