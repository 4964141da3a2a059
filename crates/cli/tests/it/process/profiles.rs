//! A job that runs at night without a terminal, and has nothing but HOME in its environment.

use std::path::{Path, PathBuf};
use std::process::Command;

use northbound_emulator::{Certificates, Emulator};
use northbound_testkit::Background;

use super::{northbound, outcome};

const SCRIPT: &str = "#!/bin/sh\necho asked >> asked\necho 'unlocked' >&2\necho demo-secret\n";

/// A user whose profile `prod` names the emulator, with what asks for the secret beside it.
struct User {
    home: tempfile::TempDir,
    emulator: Background,
}

impl User {
    fn new(secret: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let certificates = Certificates::make_for(&["localhost"]).unwrap();
        let emulator = Background::start(Emulator::builder().tls(certificates.clone()));
        let user = Self { home, emulator };
        std::fs::create_dir_all(user.settings()).unwrap();
        certificates.write(&user.settings()).unwrap();
        let url = user.emulator.url().replace("127.0.0.1", "localhost");
        let profile =
            format!("[prod]\nendpoint = {url:?}\napp-id = \"demo-app\"\nca-cert = \"ca.pem\"\n{secret}\n");
        std::fs::write(user.settings().join("profiles.toml"), profile).unwrap();
        user
    }

    fn settings(&self) -> PathBuf {
        self.home.path().join(".config/northbound")
    }

    /// A command as cron starts it.
    fn job(&self, line: &str) -> Command {
        let mut job = northbound(&format!("--profile prod {line}"));
        job.env("HOME", self.home.path()).current_dir("/");
        job
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.settings().join(name)).unwrap_or_default()
    }
}

fn program(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_nightly_export_runs_with_a_profile_and_asks_for_the_secret_once() {
    let user = User::new("secret-command = [\"./secret\", \"of\", \"meters\"]");
    program(&user.settings().join("secret"), "#!/bin/sh\ncd \"$(dirname \"$0\")\" && sh script \"$@\"\n");
    std::fs::write(user.settings().join("script"), SCRIPT).unwrap();
    let rows = user.home.path().join("all.csv");
    let export = format!("export demo --replace --out {}", rows.display());
    for (stderr_has, asked) in [("unlocked\n", "asked\n"), ("", "asked\n")] {
        let (code, _, stderr) = outcome(&mut user.job(&export));
        assert!(
            code == Some(0) && stderr.contains(stderr_has) && !stderr.contains("demo-secret"),
            "{stderr}"
        );
        assert_eq!(
            (user.read("asked").as_str(), stderr.contains("unlocked")),
            (asked, !stderr_has.is_empty())
        );
    }
    assert_eq!(std::fs::read_to_string(rows).unwrap().lines().count(), 1001);
    let (code, stdout, _) = outcome(&mut user.job("doctor"));
    assert_eq!((code, user.read("asked").as_str()), (Some(0), "asked\n"), "{stdout}");
    assert!(
        stdout.contains("; from profile prod\n")
            && stdout.contains(", with `ca-cert` (line 4) of profile prod\n"),
        "{stdout}"
    );
    let (code, stdout, _) = outcome(&mut user.job("config"));
    assert!(code == Some(0) && stdout.contains("secret …") && !stdout.contains("problem"), "{stdout}");
    // It runs again when a login is needed.
    assert_eq!(outcome(&mut user.job("summary demo -q --no-token-cache")).0, Some(0));
    assert_eq!(user.read("asked"), "asked\nasked\n");
}

#[test]
fn a_command_that_brings_no_secret_says_so_without_showing_what_it_printed() {
    for (secret, code, found) in [
        (
            "[\"sh\", \"-c\", \"echo pr1vate; exit 3\"]",
            1,
            "no secret came (the secret-command sh failed: exit status: 3)",
        ),
        ("[\"/nonexistent\"]", 1, "no secret came (the secret-command /nonexistent cannot be run: "),
        ("[\"printf\", 'pr1vate\\nuser: me\\n']", 1, "the secret-command printf prints more than one line"),
        ("[\"printf\", '\\377pr1vate']", 1, "the secret-command printf prints no UTF-8"),
        ("[\"yes\", \"pr1vate\"]", 1, "the secret-command yes failed"),
        ("[\"true\"]", 1, "the secret-command true prints nothing"),
    ] {
        let user = User::new(&format!("secret-command = {secret}"));
        let (ended, stdout, stderr) = outcome(&mut user.job("summary demo -vv"));
        assert!(ended == Some(code) && stderr.contains(found), "{secret}: {stderr}");
        assert!(!format!("{stdout}{stderr}").contains("pr1vate"), "{stderr}");
    }
}
