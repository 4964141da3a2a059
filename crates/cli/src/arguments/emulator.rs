//! The options of `northbound emulator`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum EmulatorCommand {
    /// Serve the emulator until it is interrupted; the first line says where it listens
    ///
    /// It has a quota of 100 calls in 60 seconds, or what the scenario says, unless --quota is given.
    Serve(ServeOptions),
}

#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// Where to listen, as address or name; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8743")]
    pub(crate) listen: String,
    /// Number of subtasks of the batch task `demo`
    #[arg(long, value_name = "N", default_value_t = 1000, conflicts_with = "scenario")]
    pub(crate) subtasks: u32,
    /// File that says what the emulator knows: applications, tasks, faults (TOML) [default: the built-in scenario]
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    /// Speak TLS with the certificates in this folder: ca.pem and server.pem; made there if it has neither
    #[arg(long, value_name = "DIR")]
    pub(crate) tls: Option<PathBuf>,
    /// Ask each client for a certificate of the authority's, such as the client.pem that is made
    #[arg(long, requires = "tls")]
    pub(crate) mutual: bool,
}
