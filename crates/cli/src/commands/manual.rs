//! `northbound man`: the manual, a page for each command.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use serde_json::json;

use super::reference::{is_shown, option_with_values, options};
use crate::error::{CliError, EXIT_CODES};
use crate::session::context::Context;
use crate::session::new_file::NewFile;

#[derive(Debug, Args)]
pub(crate) struct ManOptions {
    /// The folder to write the pages to; it is made if it is not there, and cannot be stdout
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

/// What commands that make calls read from the environment.
const ENVIRONMENT_OF_CALLS: [(&str, &str); 6] = [
    ("NORTHBOUND_ENDPOINT", "The address of the platform, unless --endpoint is given."),
    ("NORTHBOUND_APP_ID", "The application that calls, unless --app-id is given."),
    ("NORTHBOUND_SECRET", "The secret of the application, unless --secret-file is given."),
    ("NORTHBOUND_TOKEN", "A token from elsewhere: no command logs in then. --secret-file goes before it."),
    ("HTTPS_PROXY, ALL_PROXY, NO_PROXY", "The proxy for calls, and the hosts that are called without it."),
    (
        "XDG_CACHE_HOME, XDG_STATE_HOME, HOME, LOCALAPPDATA",
        "They say where the folders of tokens and of sends are: see FILES.",
    ),
];

/// What all commands read from the environment.
const ENVIRONMENT: [(&str, &str); 1] =
    [("NO_COLOR", "Nothing is coloured if it is set, unless --color is given.")];

/// The files of commands, and the command whose they are; `None` stands for all that make calls.
const FILES: [(&str, &str, Option<&str>); 5] = [
    (
        "~/.cache/northbound",
        "Tokens of https endpoints for the next command, unless --no-token-cache is given. The folder is in $XDG_CACHE_HOME if that is \
         set, on a Mac in ~/Library/Caches, on Windows in %LOCALAPPDATA%.",
        None,
    ),
    (
        "~/.local/state/northbound",
        "What was sent from this machine, so that nothing is sent twice. The folder is in $XDG_STATE_HOME if that is set, on a Mac in \
         ~/Library/Application Support, on Windows in %LOCALAPPDATA%.",
        None,
    ),
    ("FILE.part", "The rows of an export that is not complete.", Some("export")),
    ("FILE.part.json", "How far that export is: --resume reads it.", Some("export")),
    ("DIR/ca.pem, DIR/server.pem, DIR/client.pem", "The certificates of --tls DIR.", Some("serve")),
];

pub(crate) fn man(
    context: &mut Context<'_>,
    options: &ManOptions,
    mut command: Command,
) -> Result<(), CliError> {
    let folder = &options.out;
    if folder == Path::new("-") {
        let what = "the manual is several files, and cannot go to stdout";
        return Err(CliError::usage(what, "name a folder with --out"));
    }
    let cannot = |error: io::Error| {
        let advice = "name a folder that you may write to";
        CliError::file(format!("cannot write the manual to {}: {error}", folder.display()), advice)
    };
    fs::create_dir_all(folder).map_err(cannot)?;
    command.build();
    let pages = write_pages(&command, folder).map_err(cannot)?;
    context.note(&format!("the manual is in {}; `man -l FILE` shows a page", folder.display()))?;
    if context.global.asks_json() {
        context.deliver_json(&json!({ "file": folder.display().to_string(), "pages": pages }))?;
    }
    Ok(())
}

/// Writes the pages of a command and of those below it, and returns how many they are.
fn write_pages(command: &Command, folder: &Path) -> io::Result<usize> {
    // Else the page has the names of options that `-h` leaves out, without what they do.
    let whole = command.clone().mut_args(|option| option.hide_short_help(false));
    let whole = whole.mut_subcommands(|below| if is_shown(&below) { below } else { below.hide(true) });
    let man = Man::new(whole).source(concat!("northbound ", env!("CARGO_PKG_VERSION")));
    NewFile::beside(&folder.join(man.get_filename()))?.write(|page| {
        man.render_title(page)?;
        man.render_name_section(page)?;
        synopsis(command).to_writer(page)?;
        man.render_description_section(page)?;
        man.render_options_section(page)?;
        if command.has_subcommands() {
            man.render_subcommands_section(page)?;
        }
        surroundings(command).to_writer(page)
    })?;
    let mut below = command.get_subcommands().filter(|below| is_shown(below));
    below.try_fold(1, |pages, below| Ok(pages + write_pages(below, folder)?))
}

/// What can be typed, with the values. The options of every command have a section of their own.
fn synopsis(command: &Command) -> Roff {
    let options = options(command, false).map(|option| match option.is_required_set() {
        true => format!(" {}", option_with_values(option)),
        false => format!(" [{}]", option_with_values(option)),
    });
    let operands = command.get_positionals().map(|operand| format!(" {operand}"));
    let below = command.has_subcommands().then(|| " COMMAND".to_owned());
    let line: String = options.chain([" [OPTION]...".to_owned()]).chain(operands).chain(below).collect();
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let mut section = Roff::default();
    section.control("SH", ["SYNOPSIS"]).text([bold(name), roman(line)]);
    section
}

/// The sections on what is around a command: environment, files, exit status.
fn surroundings(command: &Command) -> Roff {
    let mut sections = Roff::default();
    let calls = command.get_opts().any(|option| option.get_id() == "endpoint" && !option.is_hide_set());
    let of_calls = ENVIRONMENT_OF_CALLS.into_iter().filter(|_| calls);
    section(&mut sections, "ENVIRONMENT", of_calls.chain(ENVIRONMENT));
    let files = FILES.into_iter().filter(|(.., of)| of.map_or(calls, |of| of == command.get_name()));
    section(&mut sections, "FILES", files.map(|(name, meaning, _)| (name, meaning)));
    section(&mut sections, "EXIT STATUS", EXIT_CODES);
    sections
}

fn section<'a>(sections: &mut Roff, title: &str, rows: impl IntoIterator<Item = (impl ToString, &'a str)>) {
    for (place, (name, meaning)) in rows.into_iter().enumerate() {
        if place == 0 {
            sections.control("SH", [title]);
        }
        sections.control("TP", []).text([bold(name.to_string())]).text([roman(meaning)]);
    }
}
