//! The commands: a file or a folder for each, with its options and what it does. No command uses another.
//!
//! What several commands need is elsewhere: shared options in `arguments`, the connection in `session`, output in `screen` and `rows`.

mod compare;
mod config;
mod doctor;
#[cfg(feature = "emulator")]
mod emulator;
mod explain;
mod export;
#[cfg(feature = "gateway")]
mod gateway;
mod manual;
mod reference;
mod report;
mod resend;
mod send;
mod subtasks;
mod summary;
mod task;
mod tasks;
mod watch;

use clap::{Arg, CommandFactory as _, Parser, Subcommand};

use crate::arguments::global::{APPLICATION_ORIGIN, ENDPOINT_ORIGIN, Global, TASK_ID_ORIGIN};
use crate::error::{CliError, EXIT_CODES};
use crate::sending::carry::Follow;
use crate::sending::order::OrderOptions;
use crate::session::context::Context;
use report::ReportOptions;
use watch::WatchOptions;

/// Which devices of a batch task failed, and why.
///
/// Uses the northbound API of Huawei Cloud IoT / OceanConnect, which China Telecom's CTWing has too. If you have no account, add --emulator
/// to try a command with a built-in emulator of the platform.
#[derive(Debug, Parser)]
#[command(name = "northbound", version, after_help = EXAMPLES, after_long_help = after_help())]
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
  northbound explain 1010005";

fn after_help() -> String {
    let codes = EXIT_CODES.iter().map(|(code, meaning)| format!("\n  {code:<3}  {meaning}"));
    format!("{EXAMPLES}\n\n{}\n\nExit codes:{}", origins(), codes.collect::<String>())
}

fn origins() -> String {
    format!(
        "Where TASK_ID, endpoint, application id and secret come from:\n  \
         TASK_ID                 {TASK_ID_ORIGIN}\n  \
         endpoint                {ENDPOINT_ORIGIN}: --endpoint or NORTHBOUND_ENDPOINT\n  \
         application id, secret  {APPLICATION_ORIGIN}: --app-id or NORTHBOUND_APP_ID, NORTHBOUND_SECRET or --secret-file"
    )
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Count the subtasks of a batch task by status
    Summary(summary::SummaryOptions),
    /// Watch a batch task until it is settled
    Watch(watch::WatchOptions),
    /// Show what happened to each device of a batch task
    Subtasks(subtasks::SubtasksOptions),
    /// Write the subtasks of a batch task into a file, and continue after an interruption
    ///
    /// For a quick list use `subtasks -o csv > FILE`. It can choose columns, devices, a page or the first rows, and starts from scratch
    /// each time. For a file that must be complete use `export`. With --resume it continues after an interruption. It compares the rows
    /// with the platform's counts, and gives FILE its name only when every row is in it.
    Export(export::ExportOptions),
    /// Write which devices failed, and why, as a page for a browser or a workbook for a spreadsheet
    Report(report::ReportOptions),
    /// Send one command to many devices, once
    Send(send::SendOptions),
    /// Send a command again to the devices that failed
    Resend(resend::ResendOptions),
    /// Compare two batch tasks, or a task and a file of its subtasks: which devices failed newly, recovered, or failed both times
    Compare(compare::CompareOptions),
    /// Show a batch task: name, type, status, progress, times
    Task(task::TaskOptions),
    /// List the batch tasks that were created or read on this machine; the platform cannot list them
    Tasks(tasks::TasksOptions),
    /// Show each setting of a connection, and where it comes from: an option, the environment or a profile
    ///
    /// Nothing is sent, and no secret is shown. A setting that cannot be used has no value, and a line says what is wrong. All profiles of
    /// the file are checked.
    Config,
    /// Check that everything is set up right, and say what to do if it is not
    Doctor(doctor::DoctorOptions),
    /// Explain an error code of the platform: what it means, and what to do
    Explain(explain::ExplainOptions),
    /// Print the OpenAPI document of the calls that this command makes
    Spec(reference::SpecOptions),
    /// Run an emulator of the platform, or print a scenario file for it
    #[cfg(feature = "emulator")]
    Emulator {
        #[command(subcommand)]
        command: emulator::EmulatorCommand,
    },
    /// Serve the platform's calls on this machine, for programs in any language: they share one token and one quota, and pages do not
    /// shift during a read
    #[cfg(feature = "gateway")]
    Gateway(gateway::GatewayOptions),
    /// Print a completion script for a shell
    Completions(reference::CompletionsOptions),
    /// Write the manual: one page a command
    Man(manual::ManOptions),
    /// Print the licences of this program and of the third-party works in it
    Licenses,
}

/// The parser. Every command accepts the options of every command, and shows those that it uses: none with `-h`.
pub(crate) fn parser() -> clap::Command {
    let parser = Arguments::command();
    let parser =
        parser.mut_args(|option| if option.is_global_set() { option.hide_short_help(true) } else { option });
    let shared: Vec<Arg> = parser.get_arguments().filter(|option| option.is_global_set()).cloned().collect();
    parser.mut_subcommands(|command| {
        let uses = |option: &str| uses(command.get_name(), option);
        let unused = shared.iter().filter(|option| !uses(option.get_id().as_str())).cloned();
        let hidden: Vec<Arg> = unused.map(|option| option.hide(true)).collect();
        let command = if uses("endpoint") { command.after_long_help(origins()) } else { command };
        command.args(hidden)
    })
}

/// Whether a command does anything with an option of every command.
fn uses(command: &str, option: &str) -> bool {
    match command {
        _ if option == "codes" => {
            matches!(command, "explain" | "subtasks" | "report" | "send" | "resend" | "config")
        }
        "spec" | "completions" | "licenses" => matches!(option, "output" | "out" | "color"),
        "explain" => matches!(option, "output" | "out" | "color" | "profile"),
        "man" | "tasks" => matches!(option, "output" | "out" | "color" | "quiet"),
        "emulator" => matches!(option, "output" | "out" | "color" | "quiet" | "verbose" | "quota"),
        _ => true,
    }
}

/// The whole command tree as text, a line for each thing that can be typed: what changes for those who type it.
pub fn command_tree() -> String {
    reference::tree(parser())
}

/// Whether a command prints a table unless another format is asked for. It has csv, too.
fn has_table(command: &Command) -> bool {
    use Command::{Compare, Subtasks, Summary, Tasks};
    matches!(command, Subtasks(_) | Summary(_) | Compare(_) | Tasks(_))
}

/// Whether a command needs the settings of a connection, or a fleet's own codes.
fn needs_settings(command: &Command) -> bool {
    use Command::{Completions, Config, Man, Spec, Tasks};
    #[cfg(feature = "emulator")]
    if matches!(command, Command::Emulator { .. }) {
        return false;
    }
    !matches!(command, Config | Spec(_) | Completions(_) | Man(_) | Tasks(_))
}

/// Runs the command that was typed.
pub(crate) async fn run(command: &Command, context: &mut Context<'_>) -> Result<(), CliError> {
    if needs_settings(command) {
        context.complete_settings()?;
    }
    // These write to their file in their own way.
    if !matches!(command, Command::Export(_) | Command::Report(_) | Command::Man(_)) {
        context.write_to_file(has_table(command))?;
    }
    if !has_table(command) && !matches!(command, Command::Export(_)) {
        context.refuse_csv()?;
    }
    let (outcome, asked) = match command {
        Command::Summary(options) => (summary::run(context, options).await, ("summary", &options.task_id)),
        Command::Watch(options) => (watch::run(context, options).await, ("watch", &options.task_id)),
        Command::Subtasks(options) => (subtasks::run(context, options).await, ("subtasks", &options.task_id)),
        Command::Export(options) => (export::run(context, options).await, ("export", &options.task_id)),
        Command::Report(options) => (report::run(context, options).await, ("report", &options.task_id)),
        Command::Send(options) => return send_and_follow(context, &options.order, send::run, options).await,
        Command::Resend(options) => {
            return send_and_follow(context, &options.order, resend::run, options).await;
        }
        Command::Task(options) => (task::run(context, options).await, ("task", &options.task_id)),
        Command::Compare(options) => return compare::run(context, options).await,
        Command::Tasks(options) => return tasks::run(context, options).await,
        Command::Config => return config::run(context),
        Command::Doctor(options) => return doctor::run(context, options).await,
        Command::Explain(options) => return explain::run(context, options),
        Command::Spec(options) => return reference::spec(context, options),
        Command::Completions(options) => return reference::completions(context, options, parser()),
        Command::Licenses => return reference::licenses(context),
        Command::Man(options) => return manual::man(context, options, parser()),
        #[cfg(feature = "emulator")]
        Command::Emulator { command } => return emulator::run(context, command).await,
        #[cfg(feature = "gateway")]
        Command::Gateway(options) => return gateway::run(context, options).await,
    };
    outcome.map_err(|failure| failure.during(asked.0, asked.1))
}

/// Sends, and then does what the options ask for: a watch of the task, and a report when the watch has ended.
async fn send_and_follow<O>(
    context: &mut Context<'_>,
    order: &OrderOptions,
    send: impl AsyncFnOnce(&mut Context<'_>, &O) -> Result<Option<Follow>, CliError>,
    options: &O,
) -> Result<(), CliError> {
    // Before anything is sent, so that a file that cannot be written is reported at once.
    if let Some(file) = order.report.as_deref().filter(|_| !order.dry_run) {
        report::check(context, file)?;
    }
    let Some(Follow { connection, task_id, watch, report }) = send(context, options).await? else {
        return Ok(());
    };
    if watch {
        let watched = watch::follow(context, &WatchOptions::until_settled(&task_id), &connection).await;
        watched.map_err(|failure| failure.during("watch", &task_id))?;
    }
    if let Some(out) = report {
        let options = ReportOptions::new(task_id, out);
        let written = report::write(context, &options, &connection).await;
        written.map_err(|failure| failure.during("report", &options.task_id))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use northbound::client_layer::{PAGE_SIZE, PageSize};

    use super::*;
    use crate::error::in_options;

    #[test]
    fn the_command_tree_is_sound() {
        parser().debug_assert();
    }

    #[test]
    fn advice_names_options_that_the_command_has() {
        use northbound::Remedy::*;
        let because = "x";
        let everywhere = [
            CheckToken,
            ReplaceToken,
            StopOtherLogins,
            ShareQuota,
            CheckTokenSource,
            CheckQuotaStore,
            TrustAuthority,
            GiveClientCertificate,
            ResolveName,
            UseHttps,
            RaiseTimeout,
            RaiseBodyLimit,
            RaiseDeadlineForToken,
            RaiseDeadlineForQuota,
            RaiseDeadlineForReply,
            ReadSubtasks { other: 1, total: 2 },
            ReadPageByPage { because },
            ReadWithoutStatus { because },
        ];
        let of_all = ["summary", "watch", "subtasks", "export", "report", "compare", "task", "doctor"];
        let pairs = of_all.iter().flat_map(|command| everywhere.iter().map(move |remedy| (*command, remedy)));
        let own = [
            ("watch", &WatchLonger),
            ("watch", &AllowEmpty),
            ("subtasks", &ReadAllPages),
            ("send", &LookForTask),
            ("resend", &LookForTask),
        ];
        let parser = parser();
        for (command, remedy) in pairs.chain(own) {
            let advice = in_options(remedy, command);
            assert!(!advice.contains("()"), "{command}: {advice} names a method");
            // Between backticks is another command.
            for (place, piece) in advice.split('`').enumerate() {
                let words: Vec<&str> = piece.split([' ', ',', ';', ':', '.']).collect();
                let command = if place % 2 == 0 { command } else { words[1] };
                let command = parser.find_subcommand(command).unwrap();
                for option in words.iter().filter_map(|word| word.strip_prefix("--")) {
                    let has = |command: &clap::Command| {
                        command
                            .get_opts()
                            .any(|known| known.get_long() == Some(option) && !known.is_hide_set())
                    };
                    assert!(has(command) || has(&parser), "{}: --{option} in {advice:?}", command.get_name());
                }
            }
        }
    }

    #[test]
    fn the_help_of_page_size_has_the_bounds_of_the_document() {
        let PageSize { smallest, largest, default, .. } = PAGE_SIZE;
        let mut command = Arguments::command();
        let mut help = |name: &str| command.find_subcommand_mut(name).unwrap().render_long_help().to_string();
        let bounds = format!("Number of rows to read with one call, {smallest} to {largest}");
        assert!(help("export").contains(&bounds));
        let default = format!("{bounds} [default: {default} with --page, else {largest}]");
        assert!(help("subtasks").contains(&default));
    }
}
