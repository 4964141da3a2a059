//! The calls as the platform's pages describe them: paths, bodies, parameters, headers and error rows. What the emulator
//! knows, and what it answers, is not here.
//!
//! The pages do not say which members a reply must have, so each is optional. Members without a value are sent as `null`, as
//! in the page's example.

pub(crate) mod batch_task;
pub(crate) mod create;
pub(crate) mod credentials;
pub(crate) mod query;
pub(crate) mod refusal;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use strum::{EnumString, IntoStaticStr};

/// Path of the login.
pub(crate) const LOGIN_PATH: &str = "/iocm/app/sec/v1.1.0/login";
/// Path of the query for subtasks.
pub(crate) const LIST_SUBTASKS_PATH: &str = "/iocm/app/batchtask/v1.1.0/taskDetails";
/// Path of the call that creates a batch task.
pub(crate) const CREATE_BATCH_TASK_PATH: &str = "/iocm/app/batchtask/v1.1.0/tasks";
/// Path of the query for one batch task.
pub(crate) const GET_BATCH_TASK_PATH: &str = "/iocm/app/batchtask/v1.1.0/tasks/{taskId}";
/// The same with an empty id, which is no operation of its own.
pub(crate) const EMPTY_TASK_ID_PATH: &str = "/iocm/app/batchtask/v1.1.0/tasks/";

/// The JSON text of a body, or of what a string in it holds. Strings, numbers and lists always have one.
pub(crate) fn json_text(content: &impl Serialize) -> String {
    serde_json::to_string(content).unwrap_or_default()
}

/// Status of a subtask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) enum SubtaskStatus {
    Pending,
    WaitResult,
    Success,
    Fail,
    Timeout,
}

impl SubtaskStatus {
    /// The five statuses of the page, in its order.
    pub(crate) const ALL: [Self; 5] =
        [Self::Pending, Self::WaitResult, Self::Success, Self::Fail, Self::Timeout];

    /// The name on the wire.
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }
}

/// Identifies a batch task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(min_length = 1))]
pub(crate) struct TaskId(pub(crate) String);

/// Identifies a device; the platform allocates it when the device is registered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct DeviceId(pub(crate) String);

/// Identifies a command to a device; the platform allocates it when the command is delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct CommandId(pub(crate) String);

/// A string that holds JSON as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct EmbeddedText(pub(crate) String);

impl EmbeddedText {
    /// The JSON text of `content`.
    pub(crate) fn of(content: &impl Serialize) -> Self {
        Self(json_text(content))
    }
}

/// A secret or a token.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(format = Password))]
pub(crate) struct Secret(pub(crate) String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// A span of time in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Seconds(pub(crate) u64);

/// A code that names an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct ErrorCode(pub(crate) &'static str);

/// One page of the subtasks of a batch task.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubtaskPage<'r> {
    /// Number of subtasks that match the filters, in rows.
    pub(crate) total_count: Option<u64>,
    /// Number of this page; 0 is the first.
    pub(crate) page_no: Option<u64>,
    /// Rows that a page may hold.
    pub(crate) page_size: Option<u64>,
    /// The subtasks on this page.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<Subtask>>))]
    pub(crate) task_details: Option<Vec<PageRow<'r>>>,
}

/// A row of a page.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum PageRow<'r> {
    Made(Subtask),
    /// The scenario has given it as a text.
    Own(&'r RawValue),
}

/// What happened to one device of a batch task.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct Subtask {
    /// How far the subtask is. The list of statuses is open in a reply, so the document shows a text.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub(crate) status: Option<SubtaskStatus>,
    /// What the command gave, as the text of a `CommandOutput`; null while nothing was sent.
    pub(crate) output: Option<EmbeddedText>,
    /// Why the subtask failed, as the text of a `SubtaskFailure`; null unless it did.
    pub(crate) error: Option<EmbeddedText>,
    /// Which device and which command.
    pub(crate) param: Option<SubtaskParam>,
}

impl Subtask {
    #[allow(clippy::needless_update, reason = "a new member is absent here until it has a value")]
    pub(crate) fn new(
        status: SubtaskStatus,
        output: Option<EmbeddedText>,
        error: Option<EmbeddedText>,
        param: SubtaskParam,
    ) -> Self {
        Self { status: Some(status), output, error, param: Some(param), ..Self::default() }
    }
}

/// Parameters of the task for one device. They vary with the type of the task; these are the ones of a command task.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct SubtaskParam {
    /// The device.
    pub(crate) device_id: Option<DeviceId>,
    /// The command that was sent to it.
    pub(crate) command_id: Option<CommandId>,
}

impl SubtaskParam {
    pub(crate) fn new(device_id: DeviceId, command_id: CommandId) -> Self {
        Self { device_id: Some(device_id), command_id: Some(command_id) }
    }
}

/// What the text in `output` holds.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct CommandOutput {
    /// Identifies the request that carried the command.
    pub(crate) request_id: Option<String>,
    /// What the device answered; null until it did.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Value>))]
    pub(crate) command_result: Option<&'static Value>,
}

/// What the text in `error` holds.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct SubtaskFailure {
    /// Code of the error.
    pub(crate) error_code: Option<ErrorCode>,
    /// The error in words.
    pub(crate) error_desc: Option<&'static str>,
}

/// Body of every error: `error_code` and `error_desc` from a service, `resultcode` and `resultmsg` from the gateway before it.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub(crate) struct ErrorResponse {
    /// Code of the error, from a service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_code: Option<ErrorCode>,
    /// The error in words, from a service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_desc: Option<String>,
    /// Code of the error, from the gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resultcode: Option<ErrorCode>,
    /// The error in words, from the gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resultmsg: Option<String>,
}

/// Who logs in.
#[derive(Debug, PartialEq, Eq)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(rename_all = "camelCase"))]
pub(crate) struct LoginRequest {
    /// The application id that the platform allocated.
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 256))]
    pub(crate) app_id: String,
    /// The secret of the application.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Password, min_length = 1, max_length = 256))]
    pub(crate) secret: Secret,
}

/// A token, and how long it lives.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccessToken {
    /// The token for the `Authorization` header.
    pub(crate) access_token: Option<Secret>,
    /// Type of the token: `bearer`.
    pub(crate) token_type: Option<String>,
    /// Time that the token lives.
    pub(crate) expires_in: Option<Seconds>,
    /// A token for the platform's refresh call, which this emulator does not have.
    pub(crate) refresh_token: Option<Secret>,
    /// Always `default`.
    pub(crate) scope: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_status_is_what_it_serializes_to() {
        for status in SubtaskStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.name());
            assert_eq!(status.name().parse(), Ok(status));
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let request = LoginRequest { app_id: "app".into(), secret: Secret("hush".into()) };
        assert!(!format!("{request:?}").contains("hush"));
    }
}
