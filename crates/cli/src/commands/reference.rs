//! What the command says of itself and of the platform's API: the document, completions, the tree of commands.

use clap::{Args, ValueEnum};
use std::fmt::Write as _;
use std::io::{self, Write as _};

use clap::{Arg, ArgAction, Command};
use serde_json::{Value, json};

use crate::arguments::global::Output;
use crate::error::CliError;
use crate::results;
use crate::session::context::Context;

#[derive(Debug, Args)]
pub(crate) struct SpecOptions {
    /// The same as -o: json, or else yaml
    #[arg(long, value_enum, value_name = "FORMAT", hide_short_help = true)]
    pub(crate) format: Option<DocumentFormat>,
    /// Print the JSON Schema of the results that commands print with -o json, instead of the document
    #[arg(long)]
    pub(crate) results: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum DocumentFormat {
    /// As it is written by hand, with its comments
    Yaml,
    /// The same document as JSON
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsOptions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

pub(crate) fn spec(context: &mut Context<'_>, options: &SpecOptions) -> Result<(), CliError> {
    let output = context.global.output();
    let as_json = options.format.map_or(output.is_json(), |format| format == DocumentFormat::Json);
    let text = match options.results {
        // As it is written, unless it has to be on one line.
        true if output != Output::Jsonl => {
            return Ok(context.stdout.write_all(results::SCHEMA.as_bytes())?);
        }
        true => results::SCHEMA,
        false if as_json => northbound::DOCUMENT_AS_JSON,
        false => return Ok(context.stdout.write_all(northbound::DOCUMENT.as_bytes())?),
    };
    let document: Value = serde_json::from_str(text).map_err(io::Error::from)?;
    Ok(context.deliver_json(&document)?)
}

pub(crate) fn completions(
    context: &mut Context<'_>,
    options: &CompletionsOptions,
    mut command: Command,
) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut command, "northbound", &mut script);
    if context.global.output().is_json() {
        let script = String::from_utf8_lossy(&script).into_owned();
        return Ok(context.deliver_json(&json!({ "shell": options.shell.to_string(), "script": script }))?);
    }
    context.stdout.write_all(&script)?;
    Ok(())
}

/// The works of others in the program, with their licences. `xtask/tools/notices/notices.py` writes it.
const NOTICES: &str = include_str!("../../THIRD-PARTY-NOTICES.txt");

pub(crate) fn licenses(context: &mut Context<'_>) -> Result<(), CliError> {
    let (mit, apache) = (include_str!("../../LICENSE-MIT"), include_str!("../../LICENSE-APACHE"));
    let text =
        format!("northbound is licensed under MIT or Apache-2.0, as you like.\n\n{mit}\n{apache}\n{NOTICES}");
    if context.global.output().is_json() {
        let license = env!("CARGO_PKG_LICENSE");
        return Ok(context.deliver_json(&json!({ "license": license, "text": text }))?);
    }
    Ok(context.stdout.write_all(text.as_bytes())?)
}

/// The whole command tree as text.
pub(crate) fn tree(mut command: Command) -> String {
    command.build();
    let mut tree = String::new();
    describe(&command, "northbound", true, &mut tree);
    tree
}

fn describe(command: &Command, name: &str, global: bool, tree: &mut String) {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let operands: String = command.get_positionals().map(|operand| format!(" {operand}")).collect();
    // Writing to a string does not fail.
    let _ = writeln!(tree, "{name}{operands}: {about}");
    for option in options(command, global) {
        let takes_value = option.get_action().takes_values();
        let default = option.get_default_values().iter().filter(|_| takes_value);
        let default: String = default.map(|value| format!(" = {}", value.to_string_lossy())).collect();
        let _ = writeln!(tree, "    {}{default}", option_with_values(option));
    }
    for below in command.get_subcommands().filter(|below| is_shown(below)) {
        describe(below, &format!("{name} {}", below.get_name()), false, tree);
    }
}

/// The options of a command, or those that every command has. `--help` needs no mention.
pub(super) fn options(command: &Command, global: bool) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(move |option| {
        let help = matches!(option.get_id().as_str(), "help" | "version");
        !option.is_positional() && option.is_global_set() == global && !help
    })
}

/// `help` repeats the whole tree.
pub(super) fn is_shown(command: &Command) -> bool {
    command.get_name() != "help" && !command.is_hide_set()
}

/// An option as it is typed, with its values.
pub(super) fn option_with_values(option: &Arg) -> String {
    let short = option.get_short().map(|short| format!("-{short}, ")).unwrap_or_default();
    let values = option.get_possible_values();
    let values: Vec<&str> = values.iter().map(|value| value.get_name()).collect();
    let value = match option.get_value_names() {
        _ if !option.get_action().takes_values() => String::new(),
        _ if !values.is_empty() => format!(" {}", values.join("|")),
        names => names.unwrap_or_default().iter().map(|name| format!(" {name}")).collect(),
    };
    let again = if matches!(option.get_action(), ArgAction::Append | ArgAction::Count) { "..." } else { "" };
    format!("{short}--{}{value}{again}", option.get_long().unwrap_or_default())
}
