//! Whether a scenario can be run: its bounds and contradictions.

use std::collections::HashSet;

use thiserror::Error;

use self::ScenarioError::Contradiction;
use super::rows::Row;
use super::{Application, Content, Fleet, Scenario, Task};
use crate::fault::Fault;

/// Why a scenario cannot be run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ScenarioError {
    /// Two tasks have the same id.
    #[error("two tasks have the id '{id}'")]
    DuplicateTask {
        /// The id.
        id: String,
    },
    /// There are as many tasks as the scenario allows.
    #[error(
        "there are {most} tasks, as many as max_tasks of the scenario allows: drop some, reset the emulator, or raise max_tasks"
    )]
    TooManyTasks {
        /// As many as are allowed.
        most: usize,
    },
    /// It contradicts itself, or breaks a bound: what is wrong, and what is allowed.
    #[error("{0}")]
    Contradiction(String),
}

/// What cannot be run, and where in the scenario it is.
#[derive(Debug)]
pub(crate) struct Flaw {
    pub(crate) error: ScenarioError,
    /// The members that lead to the one at fault, such as `tasks.3.content.life`.
    pub(super) path: String,
}

impl Flaw {
    pub(super) fn at(path: impl Into<String>, error: String) -> Self {
        Self { error: Contradiction(error), path: path.into() }
    }
}

impl Scenario {
    /// Whether an emulator can run this scenario.
    ///
    /// # Errors
    ///
    /// The first contradiction or bound that it breaks.
    pub fn check(&self) -> Result<(), ScenarioError> {
        self.find_flaw().map_err(|flaw| flaw.error)
    }

    /// Fails with the first contradiction.
    pub(super) fn find_flaw(&self) -> Result<(), Flaw> {
        if ![200, 403, 500].contains(&self.unknown_application_status) {
            let status = self.unknown_application_status;
            let error = format!("unknown_application_status of {status}: 200, 403 and 500 are allowed");
            return Err(Flaw::at("unknown_application_status", error));
        }
        if let Err((member, error)) = self.created_tasks.life.check() {
            return Err(Flaw::at(format!("created_tasks.life.{member}"), format!("created tasks: {error}")));
        }
        let (devices, most) = (self.fleet.devices, Fleet::MAX_DEVICES);
        if devices > most {
            let error = format!("the fleet has {devices} devices: at most {most} are allowed");
            return Err(Flaw::at("fleet.devices", error));
        }
        let ids: HashSet<&str> =
            self.applications.iter().map(|application| application.id.as_str()).collect();
        let (mut app_ids, mut task_ids) = (HashSet::new(), HashSet::new());
        let applications = self.applications.iter().map(|application| {
            application.check(&ids)?;
            let id = &application.id;
            let twice = || Flaw::at("id", format!("two applications have the id '{id}'"));
            app_ids.insert(id).then_some(()).ok_or_else(twice)
        });
        let tasks = self.tasks.iter().map(|task| {
            task.check(&ids)?;
            let id = task.id.clone();
            let twice = || Flaw { error: ScenarioError::DuplicateTask { id }, path: "id".to_owned() };
            task_ids.insert(&task.id).then_some(()).ok_or_else(twice)
        });
        let check = |fault: &Fault| fault.check().map_err(|error| Flaw::at(error.path, error.to_string()));
        first("faults", self.faults.iter().map(check))?;
        first("applications", applications)?;
        first("tasks", tasks)
    }
}

impl Application {
    /// Whether an emulator that has these applications can use it.
    fn check(&self, applications: &HashSet<&str>) -> Result<(), Flaw> {
        check_text("id", "application id", &self.id)?;
        check_text("secret", "secret", &self.secret)?;
        let unknown = self.authorizes.iter().find(|id| !applications.contains(id.as_str()));
        let by = format!("application '{}'", self.id);
        unknown.map_or(Ok(()), |id| Err(unknown_application("authorizes", &by, id)))
    }
}

impl Task {
    /// Whether an emulator that has these applications can use it.
    pub(crate) fn check(&self, applications: &HashSet<&str>) -> Result<(), Flaw> {
        let Self { id, application, content } = self;
        check_text("id", "task id", id)?;
        if !applications.contains(application.as_str()) {
            return Err(unknown_application("application", &format!("task '{id}'"), application));
        }
        let (path, error) = match content {
            Content::Generated { subtasks, .. } if *subtasks > Content::MAX_SUBTASKS => {
                let most = Content::MAX_SUBTASKS;
                ("subtasks".to_owned(), format!(" has {subtasks} subtasks: at most {most} are allowed"))
            }
            Content::Generated { life: Some(life), .. } => match life.check() {
                Ok(()) => return Ok(()),
                Err((member, error)) => (format!("life.{member}"), format!(": {error}")),
            },
            Content::Rows { rows: Some(rows), file: None } => {
                let is_nameless = |row: &Row| !row.contains_key("deviceId") && !row.contains_key("param");
                let Some(row) = rows.iter().position(is_nameless) else { return Ok(()) };
                (
                    format!("rows.{row}"),
                    ": a row needs `deviceId`, or `param` with all that it holds".to_owned(),
                )
            }
            Content::Rows { rows: None, file: Some(file) } if file.text.is_none() => {
                let error = ": only a scenario file can name a file of rows: give them in `rows`";
                ("file".to_owned(), error.to_owned())
            }
            Content::Rows { rows: Some(_), .. } | Content::Rows { file: None, .. } => {
                (String::new(), " of kind `rows` has either `rows` or `file`".to_owned())
            }
            _ => return Ok(()),
        };
        Err(Flaw::at(format!("content.{path}"), format!("task '{id}'{error}")))
    }
}

fn unknown_application(member: &str, by: &str, id: &str) -> Flaw {
    Flaw::at(member, format!("{by} names the application '{id}', which the scenario does not have"))
}

/// Fails for the first entry of a list that cannot be used.
pub(super) fn first(list: &str, outcomes: impl Iterator<Item = Result<(), Flaw>>) -> Result<(), Flaw> {
    outcomes.enumerate().try_for_each(|(index, outcome)| {
        outcome.map_err(|flaw| Flaw { path: format!("{list}.{index}.{}", flaw.path), ..flaw })
    })
}

fn check_text(member: &str, what: &str, text: &str) -> Result<(), Flaw> {
    match text.chars().count() {
        1..=256 => Ok(()),
        length => Err(Flaw::at(member, format!("{what} of {length} characters: 1 to 256 are allowed"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_scenario_can_be_run() {
        assert_eq!(Scenario::default().check().and(Scenario::empty().check()), Ok(()));
    }

    #[test]
    fn a_contradiction_or_a_bound_is_named() {
        let (scenario, empty) = (Scenario::default, Scenario::empty);
        for (scenario, message) in [
            (
                scenario().with_application(Application::new("demo-app", "x")),
                "two applications have the id 'demo-app'",
            ),
            (scenario().with_task(Task::generated("demo", "demo-app", 1)), "two tasks have the id 'demo'"),
            (
                scenario().with_task(Task::generated("t", "nobody", 1)),
                "task 't' names the application 'nobody', which the scenario does not have",
            ),
            (
                empty().with_application(Application::new("a", "s").authorizing("b")),
                "application 'a' names the application 'b', which the scenario does not have",
            ),
            (
                empty().with_application(Application::new("", "s")),
                "application id of 0 characters: 1 to 256 are allowed",
            ),
            (
                empty().with_application(Application::new("a", "s".repeat(257))),
                "secret of 257 characters: 1 to 256 are allowed",
            ),
            (
                scenario().with_demo_subtasks(10_000_001),
                "task 'demo' has 10000001 subtasks: at most 10000000 are allowed",
            ),
        ] {
            assert_eq!(scenario.check().unwrap_err().to_string(), message);
        }
        assert_eq!(scenario().with_demo_subtasks(10_000_000).check(), Ok(()));
    }
}
