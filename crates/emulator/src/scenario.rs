//! What the emulator knows: applications and batch tasks.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use crate::clock::ClockKind;
use crate::fault::{Fault, FaultError};
use crate::life::{Life, LifeError};

/// The configuration of an emulator: one type for the builder and, as plain data, for whatever else sets one up.
///
/// The default is the built-in scenario: application [`DEMO_APP_ID`](Self::DEMO_APP_ID) with the tasks
/// [`DEMO_TASK`](Self::DEMO_TASK), [`LIVE_TASK`](Self::LIVE_TASK) and [`EXAMPLE_TASK`](Self::EXAMPLE_TASK).
///
/// ```
/// use northbound_emulator::{Application, Scenario, Task};
///
/// let scenario = Scenario::default()
///     .with_application(Application::new("meters", "s3cret"))
///     .with_task(Task::generated("read-out", "meters", 30_000));
/// assert!(scenario.check().is_ok());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Scenario {
    /// Where everything that looks random comes from: same seed, same content.
    pub seed: u64,
    /// Time that a token works, in seconds. With 0, every token has expired when it arrives.
    pub token_lifetime_seconds: u32,
    /// Calls that an application may make within 60 seconds, as on the platform, where it is 100; 0 is no limit. A login
    /// counts as a call, but is never refused for it.
    pub quota: u32,
    /// What time it is: real, or moved by calls alone.
    pub clock: ClockKind,
    /// Whether a refused token (1010005) and a throttled call (1010009) are answered in the envelope that the platform's
    /// gateway has been seen to use, `resultcode` and `resultmsg`, instead of `error_code` and `error_desc`.
    pub gateway_envelope: bool,
    /// HTTP status of an application that does not exist (100203): 403 or 500, as the page lists both.
    pub unknown_application_status: u16,
    /// How many of the newest requests the journal keeps.
    pub journal_entries: u32,
    /// What goes wrong from the start.
    pub faults: Vec<Fault>,
    /// Who may log in.
    pub applications: Vec<Application>,
    /// The batch tasks, of all applications.
    pub tasks: Vec<Task>,
}

impl Scenario {
    /// The built-in application.
    pub const DEMO_APP_ID: &str = "demo-app";
    /// The secret of the built-in application.
    pub const DEMO_SECRET: &str = "demo-secret";
    /// The built-in task of 1,000 subtasks in all five statuses. It does not move.
    pub const DEMO_TASK: &str = "demo";
    /// The built-in task of 1,000 subtasks that starts moving when the emulator starts, and settles within a minute.
    pub const LIVE_TASK: &str = "live";
    /// The built-in task that returns the platform's own example, contradictions and all.
    pub const EXAMPLE_TASK: &str = "doc-example";

    /// A scenario without applications and tasks.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            seed: 1,
            token_lifetime_seconds: 3600,
            quota: 0,
            clock: ClockKind::Real,
            gateway_envelope: false,
            unknown_application_status: 403,
            journal_entries: 1_000,
            faults: Vec::new(),
            applications: Vec::new(),
            tasks: Vec::new(),
        }
    }

    /// Limits the calls of each application within 60 seconds; 0 is no limit.
    #[must_use]
    pub fn with_quota(mut self, calls: u32) -> Self {
        self.quota = calls;
        self
    }

    /// Lets time stand still until it is advanced by a call.
    #[must_use]
    pub fn with_manual_clock(mut self) -> Self {
        self.clock = ClockKind::Manual;
        self
    }

    /// Adds a fault.
    #[must_use]
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Adds an application.
    #[must_use]
    pub fn with_application(mut self, application: Application) -> Self {
        self.applications.push(application);
        self
    }

    /// Adds a batch task.
    #[must_use]
    pub fn with_task(mut self, task: Task) -> Self {
        self.tasks.push(task);
        self
    }

    /// Gives the task [`DEMO_TASK`](Self::DEMO_TASK) another number of subtasks; without that task, changes nothing.
    #[must_use]
    pub fn with_demo_subtasks(mut self, subtasks: u32) -> Self {
        for task in self.tasks.iter_mut().filter(|task| task.id == Self::DEMO_TASK) {
            task.content = Content::Generated { subtasks, life: None };
        }
        self
    }

    /// Whether an emulator can run this scenario.
    ///
    /// # Errors
    ///
    /// The first contradiction or bound that it breaks.
    pub fn check(&self) -> Result<(), ScenarioError> {
        if ![403, 500].contains(&self.unknown_application_status) {
            return Err(ScenarioError::UnknownApplicationStatus { status: self.unknown_application_status });
        }
        for fault in &self.faults {
            fault.check()?;
        }
        let mut applications = HashSet::new();
        for application in &self.applications {
            check_text("application id", &application.id)?;
            check_text("secret", &application.secret)?;
            if !applications.insert(application.id.as_str()) {
                return Err(ScenarioError::DuplicateApplication { id: application.id.clone() });
            }
        }
        for application in &self.applications {
            if let Some(unknown) =
                application.authorizes.iter().find(|id| !applications.contains(id.as_str()))
            {
                return Err(ScenarioError::UnknownApplication {
                    by: format!("application '{}'", application.id),
                    id: unknown.clone(),
                });
            }
        }
        let mut tasks = HashSet::new();
        for task in &self.tasks {
            task.check(&applications)?;
            if !tasks.insert(task.id.as_str()) {
                return Err(ScenarioError::DuplicateTask { id: task.id.clone() });
            }
        }
        Ok(())
    }
}

impl Default for Scenario {
    fn default() -> Self {
        Self::empty()
            .with_application(Application::new(Self::DEMO_APP_ID, Self::DEMO_SECRET))
            .with_task(Task::generated(Self::DEMO_TASK, Self::DEMO_APP_ID, 1_000))
            .with_task(Task::generated(Self::LIVE_TASK, Self::DEMO_APP_ID, 1_000).with_life(Life::default()))
            .with_task(Task {
                id: Self::EXAMPLE_TASK.to_owned(),
                application: Self::DEMO_APP_ID.to_owned(),
                content: Content::PageExample,
            })
    }
}

/// An application (the platform also says NA) that may log in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Application {
    /// The application id: what goes into the `app_key` header, and into `appId` at login. 1 to 256 characters.
    pub id: String,
    /// The secret of the login. 1 to 256 characters.
    pub secret: String,
    /// Ids of the applications that may read this one's tasks, by naming it in the parameter `appId`.
    #[serde(default)]
    pub authorizes: Vec<String>,
}

impl Application {
    /// An application that authorizes no other.
    #[must_use]
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self { id: id.into(), secret: secret.into(), authorizes: Vec::new() }
    }

    /// Lets another application read this one's tasks.
    #[must_use]
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

/// A batch task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
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
    #[must_use]
    pub fn generated(id: impl Into<String>, application: impl Into<String>, subtasks: u32) -> Self {
        Self {
            id: id.into(),
            application: application.into(),
            content: Content::Generated { subtasks, life: None },
        }
    }

    /// Lets the subtasks of a generated task move; of another one, changes nothing.
    #[must_use]
    pub fn with_life(mut self, moves: Life) -> Self {
        if let Content::Generated { life, .. } = &mut self.content {
            *life = Some(moves);
        }
        self
    }

    /// Whether it is sound by itself, among these applications.
    pub(crate) fn check(&self, applications: &HashSet<&str>) -> Result<(), ScenarioError> {
        check_text("task id", &self.id)?;
        if !applications.contains(self.application.as_str()) {
            return Err(ScenarioError::UnknownApplication {
                by: format!("task '{}'", self.id),
                id: self.application.clone(),
            });
        }
        match self.content {
            Content::Generated { subtasks, .. } if subtasks > Content::MAX_SUBTASKS => {
                Err(ScenarioError::TooManySubtasks { task: self.id.clone(), subtasks })
            }
            Content::Generated { life: Some(life), .. } => {
                life.check().map_err(|error| ScenarioError::Life { task: self.id.clone(), error })
            }
            Content::Generated { .. } | Content::PageExample => Ok(()),
        }
    }
}

/// What the subtasks of a task are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
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
    /// The page knows 100203 under two statuses.
    #[error("unknown_application_status of {status}: 403 and 500 are allowed")]
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
    /// A task is too large.
    #[error("task '{task}' has {subtasks} subtasks: at most {} are allowed", Content::MAX_SUBTASKS)]
    TooManySubtasks {
        /// Id of the task.
        task: String,
        /// The number asked for.
        subtasks: u32,
    },
}

fn check_text(what: &'static str, text: &str) -> Result<(), ScenarioError> {
    match text.chars().count() {
        1..=256 => Ok(()),
        length => Err(ScenarioError::TextLength { what, length }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(scenario: &Scenario) -> String {
        scenario.check().unwrap_err().to_string()
    }

    #[test]
    fn the_built_in_scenario_is_sound() {
        assert_eq!(Scenario::default().check(), Ok(()));
        assert_eq!(Scenario::empty().check(), Ok(()));
    }

    #[test]
    fn a_contradiction_is_named() {
        let twice = Scenario::default().with_application(Application::new("demo-app", "x"));
        assert_eq!(message(&twice), "two applications have the id 'demo-app'");
        let twice = Scenario::default().with_task(Task::generated("demo", "demo-app", 1));
        assert_eq!(message(&twice), "two tasks have the id 'demo'");
        let orphan = Scenario::default().with_task(Task::generated("t", "nobody", 1));
        assert_eq!(
            message(&orphan),
            "task 't' names the application 'nobody', which the scenario does not have"
        );
        let stranger = Scenario::empty().with_application(Application::new("a", "s").authorizing("b"));
        assert_eq!(
            message(&stranger),
            "application 'a' names the application 'b', which the scenario does not have"
        );
    }

    #[test]
    fn texts_and_sizes_are_bounded() {
        let nameless = Scenario::empty().with_application(Application::new("", "s"));
        assert_eq!(message(&nameless), "application id of 0 characters: 1 to 256 are allowed");
        let long = Scenario::empty().with_application(Application::new("a", "s".repeat(257)));
        assert_eq!(message(&long), "secret of 257 characters: 1 to 256 are allowed");
        assert_eq!(Scenario::default().with_demo_subtasks(10_000_000).check(), Ok(()));
        assert_eq!(
            message(&Scenario::default().with_demo_subtasks(10_000_001)),
            "task 'demo' has 10000001 subtasks: at most 10000000 are allowed"
        );
    }

    #[test]
    fn a_scenario_survives_being_written_and_read() {
        let scenario =
            Scenario::default().with_application(Application::new("a", "s").authorizing("demo-app"));
        let text = serde_json::to_string(&scenario).unwrap();
        assert_eq!(serde_json::from_str::<Scenario>(&text).unwrap(), scenario);
        assert_eq!(serde_json::from_str::<Scenario>("{}").unwrap(), Scenario::default());
    }

    #[test]
    fn a_misspelt_member_is_an_error() {
        assert!(serde_json::from_str::<Scenario>(r#"{"sead": 1}"#).is_err());
    }

    #[test]
    fn debug_shows_no_secret() {
        assert!(!format!("{:?}", Scenario::default()).contains("demo-secret"));
    }
}
