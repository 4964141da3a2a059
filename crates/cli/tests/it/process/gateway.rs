//! `northbound gateway` as a process: where it listens, what it needs, what it prints, and how it stops.

use std::io::BufRead as _;
use std::net::TcpStream;

use super::{Running, northbound, outcome};

/// A gateway in front of the emulator, and where its first line says that it listens.
fn serving(options: &str) -> (Running, String) {
    let mut process = Running::start(&mut northbound(&format!("gateway --emulator {options}")));
    let mut line = String::new();
    process.stdout().read_line(&mut line).unwrap();
    (process, line.trim_end().strip_prefix("listening on ").unwrap_or(&line).to_owned())
}

fn ask(mut stream: impl std::io::Read + std::io::Write, request: &str) -> String {
    write!(stream, "{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

#[cfg(unix)]
#[test]
fn it_serves_where_it_says_logs_each_call_and_stops_at_a_signal() {
    for signal in ["INT", "TERM"] {
        let (mut process, url) = serving("--listen localhost:0");
        let at = url.strip_prefix("http://").unwrap();
        let reply = ask(TcpStream::connect(at).unwrap(), "GET /v1/tasks/demo/summary");
        assert!(reply.contains(r#""total":1000"#), "{reply}");
        for page in ["/docs/", "/docs/swagger-ui.css", "/openapi.json", "/platform.json"] {
            let reply = ask(TcpStream::connect(at).unwrap(), &format!("GET {page}"));
            assert!(reply.starts_with("HTTP/1.1 200 "), "{page}");
        }
        process.signal(signal);
        let (code, stderr) = (process.code(), process.stderr());
        assert_eq!(code, Some(0), "{stderr}");
        let mut lines = stderr.lines();
        let note = lines.next().unwrap();
        assert!(note.starts_with("application demo-app on http://127.0.0.1:"), "{note}");
        assert!(note.ends_with("; it only reads; stop with Ctrl-C"), "{note}");
        let line: serde_json::Value = serde_json::from_str(lines.next().unwrap()).unwrap();
        assert_eq!((line["call"].as_str(), line["task"].as_str()), (Some("countSubtasks"), Some("demo")));
        assert_eq!(lines.count(), 4, "{stderr}");
    }
}

#[cfg(unix)]
#[test]
fn a_unix_socket_and_a_quiet_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let (mut process, url) = serving(&format!("-q --unix {}", path.display()));
    assert_eq!(url, format!("unix:{}", path.display()));
    let reply = ask(std::os::unix::net::UnixStream::connect(&path).unwrap(), "GET /healthz");
    assert!(reply.ends_with(r#"{"status":"ok"}"#), "{reply}");
    process.signal("TERM");
    assert_eq!((process.code(), process.stderr()), (Some(0), String::new()));
    assert!(!path.exists());
}

#[test]
fn what_cannot_be_served_is_refused_before_anything_is() {
    let folder = tempfile::tempdir().unwrap();
    let (empty, key) = (folder.path().join("empty"), folder.path().join("key"));
    std::fs::write(&empty, "\n").unwrap();
    std::fs::write(&key, "k3y\n").unwrap();
    for (options, what) in [
        ("--listen 0.0.0.0:0".to_owned(), "beyond this machine, needs a key"),
        ("--listen nowhere.invalid:0".to_owned(), "cannot listen on nowhere.invalid:0"),
        ("--allow-create".to_owned(), "--key-file <FILE>"),
        (format!("--key-file {}", empty.display()), "the key file is empty"),
        (format!("--key-file {}", folder.path().join("none").display()), "cannot read the key file"),
        ("--memory 0".to_owned(), "0 is not in 1..=1048576"),
    ] {
        let (code, stdout, stderr) = outcome(&mut northbound(&format!("gateway --emulator {options}")));
        assert!(code == Some(2) && stdout.is_empty() && stderr.contains(what), "{options}: {stderr}");
    }
    let (_process, url) =
        serving(&format!("--allow-create --listen 127.0.0.1:0 --key-file {}", key.display()));
    let reply = ask(TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap(), "GET /metrics");
    assert!(reply.contains("gateway-key-needed"), "{reply}");
}

#[test]
fn the_examples_have_options_that_the_command_has() {
    let tree = northbound_cli::command_tree();
    for example in ["northbound-gateway.service", "sidecar.yaml"] {
        let text = crate::file(&format!("crates/gateway/examples/{example}"));
        let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        let words = lines.flat_map(|line| line.split([' ', '=']));
        let options: Vec<_> = words.filter(|word| word.starts_with("--")).collect();
        assert!(options.len() >= 2, "{options:?}");
        for option in options {
            assert!(tree.contains(&format!("\n    {option} ")), "{option} in {example}");
        }
    }
}
