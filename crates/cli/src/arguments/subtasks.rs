//! The options of `northbound subtasks`.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use super::statuses;
use crate::rows::columns::Column;

#[derive(Debug, Args)]
pub(crate) struct SubtasksOptions {
    /// The batch task, by the id that creating it returned
    pub(crate) task_id: String,
    /// Only subtasks in this status, or one of several: give it again, or part them by commas
    #[arg(long, value_parser = statuses(), ignore_case = true, value_delimiter = ',')]
    pub(crate) status: Vec<String>,
    /// Only subtasks of this device
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) device_id: Option<String>,
    /// Only the subtask of this device command
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) command_id: Option<String>,
    /// Only this page; 0 is the first. Without it, all pages are read
    #[arg(long, value_name = "N", conflicts_with = "limit")]
    pub(crate) page: Option<u32>,
    /// Rows that one call asks for, 1 to 250 [default: 25 with --page, else 250]
    #[arg(long, value_name = "M")]
    pub(crate) page_size: Option<u32>,
    /// Stop after so many subtasks
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// What to show of each subtask, parted by commas [default: device,status,outcome,command; csv: all but outcome]
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) columns: Vec<Column>,
}
