//! Batch tasks, and what their subtasks are.

use serde::{Deserialize, Serialize};

use crate::scenario::life::Life;
use crate::scenario::rows::{Row, RowsFile};

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

    /// A task of these rows: see [`Content::Rows`].
    ///
    /// ```
    /// use northbound_emulator::{Row, Task};
    ///
    /// let row: Row = serde_json::from_str(r#"{"status":"Fail","deviceId":"868744","commandId":"c-1"}"#)?;
    /// let task = Task::of_rows("own", "demo-app", [row]);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    pub fn of_rows(
        id: impl Into<String>,
        application: impl Into<String>,
        rows: impl IntoIterator<Item = Row>,
    ) -> Self {
        let content = Content::Rows { rows: Some(rows.into_iter().collect()), file: None };
        Self { id: id.into(), application: application.into(), content }
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Rows of its own: either here, or in a file.
    #[cfg_attr(feature = "schema", schemars(extend("oneOf" = [{ "required": ["rows"] }, { "required": ["file"] }])))]
    Rows {
        /// The rows. One with `param` comes back as it is. One without is in a short form: its `deviceId` and `commandId` become
        /// `param`, `output` and `error` become texts if they are objects, and what it does not give is null.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>, required))]
        rows: Option<Vec<Row>>,
        /// A file that has a row in each line, as `northbound export -o jsonl` writes them. They come back as they are. The path is
        /// from the folder of the scenario file; only a scenario file can name it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "openapi", schema(ignore))]
        #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
        file: Option<RowsFile>,
    },
}

impl Content {
    /// Most subtasks that a task may have. The platform has its own limit, far below; this one bounds memory.
    pub const MAX_SUBTASKS: u32 = 10_000_000;
}
