//! What can be typed. The options of each command have a file of their own.

mod doctor;
#[cfg(feature = "emulator")]
mod emulator;
mod explain;
mod export;
mod global;
mod reference;
mod report;
mod subtasks;
mod summary;
mod watch;

use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};
use northbound::SubtaskStatus;

pub(crate) use doctor::DoctorOptions;
#[cfg(feature = "emulator")]
pub(crate) use emulator::{EmulatorCommand, ServeOptions};
pub(crate) use explain::ExplainOptions;
pub(crate) use export::{ExportOptions, Format};
pub(crate) use global::{ColourChoice, Global, Output, Resolved, Typed};
pub(crate) use reference::{CompletionsOptions, DocumentFormat, ManOptions, SpecOptions};
pub(crate) use report::ReportOptions;
pub(crate) use subtasks::SubtasksOptions;
pub(crate) use summary::SummaryOptions;
pub(crate) use watch::WatchOptions;

use crate::failure::EXIT_CODES;

/// Which devices of a batch task failed, and why.
///
/// Asks the northbound API of Huawei Cloud IoT / OceanConnect (China Telecom's CTWing speaks it too). Without an account, add
/// --emulator to try a command against a built-in stand-in for the platform.
#[derive(Debug, Parser)]
#[command(name = "northbound", version, after_help = after_help())]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXAMPLES: &str = "\
Examples:
  northbound --emulator watch live
  northbound --emulator subtasks demo --status Fail --limit 10
  northbound --endpoint https://platform.example:8743 --app-id ID summary TASK_ID
  northbound doctor --task TASK_ID
  northbound explain 1010005

Exit codes:";

fn after_help() -> String {
    let codes = EXIT_CODES.iter().map(|(code, meaning)| format!("\n  {code:<3}  {meaning}"));
    EXAMPLES.chars().chain(codes.collect::<String>().chars()).collect()
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Count the subtasks of a batch task by status
    Summary(SummaryOptions),
    /// Watch a batch task until it is settled
    Watch(WatchOptions),
    /// Show what happened to each device of a batch task
    Subtasks(SubtasksOptions),
    /// Write the subtasks of a batch task into a file, and go on after an interruption
    Export(ExportOptions),
    /// Write a page for a browser that says which devices failed, and why
    Report(ReportOptions),
    /// Check that everything is set up right, and say what to do where it is not
    Doctor(DoctorOptions),
    /// Explain an error code of the platform: what it means, and what to do
    Explain(ExplainOptions),
    /// Print the OpenAPI document of the calls that this command makes
    Spec(SpecOptions),
    /// The stand-in for the platform
    #[cfg(feature = "emulator")]
    Emulator {
        #[command(subcommand)]
        command: EmulatorCommand,
    },
    /// Print the script with which a shell completes this command
    Completions(CompletionsOptions),
    /// Write the manual: one page a command
    Man(ManOptions),
}

/// The statuses that the document lists: the platform takes no others.
fn statuses() -> PossibleValuesParser {
    PossibleValuesParser::new(SubtaskStatus::KNOWN.iter().map(SubtaskStatus::as_str).collect::<Vec<_>>())
}

/// A span of time, such as 90s or 2h.
fn time(text: &str) -> Result<Duration, String> {
    const LONGEST_UNIT: u64 = 366 * 24 * 60 * 60;
    // The parser panics at a sum that only just overflows, so it gets no numbers of which the sum could.
    let numbers = text.split(|letter: char| !letter.is_ascii_digit()).filter(|number| !number.is_empty());
    let sum = numbers.map(str::parse).try_fold(0_u64, |sum, number| sum.checked_add(number.ok()?));
    if sum.is_none_or(|sum| sum > u64::MAX / LONGEST_UNIT) {
        return Err("the number is too large".to_owned());
    }
    humantime::parse_duration(text).map_err(|error| error.to_string())
}

/// A status as the document writes it, however it was typed.
pub(crate) fn status_of(typed: &str) -> SubtaskStatus {
    let listed = SubtaskStatus::KNOWN.iter().find(|known| known.as_str().eq_ignore_ascii_case(typed));
    listed.cloned().unwrap_or_else(|| SubtaskStatus::from(typed))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn no_span_of_time_is_too_large_to_be_read() {
        assert_eq!(time("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(time("300000000000y").map(|span| span.as_secs()), Ok(300_000_000_000 * 31_557_600));
        for text in
            ["18446744073709551615s 1000000000ns", "600000000000y", "99999999999999999999s", "", "soon"]
        {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_command_tree_is_sound() {
        Arguments::command().debug_assert();
    }
}
