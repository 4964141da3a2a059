//! What only a process shows: exit codes, closed pipes, signals, terminals, and what several processes share.

mod doctor;
mod emulator;
#[cfg(unix)]
mod export;
mod gateway;
#[cfg(all(unix, not(target_os = "macos")))]
mod profiles;
#[cfg(unix)]
mod send;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod terminal;
mod tokens;
#[cfg(unix)]
mod workbook;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::CREDENTIALS;

/// The command as a process, without anything of the environment of the tests.
fn northbound(line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_northbound"));
    command.args(line.split_whitespace()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // Without this one there is no network on Windows.
    command.env_clear().envs(std::env::var("SystemRoot").map(|root| ("SystemRoot", root)));
    command
}

/// The same as the demo application of this platform.
fn northbound_at(url: &str, line: &str) -> Command {
    let mut command = northbound(line);
    command.env("NORTHBOUND_ENDPOINT", url).envs(CREDENTIALS);
    command
}

/// Exit code, stdout and stderr of a process.
fn outcome(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A process that ends with its test, however that goes.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }

    fn stdout(&mut self) -> BufReader<ChildStdout> {
        BufReader::new(self.0.stdout.take().unwrap())
    }

    /// Everything that the process writes to stderr until it ends.
    fn stderr(&mut self) -> String {
        let mut text = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }

    fn code(&mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }

    #[cfg(unix)]
    fn signal(&self, signal: &str) {
        let kill = Command::new("kill").args(["-s", signal, &self.0.id().to_string()]).status().unwrap();
        assert!(kill.success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_exit_code_distinguishes_success_failure_and_wrong_usage() {
    for (line, code) in
        [("explain 1010005", 0), ("--emulator subtasks nope", 1), ("subtasks demo", 2), ("--nonsense", 2)]
    {
        assert_eq!(outcome(&mut northbound(line)).0, Some(code), "{line}");
    }
}

#[test]
fn a_list_comes_from_stdin() {
    let line = "--emulator subtasks demo -q --columns status -o csv --limit 1 --status @-";
    let mut process = northbound(line).stdin(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(b"timeout\n").unwrap();
    assert_eq!(process.wait_with_output().unwrap().stdout, b"status\nTimeout\n");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut process = Running::start(&mut northbound("--emulator subtasks demo -o jsonl"));
    let mut stdout = process.stdout();
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.starts_with('{'), "{line}");
    drop(stdout);
    assert_eq!((process.code(), process.stderr().as_str()), (Some(0), ""));
}

#[test]
fn traces_show_the_calls_and_no_secret() {
    let (_, _, stderr) = outcome(&mut northbound("--emulator -v subtasks demo --limit 1"));
    assert!(stderr.contains("/iocm/app/batchtask/v1.1.0/taskDetails"), "{stderr}");
    assert!(stderr.contains("northbound.login"), "{stderr}");
    assert!(!stderr.contains("demo-secret") && !stderr.contains("Bearer"), "{stderr}");
}
