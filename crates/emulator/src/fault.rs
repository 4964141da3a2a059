//! Faults that can be switched on: what goes wrong, for which calls, and what that does to an answer. Errors that follow from
//! the rules of the platform are no faults; their rows are in `api`.

mod active;
pub(crate) mod apply;
mod script;

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use thiserror::Error;

use crate::api::refusal::{ErrorRow, INTERNAL_ERROR};

pub use self::active::ActiveFault;
pub(crate) use self::active::Faults;

/// A fault, and the calls that it applies to.
///
/// At most one fault applies to a call: the first that fits, in the order in which they were added.
///
/// ```
/// use northbound_emulator::{Fault, FaultKind, Operation};
///
/// let fault = Fault::new(FaultKind::BadGateway).next(2).on(Operation::ListSubtasks);
/// let often = Fault::new(FaultKind::Latency { milliseconds: 800 }).per_mille(50);
/// assert!(fault.check().is_ok() && often.check().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
#[must_use]
pub struct Fault {
    /// What goes wrong.
    pub fault: FaultKind,
    /// The operation that it applies to; without it, each that it can apply to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Operation>,
    /// The number of calls that it applies to before it ends; without it, it applies until it is cleared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub next: Option<u32>,
    /// Share of the calls that it applies to, in calls of a thousand, drawn from the seed; all of them unless given.
    #[serde(default = "all", skip_serializing_if = "is_all")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1000, default = 1000))]
    pub per_mille: u16,
}

/// What goes wrong with a call.
///
/// Some faults replace the answer: the platform never sees the call, so it costs no quota and issues no token. The
/// others spoil the answer that the platform gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[strum(serialize_all = "kebab-case")]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum FaultKind {
    /// The answer comes late, by the emulator's clock.
    Latency {
        /// How late, in milliseconds.
        milliseconds: u32,
    },
    /// The platform does what was asked, but instead of the answer the connection is reset (TCP RST, no byte of HTTP).
    Reset,
    /// The head and half of the body come, then the connection is closed, short of the `Content-Length`.
    CloseHalfWay,
    /// A whole message whose body is the first half of the JSON text.
    TruncatedBody,
    /// The right body, labelled `text/html`.
    WrongContentType,
    /// In place of the answer: 502 with a page of HTML.
    BadGateway,
    /// In place of the answer: 500 with an empty body.
    EmptyError,
    /// In place of the answer: 500 / 50252.
    InternalError,
    /// In place of the answer: 503 with a line of text.
    Unavailable {
        /// Value of the header `Retry-After`, in seconds; without it, no such header.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_seconds: Option<u32>,
    },
    /// The body comes in ten pieces, each late by the emulator's clock.
    SlowDrip {
        /// Pause before each piece, in milliseconds.
        milliseconds: u32,
    },
    /// The body is followed by blanks, which JSON allows.
    HugeBody {
        /// Size of the blanks, in MiB. At most 1024.
        #[cfg_attr(feature = "openapi", schema(maximum = 1024))]
        mebibytes: u32,
    },
    /// The first subtask has the status `Stopped`, which is undocumented.
    UnknownStatus,
    /// Undocumented members, on every level.
    ExtraMembers,
    /// Every subtask has `"param": null`.
    NullParam,
    /// The rows are those of the page before; page 0 is as it should be.
    RepeatedPage,
    /// In place of the answer: 307 to another address.
    Redirect {
        /// Value of the header `Location`, such as `https://other.example/`.
        location: String,
    },
    /// The task is created, but instead of the answer the connection is closed (TCP FIN, no byte of HTTP).
    CreateReplyLost,
    /// In place of the answer: the body of an error under 200.
    #[serde(rename = "error-under-200")]
    #[strum(serialize = "error-under-200")]
    ErrorUnder200 {
        /// Code of the error, one that the emulator knows: `50252` unless given.
        #[serde(default = "internal_error", skip_serializing_if = "is_internal_error")]
        #[cfg_attr(feature = "openapi", schema(default = "50252"))]
        code: String,
    },
    /// The body is compressed (`Content-Encoding: gzip`), whether or not that was asked for.
    Gzip,
    /// In place of the answer: 403 / 1010009, as if the quota was used up. Not for a login, which the platform never throttles.
    Throttle,
    /// The caller's token is cancelled when the call arrives, as by a login of another program: 403 / 1010005 until the caller logs in
    /// again.
    TokenDead,
}

/// An operation of the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[strum(serialize_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Operation {
    /// `POST /iocm/app/sec/v1.1.0/login`
    Login,
    /// `GET /iocm/app/batchtask/v1.1.0/taskDetails`
    ListSubtasks,
    /// `POST /iocm/app/batchtask/v1.1.0/tasks`
    CreateBatchTask,
    /// `GET /iocm/app/batchtask/v1.1.0/tasks/{taskId}`
    GetBatchTask,
}

/// Why a fault cannot be added: says which bound it breaks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct FaultError {
    message: String,
    /// The member that breaks it, such as `fault.code`.
    pub(crate) path: &'static str,
}

impl Fault {
    /// A fault that applies to every call until it is cleared.
    pub fn new(kind: FaultKind) -> Self {
        Self { fault: kind, on: None, next: None, per_mille: all() }
    }

    /// It applies to this operation only.
    pub fn on(mut self, operation: Operation) -> Self {
        self.on = Some(operation);
        self
    }

    /// It applies to this number of calls, then it ends.
    pub fn next(mut self, calls: u32) -> Self {
        self.next = Some(calls);
        self
    }

    /// It applies to this number of calls in a thousand, drawn from the seed.
    pub fn per_mille(mut self, calls: u16) -> Self {
        self.per_mille = calls;
        self
    }

    /// Checks whether the fault can be added.
    ///
    /// # Errors
    ///
    /// The first bound that it breaks.
    pub fn check(&self) -> Result<(), FaultError> {
        let (path, message) = match &self.fault {
            _ if !(1..=1000).contains(&self.per_mille) => {
                ("per_mille", format!("per_mille of {}: 1 to 1000 are allowed", self.per_mille))
            }
            _ if self.next == Some(0) => {
                ("next", "next of 0: at least 1 is allowed; leave it out for every call".to_owned())
            }
            FaultKind::HugeBody { mebibytes: mebibytes @ 1025.. } => {
                ("fault.mebibytes", format!("mebibytes of {mebibytes}: at most 1024 are allowed"))
            }
            FaultKind::Redirect { location }
                if location.is_empty() || !location.bytes().all(|byte| byte.is_ascii_graphic()) =>
            {
                let rule = "only printable ASCII is allowed, and it must not be empty";
                ("fault.location", format!("location {location:?}: {rule}"))
            }
            FaultKind::ErrorUnder200 { code } if ErrorRow::with_code(code).is_none() => {
                ("fault.code", format!("code {code:?}: no call of the platform has an error with this code"))
            }
            kind if self.on.is_some_and(|on| !kind.operations().contains(&on)) => {
                let (name, fitting) =
                    (kind.name(), kind.operations().iter().map(|operation| operation.name()));
                let fitting = fitting.collect::<Vec<_>>().join(", ");
                let rule = "cannot apply to the operation it is switched on for: it applies to";
                ("on", format!("{name} {rule} {fitting} alone"))
            }
            _ => return Ok(()),
        };
        Err(FaultError { message, path })
    }

    fn applies_to(&self, operation: Operation) -> bool {
        self.on.is_none_or(|on| on == operation) && self.fault.operations().contains(&operation)
    }
}

impl FaultKind {
    /// The name that a scenario file and the journal give it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// The operations for which the fault makes sense.
    fn operations(&self) -> &'static [Operation] {
        use Operation::{CreateBatchTask, GetBatchTask, ListSubtasks, Login};
        match self {
            Self::UnknownStatus | Self::NullParam | Self::RepeatedPage => &[ListSubtasks],
            Self::CreateReplyLost => &[CreateBatchTask],
            Self::Throttle | Self::TokenDead => &[ListSubtasks, CreateBatchTask, GetBatchTask],
            _ => &[ListSubtasks, CreateBatchTask, GetBatchTask, Login],
        }
    }
}

impl Operation {
    /// The name that a scenario file gives it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

fn internal_error() -> String {
    INTERNAL_ERROR.code.to_owned()
}

fn is_internal_error(code: &str) -> bool {
    code == INTERNAL_ERROR.code
}

fn all() -> u16 {
    1000
}

fn is_all(per_mille: &u16) -> bool {
    *per_mille == all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_named() {
        let redirect = |location: &str| Fault::new(FaultKind::Redirect { location: location.to_owned() });
        for (fault, message) in [
            (Fault::new(FaultKind::Reset).per_mille(0), "per_mille of 0: 1 to 1000 are allowed"),
            (
                Fault::new(FaultKind::Reset).next(0),
                "next of 0: at least 1 is allowed; leave it out for every call",
            ),
            (
                Fault::new(FaultKind::HugeBody { mebibytes: 1025 }),
                "mebibytes of 1025: at most 1024 are allowed",
            ),
            (redirect("a b"), "location \"a b\": only printable ASCII is allowed, and it must not be empty"),
            (
                Fault::new(FaultKind::UnknownStatus).on(Operation::Login),
                "unknown-status cannot apply to the operation it is switched on for: it applies to list-subtasks alone",
            ),
            (
                Fault::new(FaultKind::CreateReplyLost).on(Operation::GetBatchTask),
                "create-reply-lost cannot apply to the operation it is switched on for: it applies to create-batch-task alone",
            ),
            (
                Fault::new(FaultKind::Throttle).on(Operation::Login),
                "throttle cannot apply to the operation it is switched on for: it applies to list-subtasks, create-batch-task, get-batch-task alone",
            ),
            (
                Fault::new(FaultKind::ErrorUnder200 { code: "1".to_owned() }),
                "code \"1\": no call of the platform has an error with this code",
            ),
        ] {
            assert_eq!(fault.check().unwrap_err().to_string(), message);
        }
    }

    #[test]
    fn the_name_of_a_fault_is_what_it_serializes_to() {
        let kinds = [
            FaultKind::Latency { milliseconds: 1 },
            FaultKind::CloseHalfWay,
            FaultKind::NullParam,
            FaultKind::CreateReplyLost,
            FaultKind::ErrorUnder200 { code: "105001".to_owned() },
        ];
        for kind in kinds {
            assert_eq!(serde_json::to_value(&kind).unwrap()["kind"], kind.name());
        }
        let operations =
            [Operation::Login, Operation::ListSubtasks, Operation::CreateBatchTask, Operation::GetBatchTask];
        for operation in operations {
            assert_eq!(serde_json::to_value(operation).unwrap(), operation.name());
        }
    }
}
