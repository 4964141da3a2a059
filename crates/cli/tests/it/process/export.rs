//! An export that is killed, stopped or disturbed half way.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use northbound_emulator::{Emulator, Fault, FaultKind, Scenario, Task};
use northbound_testkit::Background;

use super::signals::SIGNALS;
use super::{Running, northbound_at, outcome};
use crate::{CREDENTIALS, names};

/// A platform with a task of 3000 subtasks.
pub(super) fn platform() -> Background {
    let scenario = Scenario::default().with_task(Task::generated("t", "demo-app", 3000));
    Background::start(Emulator::builder().scenario(scenario))
}

/// The login and two pages use this quota up: the third page has to wait for a minute.
pub(super) const TWO_PAGES: &str = "--quota 3";

fn export(platform: &Background, out: &Path, options: &str) -> Command {
    northbound_at(&platform.url(), &format!("export t --out {} {options}", out.display()))
}

/// An export that waits for its quota after 500 rows.
fn half_way(platform: &Background, out: &Path, options: &str) -> Running {
    let process = Running::start(&mut export(platform, out, &format!("{options} {TWO_PAGES}")));
    let record = format!("{}.part.json", out.display());
    let begun = Instant::now();
    while !std::fs::read_to_string(&record).is_ok_and(|record| record.contains("\"all\": 500,")) {
        assert!(begun.elapsed() < Duration::from_secs(60), "no rows come");
        std::thread::yield_now();
    }
    process
}

#[test]
fn an_export_that_is_killed_can_be_resumed_and_has_the_same_rows() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    for options in ["--format jsonl", "--format csv --status success"] {
        let [whole, parts] = ["whole", "parts"].map(|name| folder.path().join(name));
        assert_eq!(outcome(&mut export(&platform, &whole, options)).0, Some(0));
        let mut process = half_way(&platform, &parts, options);
        process.0.kill().unwrap();
        process.0.wait().unwrap();
        assert!(!parts.exists());
        let resumed = outcome(&mut export(&platform, &parts, &format!("{options} --resume")));
        assert_eq!(resumed.0, Some(0), "{resumed:?}");
        assert!(std::fs::read(&whole).unwrap() == std::fs::read(&parts).unwrap(), "{options:?}");
        for path in [whole, parts] {
            std::fs::remove_file(path).unwrap();
        }
        assert_eq!(names(folder.path()), [""; 0]);
    }
}

#[test]
fn a_signal_leaves_an_export_that_can_be_resumed() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let out = folder.path().join("rows");
    let part = format!("{}.part", out.display());
    for (signal, code) in SIGNALS {
        let mut process = half_way(&platform, &out, "--format jsonl");
        process.signal(signal);
        let stderr = process.stderr();
        assert_eq!(process.code(), Some(code));
        let told = format!(
            "error: stopped\nhelp:  the same command with --resume continues after the 500 subtasks in {part}\n"
        );
        assert!(stderr.ends_with(&told), "{stderr}");
        let rows = std::fs::read_to_string(&part).unwrap();
        assert_eq!((rows.lines().count(), rows.ends_with("}\n")), (500, true));
        let (code, _, stderr) = outcome(&mut export(&platform, &out, "--format jsonl --resume"));
        assert!(code == Some(0) && stderr.contains("3000 subtasks: "), "{stderr}");
        assert_eq!(std::fs::read_to_string(&out).unwrap().lines().count(), 3000);
        std::fs::remove_file(&out).unwrap();
    }
}

#[test]
fn two_exports_do_not_write_one_file() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let out = folder.path().join("rows");
    let _first = half_way(&platform, &out, "--format csv");
    for options in ["--format csv --resume", "--format csv"] {
        let (code, _, stderr) = outcome(&mut export(&platform, &out, options));
        assert!(code == Some(2) && stderr.contains("error: another export is writing "), "{stderr}");
    }
}

#[test]
fn a_full_disk_or_a_silent_server_leaves_an_export_that_can_be_resumed() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let out = folder.path().join("rows");
    // The shell counts in blocks of 512 bytes or of 1024: room for one page of some 67 kB, but not for three.
    let limited = export(&platform, &out, "--format jsonl --resume");
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 180; exec \"$0\" \"$@\""]);
    shell.arg(limited.get_program()).args(limited.get_args());
    shell.env_remove("HOME").env_remove("XDG_STATE_HOME");
    shell.env("NORTHBOUND_ENDPOINT", platform.url()).envs(CREDENTIALS);
    let (code, _, stderr) = outcome(&mut shell);
    assert!(code == Some(1) && stderr.contains("error: cannot write "), "{stderr}");
    assert!(stderr.contains("; the same command with --resume continues after the "), "{stderr}");

    platform.control().add_fault(Fault::new(FaultKind::Latency { milliseconds: 3_600_000 })).unwrap();
    let (code, _, stderr) = outcome(&mut export(&platform, &out, "--format jsonl --resume --deadline 1s"));
    assert!(code == Some(1) && stderr.contains("--resume continues after the "), "{stderr}");
    assert_eq!(names(folder.path()), ["rows.part", "rows.part.json"]);
}
