//! Signals and output while the process hangs in a system call.

use std::io::{BufRead as _, BufReader, PipeReader, PipeWriter, Read as _, Write as _, pipe};
use std::process::Command;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};

use super::export::{TWO_PAGES, platform};
use super::{Running, northbound, northbound_at, outcome};
use crate::names;

const ROWS: &str = "--emulator subtasks demo -o jsonl";
pub(super) const SIGNALS: [(&str, i32); 2] = [("INT", 130), ("TERM", 143)];

#[test]
fn a_signal_leaves_whole_lines_and_its_exit_code() {
    let platform = platform();
    let lines = ["subtasks t -o jsonl", "export t --format jsonl --out -"];
    for (line, (signal, code)) in lines.into_iter().zip(SIGNALS) {
        let mut process = Running::start(&mut northbound_at(&platform.url(), &format!("{line} {TWO_PAGES}")));
        let (mut stdout, mut lines) = (process.stdout(), String::new());
        for _ in 0..500 {
            stdout.read_line(&mut lines).unwrap();
        }
        process.signal(signal);
        stdout.read_to_string(&mut lines).unwrap();
        assert_eq!(process.code(), Some(code));
        assert_eq!((lines.lines().count(), lines.ends_with("}\n")), (500, true), "{line}");
    }
}

#[test]
fn ctrl_c_leaves_no_report() {
    let (platform, folder) = (platform(), tempfile::tempdir().unwrap());
    let line = format!("-v report t --out {} {TWO_PAGES}", folder.path().join("report.html").display());
    let mut process = Running::start(&mut northbound_at(&platform.url(), &line));
    let mut stderr = BufReader::new(process.0.stderr.take().unwrap());
    let mut traces = String::new();
    while traces.matches("/taskDetails").count() < 2 {
        assert!(stderr.read_line(&mut traces).unwrap() > 0, "{traces}");
    }
    assert_eq!(names(folder.path()), [""; 0], "nothing is there until the page is whole");
    process.signal("INT");
    assert_eq!((process.code(), names(folder.path())), (Some(130), vec![]));
}

/// A command that has filled the pipe of its stdout, which nobody reads.
fn stuck(line: &str, options: OFlags) -> (Running, PipeReader) {
    let (reader, writer) = pipe().unwrap();
    fcntl_setfl(&writer, options).unwrap();
    let process = Running::start(northbound(line).stdout(writer.try_clone().unwrap()));
    while is_writable(&writer) {
        std::thread::yield_now();
    }
    (process, reader)
}

fn is_writable(pipe: &PipeWriter) -> bool {
    poll(&mut [PollFd::new(pipe, PollFlags::OUT)], Some(&Timespec::default())).unwrap() > 0
}

#[test]
fn one_signal_ends_a_command_whose_reader_has_stopped_reading() {
    for line in [ROWS, "--emulator export demo --format jsonl --out -"] {
        for (options, (signal, code)) in [OFlags::empty(), OFlags::NONBLOCK].into_iter().zip(SIGNALS) {
            let (mut process, _reader) = stuck(line, options);
            process.signal(signal);
            assert_eq!(process.code(), Some(code), "{line} {options:?}");
        }
    }
}

#[test]
fn one_signal_ends_a_command_that_cannot_report_anything() {
    let (_reader, mut writer) = pipe().unwrap();
    fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
    while writer.write(&[0; 4096]).is_ok() {}
    fcntl_setfl(&writer, OFlags::empty()).unwrap();
    let mut process = Running::start(northbound(ROWS).stderr(writer));
    let rows = process.stdout().lines().take(1000).count();
    // What is left to do is to write the totals.
    process.signal("TERM");
    assert_eq!((rows, process.code()), (1000, Some(143)));
}

#[test]
fn output_that_would_block_is_waited_for() {
    let (mut process, mut reader) = stuck(ROWS, OFlags::NONBLOCK);
    let mut rows = String::new();
    reader.read_to_string(&mut rows).unwrap();
    assert_eq!((process.code(), rows.lines().count()), (Some(0), 1000));
}

#[cfg(target_os = "linux")]
#[test]
fn one_signal_ends_a_command_that_opens_a_pipe_to_which_nobody_writes() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let summary = "summary t --no-token-cache";
    for (line, (signal, code)) in [
        format!("{summary} --secret-file "),
        format!("{summary} --ca-cert "),
        format!("{summary} --client-cert "),
        "emulator serve --scenario ".to_owned(),
        "subtasks t --device-id @".to_owned(),
    ]
    .into_iter()
    .zip(SIGNALS.repeat(3))
    {
        let line = format!("{line}{}", fifo.display());
        let mut process = Running::start(&mut northbound_at("https://127.0.0.1:1", &line));
        let status = format!("/proc/{}/status", process.0.id());
        let listens = |line: &str| {
            let caught =
                line.strip_prefix("SigCgt:").map(|mask| u64::from_str_radix(mask.trim(), 16).unwrap());
            // SIGINT is 2, SIGTERM is 15.
            caught.is_some_and(|mask| mask & 0x4002 == 0x4002)
        };
        while !std::fs::read_to_string(&status).unwrap().lines().any(listens) {
            std::thread::yield_now();
        }
        process.signal(signal);
        assert_eq!(process.code(), Some(code), "{line}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    for line in ["--help", "--version", "help export", "spec", "explain 1010005"] {
        let (code, _, stderr) = outcome(northbound(line).stdout(full()));
        assert_eq!(code, Some(1), "{line}");
        assert!(stderr.starts_with("error: cannot write the output: "), "{stderr}");
    }
    let (code, ..) = outcome(northbound("--emulator -vv summary demo").stderr(full()));
    assert_eq!(code, Some(0), "the result is there, whatever happens to the traces");
}
