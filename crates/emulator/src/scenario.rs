//! What an emulator is set up with: applications, batch tasks, faults and limits, as plain data that is checked. What becomes
//! of it is in `platform` and `tasks`.

mod application;
mod check;
mod created;
mod file;
pub(crate) mod life;
pub(crate) mod rows;
mod task;

use serde::{Deserialize, Serialize};

pub use self::application::Application;
pub use self::check::ScenarioError;
pub use self::created::{CreatedTasks, DeviceType, Fleet, Tag};
pub use self::file::ScenarioFileError;
pub use self::rows::{Row, RowsFile};
pub use self::task::{Content, Task};
use crate::clock::ClockKind;
use crate::fault::Fault;
use crate::scenario::life::Life;

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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
#[must_use]
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
    /// HTTP status of an application that does not exist (100203): 403 or 500, as the pages list both, or 200, which only the page
    /// on creating a task lists; other calls then answer with 403.
    pub unknown_application_status: u16,
    /// How many of the newest requests the journal keeps.
    pub journal_entries: u32,
    /// How many tasks there may be, those that were created by a call and those of the scenario.
    pub max_tasks: u32,
    /// What goes wrong from the start.
    pub faults: Vec<Fault>,
    /// What becomes of tasks that a program creates by a call.
    pub created_tasks: CreatedTasks,
    /// The devices that there are, for tasks by type, area or group.
    pub fleet: Fleet,
    /// The tags that a task can have. One that is not here does not exist: 105202.
    pub tags: Vec<Tag>,
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
    /// The built-in task of 1,000 subtasks in all five statuses. Their statuses never change.
    pub const DEMO_TASK: &str = "demo";
    /// The built-in task of 1,000 subtasks that starts moving when the emulator starts, and settles within a minute.
    pub const LIVE_TASK: &str = "live";
    /// The built-in task that returns the platform's own example, with its contradictions.
    pub const EXAMPLE_TASK: &str = "doc-example";

    /// An example of a scenario file.
    pub const EXAMPLE_FILE: &str = include_str!("../scenario.example.toml");
    /// The JSON schema of scenario files, for editors.
    pub const SCHEMA: &str = include_str!("../scenario.schema.json");

    /// A scenario without applications and tasks.
    pub fn empty() -> Self {
        Self {
            seed: 1,
            token_lifetime_seconds: 3600,
            quota: 0,
            clock: ClockKind::Real,
            gateway_envelope: false,
            unknown_application_status: 403,
            journal_entries: 1_000,
            max_tasks: 10_000,
            faults: Vec::new(),
            created_tasks: CreatedTasks::default(),
            fleet: Fleet::default(),
            tags: Vec::new(),
            applications: Vec::new(),
            tasks: Vec::new(),
        }
    }

    /// Limits the calls of each application within 60 seconds; 0 is no limit.
    pub fn with_quota(mut self, calls: u32) -> Self {
        self.quota = calls;
        self
    }

    /// Uses the gateway's own envelope for errors that the platform's gateway reports.
    pub fn with_gateway_envelope(mut self) -> Self {
        self.gateway_envelope = true;
        self
    }

    /// Uses a clock that stops until a call advances it.
    pub fn with_manual_clock(mut self) -> Self {
        self.clock = ClockKind::Manual;
        self
    }

    /// Adds a fault.
    pub fn with_fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Sets what happens to tasks that a program creates by a call.
    pub fn with_created_tasks(mut self, created_tasks: CreatedTasks) -> Self {
        self.created_tasks = created_tasks;
        self
    }

    /// Sets the devices of the platform.
    pub fn with_fleet(mut self, fleet: Fleet) -> Self {
        self.fleet = fleet;
        self
    }

    /// Adds a tag that tasks can have.
    pub fn with_tag(mut self, tag: Tag) -> Self {
        self.tags.push(tag);
        self
    }

    /// Adds an application.
    pub fn with_application(mut self, application: Application) -> Self {
        self.applications.push(application);
        self
    }

    /// Adds a batch task.
    pub fn with_task(mut self, task: Task) -> Self {
        self.tasks.push(task);
        self
    }

    /// Gives the task [`DEMO_TASK`](Self::DEMO_TASK) another number of subtasks; without that task, changes nothing.
    pub fn with_demo_subtasks(mut self, subtasks: u32) -> Self {
        for task in self.tasks.iter_mut().filter(|task| task.id == Self::DEMO_TASK) {
            task.content = Content::Generated { subtasks, life: None };
        }
        self
    }
}

/// The JSON schema of scenario files, for editors, made from the code. [`Scenario::SCHEMA`] has the same as text.
#[cfg(feature = "schema")]
#[must_use]
pub fn scenario_schema() -> schemars::Schema {
    schemars::schema_for!(Scenario)
}

impl Default for Scenario {
    fn default() -> Self {
        Self::empty()
            .with_tag(Tag::new("district", "north"))
            .with_tag(Tag::new("district", "south"))
            .with_tag(Tag::new("district", "centre").taken())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        assert!(!format!("{:?}", Scenario::default()).contains("demo-secret"));
    }
}
