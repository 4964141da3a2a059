//! What a person at a terminal and a script see of the command `northbound`.

use std::collections::HashMap;

use northbound_cli::{Outlet, Process};

/// The outcome of a command: exit code, stdout, stderr.
struct Seen {
    code: u8,
    stdout: String,
    stderr: String,
}

fn northbound(arguments: &[&str]) -> Seen {
    northbound_in(&[], arguments)
}

fn northbound_in(environment: &[(&str, &str)], arguments: &[&str]) -> Seen {
    let environment: HashMap<_, _> = environment.iter().copied().collect();
    let lookup = |name: &str| environment.get(name).map(|value| (*value).to_owned());
    let arguments = ["northbound"].iter().chain(arguments).map(Into::into);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let process = Process::new(&lookup, Outlet::plain(&mut stdout), Outlet::plain(&mut stderr));
    let code = northbound_cli::run(arguments, process);
    Seen { code, stdout: String::from_utf8(stdout).unwrap(), stderr: String::from_utf8(stderr).unwrap() }
}

/// The commands and what they print, as on a terminal.
fn session(commands: &[&str]) -> String {
    let mut session = String::new();
    for command in commands {
        let seen = northbound(&command.split_whitespace().collect::<Vec<_>>());
        let Seen { code, stdout, stderr } = seen;
        session += &format!("$ northbound {command}\n{stdout}{stderr}[exit code {code}]\n\n");
    }
    session
}

#[test]
fn failed_devices_of_the_demo_task_show_with_their_reasons() {
    insta::assert_snapshot!(session(&[
        "--emulator subtasks demo --status Fail --limit 10",
        "--emulator subtasks demo --status fail --page 1 --page-size 3",
        "subtasks demo --emulator --limit 3",
        "--emulator subtasks demo --device-id nobody",
    ]));
}

#[test]
fn json_and_jsonl_bear_the_members_of_the_platform() {
    insta::assert_snapshot!(session(&[
        "--emulator subtasks doc-example --output json",
        "--emulator subtasks doc-example -o jsonl",
        "--emulator subtasks demo --device-id nobody -o json",
        "--emulator subtasks demo --device-id nobody -o jsonl",
    ]));
}

#[test]
fn help_teaches() {
    insta::assert_snapshot!(session(&["--help", "help subtasks", "emulator serve --help"]));
}

#[test]
fn explain_prints_what_the_catalogue_knows() {
    insta::assert_snapshot!(session(&[
        "explain 1010005",
        "explain 100501",
        "explain 105005 -o json",
        "explain 77"
    ]));
}

#[test]
fn failures_say_what_to_do() {
    insta::assert_snapshot!(session(&[
        "subtasks demo",
        "--emulator --endpoint https://platform.example subtasks demo",
        "--endpoint nowhere --app-id demo-app --secret-file /nonexistent subtasks demo",
        "--emulator subtasks nope",
        "--emulator --app-id nobody subtasks demo",
        "--emulator subtasks demo --status Nope",
        "--emulator subtasks demo --page-size 251",
        "--emulator subtasks demo --page-size 0 -o json",
        "--emulator subtasks demo --page 1 --limit 2",
        "explain 1010005 -o csv",
        "explain 77 -o json",
        "--emulator subtasks nope -o jsonl",
        "--emulator subtasks -o json",
        "--emulator subtasks demo --ca-cert ca.pem",
        "--endpoint https://127.0.0.1:1 --ca-cert /nonexistent subtasks demo --app-id a --secret-file Cargo.toml",
        "--emulator subtasks",
        "emulator serve --listen 127.0.0.1",
        "emulator serve --listen 127.0.0.1:x",
        "emulator serve --scenario /nonexistent",
        "emulator serve --scenario x --subtasks 5",
    ]));
}

#[test]
fn all_subtasks_come_as_json_lines() {
    let seen = northbound(&["--emulator", "subtasks", "demo", "--output", "jsonl"]);
    assert_eq!((seen.code, seen.stdout.lines().count(), seen.stderr.as_str()), (0, 1000, ""));
    let devices: std::collections::HashSet<String> = seen
        .stdout
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["param"]["deviceId"].to_string())
        .collect();
    assert_eq!(devices.len(), 1000, "a device came twice");
}

#[test]
fn what_is_typed_goes_before_the_environment() {
    let environment = [
        ("NORTHBOUND_ENDPOINT", "http://127.0.0.1:1"),
        ("NORTHBOUND_APP_ID", "from-env"),
        ("NORTHBOUND_SECRET", "s"),
    ];
    let seen = northbound_in(&environment, &["subtasks", "demo"]);
    assert!(
        seen.stderr.starts_with("error: login of application from-env: no connection to http://127.0.0.1:1,"),
        "{}",
        seen.stderr
    );
    let seen = northbound_in(&environment, &["subtasks", "demo", "--app-id", "typed"]);
    assert!(
        seen.stderr.starts_with("error: login of application typed: no connection to http://127.0.0.1:1,"),
        "{}",
        seen.stderr
    );
    let seen = northbound_in(&environment, &["--emulator", "subtasks", "demo", "--limit", "1"]);
    assert_eq!((seen.code, seen.stderr.as_str()), (0, ""), "the environment does not spoil a try");
}

#[test]
fn the_secret_comes_from_a_file_or_the_environment_and_is_never_shown() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "s3cret\n").unwrap();
    let path = file.path().to_str().unwrap();
    let endpoint = ["--endpoint", "http://127.0.0.1:1", "--app-id", "demo-app", "subtasks", "demo"];
    let seen = northbound_in(&[], &[&endpoint[..], &["--secret-file", path]].concat());
    assert_eq!(seen.code, 1);
    assert!(!seen.stderr.contains("s3cret"), "{}", seen.stderr);
    let seen = northbound(&endpoint);
    assert_eq!((seen.code, seen.stderr.contains("NORTHBOUND_SECRET")), (2, true), "{}", seen.stderr);
}

#[test]
fn plain_http_to_another_machine_is_wrong_usage() {
    let environment = [("NORTHBOUND_SECRET", "s3cret")];
    let seen = northbound_in(
        &environment,
        &["--endpoint", "http://platform.example", "--app-id", "a", "subtasks", "demo"],
    );
    assert_eq!((seen.code, seen.stderr.contains("plain http")), (2, true), "{}", seen.stderr);
}
