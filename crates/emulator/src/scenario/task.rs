//! Batch tasks, and what their subtasks are.

use serde::{Deserialize, Serialize};

use crate::scenario::life::Life;

/// A batch task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
#[must_use]
pub struct Task {
    /// The task id. 1 to 256 characters, unique among all applications.
    pub id: String,
    /// Id of the application that owns the task.
    pub application: String,
    /// Its subtasks.
    pub content: Content,
}

impl Task {
    /// A task of `subtasks` rows computed from the seed.
    pub fn generated(id: impl Into<String>, application: impl Into<String>, subtasks: u32) -> Self {
        Self {
            id: id.into(),
            application: application.into(),
            content: Content::Generated { subtasks, life: None },
        }
    }

    /// Lets the subtasks of a generated task move; of another one, changes nothing.
    pub fn with_life(mut self, moves: Life) -> Self {
        if let Content::Generated { life, .. } = &mut self.content {
            *life = Some(moves);
        }
        self
    }
}

/// What the subtasks of a task are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Content {
    /// Rows computed from the seed.
    Generated {
        /// Number of rows, up to [`MAX_SUBTASKS`](Content::MAX_SUBTASKS).
        subtasks: u32,
        /// How they move. Without it the task is frozen: in all five statuses, seven of ten successful, for ever.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        life: Option<Life>,
    },
    /// The example of the platform's page: two rows under a `totalCount` of 1.
    PageExample,
}

impl Content {
    /// Most subtasks that a task may have. The platform has its own limit, far below; this one bounds memory.
    pub const MAX_SUBTASKS: u32 = 10_000_000;
}
