//! What a person at a terminal and a script see of the command `northbound`.

use std::collections::HashMap;

use northbound_cli::{Outlet, Process};

use crate::answers::fleet::{Asked, Fleet, page};
use crate::report::{asked, without};

/// The outcome of a command: exit code, stdout, stderr.
pub(crate) struct Seen {
    pub(crate) code: u8,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn northbound(arguments: &[&str]) -> Seen {
    northbound_in(&[], arguments)
}

pub(crate) fn northbound_in(environment: &[(&str, &str)], arguments: &[&str]) -> Seen {
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
    // What is another one each time.
    for mark in ["\"at\":\"", "\"at\": \"", "\"endpoint\":\"", "\"endpoint\": \""] {
        session = without(&session, mark, "\"");
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
fn subtasks_are_shown_as_somebody_needs_them() {
    insta::assert_snapshot!(session(&[
        "--emulator subtasks demo --status Fail,timeout --limit 3 --columns device,code,reason",
        "--emulator subtasks demo --status Fail --status Success --page-size 100 -o csv --limit 2",
        "--emulator subtasks demo --columns command,outcome -o csv --limit 2",
        "--emulator subtasks demo --device-id nobody -o csv",
        "--emulator subtasks demo --status Pending -q --limit 1",
        "--emulator subtasks demo --columns device -o jsonl",
        "--emulator subtasks demo --page 0 --status Fail,Timeout",
        "--emulator subtasks demo --status Fail Timeout --columns device, status --limit 2",
        "--emulator subtasks doc-example --device-id *******, ****** --columns device -o csv",
        "--emulator subtasks doc-example --device-id *******,****** --page 0",
    ]));
}

#[test]
fn a_summary_is_a_chart_for_a_person_and_json_for_a_script() {
    insta::assert_snapshot!(session(&[
        "--emulator summary demo",
        "--emulator summary doc-example",
        "--emulator summary demo -o json",
        "--emulator summary demo -o jsonl",
        "--emulator summary demo -o csv",
        "--emulator summary nope -o json",
    ]));
}

#[test]
fn a_watch_that_ends_at_once_is_one_line_or_one_object() {
    insta::assert_snapshot!(session(&[
        "--emulator watch demo --fail-above 2%",
        "--emulator watch demo --fail-above 2% -o jsonl",
        "--emulator watch demo --fail-above 2% -o json",
        "--emulator watch nope",
        "--emulator watch demo --fail-above 2",
        "--emulator watch demo --timeout soon",
        "--emulator watch demo --timeout 0s",
        "--emulator watch demo --timeout 0s -o json",
    ]));
}

#[test]
fn a_terminal_of_forty_columns_reads_well() {
    let (lookup, columns) = (|_: &str| None, || 40);
    let mut shown = String::new();
    for command in
        ["summary demo", "subtasks demo --status Fail --limit 3", "subtasks nope", "summary --help"]
    {
        let arguments = ["northbound", "--emulator", "--color", "never"]
            .into_iter()
            .chain(command.split(' '))
            .map(Into::into);
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let process = Process::new(
            &lookup,
            Outlet::terminal(&mut stdout, &columns),
            Outlet::terminal(&mut stderr, &columns),
        );
        northbound_cli::run(arguments, process);
        let (stdout, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
        shown += &format!("$ northbound --emulator {command}\n{stdout}{stderr}\n");
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn the_command_tree() {
    insta::assert_snapshot!(northbound_cli::command_tree());
}

#[test]
fn the_readme_of_the_command_lists_its_exit_codes() {
    let readme = std::fs::read_to_string(crate::freshness::root().join("crates/cli/README.md")).unwrap();
    let help = northbound(&["--help"]).stdout;
    let codes: Vec<&str> = help.split("Exit codes:").nth(1).unwrap().trim().lines().map(str::trim).collect();
    assert_eq!(codes.len(), 8, "{codes:?}");
    for line in codes {
        let (code, meaning) = line.split_once("  ").unwrap();
        let row = format!("| {} | {} |", code.trim(), meaning.trim());
        assert!(readme.contains(&row), "{row}");
    }
}

#[test]
fn the_readme_says_what_the_help_says_of_export_and_subtasks() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let readme = std::fs::read_to_string(crate::freshness::root().join("crates/cli/README.md")).unwrap();
    let help = northbound(&["export", "--help"]).stdout;
    let paragraph = help.split("\n\n").find(|paragraph| paragraph.contains("subtasks -o csv")).unwrap();
    assert!(words(&readme).contains(&words(paragraph)), "{paragraph}");
}

#[test]
fn the_document_is_printed_in_both_notations() {
    let yaml = std::fs::read_to_string(crate::freshness::root().join("spec/openapi.yaml")).unwrap();
    let json = std::fs::read_to_string(crate::freshness::root().join("spec/openapi.json")).unwrap();
    assert_eq!(northbound(&["spec"]).stdout, yaml);
    assert_eq!(northbound(&["spec", "--format", "json"]).stdout, json);
}

#[test]
fn every_shell_completes_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let seen = northbound(&["completions", shell]);
        assert_eq!((seen.code, seen.stderr.as_str()), (0, ""), "{shell}");
        for word in ["subtasks", "fail-above", "completions", "token-cache"] {
            assert!(seen.stdout.contains(word), "{shell} does not know {word}");
        }
    }
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    let seen = northbound(&["man", "--out", pages.to_str().unwrap()]);
    assert_eq!(seen.code, 0, "{}", seen.stderr);
    let mut names: Vec<String> = std::fs::read_dir(&pages)
        .unwrap()
        .map(|page| page.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    insta::assert_snapshot!(names.join("\n"));
    for name in &names {
        let page = std::fs::read_to_string(pages.join(name)).unwrap();
        let makes_calls = page.contains("\\-\\-endpoint");
        for section in ["SYNOPSIS", "ENVIRONMENT", "\"EXIT STATUS\""] {
            assert!(page.contains(&format!(".SH {section}\n")), "{name} has no {section}");
        }
        assert_eq!(page.contains("NORTHBOUND_SECRET") && page.contains(".SH FILES"), makes_calls, "{name}");
    }
    // Without the sections that clap_mangen writes.
    let page = std::fs::read_to_string(pages.join("northbound-export.1")).unwrap();
    let (synopsis, rest) = page.split_once(".SH DESCRIPTION").unwrap();
    let synopsis = synopsis.split_once(".SH SYNOPSIS").unwrap().1;
    let around = format!("SYNOPSIS{synopsis}{}", &rest[rest.find(".SH ENVIRONMENT").unwrap()..]);
    insta::assert_snapshot!("what_the_manual_says_around_the_options", around);
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
    insta::assert_snapshot!(session(&["--help", "help subtasks", "watch -h", "explain --help"]));
}

#[test]
fn a_result_goes_to_the_file_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("result");
    let run = |line: &str, ending: &str| {
        let path = file.with_extension(ending);
        let words: Vec<&str> = line.split(' ').chain(["--out", path.to_str().unwrap()]).collect();
        let seen = northbound(&words);
        (seen.code, seen.stdout, std::fs::read_to_string(&path).unwrap_or_default())
    };
    // The end of the name is the format, unless -o says another.
    for (line, ending, begins) in [
        ("--emulator summary demo", "csv", "task,status,count\n"),
        ("--emulator subtasks demo --limit 3", "jsonl", "{\"error\":"),
        ("--emulator subtasks demo --limit 3 -o json", "csv", "[\n"),
        ("--emulator subtasks demo --limit 3", "txt", "DEVICE "),
        ("--emulator export demo --replace", "csv", "device,command,"),
        ("--emulator export demo -o jsonl --replace", "csv", "{\"error\":"),
        ("--emulator export demo --format csv -o json", "data", "device,command,"),
        ("explain 1010005", "JSON", "{\n"),
        ("spec", "json", "{\n"),
        ("spec", "yaml", "openapi: 3"),
        ("doctor", "text", "```text\n"),
        ("--emulator watch demo --fail-above 2% -o jsonl", "text", "{\""),
    ] {
        let (code, stdout, written) = run(line, ending);
        assert!(written.starts_with(begins), "{line} {ending}: {written}");
        let complains = line.starts_with("doctor") || line.contains("watch");
        assert_eq!(code != 0, complains, "{line}");
        assert!(stdout.is_empty() || line.contains("export"), "{line}: {stdout}");
    }
    // A result that is not complete replaces nothing.
    std::fs::write(file.with_extension("csv"), "before").unwrap();
    assert_eq!(run("--emulator subtasks nope", "csv"), (1, String::new(), "before".to_owned()));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 8, "nothing else is left");
}

#[test]
fn every_command_takes_the_options_that_it_does_not_show() {
    for line in [
        "explain 1010005 --endpoint x --quota 5 -v",
        "--endpoint x --emulator -q spec",
        "completions bash -v",
    ] {
        let seen = northbound(&line.split(' ').collect::<Vec<_>>());
        assert_eq!((seen.code, seen.stderr.as_str()), (0, ""), "{line}");
    }
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
        "--endpoint https://127.0.0.1:1 --ca-cert /nonexistent subtasks demo --app-id a --secret-file ../rustfmt.toml",
        "--emulator subtasks",
        "emulator serve --listen 127.0.0.1",
        "emulator serve --listen 127.0.0.1:x",
        "emulator serve --scenario /nonexistent",
        "emulator serve --scenario x --subtasks 5",
        "--emulator report demo -o report.html",
        "--emulator export demo --out rows",
        "--emulator subtasks demo --out /dev/null",
    ]));
}

#[test]
fn all_subtasks_come_as_json_lines() {
    let seen = northbound(&["--emulator", "subtasks", "demo", "--output", "jsonl"]);
    let totals = "1000 subtasks: 70 Pending, 85 WaitResult, 691 Success, 115 Fail, 39 Timeout\n";
    assert_eq!((seen.code, seen.stdout.lines().count(), seen.stderr.as_str()), (0, 1000, totals));
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
    let seen = northbound_in(&environment, &["--emulator", "-q", "subtasks", "demo", "--limit", "1"]);
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

/// Exit code 2 says that nothing was sent.
#[tokio::test]
async fn a_number_that_no_task_has_is_no_wrong_usage() {
    for total in [1_u64 << 62, i64::MAX.unsigned_abs(), 1 << 31, 600_000_000_000] {
        let fleet = Fleet::answering(move |asked| {
            let mut page = page(&[("Fail", 300)], &Asked { status: None, page_no: 0, ..asked.clone() });
            page["totalCount"] = total.into();
            (200, page)
        })
        .await;
        for command in [
            "subtasks demo -o jsonl",
            "subtasks demo -o jsonl --status Fail",
            "subtasks demo -o jsonl --status Pending",
            "subtasks demo -o jsonl --page-size 1",
            "export demo --format csv --out -",
            "export demo --format csv --out - --status Pending",
            "summary demo",
            "report demo --out -",
            "watch demo --deadline 300000000000y",
        ] {
            let seen = asked(&fleet, &command.split(' ').collect::<Vec<_>>()).await;
            assert_eq!(seen.code, 1, "{command}: {}", seen.stderr);
            assert!(seen.stderr.contains("the platform counts"), "{command}: {}", seen.stderr);
        }
    }
}
