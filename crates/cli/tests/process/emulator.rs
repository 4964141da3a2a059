//! `emulator serve` as a process: what it refuses, and how it does with few files to open.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpStream;

use crate::{Running, login, northbound, send, serving};

#[test]
fn a_web_page_of_another_site_is_refused_and_an_allowed_host_is_not() {
    let (_process, url, _file) = serving("", &["--allow-host", "emulator:8743"]);
    let address = url.strip_prefix("http://").unwrap();
    let status = |host: &str, headers: &str| {
        let mut stream = TcpStream::connect(address).unwrap();
        let request =
            format!("POST /_emulator/reset HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n");
        std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply[9..12].to_owned()
    };
    assert_eq!(status(address, ""), "204");
    assert_eq!(status("emulator:8743", ""), "204");
    assert_eq!(status("evil.example", ""), "403");
    assert_eq!(status(address, "origin: https://evil.example\r\n"), "403");
    let wrong = northbound(&["emulator", "serve", "--allow-host", "http://emulator/"]).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
}

/// An emulator under a limit of files that this shell command sets.
#[cfg(unix)]
fn limited(limit: &str) -> (Running, String) {
    let script = format!("{limit}; exec \"$0\" emulator serve --listen 127.0.0.1:0");
    let mut command = std::process::Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_northbound")]);
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut process = Running(command.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(process.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("listening on http://").unwrap().to_owned();
    (process, address)
}

#[cfg(unix)]
#[test]
fn a_connection_that_cannot_be_accepted_is_reported_once() {
    let (mut process, address) = limited("ulimit -n 32");
    let waiting: Vec<_> = (0..40).map(|_| TcpStream::connect(&address).unwrap()).collect();
    let mut stderr = BufReader::new(process.0.stderr.take().unwrap());
    let mut lines = String::new();
    for _ in 0..2 {
        stderr.read_line(&mut lines).unwrap();
    }
    assert_eq!(lines.matches("cannot accept a connection").count(), 1, "{lines}");
    drop(waiting);
    assert!(login(&address).starts_with("HTTP/1.1 200 "));
    process.0.kill().unwrap();
    let mut rest = String::new();
    stderr.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[cfg(unix)]
#[test]
fn the_emulator_raises_its_limit_of_open_files() {
    let (mut process, address) = limited("ulimit -Sn 32");
    let _waiting: Vec<_> = (0..100).map(|_| TcpStream::connect(&address).unwrap()).collect();
    assert!(send(&address, "GET /_emulator/clock", "\r\n").starts_with("HTTP/1.1 200 "));
    process.0.kill().unwrap();
    let mut stderr = String::new();
    process.0.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert!(!stderr.contains("cannot accept"), "{stderr}");
}
