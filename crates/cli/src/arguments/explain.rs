//! The options of `northbound explain`.

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct ExplainOptions {
    /// The code, such as 1010005
    pub(crate) code: String,
}
