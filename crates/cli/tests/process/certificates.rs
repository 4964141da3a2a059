//! What the doctor says of certificates, after real handshakes.

use std::time::{Duration, SystemTime};

use northbound_emulator::{Certificates, Emulator};
use serde_json::Value;

use crate::northbound;

/// A platform that speaks TLS; its certificates are in a folder.
struct Platform {
    _runtime: tokio::runtime::Runtime,
    emulator: Emulator,
    folder: tempfile::TempDir,
}

impl Platform {
    fn start(certificates: Certificates, mutual: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        certificates.write(folder.path()).unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let builder = Emulator::builder();
        let builder = if mutual { builder.mutual_tls(certificates) } else { builder.tls(certificates) };
        let emulator = runtime.block_on(builder.start()).unwrap();
        Self { _runtime: runtime, emulator, folder }
    }

    /// What the doctor says of the certificate when the platform is called by this name, and what to do.
    fn certificate(&self, host: &str, arguments: &str) -> String {
        let file = |name: &str| self.folder.path().join(name).to_str().unwrap().to_owned();
        let arguments = arguments.replace("CA", &file("ca.pem")).replace("CLIENT", &file("client.pem"));
        let endpoint = format!("https://{host}:{}", self.emulator.addr().port());
        let doctor =
            ["--endpoint", &endpoint, "--app-id", "demo-app", "--no-token-cache", "doctor", "-o", "json"];
        let mut command =
            northbound(&[&doctor[..], &arguments.split_whitespace().collect::<Vec<_>>()].concat());
        let output = command.env("NORTHBOUND_SECRET", "demo-secret").output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        let check =
            report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "certificate").unwrap();
        assert_eq!(output.status.success(), check["result"] != "wrong", "{report:#}");
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
    let mut authority = rcgen::CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority =
        rcgen::CertifiedIssuer::self_signed(authority, rcgen::KeyPair::generate().unwrap()).unwrap();
    for (days, told) in
        [(5, "warning: trusted, and ends in 5 days\n"), (100, "ok: trusted, and valid for 100 days")]
    {
        let end = SystemTime::now() + Duration::from_secs(days * 86_400 + 3_600);
        let mut server = rcgen::CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        server.not_after = end.into();
        let key = rcgen::KeyPair::generate().unwrap();
        let server = server.signed_by(&key, &authority).unwrap().pem() + &key.serialize_pem();
        let platform = Platform::start(Certificates::given(authority.pem(), server), false);
        let line = platform.certificate("127.0.0.1", "--ca-cert CA");
        assert!(line.starts_with(told), "{line}");
    }
}
