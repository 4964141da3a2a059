//! `northbound man`: the manual, a page for each command.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::json;

use super::reference::{is_shown, option_with_values, options};
use crate::error::{CliError, EXIT_CODES};
use crate::session::context::Context;
use crate::session::new_file::NewFile;

#[derive(Debug, Args)]
pub(crate) struct ManOptions {
    /// Folder for the pages, which is made if it does not exist; it cannot be stdout
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

/// What is around a command, by the titles of its sections: variables and files.
const SURROUNDINGS: &str = include_str!("manual.json");

#[derive(Deserialize)]
struct Surrounding {
    name: String,
    meaning: String,
    /// The command whose it is; `calls` stands for those that make calls, `all` for every one.
    of: String,
}

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
    let is_of = |of: &str| of == "all" || of == command.get_name() || of == "calls" && calls;
    // A test reads it.
    let all: IndexMap<String, Vec<Surrounding>> = serde_json::from_str(SURROUNDINGS).unwrap_or_default();
    for (title, rows) in all {
        let rows = rows.iter().filter(|row| is_of(&row.of)).map(|row| (&row.name, row.meaning.as_str()));
        section(&mut sections, &title.to_uppercase(), rows);
    }
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
