//! Two terminals, one application: neither logs the other out.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use northbound::{Client, Credentials};
use northbound_emulator::{Certificates, Emulator, Scenario};

use crate::northbound;

const CACHES: [&str; 3] = ["XDG_CACHE_HOME", "HOME", "LOCALAPPDATA"];
const FIRST_LOGIN: &str = "this login cancels tokens that other programs use for application demo-app";

/// A platform that speaks TLS, and the folder of a user.
pub(crate) struct Platform {
    runtime: tokio::runtime::Runtime,
    pub(crate) emulator: Emulator,
    home: tempfile::TempDir,
}

impl Platform {
    pub(crate) fn start() -> Self {
        Self::bearing(&["localhost", "127.0.0.1"])
    }

    /// One whose certificate bears these names.
    pub(crate) fn bearing(names: &[&str]) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let home = tempfile::tempdir().unwrap();
        let certificates = Certificates::make_for(names).unwrap();
        certificates.write(home.path()).unwrap();
        let builder = Emulator::builder().scenario(Scenario::default()).tls(certificates);
        let builder = names.iter().fold(builder, |builder, name| builder.allow_host(*name));
        let emulator = runtime.block_on(builder.start()).unwrap();
        Self { runtime, emulator, home }
    }

    /// `northbound subtasks demo` of this user.
    fn command(&self, arguments: &[&str]) -> Command {
        self.any_command(&[&["subtasks", "demo", "-q", "-o", "jsonl"], arguments].concat())
    }

    /// Any command of this user.
    pub(crate) fn any_command(&self, arguments: &[&str]) -> Command {
        let (url, ca) = (self.emulator.url(), self.home.path().join("ca.pem"));
        let platform = ["--app-id", "demo-app", "--ca-cert", ca.to_str().unwrap()];
        let mut command = northbound(&[&platform[..], arguments].concat());
        command.env("NORTHBOUND_ENDPOINT", url);
        command.env("NORTHBOUND_SECRET", "demo-secret");
        for variable in CACHES {
            command.env(variable, self.home.path());
        }
        command
    }

    /// What a command that succeeds prints beside its result.
    fn stderr(&self, arguments: &[&str]) -> String {
        let output = self.any_command(arguments).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{stderr}");
        stderr
    }

    /// Runs so many of them at a time; each has to read the whole task.
    fn run(&self, processes: usize, arguments: &[&str]) {
        let running: Vec<_> = (0..processes).map(|_| self.command(arguments).spawn().unwrap()).collect();
        for process in running {
            let Output { status, stdout, stderr } = process.wait_with_output().unwrap();
            let (rows, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
            assert_eq!((status.code(), rows.lines().count(), stderr.as_str()), (Some(0), 1000, ""));
        }
    }

    pub(crate) fn logins(&self) -> usize {
        let journal = self.emulator.control().journal();
        journal.entries.iter().filter(|entry| entry.path.ends_with("/login")).count()
    }

    /// Another machine, such as the production server, logs in; that cancels the token that is kept here.
    pub(crate) fn somebody_else_logs_in(&self) {
        let ca = std::fs::read(self.home.path().join("ca.pem")).unwrap();
        let client = Client::builder(self.emulator.url())
            .credentials(Credentials::new("demo-app", "demo-secret").unwrap())
            .root_certificates(ca)
            .build()
            .unwrap();
        self.runtime.block_on(client.log_in()).unwrap();
    }

    fn folder(&self) -> PathBuf {
        let caches = if cfg!(target_os = "macos") { "Library/Caches/northbound" } else { "northbound" };
        self.home.path().join(caches)
    }

    /// The file that holds the token.
    fn kept(&self) -> PathBuf {
        self.files().into_iter().find(|file| file.extension().is_some_and(|it| it == "json")).unwrap()
    }

    fn files(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.folder()) else { return Vec::new() };
        let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }
}

#[test]
fn processes_of_one_application_share_a_token() {
    let platform = Platform::start();
    platform.run(1, &[]);
    assert_eq!(platform.logins(), 1);
    platform.run(2, &["--page-size", "50"]);
    assert_eq!(platform.logins(), 1, "the second and the third process had to log in");
}

#[test]
fn processes_that_start_together_log_in_once() {
    let platform = Platform::start();
    platform.run(3, &[]);
    assert_eq!(platform.logins(), 1);
}

#[test]
fn a_kept_token_that_the_platform_refuses_is_replaced_by_one_login() {
    let platform = Platform::start();
    platform.run(1, &[]);
    platform.somebody_else_logs_in();
    platform.run(2, &["--page-size", "50"]);
    assert_eq!(platform.logins(), 3, "one at the start, one of somebody else, one for both processes");
}

#[test]
fn nothing_is_kept_where_the_user_does_not_want_it() {
    let platform = Platform::start();
    platform.run(1, &["--no-token-cache"]);
    platform.run(1, &["--no-token-cache"]);
    assert_eq!((platform.logins(), platform.files().len()), (2, 0));
}

#[test]
fn a_token_of_the_users_own_needs_no_secret_and_no_login() {
    let platform = Platform::start();
    platform.run(1, &[]);
    let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(platform.kept()).unwrap()).unwrap();
    let mut command = platform.command(&["--no-token-cache"]);
    command.env_remove("NORTHBOUND_SECRET").env("NORTHBOUND_TOKEN", kept["token"].as_str().unwrap());
    let output = command.output().unwrap();
    assert_eq!((output.status.code(), platform.logins()), (Some(0), 1));
    let output = platform.command(&[]).env("NORTHBOUND_TOKEN", "n0nsense").output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), platform.logins()), (Some(1), 1), "{stderr}");
    assert!(stderr.contains("1010005") && !stderr.contains("n0nsense"), "{stderr}");
    assert!(stderr.contains("the token came from NORTHBOUND_TOKEN"), "{stderr}");
    let output = platform.command(&[]).env("NORTHBOUND_TOKEN", "n0nsense\n").output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("NORTHBOUND_TOKEN") && !stderr.contains("n0nsense"), "{stderr}");
}

#[cfg(unix)]
#[test]
fn a_kept_token_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let platform = Platform::start();
    platform.run(1, &[]);
    let files = platform.files();
    assert_eq!(files.len(), 2, "{files:?}");
    assert_eq!(mode(files[0].parent().unwrap()), 0o700);
    for file in &files {
        assert_eq!(mode(file), 0o600, "{}", file.display());
    }
    // Somebody else may have read or written it meanwhile.
    let token = &platform.kept();
    std::fs::set_permissions(token, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = platform.command(&["--limit", "1"]).output().unwrap();
    assert_eq!((output.status.code(), platform.logins(), mode(token)), (Some(0), 2, 0o600));
}

/// Over plain http anybody on this machine could ask for the demo's token as well.
#[test]
fn tokens_of_a_try_on_this_machine_are_not_kept() {
    let home = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let emulator = runtime.block_on(Emulator::builder().start()).unwrap();
    let url = emulator.url();
    let mut command = northbound(&["--endpoint", &url, "--app-id", "demo-app", "summary", "demo"]);
    command.env("NORTHBOUND_SECRET", "demo-secret");
    for variable in CACHES {
        command.env(variable, home.path());
    }
    assert_eq!(command.output().unwrap().status.code(), Some(0));
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_open_to_others_keeps_no_token() {
    use std::os::unix::fs::PermissionsExt as _;

    let platform = Platform::start();
    let folder = platform.folder();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let cause = "it is open to other users: `chmod 700` closes it";
    let told = format!("tokens cannot be kept in {} ({cause}), so each command logs in", folder.display());
    for run in 1..=2 {
        assert_eq!(platform.stderr(&["summary", "demo"]), format!(" WARN {told}\n WARN {FIRST_LOGIN}\n"));
        assert_eq!((platform.logins(), platform.files().len()), (run, 0));
    }
    let lines = platform.stderr(&["summary", "demo", "-o", "json"]);
    let warning = |line: &str| -> String {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["warning"]["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(lines.lines().map(warning).collect::<Vec<_>>(), [told.as_str(), FIRST_LOGIN]);
    assert_eq!(platform.stderr(&["summary", "demo", "-q"]), "");
}

#[test]
fn only_the_first_login_at_a_platform_says_what_it_does() {
    let platform = Platform::start();
    assert_eq!(platform.stderr(&["summary", "demo"]), format!(" WARN {FIRST_LOGIN}\n"));
    platform.somebody_else_logs_in();
    assert_eq!(platform.stderr(&["summary", "demo"]), "");
    assert_eq!(
        (platform.stderr(&["summary", "demo", "--no-token-cache"]), platform.logins()),
        (String::new(), 4)
    );
}

#[test]
fn without_a_folder_for_caches_each_command_says_that_it_logs_in() {
    let platform = Platform::start();
    for run in 1..=2 {
        let mut command = platform.any_command(&["summary", "demo"]);
        for variable in CACHES {
            command.env_remove(variable);
        }
        let stderr = String::from_utf8(command.output().unwrap().stderr).unwrap();
        let lines: Vec<_> = stderr.lines().collect();
        assert!(lines[0].starts_with(" WARN tokens are not kept, so each command logs in: "), "{stderr}");
        assert_eq!((lines[1..].concat(), platform.logins()), (format!(" WARN {FIRST_LOGIN}"), run));
    }
}

#[test]
fn a_damaged_token_is_replaced_by_one_login() {
    let platform = Platform::start();
    platform.run(1, &[]);
    let file = platform.kept();
    let kept = std::fs::read_to_string(&file).unwrap();
    let token =
        serde_json::from_str::<serde_json::Value>(&kept).unwrap()["token"].as_str().unwrap().to_owned();
    for (damaged, logins) in [
        (kept.replace(&token, "n0nsense\\n"), 2),
        (kept.replace(&token, ""), 3),
        (kept[..kept.len() / 2].to_owned(), 4),
    ] {
        std::fs::write(&file, damaged).unwrap();
        let told = format!(" WARN the token in {} is not used: it cannot be read\n", file.display());
        assert_eq!((platform.stderr(&["summary", "demo"]), platform.logins()), (told, logins));
        assert_eq!((platform.stderr(&["summary", "demo"]), platform.logins()), (String::new(), logins));
    }
}

/// Only root can give a folder to another user.
#[cfg(unix)]
#[test]
fn a_run_as_root_leaves_nothing_in_the_folder_of_another_user() {
    let platform = Platform::start();
    if std::os::unix::fs::chown(platform.home.path(), Some(1000), None).is_err() {
        return;
    }
    let caches = platform.folder().parent().unwrap().to_owned();
    let told = format!(" WARN tokens cannot be kept in {} (", platform.folder().display());
    let stderr = platform.stderr(&["summary", "demo"]);
    assert!(stderr.starts_with(&told) && stderr.contains(" belongs to another user)"), "{stderr}");
    assert!(!platform.folder().exists());
    std::fs::create_dir_all(&caches).unwrap();
    std::fs::create_dir(platform.folder()).unwrap();
    std::fs::set_permissions(platform.folder(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    std::os::unix::fs::chown(platform.folder(), Some(1000), None).unwrap();
    let stderr = platform.stderr(&["summary", "demo"]);
    assert!(stderr.starts_with(&told) && platform.files().is_empty(), "{stderr}");
}
