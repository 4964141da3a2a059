//! What the doctor says of certificates, after real handshakes.

use std::time::{Duration, SystemTime};

use northbound_emulator::{Certificates, Emulator};
use northbound_testkit::{Authority, Background};
use serde_json::Value;

use crate::{CREDENTIALS, northbound_in};

/// A platform that speaks TLS; its certificates are in a folder.
struct Platform {
    emulator: Background,
    folder: tempfile::TempDir,
}

impl Platform {
    fn start(certificates: Certificates, mutual: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        certificates.write(folder.path()).unwrap();
        let builder = Emulator::builder();
        let builder = if mutual { builder.mutual_tls(certificates) } else { builder.tls(certificates) };
        Self { emulator: Background::start(builder), folder }
    }

    /// What the doctor says of the certificate when the platform is called by this name, and what to do.
    fn certificate(&self, host: &str, arguments: &str) -> String {
        let file = |name: &str| self.folder.path().join(name).to_str().unwrap().to_owned();
        let arguments = arguments.replace("CA", &file("ca.pem")).replace("CLIENT", &file("client.pem"));
        let port = self.emulator.addr().port();
        let line = format!("doctor --endpoint https://{host}:{port} --no-token-cache -o json {arguments}");
        let seen = northbound_in(&CREDENTIALS, None, &line);
        let report: Value = serde_json::from_str(&seen.stdout).unwrap();
        let mut checks = report["checks"].as_array().unwrap().iter();
        let check = checks.find(|check| check["name"] == "certificate").unwrap();
        assert_eq!(seen.code == 0, check["result"] != "wrong", "{report:#}");
        let text = |name: &str| check[name].as_str().unwrap_or_default();
        format!("{}: {}\n  {}", text("result"), text("found"), text("help")).trim_end().to_owned()
    }
}

#[test]
fn certificates_that_are_not_trusted_say_what_to_do() {
    let platform = Platform::start(Certificates::make().unwrap(), false);
    let another = "--resolve other.example:127.0.0.1 --ca-cert CA";
    let mut told = vec![
        platform.certificate("127.0.0.1", "--ca-cert CA"),
        platform.certificate("127.0.0.1", ""),
        platform.certificate("127.0.0.1", "--ca-cert CLIENT"),
        platform.certificate("other.example", another),
    ];
    let expired = Platform::start(Certificates::make_expired().unwrap(), false);
    let expired = expired.certificate("127.0.0.1", "--ca-cert CA");
    // When it was looked at differs from run to run.
    let (before, after) = expired.split_once(": verification time ").unwrap();
    told.push(format!("{before}…\n{}", after.split_once('\n').unwrap().1));
    let wary = Platform::start(Certificates::make().unwrap(), true);
    told.push(wary.certificate("127.0.0.1", "--ca-cert CA"));
    told.push(wary.certificate("127.0.0.1", "--ca-cert CA --client-cert CLIENT"));
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn a_certificate_that_ends_soon_is_a_warning() {
    let authority = Authority::new();
    for (days, told) in [
        (5, "warning: trusted, and ends in 5 days, with --ca-cert\n"),
        (100, "ok: trusted, and valid for 100 days"),
    ] {
        let end = SystemTime::now() + Duration::from_secs(days * 86_400 + 3_600);
        let server = authority.issue("127.0.0.1", |params| params.not_after = end.into());
        let platform = Platform::start(Certificates::given(authority.pem(), server.pem()), false);
        let line = platform.certificate("127.0.0.1", "--ca-cert CA");
        assert!(line.starts_with(told), "{line}");
    }
}
