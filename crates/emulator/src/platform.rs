//! The platform behind the two calls: who exists, who has logged in, and in which order a request is judged.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;

use crate::api::{AccessToken, LoginRequest, Seconds, Secret, SubtaskPage, TaskId};
use crate::clock::Clock;
use crate::credentials::Caller;
use crate::query::SubtaskQuery;
use crate::refusal::{
    APPLICATION_NOT_AUTHORIZED, APPLICATION_NOT_FOUND, INVALID_TOKEN, Refusal, TASK_NOT_FOUND,
    WRONG_CREDENTIALS, shown,
};
use crate::scenario::{Application, Scenario, ScenarioError};
use crate::task::Subtasks;
use crate::token::{TokenFault, Tokens};

/// The state that all requests share.
#[derive(Debug)]
pub(crate) struct Platform {
    clock: Clock,
    token_lifetime: Duration,
    applications: HashMap<String, Application>,
    tasks: HashMap<String, BatchTask>,
    tokens: Mutex<Tokens>,
}

#[derive(Debug)]
struct BatchTask {
    /// Id of the application that owns it.
    owner: String,
    subtasks: Subtasks,
}

impl Platform {
    pub(crate) fn new(scenario: Scenario, clock: Clock) -> Result<Self, ScenarioError> {
        scenario.check()?;
        let Scenario { seed, token_lifetime_seconds, applications, tasks } = scenario;
        let token_lifetime = Duration::from_secs(token_lifetime_seconds.into());
        Ok(Self {
            clock,
            token_lifetime,
            applications: applications.into_iter().map(|app| (app.id.clone(), app)).collect(),
            tasks: tasks
                .into_iter()
                .map(|task| {
                    let subtasks = Subtasks::new(seed, &task.id, task.content);
                    (task.id, BatchTask { owner: task.application, subtasks })
                })
                .collect(),
            tokens: Mutex::new(Tokens::new(seed, token_lifetime)),
        })
    }

    /// Answers a login.
    pub(crate) fn login(&self, headers: &HeaderMap, body: &[u8]) -> Result<AccessToken, Refusal> {
        let request = LoginRequest::parse(headers, body)?;
        let application = self
            .applications
            .get(&request.app_id)
            .ok_or_else(|| WRONG_CREDENTIALS.because(format!("no application {}", shown(&request.app_id))))?;
        if application.secret != request.secret.0 {
            return Err(WRONG_CREDENTIALS.because("the secret is not the one of this application"));
        }
        let pair = self.tokens().issue(&application.id, self.clock.now());
        Ok(AccessToken {
            access_token: Some(Secret(pair.access)),
            token_type: Some("bearer".to_owned()),
            expires_in: i64::try_from(self.token_lifetime.as_secs()).ok().map(Seconds),
            refresh_token: Some(Secret(pair.refresh)),
            scope: Some("default".to_owned()),
        })
    }

    /// Answers a query for subtasks. The first check that fails decides: caller, form of the query, application, task.
    pub(crate) fn list_subtasks(&self, headers: &HeaderMap, query: &str) -> Result<SubtaskPage, Refusal> {
        let caller = Caller::from_headers(headers)?;
        self.authenticate(&caller)?;
        let query = SubtaskQuery::parse(query)?;
        let owner = self.owner(&caller, query.app_id.as_deref())?;
        let task = self.task(owner, &query.task_id)?;
        Ok(task.subtasks.page(&query))
    }

    fn authenticate(&self, caller: &Caller<'_>) -> Result<(), Refusal> {
        let checked = self.tokens().check(caller.app_key, caller.token, self.clock.now());
        checked.map_err(|fault| {
            let app_key = shown(caller.app_key);
            INVALID_TOKEN.because(match fault {
                TokenFault::NeverIssued => format!("app_key {app_key} has no token: it has not logged in"),
                TokenFault::NotTheNewest => format!("the token is not the newest one of app_key {app_key}"),
                TokenFault::Expired => format!("the token of app_key {app_key} has expired"),
            })
        })
    }

    /// Whose tasks are asked for: the caller's own, or those of the application that `app_id` names.
    fn owner<'a>(&self, caller: &Caller<'a>, app_id: Option<&'a str>) -> Result<&'a str, Refusal> {
        let Some(app_id) = app_id.filter(|app_id| *app_id != caller.app_key) else {
            return Ok(caller.app_key);
        };
        let application = self
            .applications
            .get(app_id)
            .ok_or_else(|| APPLICATION_NOT_FOUND.because(format!("no application {}", shown(app_id))))?;
        if application.authorizes.iter().any(|authorized| authorized == caller.app_key) {
            Ok(app_id)
        } else {
            let reason = format!("{} has not authorized {}", shown(app_id), shown(caller.app_key));
            Err(APPLICATION_NOT_AUTHORIZED.because(reason))
        }
    }

    /// A task of another application is as unknown as one that does not exist.
    fn task(&self, owner: &str, task_id: &TaskId) -> Result<&BatchTask, Refusal> {
        self.tasks.get(&task_id.0).filter(|task| task.owner == owner).ok_or_else(|| {
            TASK_NOT_FOUND.because(format!("application {} has no task {}", shown(owner), shown(&task_id.0)))
        })
    }

    /// A panic elsewhere leaves the tokens whole: each change is one insertion.
    fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
