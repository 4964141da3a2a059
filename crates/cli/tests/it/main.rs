//! The command `northbound`: run inside the test where that shows the fact, else as a process.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod broken_replies;
mod certificates;
mod commands;
mod compare;
mod doctor;
mod export;
mod platform;
mod process;
mod profiles;
mod report;
mod results;
mod send;
mod task;
mod workbook;

use northbound_cli::{Outlet, Process};

/// The outcome of a command: exit code, stdout, stderr.
#[derive(Debug)]
struct Seen {
    code: u8,
    stdout: String,
    stderr: String,
}

/// Runs a command line, whose words are separated by blanks.
fn northbound(line: &str) -> Seen {
    northbound_in(&[], None, line)
}

/// The same in an environment, and on a terminal of this width.
fn northbound_in(environment: &[(&str, &str)], columns: Option<u16>, line: &str) -> Seen {
    let usual = [("TERM", "xterm"), ("LANG", "C.UTF-8")];
    let value = |name: &str| environment.iter().chain(&usual).find(|(known, _)| *known == name);
    let lookup = |name: &str| value(name).map(|(_, value)| (*value).to_owned());
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let size = || (columns.unwrap_or_default(), 0);
    let process = match columns {
        Some(_) => {
            Process::new(&lookup, Outlet::terminal(&mut stdout, &size), Outlet::terminal(&mut stderr, &size))
        }
        None => Process::new(&lookup, Outlet::plain(&mut stdout), Outlet::plain(&mut stderr)),
    };
    let words = ["northbound"].into_iter().chain(line.split_whitespace());
    let code = northbound_cli::run(words.map(Into::into), process);
    Seen { code, stdout: String::from_utf8(stdout).unwrap(), stderr: String::from_utf8(stderr).unwrap() }
}

/// What logs in as the demo application.
const CREDENTIALS: [(&str, &str); 2] =
    [("NORTHBOUND_APP_ID", "demo-app"), ("NORTHBOUND_SECRET", "demo-secret")];
/// What needs no login.
const TOKEN: [(&str, &str); 2] =
    [("NORTHBOUND_APP_ID", "demo-app"), ("NORTHBOUND_TOKEN", "t0ken-of-the-test")];

/// Runs a command against this platform, whose server goes on meanwhile.
async fn ask(url: &str, environment: &[(&str, &str)], line: &str) -> Seen {
    ask_on(None, url, environment, line).await
}

async fn ask_on(columns: Option<u16>, url: &str, environment: &[(&str, &str)], line: &str) -> Seen {
    let mut owned = vec![("NORTHBOUND_ENDPOINT".to_owned(), url.to_owned())];
    owned.extend(environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    let line = line.to_owned();
    let command = move || {
        let environment: Vec<_> = owned.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        northbound_in(&environment, columns, &line)
    };
    tokio::task::spawn_blocking(command).await.unwrap()
}

/// A file of the project.
fn file(path: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names in a folder.
fn names(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Leaves out the text between two marks, at each place where both occur.
fn without(text: &str, from: &str, to: &str) -> String {
    let mut pieces = text.split(from);
    let mut left = pieces.next().unwrap().to_owned();
    for piece in pieces {
        left += from;
        left += "…";
        left += &piece[piece.find(to).unwrap()..];
    }
    left
}
