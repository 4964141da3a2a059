//! Who may log in.

use serde::{Deserialize, Serialize};

/// An application (the platform also says NA) that may log in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
#[must_use]
pub struct Application {
    /// The application id: what goes into the `app_key` header, and into `appId` at login. 1 to 256 characters.
    pub id: String,
    /// The secret of the login. 1 to 256 characters.
    pub secret: String,
    /// Ids of the applications that may read this one's tasks, by naming it in the parameter `appId`.
    #[serde(default)]
    pub authorizes: Vec<String>,
    /// Whether it may only read: creating a task is refused with 100028.
    #[serde(default)]
    pub read_only: bool,
}

impl Application {
    /// An application that authorizes no other.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { id: id.into(), secret: secret.into(), authorizes: Vec::new(), read_only: false }
    }

    /// The same application without the right to create tasks.
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Lets another application read this one's tasks.
    pub fn authorizing(mut self, app_id: impl Into<String>) -> Self {
        self.authorizes.push(app_id.into());
        self
    }
}

impl std::fmt::Debug for Application {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Application")
            .field("id", &self.id)
            .field("authorizes", &self.authorizes)
            .finish_non_exhaustive()
    }
}
