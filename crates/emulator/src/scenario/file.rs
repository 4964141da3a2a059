//! Scenario files, in TOML.

use std::path::Path;

use thiserror::Error;
use toml::de::{DeTable, DeValue};

use super::check::{Flaw, first};
use super::{Content, Scenario};

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
    /// Reads a scenario. Members that are missing are as in the built-in scenario. Files that it names are read from the
    /// working folder.
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
    /// When the text is not TOML, has unknown members, or describes a scenario that contradicts itself.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioFileError> {
        Self::from_toml_in(text, Path::new(""))
    }

    /// Reads a scenario. Files that it names are read from this folder.
    ///
    /// # Errors
    ///
    /// The same as [`from_toml`](Self::from_toml), or a file of rows that cannot be read.
    pub fn from_toml_in(text: &str, folder: &Path) -> Result<Self, ScenarioFileError> {
        let mut scenario: Self = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            ScenarioFileError::at(text, start, error.message())
        })?;
        let files = scenario.tasks.iter_mut().map(|task| match &mut task.content {
            Content::Rows { rows: None, file: Some(file) } => {
                file.load(folder).map_err(|error| Flaw::at("content.file", error))
            }
            _ => Ok(()),
        });
        first("tasks", files).and_then(|()| scenario.find_flaw()).map_err(|flaw| {
            ScenarioFileError::at(text, start_of(text, &flaw.path), &flaw.error.to_string())
        })?;
        Ok(scenario)
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

/// Where in the file the member begins that a path leads to. A path is followed as far as the file has it.
fn start_of(text: &str, path: &str) -> usize {
    let Ok(file) = DeTable::parse(text) else { return 0 };
    let (mut start, root) = (0, DeValue::Table(file.into_inner()));
    let mut here = &root;
    for step in path.split('.') {
        let next = match here {
            DeValue::Table(table) => table.get(step),
            DeValue::Array(entries) => step.parse().ok().and_then(|index: usize| entries.get(index)),
            _ => None,
        };
        let Some(next) = next else { break };
        (start, here) = (next.span().start, next.get_ref());
    }
    start
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
    fn a_contradiction_is_named_with_the_line_of_its_member() {
        let task = |id: &str, application: &str| {
            format!(
                "[[tasks]]\nid = \"{id}\"\napplication = \"{application}\"\ncontent = {{ kind = \"page-example\" }}\n"
            )
        };
        let text = error(&format!("{}\n{}", task("a", "demo-app"), task("b", "nobody")));
        assert_eq!(
            text,
            "line 8, column 15: task 'b' names the application 'nobody', which the scenario does not have"
        );
        let text = error("quota = 5\nunknown_application_status = 404\n");
        assert_eq!(
            text,
            "line 2, column 30: unknown_application_status of 404: 200, 403 and 500 are allowed"
        );
        let text = error("[[faults]]\nfault = { kind = \"gzip\" }\nper_mille = 2000\n");
        assert_eq!(text, "line 3, column 13: per_mille of 2000: 1 to 1000 are allowed");
    }

    #[test]
    fn what_is_wrong_inside_the_content_of_a_task_has_its_own_line() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("rows.csv"), "\ndevice\n").unwrap();
        for (content, expected) in [
            (
                "kind = \"rows\"\nrows = [\n{ deviceId = \"a\" },\n{ deviceID = \"b\" },\n]",
                "line 8, column 1: task 't': a row needs",
            ),
            (
                "kind = \"rows\"\nrows = []\nfile = \"x\"",
                "line 4, column 1: task 't' of kind `rows` has either",
            ),
            ("kind = \"rows\"\nfile = \"none.jsonl\"", "line 6, column 8: cannot read "),
            (
                "kind = \"rows\"\nfile = \"rows.csv\"",
                "rows.csv: line 2: expected value; each line has to be a row",
            ),
            (
                "kind = \"generated\"\nsubtasks = 1\nlife = { sending_secs = 5 }",
                "line 4, column 1: unknown field `sending_secs`",
            ),
            (
                "kind = \"generated\"\nsubtasks = 1\nlife = { answer_seconds = 9,\nsending_seconds = 900_000 }",
                "line 8, column 19: task 't': sending_seconds of 900000",
            ),
            (
                "kind = \"generated\"\nsubtasks = 20_000_000",
                "line 6, column 12: task 't' has 20000000 subtasks",
            ),
        ] {
            let text =
                format!("[[tasks]]\nid = \"t\"\napplication = \"demo-app\"\n[tasks.content]\n{content}\n");
            let error = Scenario::from_toml_in(&text, folder.path()).unwrap_err().to_string();
            assert!(error.starts_with("line ") && error.contains(expected), "{error}");
        }
    }

    #[test]
    fn what_is_no_toml_has_a_line_too() {
        let text = error("seed = 1\nquota = [\n");
        assert!(text.starts_with("line 2, column ") || text.starts_with("line 3, column "), "{text}");
    }
}
