//! What only a process shows: exit codes, closed pipes, signals.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod certificates;
mod doctor;
mod emulator;
#[cfg(unix)]
mod export;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod terminal;
mod tokens;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

fn northbound(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_northbound"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in
        ["NORTHBOUND_ENDPOINT", "NORTHBOUND_APP_ID", "NORTHBOUND_SECRET", "NORTHBOUND_TOKEN", "NO_COLOR"]
    {
        command.env_remove(name);
    }
    command
}

/// A process that ends with its test, however that goes.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn the_exit_code_distinguishes_success_failure_and_wrong_usage() {
    let code = |arguments: &[&str]| northbound(arguments).output().unwrap().status.code();
    assert_eq!(code(&["explain", "1010005"]), Some(0));
    assert_eq!(code(&["--emulator", "subtasks", "nope"]), Some(1));
    assert_eq!(code(&["subtasks", "demo"]), Some(2));
    assert_eq!(code(&["--nonsense"]), Some(2));
}

#[test]
fn a_list_comes_from_stdin() {
    let arguments =
        ["--emulator", "subtasks", "demo", "-q", "--columns", "status", "-o", "csv", "--limit", "1"];
    let mut command = northbound(&[&arguments[..], &["--status", "@-"]].concat());
    let mut process = command.stdin(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(b"timeout\n").unwrap();
    assert_eq!(process.wait_with_output().unwrap().stdout, b"status\nTimeout\n");
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut process =
        Running(northbound(&["--emulator", "subtasks", "demo", "-o", "jsonl"]).spawn().unwrap());
    let mut stdout = BufReader::new(process.0.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.starts_with('{'), "{line}");
    drop(stdout);
    assert_eq!(process.0.wait().unwrap().code(), Some(0));
    let mut stderr = String::new();
    process.0.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!(stderr, "");
}

#[test]
fn the_emulator_says_first_where_it_listens_and_answers_there() {
    let arguments = ["emulator", "serve", "--listen", "127.0.0.1:0", "--subtasks", "3"];
    let mut process = Running(northbound(&arguments).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("listening on http://").unwrap();

    let reply = login(address);
    assert!(reply.starts_with("HTTP/1.1 200 OK") && reply.contains("accessToken"), "{reply}");

    let endpoint = format!("http://{address}");
    let mut command =
        northbound(&["--endpoint", &endpoint, "--app-id", "demo-app", "subtasks", "demo", "-o", "jsonl"]);
    let output = command.env("NORTHBOUND_SECRET", "demo-secret").output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 3);

    let arguments = ["emulator", "serve", "--listen", "127.0.0.1:0", "-o", "jsonl"];
    let mut as_json = Running(northbound(&arguments).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(as_json.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let result: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(result["endpoint"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{line}");

    let second = northbound(&["emulator", "serve", "--listen", address]).output().unwrap();
    let stderr = String::from_utf8(second.stderr).unwrap();
    assert_eq!((second.status.code(), stderr.lines().count()), (Some(1), 1), "{stderr}");
    assert!(stderr.contains("the port is in use"), "{stderr}");
}

#[test]
fn the_emulator_listens_where_a_name_points() {
    let mut process = Running(northbound(&["emulator", "serve", "--listen", "localhost:0"]).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let port = line.trim_end().rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
    assert!(line.starts_with("listening on http://") && port > Some(0), "{line}");
}

#[test]
fn help_comes_at_once() {
    let started = std::time::Instant::now();
    assert!(northbound(&["--help"]).output().unwrap().status.success());
    // Fast machines take 3 ms; a busy one that builds something else must not fail here.
    assert!(started.elapsed() < std::time::Duration::from_secs(2), "{:?}", started.elapsed());
}

/// The reply to a login with the demo application, as it stands on the wire.
fn login(address: &str) -> String {
    let body = "appId=demo-app&secret=demo-secret";
    let form = format!(
        "content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    send(address, "POST /iocm/app/sec/v1.1.0/login", &form)
}

fn send(address: &str, request: &str, rest: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{request} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{rest}").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

/// An emulator that serves this scenario, and where.
fn serving(scenario: &str, arguments: &[&str]) -> (Running, String, tempfile::NamedTempFile) {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), scenario).unwrap();
    let path = file.path().to_str().unwrap();
    let arguments =
        [&["emulator", "serve", "--listen", "127.0.0.1:0", "--scenario", path][..], arguments].concat();
    let mut process = Running(northbound(&arguments).spawn().unwrap());
    let mut line = String::new();
    BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
    (process, url, file)
}

fn subtasks(url: &str, task: &str) -> String {
    let mut command =
        northbound(&["--endpoint", url, "--app-id", "demo-app", "subtasks", task, "-q", "-o", "jsonl"]);
    let output = command.env("NORTHBOUND_SECRET", "demo-secret").output().unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn the_emulator_serves_what_a_file_says() {
    let content = "content = { kind = \"generated\", subtasks = 7 }";
    let task = format!("[[tasks]]\nid = \"t\"\napplication = \"demo-app\"\n{content}\n");
    let (_process, url, _file) = serving(&task, &[]);
    assert_eq!(subtasks(&url, "t").lines().count(), 7);
    let (_process, url, _file) = serving(&task, &["--quota", "1"]);
    let address = url.strip_prefix("http://").unwrap();
    let reply = login(address);
    let token = reply.split("\"accessToken\":\"").nth(1).unwrap().split('"').next().unwrap();
    let headers = format!("app_key: demo-app\r\nauthorization: Bearer {token}\r\n\r\n");
    let reply = send(address, "GET /iocm/app/batchtask/v1.1.0/taskDetails?taskId=t", &headers);
    assert!(reply.contains("1010009"), "the login took the only call: {reply}");
}

#[test]
fn the_emulator_allows_100_calls_a_minute_unless_it_is_told_otherwise() {
    for (arguments, told) in [(&[][..], "; quota 100 calls in 60 s;"), (&["--quota", "0"], "; no quota;")] {
        let serve = [&["emulator", "serve", "--listen", "127.0.0.1:0"], arguments].concat();
        let mut process = Running(northbound(&serve).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(process.0.stderr.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.contains(told), "{line}");
    }
}

#[test]
fn a_bad_scenario_file_gets_a_line_that_says_where_and_what_is_allowed() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "seed = 1\nquotas = 5\n").unwrap();
    let path = file.path().to_str().unwrap();
    let output = northbound(&["emulator", "serve", "--scenario", path]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.lines().count()), (Some(2), 2), "{stderr}");
    assert!(stderr.contains("line 2, column 1: unknown field `quotas`, expected one of `seed`"), "{stderr}");
}

#[test]
fn the_emulator_speaks_tls_with_certificates_that_it_makes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let (_process, url, _file) = serving("", &["--tls", path]);
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    for name in ["ca.pem", "server.pem", "client.pem"] {
        assert!(folder.path().join(name).exists(), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_emulator_in_good_order() {
    for signal in ["INT", "TERM"] {
        let (mut process, _, _file) = serving("", &[]);
        send_signal(&process, signal);
        assert_eq!(process.0.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[cfg(unix)]
fn send_signal(process: &Running, signal: &str) {
    let kill = Command::new("kill").args(["-s", signal, &process.0.id().to_string()]).status().unwrap();
    assert!(kill.success());
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_whole_lines_and_exit_code_130() {
    let task = "[[tasks]]\nid = \"t\"\napplication = \"demo-app\"\ncontent = { kind = \"generated\", subtasks = 1000 }\n";
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let (_emulator, url, _file) = serving(&format!("quota = 3\n{task}"), &[]);
        // The login and two pages use the quota up: the third page has to wait for a minute.
        let arguments =
            ["--endpoint", &url, "--app-id", "demo-app", "--quota", "3", "subtasks", "t", "-o", "jsonl"];
        let mut process =
            Running(northbound(&arguments).env("NORTHBOUND_SECRET", "demo-secret").spawn().unwrap());
        let mut stdout = BufReader::new(process.0.stdout.take().unwrap());
        let mut lines = String::new();
        for _ in 0..500 {
            stdout.read_line(&mut lines).unwrap();
        }
        send_signal(&process, signal);
        stdout.read_to_string(&mut lines).unwrap();
        assert_eq!(process.0.wait().unwrap().code(), Some(code));
        assert_eq!((lines.lines().count(), lines.ends_with("}\n")), (500, true), "{signal}");
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_no_report_and_exit_code_130() {
    let task = "[[tasks]]\nid = \"t\"\napplication = \"demo-app\"\ncontent = { kind = \"generated\", subtasks = 1000 }\n";
    let (_emulator, url, _file) = serving(&format!("quota = 3\n{task}"), &[]);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("report.html");
    // The login and two calls use the quota up: the third call has to wait for a minute.
    let arguments =
        ["--endpoint", &url, "--app-id", "demo-app", "--quota", "3", "-v", "report", "t", "--out"];
    let mut command = northbound(&arguments);
    let mut process = Running(command.arg(&out).env("NORTHBOUND_SECRET", "demo-secret").spawn().unwrap());
    let mut stderr = BufReader::new(process.0.stderr.take().unwrap());
    let mut traces = String::new();
    while traces.matches("/taskDetails").count() < 2 {
        assert!(stderr.read_line(&mut traces).unwrap() > 0, "{traces}");
    }
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "nothing is there until the page is whole"
    );
    send_signal(&process, "INT");
    assert_eq!(process.0.wait().unwrap().code(), Some(130));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn traces_show_the_calls_and_no_secret() {
    let output = northbound(&["--emulator", "-v", "subtasks", "demo", "--limit", "1"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("/iocm/app/batchtask/v1.1.0/taskDetails"), "{stderr}");
    assert!(stderr.contains("northbound.login"), "{stderr}");
    assert!(!stderr.contains("demo-secret") && !stderr.contains("Bearer"), "{stderr}");
}
