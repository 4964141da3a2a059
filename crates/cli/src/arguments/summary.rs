//! The options of `northbound summary`.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct SummaryOptions {
    /// The batch task, by the id that creating it returned
    pub(crate) task_id: String,
}
