//! Whether a scenario can be run: its bounds and contradictions.

use std::collections::HashSet;

use thiserror::Error;

use self::ScenarioError::Contradiction;
use super::{Application, Content, Fleet, Scenario, Task};

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
    /// It contradicts itself, or breaks a bound: what is wrong, and what is allowed.
    #[error("{0}")]
    Contradiction(String),
}

/// A part of a scenario.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Member(&'static str),
    /// One of a list.
    Entry(&'static str, usize),
}

impl Scenario {
    /// Whether an emulator can run this scenario.
    ///
    /// # Errors
    ///
    /// The first contradiction or bound that it breaks.
    pub fn check(&self) -> Result<(), ScenarioError> {
        self.first_contradiction().map_or(Ok(()), |(_, error)| Err(error))
    }

    /// The first contradiction, and the member of the scenario that holds it.
    pub(super) fn first_contradiction(&self) -> Option<(Place, ScenarioError)> {
        if ![200, 403, 500].contains(&self.unknown_application_status) {
            let status = self.unknown_application_status;
            let error = format!("unknown_application_status of {status}: 200, 403 and 500 are allowed");
            return Some((Place::Member("unknown_application_status"), Contradiction(error)));
        }
        if let Err(error) = self.created_tasks.life.check() {
            let error = format!("created tasks: {error}");
            return Some((Place::Member("created_tasks"), Contradiction(error)));
        }
        let (devices, most) = (self.fleet.devices, Fleet::MAX_DEVICES);
        if devices > most {
            let error = format!("the fleet has {devices} devices: at most {most} are allowed");
            return Some((Place::Member("fleet"), Contradiction(error)));
        }
        let ids: HashSet<&str> =
            self.applications.iter().map(|application| application.id.as_str()).collect();
        let (mut app_ids, mut task_ids) = (HashSet::new(), HashSet::new());
        let applications = self.applications.iter().map(|application| {
            application.check(&ids)?;
            let id = &application.id;
            let is_new = app_ids.insert(id);
            is_new.then_some(()).ok_or_else(|| Contradiction(format!("two applications have the id '{id}'")))
        });
        let tasks = self.tasks.iter().map(|task| {
            task.check(&ids)?;
            let id = &task.id;
            let is_new = task_ids.insert(id);
            is_new.then_some(()).ok_or_else(|| ScenarioError::DuplicateTask { id: id.clone() })
        });
        let faults =
            self.faults.iter().map(|fault| fault.check().map_err(|error| Contradiction(error.to_string())));
        first("faults", faults)
            .or_else(|| first("applications", applications))
            .or_else(|| first("tasks", tasks))
    }
}

impl Application {
    /// Whether an emulator that has these applications can use it.
    fn check(&self, applications: &HashSet<&str>) -> Result<(), ScenarioError> {
        check_text("application id", &self.id)?;
        check_text("secret", &self.secret)?;
        let unknown = self.authorizes.iter().find(|id| !applications.contains(id.as_str()));
        unknown.map_or(Ok(()), |id| Err(unknown_application(&format!("application '{}'", self.id), id)))
    }
}

impl Task {
    /// Whether an emulator that has these applications can use it.
    pub(crate) fn check(&self, applications: &HashSet<&str>) -> Result<(), ScenarioError> {
        let Self { id, application, content } = self;
        check_text("task id", id)?;
        if !applications.contains(application.as_str()) {
            return Err(unknown_application(&format!("task '{id}'"), application));
        }
        let most = Content::MAX_SUBTASKS;
        match content {
            Content::Generated { subtasks, .. } if *subtasks > most => {
                let error = format!("task '{id}' has {subtasks} subtasks: at most {most} are allowed");
                Err(Contradiction(error))
            }
            Content::Generated { life: Some(life), .. } => {
                life.check().map_err(|error| Contradiction(format!("task '{id}': {error}")))
            }
            Content::Generated { .. } | Content::PageExample => Ok(()),
        }
    }
}

fn unknown_application(by: &str, id: &str) -> ScenarioError {
    Contradiction(format!("{by} names the application '{id}', which the scenario does not have"))
}

/// The first entry of a list that cannot be used.
fn first(
    list: &'static str,
    outcomes: impl Iterator<Item = Result<(), ScenarioError>>,
) -> Option<(Place, ScenarioError)> {
    outcomes.enumerate().find_map(|(index, outcome)| Some((Place::Entry(list, index), outcome.err()?)))
}

fn check_text(what: &'static str, text: &str) -> Result<(), ScenarioError> {
    match text.chars().count() {
        1..=256 => Ok(()),
        length => Err(Contradiction(format!("{what} of {length} characters: 1 to 256 are allowed"))),
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
