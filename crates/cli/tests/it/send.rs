//! What is shown before a command goes to devices, and what is refused.

use northbound_testkit::Platform;

use crate::{Seen, TOKEN, ask, northbound, without};

const COMMAND: &str = r#"--service Valve --method CLOSE --paras {"value":12345678901234567890}"#;

/// The commands, and what they print.
fn session(commands: &[String]) -> String {
    let mut session = String::new();
    for command in commands {
        let Seen { code, stdout, stderr } = northbound(command);
        session += &format!("$ northbound {command}\n{stdout}{stderr}[exit code {code}]\n\n");
    }
    for (from, to) in [("platform     ", " ("), ("\"endpoint\": \"", "\""), ("\"at\": \"", "\"")] {
        session = without(&session, from, to);
    }
    session
}

#[test]
fn what_is_sent_is_shown_first() {
    let send = |options: &str| {
        format!("--emulator send --name valves --devices d-1,d-2,,d-3,d-2,d-4 {COMMAND} {options}")
    };
    insta::assert_snapshot!(session(&[
        send("--dry-run"),
        send("--dry-run --max-retransmit 2 --callback-url https://na.example:1/x -o json"),
        send(""),
        send("--yes -q"),
        "--emulator resend demo --name again --dry-run".to_owned(),
        format!(
            "--emulator resend demo --name again --code 100428 --status fail,timeout --may-repeat --dry-run {COMMAND}"
        ),
        "--emulator resend demo --name again --yes".to_owned(),
        "--emulator resend demo --name again --code 7 --yes".to_owned(),
    ]));
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let send = |options: &str| format!("--emulator send {options}");
    let resend = |options: &str| format!("--emulator resend {options} --name again");
    insta::assert_snapshot!(session(&[
        send(&format!("--name n --devices a,b {COMMAND} --timeout 5")),
        send(&format!("--name n --devices Cargo.toml {COMMAND}")),
        send(&format!("--name n --devices @Cargo.toml {COMMAND}")),
        send(&format!("--name n --devices @/nonexistent {COMMAND}")),
        send(&format!("--name {} --devices a {COMMAND}", "n".repeat(257))),
        send("--name n --devices a --service s --method m --paras [1]"),
        send(&format!("--name n --devices a --service {} --method m --paras {{}}", "s".repeat(65))),
        send(&format!("--name n --devices @- {COMMAND} --paras @-"))
            .replace(COMMAND, "--service s --method m"),
        send(&format!("--name n --devices a {COMMAND} --yes --report /nonexistent/report.html")),
        send(&format!("--name n --devices a {COMMAND} -o csv")),
        resend("demo --status Success"),
        resend("demo --status Timeout"),
        resend("demo --task other"),
        resend("demo --service s"),
        resend("rows.csv.part"),
        resend("nope --same-command --yes"),
        resend("doc-example --same-command --yes"),
        resend("/nonexistent.jsonl --same-command --yes"),
    ]));
}

/// Neither logs in nor sends.
#[tokio::test]
async fn a_dry_run_makes_no_call() {
    let platform = Platform::always(500, "text/plain", "").await;
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_str().unwrap();
    let environment = [
        TOKEN[0],
        ("NORTHBOUND_SECRET", "s"),
        ("HOME", home),
        ("XDG_STATE_HOME", home),
        ("LOCALAPPDATA", home),
    ];
    let line = format!("send --name n --devices a,b {COMMAND} --dry-run");
    let seen = ask(&platform.url(), &environment, &line).await;
    assert!(seen.code == 0 && seen.stdout.contains("2 devices: a, b"), "{seen:?}");
    assert_eq!(platform.asked().len(), 0);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is remembered of it");
}
