//! A batch task as the platform knows it, and what it answers about it.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::api::SubtaskStatus;
use crate::api::batch_task::{self, TaskOrigin, TaskTag, TaskType};
use crate::api::create::TaskTagRequest;
use crate::scenario::Task;
use crate::tasks::Subtasks;
use crate::tasks::counts::Counts;

/// What a task of the scenario does, since the scenario does not say it.
const PORTAL_PARAM: &str = r#"{"type":"Broadcast","command":{"serviceId":"WaterMeter","method":"CLOSE_VALVE","paras":{"valve":"closed"}}}"#;
/// The time of a task of the scenario, in seconds: the longest that a task can have.
const PORTAL_TIMEOUT: u64 = 2_880 * 60;

#[derive(Debug)]
pub(super) struct BatchTask {
    pub(super) id: String,
    /// Id of the application that owns it.
    pub(super) owner: String,
    pub(super) name: String,
    /// Who created it.
    pub(super) operator: String,
    pub(super) origin: TaskOrigin,
    /// When it was created, by the clock.
    pub(super) created: Duration,
    /// How long it may take, in seconds.
    pub(super) timeout: u64,
    /// As it was posted.
    pub(super) param: Box<RawValue>,
    pub(super) tags: Vec<TaskTagRequest>,
    pub(super) subtasks: Subtasks,
}

impl BatchTask {
    /// A task that somebody made in the portal. It is named like its id.
    pub(super) fn of_scenario(seed: u64, task: &Task, created: Duration) -> Self {
        Self {
            id: task.id.clone(),
            owner: task.application.clone(),
            name: task.id.clone(),
            operator: "portal".to_owned(),
            origin: TaskOrigin::Portal,
            created,
            timeout: PORTAL_TIMEOUT,
            // It is JSON, so there is no other case.
            param: RawValue::from_string(PORTAL_PARAM.to_owned()).unwrap_or_default(),
            tags: Vec::new(),
            subtasks: Subtasks::new(seed, &task.id, &task.content),
        }
    }

    pub(super) fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.created)
    }

    pub(super) fn counts(&self, now: Duration) -> Counts {
        self.subtasks.counts(self.age(now))
    }

    pub(super) fn state(&self, now: Duration) -> TaskState {
        let counts = self.counts(now);
        let other = (counts.other > 0).then_some(("other", counts.other));
        let counts =
            SubtaskStatus::ALL.map(SubtaskStatus::name).into_iter().zip(counts.by_status).chain(other);
        TaskState {
            id: self.id.clone(),
            application: self.owner.clone(),
            name: self.name.clone(),
            counts: counts.map(|(status, rows)| (status.to_owned(), rows)).collect(),
        }
    }

    /// The task with these counts, as a caller sees it. It was created at `start`, in seconds since 1970 began.
    pub(super) fn answer(&self, counts: &Counts, start: u64, with_tags: bool) -> batch_task::BatchTask<'_> {
        batch_task::BatchTask {
            app_id: Some(&self.owner),
            task_id: Some(&self.id),
            task_name: Some(&self.name),
            operator: Some(&self.operator),
            task_from: Some(self.origin),
            task_type: Some(TaskType::DeviceCmd),
            status: Some(counts.task_status()),
            start_time: Some(utc(start)),
            timeout: Some(self.timeout),
            progress: Some(counts.per_mille(counts.complete())),
            success_rate: Some(counts.per_mille(counts.of(SubtaskStatus::Success))),
            total_cnt: Some(counts.total()),
            success_cnt: Some(counts.of(SubtaskStatus::Success)),
            fail_cnt: Some(counts.of(SubtaskStatus::Fail)),
            timeout_cnt: Some(counts.of(SubtaskStatus::Timeout)),
            expired_cnt: Some(counts.expired.into()),
            complete_cnt: Some(counts.complete()),
            param: &self.param,
            tags: with_tags.then(|| self.tags.iter().map(tag).collect()),
        }
    }
}

fn tag(tag: &TaskTagRequest) -> TaskTag<'_> {
    TaskTag { tag_name: Some(&tag.tag_name), tag_value: Some(&tag.tag_value) }
}

/// How far a batch task is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct TaskState {
    /// The task id.
    pub id: String,
    /// Id of the application that owns it.
    pub application: String,
    /// Its name. A task of the scenario is named like its id.
    pub name: String,
    /// Number of its subtasks in each status; those in no documented one are `other`.
    pub counts: BTreeMap<String, u32>,
}

/// `yyyyMMdd'T'HHmmss'Z'`.
fn utc(unix_seconds: u64) -> String {
    let at = UNIX_EPOCH + Duration::from_secs(unix_seconds);
    humantime::format_rfc3339_seconds(at).to_string().replace(['-', ':'], "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_page_does() {
        for (unix_seconds, text) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (951_868_800, "20000301T000000Z"),
            (1_449_922_332, "20151212T121212Z"),
            (1_645_660_800, "20220224T000000Z"),
            (1_735_689_599, "20241231T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
        ] {
            assert_eq!(utc(unix_seconds), text);
        }
    }

    #[test]
    fn what_a_task_of_the_scenario_does_is_json() {
        assert_eq!(RawValue::from_string(PORTAL_PARAM.to_owned()).unwrap().get(), PORTAL_PARAM);
    }
}
