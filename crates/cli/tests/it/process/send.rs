//! Sending with lost replies, killed processes, two processes at once, and a person at the terminal.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use northbound_emulator::{CreatedTasks, Emulator, Fault, FaultKind, Life, Operation, Scenario};
use northbound_testkit::Background;

use super::terminal::Terminal;
use super::{Running, northbound_at, outcome};
use crate::names;

/// A platform whose time stands still until it is advanced.
fn platform() -> Background {
    Background::start(Emulator::builder().scenario(Scenario::default().with_manual_clock().with_quota(0)))
}

const COMMAND: &str = r#"--service WaterMeter --method READ --paras {"value":"12"}"#;

fn command(platform: &Background, home: &Path, line: &str) -> Command {
    let mut command = northbound_at(&platform.url(), &format!("{line} --quota 0"));
    command.env("HOME", home).env("XDG_STATE_HOME", home).env("LOCALAPPDATA", home);
    command
}

fn send(platform: &Background, home: &Path, options: &str) -> Command {
    command(platform, home, &format!("send --name first --devices a,b,c {COMMAND} {options}"))
}

/// How many creates have reached the platform.
fn creates(platform: &Background) -> usize {
    let entries = platform.control().journal().entries;
    entries.iter().filter(|entry| entry.method == "POST" && entry.path.ends_with("/tasks")).count()
}

/// The records of sends.
fn records(home: &Path) -> String {
    let folders =
        ["northbound/sends", "Library/Application Support/northbound/sends"].map(|end| home.join(end));
    let Some(folder) = folders.iter().find(|folder| folder.exists()) else { return String::new() };
    let texts = names(folder).into_iter().filter(|name| name.ends_with(".json"));
    texts.map(|name| std::fs::read_to_string(folder.join(name)).unwrap()).collect()
}

fn creating(kind: FaultKind) -> Fault {
    Fault::new(kind).on(Operation::CreateBatchTask).next(1)
}

#[test]
fn a_lost_reply_is_an_unknown_outcome_and_nothing_is_sent_again_without_consent() {
    let (platform, home) = (platform(), tempfile::tempdir().unwrap());
    platform.control().add_fault(creating(FaultKind::CreateReplyLost)).unwrap();
    let first = outcome(&mut send(&platform, home.path(), "--yes"));
    assert!(first.0 == Some(5) && first.2.contains("the task may exist"), "{first:?}");
    for _ in 0..2 {
        let (code, stdout, stderr) = outcome(&mut send(&platform, home.path(), "--yes"));
        assert_eq!((code, stdout.as_str()), (Some(5), ""), "{stderr}");
        assert!(
            stderr.contains("error: it is not known whether \"first\" was sent to 3 devices"),
            "{stderr}"
        );
        assert!(stderr.contains("--may-repeat") && stderr.contains("--adopt"), "{stderr}");
    }
    assert_eq!(creates(&platform), 1);
    // The platform refuses the name, which proves nothing: another program may have used it.
    let (code, _, stderr) = outcome(&mut send(&platform, home.path(), "--yes --may-repeat"));
    assert!(code == Some(5) && stderr.contains("each device may get the command a second time"), "{stderr}");
    assert_eq!(
        (creates(&platform), platform.control().tasks().iter().filter(|task| task.name == "first").count()),
        (2, 1)
    );
    // A person can find out by the name; a script reads the kind.
    let (code, _, stderr) = outcome(&mut send(&platform, home.path(), "--yes -o json"));
    assert!(code == Some(5) && stderr.contains("\"kind\":\"outcome-unknown\""), "{stderr}");
}

#[test]
fn a_repeat_that_the_user_agrees_to_is_sent() {
    let (platform, home) = (platform(), tempfile::tempdir().unwrap());
    // The platform never sees this one, which nobody knows here.
    platform.control().add_fault(creating(FaultKind::BadGateway)).unwrap();
    assert_eq!(outcome(&mut send(&platform, home.path(), "--yes")).0, Some(5));
    let (code, task, _) = outcome(&mut send(&platform, home.path(), "--yes --may-repeat"));
    let again = outcome(&mut send(&platform, home.path(), ""));
    assert!(code == Some(0) && again.0 == Some(0) && again.1 == task && !task.is_empty(), "{again:?}");
    assert!(again.2.contains("by an earlier command, and is not sent again"), "{}", again.2);
}

#[test]
fn a_process_that_is_killed_before_the_reply_leaves_an_unknown_outcome() {
    let (platform, home) = (platform(), tempfile::tempdir().unwrap());
    platform.control().add_fault(creating(FaultKind::Latency { milliseconds: 3_600_000 })).unwrap();
    let mut process = Running::start(&mut send(&platform, home.path(), "--yes"));
    let begun = Instant::now();
    while platform.control().tasks().iter().all(|task| task.name != "first") {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is sent");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert!(records(home.path()).contains("\"is\": \"sending\""));
    process.0.kill().unwrap();
    process.0.wait().unwrap();
    let (code, _, stderr) = outcome(&mut send(&platform, home.path(), "--yes"));
    assert!(code == Some(5) && stderr.contains("ended before it could note the outcome"), "{stderr}");
    assert_eq!(creates(&platform), 1);
}

#[test]
fn two_processes_at_once_create_one_task() {
    let (platform, home) = (platform(), tempfile::tempdir().unwrap());
    let mut both = [(); 2].map(|()| Running::start(&mut send(&platform, home.path(), "--yes")));
    let seen = both.each_mut().map(|process| {
        let mut task = String::new();
        std::io::Read::read_to_string(&mut process.stdout(), &mut task).unwrap();
        let stderr = process.stderr();
        (process.code(), task, stderr)
    });
    assert_eq!((seen[0].0, &seen[0].1), (Some(0), &seen[1].1), "{seen:?}");
    assert_eq!((seen[1].0, creates(&platform)), (Some(0), 1));
}

#[test]
fn nothing_is_sent_without_its_record() {
    let (platform, home) = (platform(), tempfile::tempdir().unwrap());
    let file = home.path().join("file");
    std::fs::write(&file, "").unwrap();
    let (code, _, stderr) = outcome(&mut send(&platform, &file, "--yes"));
    assert!(code == Some(1) && stderr.contains("the record of a send cannot be kept in "), "{stderr}");
    let nowhere =
        outcome(&mut northbound_at(&platform.url(), &format!("send --name n --devices a {COMMAND} --yes")));
    assert!(nowhere.0 == Some(2) && nowhere.2.contains("no folder for the records of sends"), "{nowhere:?}");
    assert_eq!(creates(&platform), 0);
}

#[test]
fn nothing_is_sent_if_nobody_can_read_what() {
    let (platform, home) = (platform(), tempfile::tempdir().unwrap());
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let code = send(&platform, home.path(), "--yes").stderr(writer).status().unwrap().code();
    assert_eq!((code, creates(&platform)), (Some(1), 0), "success would be taken for a send");
}

#[test]
fn a_record_that_cannot_be_read_is_refused_by_its_name() {
    let (platform, home) = (platform(), tempfile::tempdir().unwrap());
    assert_eq!(outcome(&mut send(&platform, home.path(), "--yes")).0, Some(0));
    let folder = home.path().join("northbound/sends");
    let path = folder.join(names(&folder).into_iter().find(|name| name.ends_with(".json")).unwrap());
    let record = std::fs::read_to_string(&path).unwrap();
    for (text, fault) in [
        (record.replace("\"version\": 1", "\"version\": 2"), "is of version 2"),
        (record.replace("READ", "OPEN"), "is damaged"),
        (String::new(), "is damaged"),
    ] {
        std::fs::write(&path, text).unwrap();
        let (code, _, stderr) = outcome(&mut send(&platform, home.path(), "--yes --may-repeat"));
        assert!(code == Some(1) && stderr.contains(&format!("{} {fault}", path.display())), "{stderr}");
    }
    assert_eq!(creates(&platform), 1);
}

#[test]
fn a_final_refusal_is_noted_and_the_same_command_may_send_later() {
    let (platform, home) = (platform(), tempfile::tempdir().unwrap());
    let other = format!("send --name other --devices x {COMMAND} --yes");
    let (_, task, _) = outcome(&mut command(&platform, home.path(), &other));
    let (code, _, stderr) = outcome(&mut send(&platform, home.path(), "--yes"));
    let advice = format!("the last send from this machine is \"other\", task {}", task.trim());
    assert!(code == Some(1) && stderr.contains("(105001") && stderr.contains(&advice), "{stderr}");
    assert!(records(home.path()).contains("\"is\": \"not-sent\""));
    platform.control().advance(Duration::from_secs(3600));
    assert_eq!(outcome(&mut send(&platform, home.path(), "--yes")).0, Some(0));
    let (code, _, stderr) = outcome(&mut send(&platform, home.path(), "--timeout 60 --yes"));
    assert!(code == Some(2) && stderr.contains("timeout: 300 then, 60 now"), "{stderr}");
}

#[test]
fn a_person_is_asked_and_only_yes_sends() {
    let (platform, home) = (platform(), tempfile::tempdir().unwrap());
    let line = format!("send --name asked --devices a,b {COMMAND} --quota 0");
    let state = [("XDG_STATE_HOME", home.path()), ("HOME", home.path())];
    for (answer, expected, told) in
        [("y\n", 1, "the answer was not yes"), ("yes\n", 0, "was sent to 2 devices")]
    {
        let mut terminal = Terminal::run_in(&platform, 120, &line, None, &state);
        let shown = terminal.until("Type yes to send: ");
        for fact in ["2 devices: a, b", "WaterMeter READ", r#"{"value":"12"}"#, "no way to cancel"] {
            assert!(shown.contains(fact), "{shown}");
        }
        terminal.type_text(answer);
        let (code, shown) = terminal.end();
        assert!(code == Some(expected) && shown.contains(told), "{shown}");
    }
    assert_eq!(creates(&platform), 1);
}

#[test]
fn a_signal_waits_for_the_reply() {
    let (platform, home) = (platform(), tempfile::tempdir().unwrap());
    platform.control().add_fault(creating(FaultKind::Latency { milliseconds: 10_000 })).unwrap();
    let mut process = Running::start(&mut send(&platform, home.path(), "--yes"));
    let begun = Instant::now();
    while platform.control().tasks().iter().all(|task| task.name != "first") {
        assert!(begun.elapsed() < Duration::from_secs(60), "nothing is sent");
        std::thread::sleep(Duration::from_millis(5));
    }
    process.signal("INT");
    let mut stderr = std::io::BufReader::new(process.0.stderr.take().unwrap());
    let mut told = String::new();
    while !told.contains("waiting for the reply") {
        assert!(std::io::BufRead::read_line(&mut stderr, &mut told).unwrap() > 0, "{told}");
    }
    platform.control().advance(Duration::from_secs(20));
    assert_eq!(process.code(), Some(0));
    assert!(records(home.path()).contains("\"is\": \"sent\""));
}

#[test]
fn ids_from_stdin_become_a_report_of_who_failed() {
    let mut created = CreatedTasks::default();
    created.life = Life::new(0, 0, 0);
    let scenario = Scenario::default().with_created_tasks(created).with_quota(0);
    let (platform, home) =
        (Background::start(Emulator::builder().scenario(scenario)), tempfile::tempdir().unwrap());
    let report = home.path().join("report.html");
    let line = format!("send --name n --devices @- {COMMAND} --yes --report {} -o jsonl", report.display());
    let mut process = command(&platform, home.path(), &line).stdin(Stdio::piped()).spawn().unwrap();
    let ids: String = (0..100).map(|number| format!("device-{number}\n\n")).collect();
    std::io::Write::write_all(&mut process.stdin.take().unwrap(), ids.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    let results: Vec<serde_json::Value> =
        stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [sent, .., reported] = results.as_slice() else { panic!("{stdout}") };
    assert_eq!(
        (&sent["state"], &sent["devices"], &sent["empty"]),
        (&"sent".into(), &100.into(), &100.into())
    );
    assert_eq!((&reported["taskId"], &reported["total"]), (&sent["taskId"], &100.into()));
    let page = std::fs::read_to_string(report).unwrap();
    assert!(page.contains("\"device-") && reported["listed"].as_u64() > Some(0), "{reported}");
}

#[test]
fn resend_reaches_exactly_the_devices_that_failed() {
    let (platform, home) = (platform(), tempfile::tempdir().unwrap());
    let ids = home.path().join("ids.txt");
    std::fs::write(&ids, (0..300).map(|number| format!("device-{number}\n")).collect::<String>()).unwrap();
    let run = |line: &str| {
        let (code, stdout, stderr) = outcome(&mut command(&platform, home.path(), line));
        assert_eq!(code, Some(0), "{line}: {stderr}");
        (stdout.trim().to_owned(), stderr)
    };
    let devices = |task: &str, options: &str| {
        let (rows, _) = run(&format!("subtasks {task} --columns device -o csv {options}"));
        let mut ids: Vec<String> = rows.lines().skip(1).map(str::to_owned).collect();
        ids.sort();
        ids
    };
    let (first, _) = run(&format!("send --name first --devices @{} {COMMAND} --yes", ids.display()));
    platform.control().advance(Duration::from_secs(3600));
    let failed = devices(&first, "--status Fail");
    assert!(failed.len() > 20 && devices(&first, "").len() == 300, "{}", failed.len());
    for format in ["jsonl", "csv"] {
        run(&format!("export {first} --out {}", home.path().join("rows").with_extension(format).display()));
    }
    // The command is that of the task. To send it without being asked, the user has to say so.
    let line = format!("resend {first} --name second");
    let (code, _, stderr) = outcome(&mut command(&platform, home.path(), &format!("{line} --yes")));
    assert!(code == Some(2) && stderr.contains("add --same-command --yes"), "{stderr}");
    let (second, stderr) = run(&format!("{line} --yes --same-command"));
    assert!(
        stderr.contains("WaterMeter READ")
            && stderr.contains("in status Timeout: these devices may have acted"),
        "{stderr}"
    );
    assert_eq!(devices(&second, ""), failed);
    platform.control().advance(Duration::from_secs(3600));
    for format in ["jsonl", "csv"] {
        let rows = home.path().join("rows").with_extension(format).display().to_string();
        let (task, stderr) = run(&format!("resend {rows} --name of-{format} {COMMAND} --yes"));
        assert!(stderr.contains("As FILE has it"), "{stderr}");
        assert_eq!(devices(&task, ""), failed);
        platform.control().advance(Duration::from_secs(3600));
        // Read again, there are fewer: some have recovered since.
        let (task, stderr) =
            run(&format!("resend {rows} --task {second} --name still-{format} {COMMAND} --yes"));
        let still = devices(&second, "--status Fail");
        assert!(still.len() < failed.len() && stderr.contains("of FILE not in this status now"), "{stderr}");
        assert_eq!(devices(&task, ""), still);
        platform.control().advance(Duration::from_secs(3600));
    }
}

#[test]
fn devices_that_timed_out_get_the_command_only_with_consent() {
    let (platform, home) = (platform(), tempfile::tempdir().unwrap());
    let ids: Vec<String> = (0..100).map(|number| format!("device-{number}")).collect();
    let send = format!("send --name first --devices {} {COMMAND} --yes", ids.join(","));
    let (_, first, _) = outcome(&mut command(&platform, home.path(), &send));
    platform.control().advance(Duration::from_secs(3600));
    let line = format!("resend {} --name second --status Timeout {COMMAND} --yes", first.trim());
    let (code, _, stderr) = outcome(&mut command(&platform, home.path(), &line));
    assert!(code == Some(2) && stderr.contains("add --may-repeat"), "{stderr}");
    platform.control().add_fault(creating(FaultKind::BadGateway)).unwrap();
    let (code, _, stderr) = outcome(&mut command(&platform, home.path(), &format!("{line} --may-repeat")));
    assert!(code == Some(5) && stderr.contains("WARNING: devices that timed out"), "{stderr}");
    // What was agreed to are the devices, not a repeat of the call.
    let (code, _, stderr) = outcome(&mut command(&platform, home.path(), &format!("{line} --may-repeat")));
    assert!(code == Some(5) && stderr.contains("and not to this repeat"), "{stderr}");
    assert_eq!(creates(&platform), 2);
    let nothing = format!("resend {} --name third --code 1 {COMMAND} --yes", first.trim());
    let (code, stdout, stderr) = outcome(&mut command(&platform, home.path(), &nothing));
    assert!(code == Some(0) && stdout.is_empty() && stderr.contains("nothing was sent"), "{stderr}");
}
