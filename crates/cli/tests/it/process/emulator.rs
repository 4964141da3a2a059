//! `emulator serve` as a process: where it listens, what it refuses, and how it does with few files to open.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use super::{Running, northbound, northbound_at, outcome};

/// An emulator, and where its first line says that it listens.
fn serving(command: &mut Command) -> (Running, String) {
    let mut process = Running::start(command);
    let mut line = String::new();
    process.stdout().read_line(&mut line).unwrap();
    (process, line.trim_end().strip_prefix("listening on ").unwrap().to_owned())
}

fn serve(options: &str) -> (Running, String) {
    serving(&mut northbound(&format!("emulator serve --listen 127.0.0.1:0 {options}")))
}

/// The reply to a request under this host name.
fn send(url: &str, request: &str, host: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    write!(stream, "{request} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}\r\n").unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

#[cfg(unix)]
#[test]
fn it_answers_where_it_says_and_what_is_typed_goes_before_the_scenario() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let task = "id = \"demo\"\napplication = \"demo-app\"\ncontent = { kind = \"generated\", subtasks = 7 }";
    std::fs::write(file.path(), format!("quota = 1\n[[tasks]]\n{task}\n")).unwrap();
    let scenario = format!("--scenario {}", file.path().display());
    for (options, told, rows) in [
        ("--subtasks 3", "; quota 100 calls in 60 s;", 3),
        ("--quota 0 --subtasks 2", "; no quota;", 2),
        (&format!("{scenario} --quota 5"), "batch task; quota 5 calls in 60 s;", 7),
    ] {
        let (mut process, url) = serve(options);
        let (_, stdout, stderr) = outcome(&mut northbound_at(&url, "subtasks demo -q -o jsonl"));
        assert_eq!(stdout.lines().count(), rows, "{stderr}");
        let second = format!("emulator serve --listen {}", url.strip_prefix("http://").unwrap());
        let (code, _, stderr) = outcome(&mut northbound(&second));
        assert!(code == Some(1) && stderr.contains("the port is in use"), "{stderr}");
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        process.signal(if rows == 3 { "INT" } else { "TERM" });
        let (code, stderr) = (process.code(), process.stderr());
        assert!(code == Some(0) && stderr.contains(told), "{stderr}");
    }
    let (_process, url) = serve(&scenario);
    let (_, _, stderr) = outcome(&mut northbound_at(&url, "subtasks demo --deadline 1s --quota 0"));
    assert!(stderr.contains("1010009"), "the login took the only call: {stderr}");
}

#[cfg(unix)]
#[test]
fn exported_rows_are_served_again_and_a_settled_task_runs_a_command_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (_first, url) = serve("");
    let settled = format!("export demo --status Success,Fail,Timeout -o jsonl --out {}", path("all.jsonl"));
    assert_eq!(outcome(&mut northbound_at(&url, &settled)).0, Some(0));
    let task =
        "id = \"own\"\napplication = \"demo-app\"\ncontent = { kind = \"rows\", file = \"all.jsonl\" }";
    std::fs::write(path("own.toml"), format!("[[tasks]]\n{task}\n")).unwrap();
    let (_second, url) = serve(&format!("--scenario {}", path("own.toml")));
    let again = format!("export own -o jsonl --out {}", path("again.jsonl"));
    let (code, _, stderr) = outcome(&mut northbound_at(&url, &again));
    assert_eq!(code, Some(0), "{stderr}");
    let [all, again] = ["all.jsonl", "again.jsonl"].map(|name| std::fs::read(path(name)).unwrap());
    assert!(!all.is_empty() && all == again, "byte for byte");

    let watch = |options: &str, command: &str| {
        outcome(northbound_at(&url, &format!("watch own {options}")).args(["--on-settled", command]))
    };
    let (code, stdout, stderr) = watch("", "cat; echo \"$0 ran\" >&2; exit 7");
    assert_eq!(code, Some(1), "{stderr}");
    let (_, result) = stdout.trim_end().rsplit_once('\n').unwrap();
    let result: serde_json::Value = serde_json::from_str(result).unwrap();
    assert_eq!([&result["taskId"], &result["settled"]], [&"own".into(), &result["total"]]);
    let told = "the task has settled, and the command of --on-settled failed: exit status: 7";
    assert!(stderr.contains("sh ran\nerror: ") && stderr.contains(told), "{stderr}");
    let keep = format!("cat >> {}", path("result.json"));
    assert_eq!(watch("-q", &keep).0, Some(0));
    assert_eq!(watch("-q --fail-above 1%", &keep).0, Some(3), "it has settled all the same");
    assert_eq!(watch("-q --timeout 0s", &keep).0, Some(4));
    assert_eq!(std::fs::read_to_string(path("result.json")).unwrap().lines().count(), 2);
    let (code, _, stderr) = watch("-q --fail-above 1%", "exit 7");
    assert!(code == Some(3) && stderr.contains("exit status: 7"), "{stderr}");
}

#[test]
fn an_example_and_the_schema_of_scenario_files_are_printed() {
    let printed = |options: &str| crate::northbound(&format!("emulator scenario {options}"));
    assert_eq!(printed("--example").stdout, crate::file("crates/emulator/scenario.example.toml"));
    assert_eq!(printed("--schema").stdout, crate::file("crates/emulator/scenario.schema.json"));
    let neither = printed("");
    assert!(neither.code == 2 && neither.stderr.contains("<--example|--schema>"), "{neither:?}");
}

#[test]
fn it_listens_where_a_name_points_speaks_tls_and_prints_json() {
    let (_process, url) = serving(&mut northbound("emulator serve --listen localhost:0"));
    let port = url.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
    assert!(url.starts_with("http://") && port > Some(0), "{url}");
    let folder = tempfile::tempdir().unwrap();
    let (_process, url) = serve(&format!("--tls {}", folder.path().display()));
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    for name in ["ca.pem", "server.pem", "client.pem"] {
        assert!(folder.path().join(name).exists(), "{name}");
    }
    let mut process = Running::start(&mut northbound("emulator serve --listen 127.0.0.1:0 -o jsonl"));
    let mut line = String::new();
    process.stdout().read_line(&mut line).unwrap();
    let result: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert!(result["endpoint"].as_str().unwrap().starts_with("http://127.0.0.1:"), "{line}");
}

#[test]
fn a_bad_scenario_file_gets_a_line_that_says_where_and_what_is_allowed() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "seed = 1\nquotas = 5\n").unwrap();
    let seen = crate::northbound(&format!("emulator serve --scenario {}", file.path().display()));
    assert_eq!((seen.code, seen.stderr.lines().count()), (2, 2), "{seen:?}");
    let told = "line 2, column 1: unknown field `quotas`, expected one of `seed`";
    assert!(seen.stderr.contains(told), "{seen:?}");
}

#[test]
fn a_web_page_of_another_site_is_refused_and_an_allowed_host_is_not() {
    let (_process, url) = serve("--allow-host emulator:8743");
    let address = url.strip_prefix("http://").unwrap();
    for (host, headers, status) in [
        (address, "", "204"),
        ("emulator:8743", "", "204"),
        ("evil.example", "", "403"),
        (address, "origin: https://evil.example\r\n", "403"),
    ] {
        assert_eq!(&send(&url, "POST /_emulator/reset", host, headers)[9..12], status, "{host} {headers}");
    }
}

#[cfg(unix)]
#[test]
fn few_files_to_open_are_reported_once_and_a_soft_limit_is_raised() {
    for (limit, connections, is_hard) in [("ulimit -n 32", 40, true), ("ulimit -Sn 32", 100, false)] {
        let script = format!("{limit}; exec \"$0\" emulator serve --listen 127.0.0.1:0");
        let mut shell = Command::new("sh");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_northbound")]);
        let (mut process, url) =
            serving(shell.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()));
        let address = url.strip_prefix("http://").unwrap();
        let waiting: Vec<_> = (0..connections).map(|_| TcpStream::connect(address).unwrap()).collect();
        let mut stderr = BufReader::new(process.0.stderr.take().unwrap());
        let mut lines = String::new();
        for _ in 0..1 + u8::from(is_hard) {
            stderr.read_line(&mut lines).unwrap();
        }
        assert_eq!(lines.matches("cannot accept a connection").count(), usize::from(is_hard), "{lines}");
        let _waiting = (!is_hard).then_some(waiting);
        assert!(send(&url, "GET /_emulator/clock", address, "").starts_with("HTTP/1.1 200 "));
        process.0.kill().unwrap();
        let mut rest = String::new();
        stderr.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "");
    }
}
