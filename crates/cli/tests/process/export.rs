//! An export that is killed, stopped or disturbed half way.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use super::{Running, northbound, send_signal, serving};

const TASK: &str = "[[tasks]]\nid = \"t\"\napplication = \"demo-app\"\ncontent = { kind = \"generated\", subtasks = 3000 }\n";

/// The login and two pages use this quota up: the third page has to wait for a minute.
const TWO_PAGES: &str = "3";

fn export(url: &str, quota: &str, out: &Path, options: &[&str]) -> Command {
    let out = out.to_str().unwrap();
    let arguments =
        ["--endpoint", url, "--app-id", "demo-app", "--quota", quota, "export", "t", "--out", out];
    let mut command = northbound(&[&arguments[..], options].concat());
    command.env("NORTHBOUND_SECRET", "demo-secret");
    command
}

/// Waits until the record beside the rows tells of so many.
fn until_written(out: &Path, rows: u64) {
    let record = format!("{}.part.json", out.display());
    let begun = Instant::now();
    let told = format!("\"all\": {rows},");
    while !std::fs::read_to_string(&record).is_ok_and(|record| record.contains(&told)) {
        assert!(begun.elapsed() < Duration::from_secs(60), "no {rows} rows come");
        std::thread::yield_now();
    }
}

fn said(output: &Output) -> (Option<i32>, String) {
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// An export that waits for its quota after 500 rows.
fn half_way(url: &str, out: &Path, options: &[&str]) -> Running {
    let process = Running(export(url, TWO_PAGES, out, options).spawn().unwrap());
    until_written(out, 500);
    process
}

#[test]
fn an_export_that_is_killed_can_be_resumed_and_has_the_same_rows() {
    let (_emulator, url, _file) = serving(TASK, &["--quota", "0"]);
    let folder = tempfile::tempdir().unwrap();
    for options in [&["--format", "jsonl"][..], &["--format", "csv", "--status", "success"]] {
        let [whole, parts] = ["whole", "parts"].map(|name| folder.path().join(name));
        assert_eq!(export(&url, "0", &whole, options).output().unwrap().status.code(), Some(0));
        let mut process = half_way(&url, &parts, options);
        process.0.kill().unwrap();
        process.0.wait().unwrap();
        assert!(!parts.exists());
        let resumed = export(&url, "0", &parts, &[options, &["--resume"]].concat()).output().unwrap();
        assert_eq!(resumed.status.code(), Some(0), "{resumed:?}");
        assert!(std::fs::read(&whole).unwrap() == std::fs::read(&parts).unwrap(), "{options:?}");
        for path in [whole, parts] {
            std::fs::remove_file(path).unwrap();
        }
        assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    }
}

#[test]
fn ctrl_c_leaves_an_export_that_can_be_resumed() {
    let (_emulator, url, _file) = serving(TASK, &["--quota", "0"]);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("rows");
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let mut process = half_way(&url, &out, &["--format", "jsonl"]);
        send_signal(&process, signal);
        let mut stderr = String::new();
        process.0.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!(process.0.wait().unwrap().code(), Some(code));
        let part = format!("{}.part", out.display());
        let told = format!(
            "error: stopped\nhelp:  the same command with --resume goes on after the 500 subtasks in {part}\n"
        );
        assert!(stderr.ends_with(&told), "{stderr}");
        let rows = std::fs::read_to_string(&part).unwrap();
        assert_eq!((rows.lines().count(), rows.ends_with("}\n")), (500, true));
        let (code, stderr) =
            said(&export(&url, "0", &out, &["--format", "jsonl", "--resume"]).output().unwrap());
        assert!(code == Some(0) && stderr.contains("3000 subtasks: "), "{stderr}");
        assert_eq!(std::fs::read_to_string(&out).unwrap().lines().count(), 3000);
        std::fs::remove_file(&out).unwrap();
    }
}

#[test]
fn ctrl_c_leaves_whole_lines_on_stdout() {
    let (_emulator, url, _file) = serving(TASK, &["--quota", "0"]);
    let mut process =
        Running(export(&url, TWO_PAGES, Path::new("-"), &["--format", "jsonl"]).spawn().unwrap());
    let mut stdout = BufReader::new(process.0.stdout.take().unwrap());
    let mut lines = String::new();
    for _ in 0..500 {
        stdout.read_line(&mut lines).unwrap();
    }
    send_signal(&process, "INT");
    stdout.read_to_string(&mut lines).unwrap();
    assert_eq!(process.0.wait().unwrap().code(), Some(130));
    assert_eq!((lines.lines().count(), lines.ends_with("}\n")), (500, true));
}

#[test]
fn two_exports_do_not_write_one_file() {
    let (_emulator, url, _file) = serving(TASK, &["--quota", "0"]);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("rows");
    let _first = half_way(&url, &out, &["--format", "csv"]);
    for options in [&["--format", "csv", "--resume"][..], &["--format", "csv"]] {
        let (code, stderr) = said(&export(&url, "0", &out, options).output().unwrap());
        assert!(code == Some(2) && stderr.contains("error: another export is writing "), "{stderr}");
    }
}

#[test]
fn a_full_disk_or_a_silent_server_leaves_an_export_that_can_be_resumed() {
    let (emulator, url, _file) = serving(TASK, &["--quota", "0"]);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("rows");
    // The shell counts in blocks of 512 bytes or of 1024: room for one page of some 67 kB, but not for three.
    let options = ["--format", "jsonl", "--resume"];
    let limited = export(&url, "0", &out, &options);
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 180; exec \"$0\" \"$@\""]);
    shell.arg(limited.get_program()).args(limited.get_args());
    shell.env("NORTHBOUND_SECRET", "demo-secret");
    let (code, stderr) = said(&shell.output().unwrap());
    assert!(code == Some(1) && stderr.contains("error: cannot write "), "{stderr}");
    assert!(stderr.contains("; the same command with --resume goes on after the "), "{stderr}");

    // It keeps its port: the emulator of another test would answer in its place.
    send_signal(&emulator, "STOP");
    let (code, stderr) =
        said(&export(&url, "0", &out, &options).args(["--deadline", "1s"]).output().unwrap());
    assert!(code == Some(1) && stderr.contains("--resume goes on after the "), "{stderr}");
    assert!(!out.exists() && Path::new(&format!("{}.part", out.display())).exists());
}
