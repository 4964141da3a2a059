//! What a person at a terminal and a script see of the command `northbound`.

use std::collections::HashSet;

use northbound_testkit::{Platform, json_reply};

use crate::platform::{ask_freely, page, rows_of};
use crate::{Seen, file, names, northbound, northbound_in, without};

/// The commands and what they print, as on a terminal.
fn session(commands: &[&str]) -> String {
    session_on(None, commands)
}

fn session_on(columns: Option<u16>, commands: &[&str]) -> String {
    let mut session = String::new();
    for command in commands {
        let Seen { code, stdout, stderr } = northbound_in(&[], columns, command);
        session += &format!("$ northbound {command}\n{stdout}{stderr}[exit code {code}]\n\n");
    }
    // What is another one each time.
    for mark in ["\"at\":\"", "\"at\": \"", "\"endpoint\":\"", "\"endpoint\": \""] {
        session = without(&session, mark, "\"");
    }
    session
}

#[test]
fn subtasks_are_shown_as_somebody_needs_them() {
    insta::assert_snapshot!(session(&[
        "--emulator subtasks demo --status Fail --limit 10",
        "--emulator subtasks demo --status fail --page 1 --page-size 3",
        "subtasks demo --emulator --limit 3",
        "--emulator subtasks demo --device-id nobody",
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
        "--emulator subtasks doc-example --output json",
        "--emulator subtasks doc-example -o jsonl",
        "--emulator subtasks demo --device-id nobody -o json",
        "--emulator subtasks demo --device-id nobody -o jsonl",
    ]));
}

#[test]
fn own_columns_come_from_a_file_and_count_the_failures() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    let meters = "Serial;deviceId;District;status\r\n\
         0017;4d8dbbe5-a63b-4e7b-80bc-cbc1e7d426b7;North;\"old; rusty\"\r\n\
         0018;1594f7c8-86be-4399-aaa6-9bfe45bfbdc8;=South;\r\n\
         0019;2a8ede69-d0f4-4ad8-9162-ff024a3bfb87;North;\r\n\
         0020;somebody-else;North;\r\n";
    std::fs::write(folder.path().join("meters.csv"), meters).unwrap();
    let commands = [
        "--emulator subtasks demo --status Fail --limit 4 --join DIR/meters.csv --by district",
        "--emulator subtasks demo --status Fail --limit 4 --join DIR/meters.csv --by district -o csv",
        "--emulator subtasks demo --status Fail --limit 3 --join DIR/meters.csv --columns device,serial,code,who,meaning,next-step",
        "--emulator subtasks demo --status Success --limit 1 --join DIR/meters.csv --on serial --by district",
        "--emulator subtasks demo --limit 1 --join DIR/meters.csv --columns device,street",
        "--emulator subtasks demo --limit 1 --columns device,street",
        "--emulator subtasks demo --join DIR/meters.csv --by street",
        "--emulator subtasks demo --join DIR/none.csv",
        "--emulator subtasks demo --join DIR/meters.csv -o jsonl",
        "--emulator subtasks demo --by district",
    ];
    let commands = commands.map(|line| line.replace("DIR", &path));
    let session = session(&commands.each_ref().map(String::as_str));
    insta::assert_snapshot!(session.replace(&path, "DIR"));
}

#[test]
fn a_summary_and_a_watch_are_charts_or_lines_for_a_person_and_json_for_a_script() {
    insta::assert_snapshot!(session(&[
        "--emulator summary demo",
        "--emulator summary doc-example",
        "--emulator summary demo -o json",
        "--emulator summary demo -o jsonl",
        "--emulator summary demo -o csv",
        "--emulator summary nope -o json",
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
    insta::assert_snapshot!(session_on(
        Some(40),
        &[
            "--emulator --color never summary demo",
            "--emulator --color never subtasks demo --status Fail --limit 3",
            "--emulator --color never subtasks nope",
            "--color never summary --help",
        ]
    ));
}

#[test]
fn what_is_drawn_depends_on_the_terminal() {
    let line = "--emulator watch demo --fail-above 2%";
    let shown = |environment: &[(&str, &str)]| northbound_in(environment, Some(80), line).stdout;
    for (environment, is_redrawn, has_blocks) in [
        (&[][..], true, true),
        (&[("LC_ALL", "C")], true, false),
        (&[("LC_ALL", "POSIX"), ("LANG", "de_DE.utf8")], true, false),
        (&[("LC_CTYPE", "zh_CN.UTF-8"), ("LANG", "C")], true, true),
        (&[("TERM", "dumb")], false, false),
        (&[("TERM", "")], false, false),
    ] {
        let shown = shown(environment);
        let seen = [shown.contains('\u{1b}'), shown.contains('█')];
        assert_eq!(seen, [is_redrawn, has_blocks], "{environment:?}: {shown}");
        assert_eq!(shown.contains("##"), is_redrawn && !has_blocks, "{shown}");
    }
}

#[test]
fn help_and_explain_teach() {
    insta::assert_snapshot!("the_command_tree", northbound_cli::command_tree());
    insta::assert_snapshot!(session(&[
        "--help",
        "help subtasks",
        "watch -h",
        "explain --help",
        "explain 1010005",
        "explain 100501",
        "explain 105005 -o json",
        "explain 100428",
        "explain 100428 --codes tests/it/codes.toml",
        "explain 77",
    ]));
}

#[test]
fn every_code_is_listed_in_its_group() {
    let list = |environment, columns| northbound_in(environment, columns, "explain --all").stdout;
    let listed = list(&[("NORTHBOUND_CODES", "tests/it/codes.toml")], None);
    let groups: Vec<&str> = listed.split("\n\n").collect();
    let codes = |group: usize| groups[group].lines().skip(2).map(|line| line.split(' ').next().unwrap());
    assert_eq!(groups.len(), 3, "{listed}");
    assert!(codes(0).any(|code| code == "1010005") && codes(1).any(|code| code == "100431"), "{listed}");
    assert_eq!(codes(2).collect::<Vec<_>>(), ["100428", "7"]);
    assert_eq!(codes(0).chain(codes(1)).chain(["100428"]).count(), northbound::ERROR_CATALOG.len());
    let narrow = list(&[], Some(80));
    assert!(narrow.contains("code: 100418\u{1b}[0m\n  who acts: application\n"), "{narrow}");
}

#[test]
fn failures_say_what_to_do() {
    insta::assert_snapshot!(session(&[
        "subtasks demo",
        "--endpoint http://127.0.0.1:1 --app-id demo-app subtasks demo",
        "--endpoint http://platform.example --app-id a --secret-file tests/it/secret.txt subtasks demo",
        "--emulator --endpoint https://platform.example subtasks demo",
        "--endpoint https://127.0.0.1:1 --app-id a --secret-file ../../rustfmt.toml subtasks demo",
        "--endpoint https://10.0.0.7 --resolve b.example:10.0.0.7 --app-id a --secret-file tests/it/secret.txt subtasks demo",
        "--endpoint https://10.0.0.7 --app-id a --secret-file tests/it/secret.txt subtasks demo --share redis://me:p4ssw0rd@",
        "--emulator --share redis://:p4ssw0rd@10.0.0.7 subtasks demo",
        "--emulator subtasks demo\u{200b}",
        "--endpoint nowhere --app-id demo-app --secret-file /nonexistent subtasks demo",
        "--emulator subtasks nope",
        "--emulator --app-id nobody subtasks demo",
        "--emulator subtasks demo --status Nope",
        "--emulator subtasks demo --page-size 251",
        "--emulator subtasks demo --page-size 0 -o json",
        "--emulator subtasks demo --page 1 --limit 2",
        "explain 1010005 -o csv",
        "explain 77 -o json",
        "explain 77 --codes ../../rustfmt.toml",
        "explain 77 --codes /nonexistent",
        "--emulator subtasks nope -o jsonl",
        "--emulator subtasks -o json",
        "--emulator subtasks demo --ca-cert ca.pem",
        "--endpoint https://127.0.0.1:1 --ca-cert /nonexistent subtasks demo --app-id a --secret-file tests/it/secret.txt",
        "--emulator subtasks",
        "emulator serve --listen 127.0.0.1",
        "emulator serve --listen 127.0.0.1:x",
        "emulator serve --scenario /nonexistent",
        "emulator serve --scenario x --subtasks 5",
        "emulator serve --allow-host http://emulator/",
        "--emulator report demo",
        "--emulator report demo -o report.html",
        "--emulator export demo --out rows",
        "--emulator export demo --out rows.json -o json",
        "--emulator export demo --out - -o table",
        "--emulator report demo --out - -o json",
        "--emulator watch demo --out rows.csv",
        "--emulator subtasks demo --out rows.txt",
        "--emulator summary demo --out nowhere/rows.csv",
        "--emulator subtasks demo --page -1",
        "--emulator subtasks demo --bogus",
        "--emulator subtasks demo --quota x",
        "--emulator subtasks demo --device-id @/nonexistent",
        "--emulator subtasks demo --limit 0 -o jsonl",
        "--emulator subtasks demo --page 99",
        "--emulator subtasks demo --device-id a,b --status Fail",
        "emulator serve --port 0",
        "--emulator report demo --out rows.PDF",
        "man --out -",
        "--emulator subtasks demo --out /dev/null",
    ]));
}

#[test]
fn the_readme_repeats_exit_codes_and_what_the_help_says_of_export_and_subtasks() {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let readme = file("crates/cli/README.md");
    let help = northbound("--help").stdout;
    let codes: Vec<&str> = help.split("Exit codes:").nth(1).unwrap().trim().lines().map(str::trim).collect();
    assert_eq!(codes.len(), 8, "{codes:?}");
    for line in codes {
        let (code, meaning) = line.split_once("  ").unwrap();
        let row = format!("| {} | {} |", code.trim(), meaning.trim());
        assert!(readme.contains(&row), "{row}");
    }
    let help = northbound("export --help").stdout;
    let paragraph = help.split("\n\n").find(|paragraph| paragraph.contains("subtasks -o csv")).unwrap();
    assert!(words(&readme).contains(&words(paragraph)), "{paragraph}");
}

#[test]
fn document_and_completions_are_printed() {
    assert_eq!(northbound("spec").stdout, file("spec/openapi.yaml"));
    assert_eq!(northbound("spec --format json").stdout, file("spec/openapi.json"));
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let seen = northbound(&format!("completions {shell}"));
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
    let seen = northbound(&format!("man --out {}", pages.display()));
    assert_eq!(seen.code, 0, "{}", seen.stderr);
    let names = names(&pages);
    insta::assert_snapshot!(names.join("\n"));
    let read = |name: &str| std::fs::read_to_string(pages.join(name)).unwrap();
    assert!(!read("northbound.1").contains("help(1)"), "it lists pages that are there");
    for name in &names {
        let page = read(name);
        let makes_calls = page.contains("\\-\\-endpoint");
        for section in ["SYNOPSIS", "ENVIRONMENT", "\"EXIT STATUS\""] {
            assert!(page.contains(&format!(".SH {section}\n")), "{name} has no {section}");
        }
        assert_eq!(page.contains("NORTHBOUND_SECRET") && page.contains(".SH FILES"), makes_calls, "{name}");
    }
    // Without the sections that clap_mangen writes.
    let page = read("northbound-export.1");
    let (synopsis, rest) = page.split_once(".SH DESCRIPTION").unwrap();
    let synopsis = synopsis.split_once(".SH SYNOPSIS").unwrap().1;
    let around = format!("SYNOPSIS{synopsis}{}", &rest[rest.find(".SH ENVIRONMENT").unwrap()..]);
    insta::assert_snapshot!("what_the_manual_says_around_the_options", around);
}

#[test]
fn a_result_goes_to_the_file_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("result");
    let run = |line: &str, ending: &str| {
        let path = file.with_extension(ending);
        let seen = northbound(&format!("{line} --out {}", path.display()));
        (seen.code, seen.stdout, std::fs::read_to_string(&path).unwrap_or_default())
    };
    // The end of the name is the format, unless -o says another.
    for (line, ending, begins) in [
        ("--emulator summary demo", "csv", "task,status,count\n"),
        ("--emulator subtasks demo --limit 3", "jsonl", "{\"error\":"),
        ("--emulator subtasks demo --limit 3 -o json", "csv", "[\n"),
        ("--emulator subtasks demo --limit 3 -o table", "txt", "DEVICE "),
        ("spec --results -o jsonl", "text", "{\"$schema\":"),
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
    assert_eq!(names(folder.path()).len(), 8, "nothing else is left");
}

#[test]
fn every_command_takes_the_options_that_it_does_not_show() {
    for line in [
        "explain 1010005 --endpoint x --quota 5 -v",
        "--endpoint x --emulator -q spec",
        "completions bash -v",
    ] {
        let seen = northbound(line);
        assert_eq!((seen.code, seen.stderr.as_str()), (0, ""), "{line}");
    }
}

#[test]
fn all_subtasks_come_as_json_lines() {
    let seen = northbound("--emulator subtasks demo --output jsonl");
    let totals = "1000 subtasks: 70 Pending, 85 WaitResult, 691 Success, 115 Fail, 39 Timeout";
    let totals = format!("{{\"note\":{{\"message\":\"{totals}\"}}}}\n");
    assert_eq!((seen.code, seen.stdout.lines().count(), seen.stderr.as_str()), (0, 1000, &*totals));
    let read = |line| serde_json::from_str::<serde_json::Value>(line).unwrap();
    let devices: HashSet<String> =
        seen.stdout.lines().map(|line| read(line)["param"]["deviceId"].to_string()).collect();
    assert_eq!(devices.len(), 1000, "a device came twice");
}

#[test]
fn what_is_typed_goes_before_the_environment_and_no_secret_is_shown() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), "s3cret\n").unwrap();
    let environment = [
        ("NORTHBOUND_ENDPOINT", "http://127.0.0.1:1"),
        ("NORTHBOUND_APP_ID", "from-env"),
        ("NORTHBOUND_SECRET", "s3cret"),
    ];
    let from_file = format!("subtasks demo --app-id typed --secret-file {}", secret.path().display());
    for (environment, line, application) in [
        (&environment[..], "subtasks demo", "from-env"),
        (&environment, "subtasks demo --app-id typed", "typed"),
        (&environment[..2], &from_file, "typed"),
    ] {
        let seen = northbound_in(environment, None, line);
        let told = format!(
            "error: subtasks of task demo: login of application {application}: no connection to http://127.0.0.1:1,"
        );
        assert!(seen.code == 1 && seen.stderr.starts_with(&told), "{seen:?}");
        assert!(!seen.stderr.contains("s3cret"), "{seen:?}");
    }
    let seen = northbound_in(&environment, None, "--emulator -q subtasks demo --limit 1");
    assert_eq!((seen.code, seen.stderr.as_str()), (0, ""), "the environment does not spoil a try");
}

/// Exit code 2 says that nothing was sent.
#[tokio::test]
async fn a_number_that_no_task_has_is_no_wrong_usage() {
    for total in [1_u64 << 62, i64::MAX.unsigned_abs(), 1 << 31, 600_000_000_000] {
        let platform = Platform::start(move |asked| {
            // The watch goes on without this call.
            if asked.task().is_some() {
                return json_reply(404, "{}");
            }
            let mut page = page(&rows_of(&[("Fail", 300)]), None, (0, asked.page().1));
            page["totalCount"] = total.into();
            json_reply(200, page)
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
            let seen = ask_freely(&platform, command).await;
            assert!(seen.code == 1 && seen.stderr.contains("the platform counts"), "{command}: {seen:?}");
        }
    }
}
