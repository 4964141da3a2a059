//! The options of `northbound report`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ReportOptions {
    /// The batch task, by the id that creating it returned
    pub(crate) task_id: String,
    /// Where to write the page, such as report.html; a file that is there is replaced once the page is whole. - is stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}
