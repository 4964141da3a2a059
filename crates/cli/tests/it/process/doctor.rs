//! What the doctor makes of tokens that are kept, and of proxies that are set: both belong to a process.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;

use northbound::SubtaskStatus;
use serde_json::Value;

use super::tokens::Platform;
use super::{northbound_at, outcome};

struct Report {
    json: Value,
    text: String,
    code: Option<i32>,
}

impl Report {
    fn of(command: &mut Command) -> Self {
        let (code, stdout, stderr) = outcome(command.args(["-o", "json"]));
        let json = serde_json::from_str(&stdout).unwrap_or_else(|_| panic!("{stdout}{stderr}"));
        Self { json, text: stdout + &stderr, code }
    }

    /// How it stands with each check and each assumption, and what was found.
    fn results(&self) -> HashMap<&str, (&str, &str)> {
        let all = ["checks", "assumptions"].into_iter().flat_map(|list| self.json[list].as_array().unwrap());
        all.map(|finding| {
            let name = finding["name"].as_str().or_else(|| finding["id"].as_str()).unwrap();
            (name, (finding["result"].as_str().unwrap(), finding["found"].as_str().unwrap()))
        })
        .collect()
    }
}

/// The doctor makes no login where another command would make none, and few calls where it has to.
#[test]
fn a_kept_token_is_used_and_a_dead_one_is_replaced() {
    let platform = Platform::start();
    let run = || {
        platform.emulator.control().clear_journal();
        let report = Report::of(&mut platform.command("doctor --task demo"));
        let calls = platform.emulator.control().journal().entries.len();
        assert!(report.json["calls"] == calls && calls <= 12, "{}", report.text);
        assert_eq!(report.code, Some(0), "{}", report.text);
        (report, calls)
    };
    let asked = 6 + SubtaskStatus::KNOWN.len();
    let (first, calls) = run();
    assert_eq!((calls, platform.logins(), first.results()["secret"].0), ((asked + 1).min(12), 1, "ok"));
    let (second, calls) = run();
    assert_eq!((calls, platform.logins()), (asked, 0));
    assert_eq!(second.results()["secret"].0, "not checked", "{}", second.text);
    assert_eq!(second.results()["login-is-a-form"].0, "could not tell");
    platform.somebody_else_logs_in();
    let (third, calls) = run();
    assert_eq!((calls, platform.logins()), (12, 1), "the call that was refused, and a login");
    assert_eq!(third.results()["filters-combine"], ("could not tell", "the calls are used up"));
}

/// Carries what comes to another address, wherever it is meant to go, as long as it lives.
fn tunnel(to: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || carry(client, to));
        }
    });
    address
}

fn carry(client: TcpStream, to: SocketAddr) -> std::io::Result<()> {
    let mut head = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    while line.is_empty() || !line.ends_with("\r\n\r\n") {
        if head.read_line(&mut line)? == 0 {
            return Ok(());
        }
    }
    assert!(line.starts_with("CONNECT "), "{line}");
    (&client).write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let platform = TcpStream::connect(to)?;
    let (mut up, mut back) = (platform.try_clone()?, platform);
    let mut down = client;
    std::thread::spawn(move || std::io::copy(&mut head, &mut up));
    std::io::copy(&mut back, &mut down)?;
    Ok(())
}

#[test]
fn a_proxy_of_the_environment_is_named_without_its_password() {
    let platform = Platform::called(&["platform.example"]);
    let proxy = tunnel(platform.emulator.addr());
    let endpoint = format!("https://platform.example:{}", platform.emulator.addr().port());
    let through = |proxy: &str| {
        let mut command = platform.command(&format!("doctor --task demo --endpoint {endpoint}"));
        let report = Report::of(command.env("https_proxy", format!("http://me:pa55w0rd@{proxy}")));
        assert!(!report.text.contains("pa55w0rd"), "{}", report.text);
        report
    };
    let report = through(&proxy.to_string());
    assert_eq!(report.code, Some(0), "{}", report.text);
    let found = format!("application id and token arrive; calls go through the proxy {proxy}");
    assert_eq!(report.results()["proxy headers"], ("ok", found.as_str()));
    assert_eq!(report.results()["certificate"].0, "ok");
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let report = through(&closed.to_string());
    let found = format!("the proxy's port {} of 127.0.0.1 refuses connections", closed.port());
    assert_eq!((report.code, report.results()["connection"]), (Some(1), ("wrong", found.as_str())));
    let mut summary = platform.command(&format!("summary demo --deadline 1s --endpoint {endpoint}"));
    let (_, _, stderr) = outcome(summary.env("https_proxy", format!("http://me:pa55w0rd@{closed}")));
    assert!(stderr.contains(&format!(", through the proxy {closed}")), "{stderr}");
    assert!(!stderr.contains("pa55w0rd"), "{stderr}");
}

#[test]
fn a_machine_without_authorities_is_told_so_where_certificates_are_checked() {
    let platform = Platform::start();
    let run = |line: &str| {
        let mut command = northbound_at(&platform.emulator.url(), line);
        command.env("SSL_CERT_FILE", "/nonexistent");
        command
    };
    let (code, _, stderr) = outcome(&mut run("summary demo --no-token-cache"));
    let found = "the system's certificate authorities are not installed, or not where SSL_CERT_FILE and SSL_CERT_DIR say";
    assert!(code == Some(2) && stderr.contains(found) && stderr.contains("--ca-cert FILE"), "{stderr}");
    let report = Report::of(&mut run("doctor"));
    assert_eq!(report.results()["certificate"], ("wrong", found));
    assert_eq!([report.results()["endpoint"].0, report.results()["connection"].0], ["ok", "ok"]);
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf_8_is_called_that() {
    let secret: std::ffi::OsString = std::os::unix::ffi::OsStringExt::from_vec(b"p\xe4ssw".to_vec());
    let run = |line: &str| {
        let mut command = northbound_at("https://127.0.0.1:1", line);
        command.env("NORTHBOUND_SECRET", &secret);
        command
    };
    let (code, _, stderr) = outcome(&mut run("summary demo"));
    let found = "the environment variable NORTHBOUND_SECRET is not UTF-8";
    assert!(code == Some(2) && stderr.contains(found), "{stderr}");
    assert_eq!(Report::of(&mut run("doctor")).results()["secret"], ("wrong", found));
}

#[test]
fn a_proxy_that_cannot_be_used_is_named_before_anything_is_sent() {
    for (variable, value) in [("HTTPS_PROXY", "htp://me:pa55w0rd@127.0.0.1:1"), ("all_proxy", "http://[")] {
        let run = |line: &str| {
            let mut command = northbound_at("https://platform.example:8743", line);
            command.env(variable, value);
            command
        };
        let (code, _, stderr) = outcome(&mut run("summary demo"));
        assert!(code == Some(2) && stderr.contains(variable) && !stderr.contains("pa55w0rd"), "{stderr}");
        let report = Report::of(&mut run("doctor"));
        let found = format!("the environment variable {variable} holds no proxy that can be used");
        assert_eq!(report.results()["proxy headers"], ("wrong", found.as_str()));
        assert_eq!(report.results()["endpoint"].0, "ok");
        assert_eq!(report.results()["name"], ("not checked", "correct the proxy first"));
        assert_eq!((report.code, report.json["calls"].as_u64()), (Some(1), Some(0)), "{}", report.text);
        assert!(!report.text.contains("pa55w0rd"), "{}", report.text);
    }
}
