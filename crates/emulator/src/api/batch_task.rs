//! What `createBatchTask` and `getBatchTask` answer, and reading the query of the latter.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::api::TaskId;
use crate::api::query::Given;
use crate::api::refusal::{ILLEGAL_REQUEST, Refusal};

/// The task that was created.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct CreatedBatchTask<'t> {
    /// Identifies the task. Its name has a capital D here, and nowhere else.
    #[serde(rename = "taskID")]
    pub(crate) task_id: Option<&'t str>,
}

/// A batch task, and how far it is.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchTask<'t> {
    /// The application that owns it.
    pub(crate) app_id: Option<&'t str>,
    /// Identifies it.
    pub(crate) task_id: Option<&'t str>,
    /// Its name.
    pub(crate) task_name: Option<&'t str>,
    /// Who created it.
    pub(crate) operator: Option<&'t str>,
    /// Where it was created.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub(crate) task_from: Option<TaskOrigin>,
    /// What it does.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub(crate) task_type: Option<TaskType>,
    /// How far it is, as a whole.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub(crate) status: Option<BatchTaskStatus>,
    /// When it was created, in UTC.
    pub(crate) start_time: Option<String>,
    /// How long it may take, in seconds.
    pub(crate) timeout: Option<u64>,
    /// Part of the subtasks that are complete, in thousandths, rounded down.
    pub(crate) progress: Option<u64>,
    /// Part of the subtasks that succeeded, in thousandths, rounded down.
    pub(crate) success_rate: Option<u64>,
    /// Number of subtasks.
    pub(crate) total_cnt: Option<u64>,
    /// Number of subtasks that succeeded.
    pub(crate) success_cnt: Option<u64>,
    /// Number of subtasks that failed.
    pub(crate) fail_cnt: Option<u64>,
    /// Number of subtasks that timed out.
    pub(crate) timeout_cnt: Option<u64>,
    /// Number of subtasks whose command was not sent before the task's time was over.
    pub(crate) expired_cnt: Option<u64>,
    /// Number of subtasks that succeeded, failed or timed out.
    pub(crate) complete_cnt: Option<u64>,
    /// The parameters that were posted, as they came.
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value, required = false))]
    pub(crate) param: &'t RawValue,
    /// Its tags, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tags: Option<Vec<TaskTag<'t>>>,
}

/// A tag of a task.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct TaskTag<'t> {
    /// Name of the tag.
    pub(crate) tag_name: Option<&'t str>,
    /// Value of the tag.
    pub(crate) tag_value: Option<&'t str>,
}

/// What a batch task does.
#[allow(clippy::enum_variant_names, reason = "the names are those on the wire")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) enum TaskType {
    DeviceCmd,
    DeviceReg,
    DeviceLocation,
    DeviceMod,
    DeviceDel,
    DeviceLicense,
}

/// How far a batch task is, as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) enum BatchTaskStatus {
    Pending,
    Running,
    Complete,
    Timeout,
}

/// Where a batch task was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) enum TaskOrigin {
    Portal,
    Northbound,
}

/// Which batch task is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TaskQuery {
    pub(crate) task_id: TaskId,
    pub(crate) filter: TaskQueryParameters,
}

/// The query of a call for a batch task.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query, rename_all = "camelCase"))]
pub(crate) struct TaskQueryParameters {
    /// The application that owns the task, when it is another one that authorized the caller.
    #[cfg_attr(feature = "openapi", param(nullable = false))]
    pub(crate) app_id: Option<String>,
    /// `tag` asks for the tags. The page does not say what another value does: here, nothing.
    #[cfg_attr(feature = "openapi", param(nullable = false))]
    pub(crate) select: Option<String>,
}

impl TaskQuery {
    /// Reads the last segment of the path and a raw query string. Names that the page does not list are ignored.
    pub(crate) fn parse(task_id: String, raw: &str) -> Result<Self, Refusal> {
        if task_id.trim().is_empty() {
            return Err(ILLEGAL_REQUEST.because("taskId is empty"));
        }
        let mut given = Given::parse(raw, &["appId", "select"])?;
        let filter = TaskQueryParameters { app_id: given.take("appId"), select: given.take("select") };
        Ok(Self { task_id: TaskId(task_id), filter })
    }

    pub(crate) fn asks_for_tags(&self) -> bool {
        self.filter.select.as_deref() == Some("tag")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::refusal::INVALID_INPUT;

    #[test]
    fn a_query_is_read_and_a_blank_id_is_none() {
        let query = TaskQuery::parse("t".into(), "appId=a%20b&select=tag&other=1&other=2").unwrap();
        assert_eq!((query.filter.app_id.as_deref(), query.asks_for_tags()), (Some("a b"), true));
        for select in ["", "select=", "select=tags", "select=Tag"] {
            assert!(!TaskQuery::parse("t".into(), select).unwrap().asks_for_tags(), "{select}");
        }
        assert_eq!(TaskQuery::parse(" ".into(), "").unwrap_err().row, ILLEGAL_REQUEST);
        for twice in ["appId=a&appId=a", "select=tag&select=tag"] {
            assert_eq!(TaskQuery::parse("t".into(), twice).unwrap_err().row, INVALID_INPUT);
        }
    }
}
