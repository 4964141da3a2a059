//! Creating a batch task by a call: what is checked, in which order, and what becomes of it.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::Response;

use crate::api::batch_task::{CreatedBatchTask, TaskOrigin};
use crate::api::create::{BatchTaskRequest, Object, TaskTagRequest};
use crate::api::credentials::Caller;
use crate::api::json_text;
use crate::api::refusal::{
    NO_RIGHT, RESOURCE_NOT_FOUND, Refusal, TAG_NOT_FOUND, TAG_TAKEN, TASK_LIMIT_REACHED, TASK_NAME_TAKEN,
    Verdict, shown,
};
use crate::draw::{self, Purpose};
use crate::platform::batch_task::BatchTask;
use crate::platform::{Platform, lock};
use crate::scenario::ScenarioError;
use crate::tasks::Subtasks;

impl Platform {
    /// Whether a caller may create tasks at all: its token, the quota, and its right. The body is read after that.
    pub(crate) fn may_create(&self, caller: &Caller<'_>) -> Result<(), Refusal> {
        self.authenticate(caller)?;
        self.take_from_quota(caller.app_key)?;
        match self.applications.get(caller.app_key) {
            Some(application) if application.read_only => {
                Err(NO_RIGHT.because(format!("application {} may only read", shown(caller.app_key))))
            }
            _ => Ok(()),
        }
    }

    /// Answers a call that creates a task, of a caller that may. The first check that fails decides: form of the body, application,
    /// tags, what the task is for, its name, other tasks.
    pub(crate) fn create_batch_task(
        &self,
        caller: &Caller<'_>,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Response, Refusal> {
        let (task, target) = BatchTaskRequest::parse(headers, body)?;
        let owner = self.owner(caller, task.app_id.as_deref(), self.unknown_application_of_create)?;
        let tags: Vec<_> = task.tags.into_iter().map(|Object(tag)| tag).collect();
        tags.iter().try_for_each(|tag| self.check_tag(tag))?;
        let devices = self.devices.of(target).map_err(|reason| RESOURCE_NOT_FOUND.because(reason))?;

        let mut created = lock(&self.created);
        self.check_other_tasks(owner, &task.task_name)?;
        // `created` is held, so that no other call creates one meanwhile; the control API may, and one more does no harm.
        if self.tasks.read().unwrap_or_else(PoisonError::into_inner).len() >= self.max_tasks {
            let error = ScenarioError::TooManyTasks { most: self.max_tasks };
            return Err(TASK_LIMIT_REACHED.because(error.to_string()));
        }
        let id = self.new_task_id(&mut created);
        let rules = &self.created_tasks;
        let unit = if rules.timeout_in_seconds { 1 } else { 60 };
        let seconds = task.timeout.unsigned_abs() * unit;
        let reason = format!("task {id} of {} subtasks is created", devices.len());
        let text = json_text(&CreatedBatchTask { task_id: Some(&id) });
        let end = Duration::from_secs(seconds.into());
        let batch_task = BatchTask {
            subtasks: Subtasks::listed(self.seed, &id, devices, rules.life, end),
            id: id.clone(),
            owner: owner.to_owned(),
            name: task.task_name,
            operator: caller.app_key.to_owned(),
            origin: TaskOrigin::Northbound,
            created: self.clock.now(),
            timeout: seconds.into(),
            param: task.param,
            tags,
        };
        self.tasks.write().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::new(batch_task));
        Ok(Verdict { reason, ..Verdict::default() }.answer(text.into_bytes()))
    }

    fn check_tag(&self, tag: &TaskTagRequest) -> Result<(), Refusal> {
        let named = format!("{}={}", shown(&tag.tag_name), shown(&tag.tag_value));
        match self.tags.iter().find(|known| known.name == tag.tag_name && known.value == tag.tag_value) {
            None => Err(TAG_NOT_FOUND.because(format!("there is no tag {named}"))),
            Some(known) if known.taken => Err(TAG_TAKEN.because(format!("the tag {named} is in use"))),
            Some(_) => Ok(()),
        }
    }

    /// Whether the application can have one more task, under this name.
    fn check_other_tasks(&self, owner: &str, name: &str) -> Result<(), Refusal> {
        let tasks = self.tasks.read().unwrap_or_else(PoisonError::into_inner);
        let others: Vec<_> = tasks.values().filter(|task| task.owner == owner).cloned().collect();
        drop(tasks);
        if let Some(other) = others.iter().find(|task| task.name == name) {
            return Err(TASK_NAME_TAKEN.because(format!("task {} has this name", shown(&other.id))));
        }
        let now = self.clock.now();
        let is_unfinished =
            |task: &&Arc<BatchTask>| task.origin == TaskOrigin::Northbound && !task.counts(now).is_finished();
        let unfinished: Vec<_> = others.iter().filter(is_unfinished).collect();
        let allowed = self.created_tasks.unfinished as usize;
        match unfinished.last() {
            Some(task) if allowed > 0 && unfinished.len() >= allowed => {
                let reason = format!("task {} is unfinished, and {allowed} may be", shown(&task.id));
                Err(TASK_LIMIT_REACHED.because(reason))
            }
            _ => Ok(()),
        }
    }

    /// An id that no task has, in the form of those that have been seen: 24 hexadecimal digits.
    fn new_task_id(&self, created: &mut u64) -> String {
        let key = draw::key(self.seed, "task ids");
        loop {
            *created += 1;
            let id = draw::hex32(key, *created, Purpose::TaskId)[..24].to_owned();
            if !self.tasks.read().unwrap_or_else(PoisonError::into_inner).contains_key(&id) {
                return id;
            }
        }
    }
}
