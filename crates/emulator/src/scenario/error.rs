//! Why a scenario cannot be run.

use thiserror::Error;

use super::{Content, Fleet};
use crate::fault::FaultError;
use crate::scenario::life::LifeError;

/// Why a scenario cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// Two applications have the same id.
    #[error("two applications have the id '{id}'")]
    DuplicateApplication {
        /// The id.
        id: String,
    },
    /// Two tasks have the same id.
    #[error("two tasks have the id '{id}'")]
    DuplicateTask {
        /// The id.
        id: String,
    },
    /// A task or an authorization names an application that is not there.
    #[error("{by} names the application '{id}', which the scenario does not have")]
    UnknownApplication {
        /// Who names it.
        by: String,
        /// The id that is named.
        id: String,
    },
    /// The pages know 100203 under three statuses.
    #[error("unknown_application_status of {status}: 200, 403 and 500 are allowed")]
    UnknownApplicationStatus {
        /// The status asked for.
        status: u16,
    },
    /// A fault cannot be switched on.
    #[error(transparent)]
    Fault(#[from] FaultError),
    /// An id or a secret is empty or too long.
    #[error("{what} of {length} characters: 1 to 256 are allowed")]
    TextLength {
        /// What the text is.
        what: &'static str,
        /// How long it is, in characters.
        length: usize,
    },
    /// The life of a task's subtasks cannot be lived.
    #[error("task '{task}': {error}")]
    Life {
        /// Id of the task.
        task: String,
        /// What is wrong with it.
        error: LifeError,
    },
    /// The life of the subtasks of created tasks cannot be lived.
    #[error("created tasks: {error}")]
    CreatedTasks {
        /// What is wrong with it.
        error: LifeError,
    },
    /// The fleet is too large.
    #[error("the fleet has {devices} devices: at most {} are allowed", Fleet::MAX_DEVICES)]
    TooManyDevices {
        /// The number asked for.
        devices: u32,
    },
    /// A task is too large.
    #[error("task '{task}' has {subtasks} subtasks: at most {} are allowed", Content::MAX_SUBTASKS)]
    TooManySubtasks {
        /// Id of the task.
        task: String,
        /// The number asked for.
        subtasks: u32,
    },
}
