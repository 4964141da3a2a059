//! Scenario files, in TOML.

use thiserror::Error;
use toml::de::{DeTable, DeValue};

use super::Scenario;
use super::check::Place;

/// Why a scenario file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}, column {column}: {message}")]
#[non_exhaustive]
pub struct ScenarioFileError {
    /// Where the fault begins; 1 is the first.
    pub line: usize,
    /// Where in the line it begins, in characters; 1 is the first.
    pub column: usize,
    /// What is wrong, and what is allowed.
    pub message: String,
}

impl Scenario {
    /// Reads a scenario file. What it does not give is as in the built-in scenario.
    ///
    /// ```
    /// use northbound_emulator::Scenario;
    ///
    /// let text = r#"
    /// quota = 100
    ///
    /// [[tasks]]
    /// id = "read-out"
    /// application = "demo-app"
    ///
    /// [tasks.content]
    /// kind = "generated"
    /// subtasks = 30000
    /// life = { sending_seconds = 600, answer_seconds = 120, timeout_seconds = 300 }
    ///
    /// [[faults]]
    /// fault = { kind = "latency", milliseconds = 800 }
    /// per_mille = 20
    /// "#;
    /// assert!(Scenario::from_toml(text).is_ok());
    ///
    /// let error = Scenario::from_toml("quota = 100\nsed = 1").unwrap_err();
    /// assert!(error.to_string().starts_with("line 2, column 1: unknown field `sed`, expected one of `seed`"));
    /// ```
    ///
    /// # Errors
    ///
    /// A file that is no TOML, has members that a scenario does not have, or describes a scenario that contradicts itself.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioFileError> {
        let scenario: Self = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            ScenarioFileError::at(text, start, error.message())
        })?;
        match scenario.first_contradiction() {
            None => Ok(scenario),
            Some((place, error)) => {
                Err(ScenarioFileError::at(text, start_of(text, place), &error.to_string()))
            }
        }
    }
}

impl ScenarioFileError {
    fn at(text: &str, start: usize, message: &str) -> Self {
        let before = text.get(..start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            message: message.to_owned(),
        }
    }
}

/// Where in the file the piece begins; its start if the file does not have the piece, which was then not at fault.
fn start_of(text: &str, place: Place) -> usize {
    let Ok(file) = DeTable::parse(text) else { return 0 };
    let (Place::Member(name) | Place::Entry(name, _)) = place;
    let Some(member) = file.get_ref().get(name) else { return 0 };
    match (place, member.get_ref()) {
        (Place::Entry(_, index), DeValue::Array(entries)) => {
            entries.get(index).unwrap_or(member).span().start
        }
        _ => member.span().start,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::{Fault, FaultKind};
    use crate::scenario::{Application, Task};

    fn error(text: &str) -> String {
        Scenario::from_toml(text).unwrap_err().to_string()
    }

    #[test]
    fn an_empty_file_is_the_built_in_scenario() {
        assert_eq!(Scenario::from_toml(""), Ok(Scenario::default()));
    }

    #[test]
    fn whatever_a_scenario_holds_can_be_written_to_a_file_and_read_again() {
        let scenario = Scenario::default()
            .with_application(Application::new("a", "s").authorizing("demo-app"))
            .with_task(Task::generated("t", "a", 7).with_life(crate::scenario::life::Life::default()))
            .with_fault(Fault::new(FaultKind::Unavailable { retry_after_seconds: Some(1) }).next(3));
        let text = toml::to_string(&scenario).unwrap();
        assert_eq!(Scenario::from_toml(&text), Ok(scenario));
    }

    #[test]
    fn a_misspelt_member_is_named_with_its_line_and_what_is_allowed() {
        let text = error("seed = 2\n\n[[applications]]\nid = \"a\"\nsecet = \"s\"\n");
        assert_eq!(
            text,
            "line 5, column 1: unknown field `secet`, expected one of `id`, `secret`, `authorizes`, `read_only`"
        );
        let text = error("[[faults]]\nfault = { kind = \"resett\" }\n");
        assert!(
            text.starts_with("line 2, column 18: unknown variant `resett`, expected one of `latency`"),
            "{text}"
        );
    }

    #[test]
    fn a_contradiction_is_named_with_the_line_of_its_entry() {
        let task = |id: &str, application: &str| {
            format!(
                "[[tasks]]\nid = \"{id}\"\napplication = \"{application}\"\ncontent = {{ kind = \"page-example\" }}\n"
            )
        };
        let text = error(&format!("{}\n{}", task("a", "demo-app"), task("b", "nobody")));
        assert_eq!(
            text,
            "line 6, column 1: task 'b' names the application 'nobody', which the scenario does not have"
        );
        let text = error("quota = 5\nunknown_application_status = 404\n");
        assert_eq!(
            text,
            "line 2, column 30: unknown_application_status of 404: 200, 403 and 500 are allowed"
        );
        let text = error("[[faults]]\nfault = { kind = \"gzip\" }\nper_mille = 2000\n");
        assert_eq!(text, "line 1, column 1: per_mille of 2000: 1 to 1000 are allowed");
    }

    #[test]
    fn what_is_no_toml_has_a_line_too() {
        let text = error("seed = 1\nquota = [\n");
        assert!(text.starts_with("line 2, column ") || text.starts_with("line 3, column "), "{text}");
    }
}
