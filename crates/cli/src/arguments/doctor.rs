//! The options of `northbound doctor`.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

#[derive(Debug, Args)]
pub(crate) struct DoctorOptions {
    /// Check on this batch task what is taken for granted of the platform as well: with calls that change nothing, at most 12 in all
    #[arg(long, value_name = "TASK_ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) task: Option<String>,
}
