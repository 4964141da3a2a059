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
    /// Answer requests for this host too, such as the name of a container; may be repeated
    ///
    /// The emulator answers under localhost, loopback addresses and the address that it listens on. It refuses other hosts, and
    /// web pages of other sites, because a page in a browser on this machine could otherwise control it. A name without a port
    /// stands for every port.
    #[arg(long, value_name = "NAME", value_parser = host)]
    pub(crate) allow_host: Vec<String>,
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

fn host(text: &str) -> Result<String, &'static str> {
    let is_host = |char: char| char.is_ascii_alphanumeric() || "-._:[]".contains(char);
    let is_name = !text.is_empty() && text.chars().all(is_host);
    is_name.then(|| text.to_owned()).ok_or("write the name alone, or with a port: emulator or emulator:8743")
}
