//! The options of `northbound export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::statuses;

#[derive(Debug, Args)]
pub(crate) struct ExportOptions {
    /// The batch task, by the id that creating it returned
    pub(crate) task_id: String,
    /// What to write
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Format,
    /// Where to: FILE.part while rows are missing, FILE when it is complete; - is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Only subtasks in this status, or one of several: give it again, or part them by commas
    #[arg(long, value_parser = statuses(), ignore_case = true, value_delimiter = ',')]
    pub(crate) status: Vec<String>,
    /// Go on where an export to FILE was interrupted; begin if there was none, and leave FILE alone if it is complete
    #[arg(long)]
    pub(crate) resume: bool,
    /// Start from scratch, and replace FILE when the export is complete; with --resume go on with an interrupted export first
    #[arg(long)]
    pub(crate) replace: bool,
    /// Rows that one call asks for, 1 to 250
    #[arg(long, value_name = "M", default_value_t = 250)]
    pub(crate) page_size: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// Comma-separated values for a spreadsheet; the exact format is jsonl
    Csv,
    /// The exact format: what the platform sent, one JSON object a line
    Jsonl,
}
