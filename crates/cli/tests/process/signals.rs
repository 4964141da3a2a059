//! Signals and output while the process hangs in a system call.

use std::io::{BufRead as _, BufReader, PipeReader, PipeWriter, Read as _, Write as _, pipe};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_setfl};

use super::{Running, northbound, send_signal};

const ROWS: [&str; 5] = ["--emulator", "subtasks", "demo", "-o", "jsonl"];
const SIGNALS: [(&str, i32); 2] = [("INT", 130), ("TERM", 143)];

/// A command that has filled the pipe of its stdout, which nobody reads.
fn stuck(arguments: &[&str], options: OFlags) -> (Running, PipeReader) {
    let (reader, writer) = pipe().unwrap();
    fcntl_setfl(&writer, options).unwrap();
    let process = northbound(arguments).stdout(writer.try_clone().unwrap()).spawn().unwrap();
    while is_writable(&writer) {
        std::thread::yield_now();
    }
    (Running(process), reader)
}

fn is_writable(pipe: &PipeWriter) -> bool {
    poll(&mut [PollFd::new(pipe, PollFlags::OUT)], Some(&Timespec::default())).unwrap() > 0
}

#[test]
fn one_signal_ends_a_command_whose_reader_has_stopped_reading() {
    let export = ["--emulator", "export", "demo", "--format", "jsonl", "--out", "-"];
    for arguments in [&ROWS[..], &export] {
        for (options, (signal, code)) in [OFlags::empty(), OFlags::NONBLOCK].into_iter().zip(SIGNALS) {
            let (mut process, _reader) = stuck(arguments, options);
            send_signal(&process, signal);
            assert_eq!(process.0.wait().unwrap().code(), Some(code), "{arguments:?} {options:?}");
        }
    }
}

#[test]
fn one_signal_ends_a_command_that_cannot_report_anything() {
    let (_reader, mut writer) = pipe().unwrap();
    fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
    while writer.write(&[0; 4096]).is_ok() {}
    fcntl_setfl(&writer, OFlags::empty()).unwrap();
    let mut process = Running(northbound(&ROWS).stderr(writer).spawn().unwrap());
    let rows = BufReader::new(process.0.stdout.take().unwrap()).lines().take(1000).count();
    // What is left to do is to write the totals.
    send_signal(&process, "TERM");
    assert_eq!((rows, process.0.wait().unwrap().code()), (1000, Some(143)));
}

#[test]
fn output_that_would_block_is_waited_for() {
    let (mut process, mut reader) = stuck(&ROWS, OFlags::NONBLOCK);
    let mut rows = String::new();
    reader.read_to_string(&mut rows).unwrap();
    assert_eq!((process.0.wait().unwrap().code(), rows.lines().count()), (Some(0), 1000));
}

#[cfg(target_os = "linux")]
#[test]
fn one_signal_ends_a_command_that_opens_a_pipe_to_which_nobody_writes() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let fifo = fifo.to_str().unwrap();
    let asks = ["--endpoint", "https://127.0.0.1:1", "--app-id", "a", "--no-token-cache", "summary", "t"];
    for (option, (signal, code)) in
        ["--secret-file", "--ca-cert", "--client-cert"].into_iter().zip(SIGNALS.repeat(2))
    {
        let mut command = northbound(&[&asks[..], &[option, fifo]].concat());
        ends_by(command.env("NORTHBOUND_SECRET", "s"), signal, code);
    }
    ends_by(&mut northbound(&["emulator", "serve", "--scenario", fifo]), "TERM", 143);
}

/// Sends the signal as soon as the process listens to it.
#[cfg(target_os = "linux")]
fn ends_by(command: &mut std::process::Command, signal: &str, code: i32) {
    let mut process = Running(command.spawn().unwrap());
    let status = format!("/proc/{}/status", process.0.id());
    let listens = |line: &str| {
        let caught = line.strip_prefix("SigCgt:").map(|mask| u64::from_str_radix(mask.trim(), 16).unwrap());
        // SIGINT is 2, SIGTERM is 15.
        caught.is_some_and(|mask| mask & 0x4002 == 0x4002)
    };
    while !std::fs::read_to_string(&status).unwrap().lines().any(listens) {
        std::thread::yield_now();
    }
    send_signal(&process, signal);
    assert_eq!(process.0.wait().unwrap().code(), Some(code), "{command:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_a_failure() {
    for arguments in
        [&["--help"][..], &["--version"], &["help", "export"], &["spec"], &["explain", "1010005"]]
    {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = northbound(arguments).stdout(full).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(stderr.starts_with("error: cannot write the output: "), "{stderr}");
    }
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    let output = northbound(&["--emulator", "-vv", "summary", "demo"]).stderr(full).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "the result is there, whatever happens to the traces");
}
