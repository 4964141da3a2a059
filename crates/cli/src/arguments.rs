//! What can be typed.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use northbound::SubtaskStatus;

/// Which devices of a batch task failed, and why.
///
/// Asks the northbound API of Huawei Cloud IoT / OceanConnect (China Telecom's CTWing speaks it too). Without an account, add
/// --emulator to try a command against a built-in stand-in for the platform.
#[derive(Debug, Parser)]
#[command(name = "northbound", version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  northbound --emulator subtasks demo --status Fail --limit 10
  northbound --endpoint https://platform.example:8743 --app-id ID subtasks TASK_ID
  northbound explain 1010005

Exit codes: 0 success, 1 the call failed, 2 wrong usage.";

#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Address of the platform, such as https://platform.example:8743 [env: NORTHBOUND_ENDPOINT]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) endpoint: Option<String>,
    /// The application that calls [env: NORTHBOUND_APP_ID]
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) app_id: Option<String>,
    /// File that holds the application's secret [env: the secret itself in NORTHBOUND_SECRET]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Ask an emulator that runs inside this command, with its demo application: no account needed
    #[cfg(feature = "emulator")]
    #[arg(long, global = true, conflicts_with = "endpoint")]
    pub(crate) emulator: bool,
    /// How to print: a table for people, the platform's own JSON for programs
    #[arg(short, long, global = true, value_enum, default_value_t = Output::Table, value_name = "FORMAT")]
    pub(crate) output: Output,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// Columns for a person
    Table,
    /// One JSON array
    Json,
    /// One JSON object a line
    Jsonl,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what happened to each device of a batch task
    Subtasks(SubtasksOptions),
    /// Explain an error code of the platform: what it means, and what to do
    Explain {
        /// The code, such as 1010005
        code: String,
    },
    /// The stand-in for the platform
    #[cfg(feature = "emulator")]
    Emulator {
        #[command(subcommand)]
        command: EmulatorCommand,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SubtasksOptions {
    /// The batch task, by the id that creating it returned
    pub(crate) task_id: String,
    /// Only subtasks in this status
    #[arg(long, value_parser = statuses(), ignore_case = true)]
    pub(crate) status: Option<String>,
    /// Only subtasks of this device
    #[arg(long, value_name = "ID")]
    pub(crate) device_id: Option<String>,
    /// Only the subtask of this device command
    #[arg(long, value_name = "ID")]
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
}

#[cfg(feature = "emulator")]
#[derive(Debug, Subcommand)]
pub(crate) enum EmulatorCommand {
    /// Serve the emulator until it is interrupted; the first line says where it listens
    Serve(ServeOptions),
}

#[cfg(feature = "emulator")]
#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8743")]
    pub(crate) listen: std::net::SocketAddr,
    /// Number of subtasks of the batch task `demo`
    #[arg(long, value_name = "N", default_value_t = 1000, conflicts_with = "scenario")]
    pub(crate) subtasks: u32,
    /// File that says what the emulator knows: applications, tasks, faults (TOML) [default: the built-in scenario]
    #[arg(long, value_name = "FILE")]
    pub(crate) scenario: Option<PathBuf>,
    /// Calls that an application may make within 60 seconds; 0 is no limit [default: 100, or what the scenario says]
    #[arg(long, value_name = "N")]
    pub(crate) quota: Option<u32>,
    /// Speak TLS with the certificates in this folder: ca.pem and server.pem; made there if it has neither
    #[arg(long, value_name = "DIR")]
    pub(crate) tls: Option<PathBuf>,
    /// Ask each client for a certificate of the authority's, such as the client.pem that is made
    #[arg(long, requires = "tls")]
    pub(crate) mutual: bool,
}

/// The statuses that the document lists: the platform takes no others.
fn statuses() -> PossibleValuesParser {
    PossibleValuesParser::new(SubtaskStatus::KNOWN.iter().map(SubtaskStatus::as_str).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_tree_is_sound() {
        super::Arguments::command().debug_assert();
    }
}
