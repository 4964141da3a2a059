//! The columns in which subtasks can be shown.

use clap::ValueEnum;
use northbound::{ErrorCode, Subtask, SubtaskStatus, Unreadable};

use crate::codes::{Codes, Explained};
use crate::rows::table::TableColumn;

/// What a column shows of a subtask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Column {
    /// The device
    Device,
    /// The device command
    Command,
    /// The status
    Status,
    /// The platform's error code, if the subtask failed
    Code,
    /// Why the subtask failed, in words
    Reason,
    /// What the command returned, as the platform sent it
    Output,
    /// The cause of the failure, as the platform sent it
    Error,
    /// The reason of a failure, else the output
    Outcome,
    /// What the code means, as `explain` says it
    Meaning,
    /// What to do about the code
    NextStep,
    /// Who has to act
    Who,
}

impl Column {
    /// The columns of a table by default.
    pub(crate) const TABLE: [Self; 4] = [Self::Device, Self::Status, Self::Outcome, Self::Command];
    /// The columns of csv by default.
    pub(crate) const CSV: [Self; 7] =
        [Self::Device, Self::Command, Self::Status, Self::Code, Self::Reason, Self::Output, Self::Error];

    /// The same as a column of a table, which may lose it if it can be spared.
    pub(crate) fn in_table(self, is_spare: bool) -> TableColumn {
        let heading = match self {
            Self::Outcome => "REASON OR OUTPUT".to_owned(),
            _ => self.name().to_uppercase().replace('-', " "),
        };
        let is_text = !matches!(self, Self::Device | Self::Command | Self::Status | Self::Code | Self::Who);
        TableColumn { heading, is_text, is_spare }
    }

    /// Its name in the first line of csv: the one that is typed.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned())
    }

    /// What it shows of a subtask; `None` if the platform did not say, or if nobody knows the code.
    pub(crate) fn of(self, subtask: &Subtask, codes: &Codes) -> Option<String> {
        let explained = |text: fn(Explained<'_>) -> &str| {
            codes.explain(code(subtask)?.as_str()).map(|known| text(known).to_owned())
        };
        match self {
            Self::Device => subtask.device_id().map(str::to_owned),
            Self::Command => subtask.command_id().map(str::to_owned),
            Self::Status => subtask.status().map(|status| status.as_str().to_owned()),
            Self::Code => Some(code(subtask)?.as_str().to_owned()),
            Self::Reason => reason(subtask),
            Self::Error => error(subtask).map(str::to_owned),
            Self::Outcome if error(subtask).is_some() => Some(subtask.reason().into_owned()),
            Self::Output | Self::Outcome => subtask.output().map(str::to_owned),
            Self::Meaning => explained(|known| known.meaning),
            Self::NextStep => explained(|known| known.next_step),
            Self::Who => explained(|known| known.who),
        }
    }
}

/// The platform's error code, if the subtask failed.
pub(crate) fn code(subtask: &Subtask) -> Option<ErrorCode> {
    subtask.failure()?.error_code
}

/// Whether it failed or timed out.
pub(crate) fn has_failed(subtask: &Subtask) -> bool {
    matches!(subtask.status(), Some(SubtaskStatus::Fail | SubtaskStatus::Timeout))
}

/// The cause of the failure, or the text of a row that cannot be read.
fn error(subtask: &Subtask) -> Option<&str> {
    subtask.error().or_else(|| subtask.unreadable().map(Unreadable::text))
}

/// The platform's words. A subtask that timed out may have none; its status is then the reason.
fn reason(subtask: &Subtask) -> Option<String> {
    if subtask.unreadable().is_some() {
        return Some(subtask.reason().into_owned());
    }
    let cause = subtask.failure();
    let has_code = cause.as_ref().is_some_and(|cause| cause.error_code.is_some());
    let words = cause.and_then(|cause| cause.error_desc).filter(|words| !words.is_empty());
    (has_failed(subtask) || subtask.error().is_some()).then(|| match (words, subtask.error()) {
        (Some(words), _) => words,
        (None, Some(text)) if !has_code => text.to_owned(),
        (None, _) => subtask.reason().into_owned(),
    })
}
