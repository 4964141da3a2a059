//! Two terminals, one application: neither logs the other out, and both use one quota.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use northbound::{Client, Credentials};
use northbound_emulator::{Certificates, Emulator};
use northbound_testkit::Background;
use serde_json::Value;

use super::{northbound_at, outcome};

const CACHES: [&str; 3] = ["XDG_CACHE_HOME", "HOME", "LOCALAPPDATA"];
const ROWS: &str = "subtasks demo -q -o jsonl";
const SUMMARY: &str = "summary demo";
const FIRST_LOGIN: &str = " WARN this login cancels tokens that other programs use for application demo-app; to avoid that, give a token of theirs in NORTHBOUND_TOKEN\n";

/// A platform that speaks TLS, and the folder of a user.
pub(super) struct Platform {
    pub(super) emulator: Background,
    home: tempfile::TempDir,
}

impl Platform {
    pub(super) fn start() -> Self {
        Self::called(&["localhost", "127.0.0.1"])
    }

    /// One whose certificate is for these names.
    pub(super) fn called(names: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let certificates = Certificates::make_for(names).unwrap();
        certificates.write(home.path()).unwrap();
        let builder = Emulator::builder().tls(certificates);
        let builder = names.iter().fold(builder, |builder, name| builder.allow_host(*name));
        Self { emulator: Background::start(builder), home }
    }

    /// A command of this user.
    pub(super) fn command(&self, line: &str) -> Command {
        let ca = self.home.path().join("ca.pem");
        let mut command = northbound_at(&self.emulator.url(), &format!("{line} --ca-cert {}", ca.display()));
        command.envs(CACHES.map(|variable| (variable, self.home.path())));
        command
    }

    /// What a command that succeeds prints beside its result.
    fn stderr(&self, line: &str) -> String {
        let (code, _, stderr) = outcome(&mut self.command(line));
        assert_eq!(code, Some(0), "{stderr}");
        stderr
    }

    /// Runs several processes at a time; each has to read the whole task.
    fn run(&self, processes: usize, options: &str) {
        let start = |_| self.command(&format!("{ROWS} {options}")).spawn().unwrap();
        let running: Vec<_> = (0..processes).map(start).collect();
        for process in running {
            let Output { status, stdout, stderr } = process.wait_with_output().unwrap();
            let (rows, stderr) = (String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap());
            assert_eq!((status.code(), rows.lines().count(), stderr.as_str()), (Some(0), 1000, ""));
        }
    }

    pub(super) fn logins(&self) -> usize {
        let journal = self.emulator.control().journal();
        journal.entries.iter().filter(|entry| entry.path.ends_with("/login")).count()
    }

    /// Another machine, such as the production server, logs in; that cancels the token that is kept here.
    pub(super) fn somebody_else_logs_in(&self) {
        let ca = std::fs::read(self.home.path().join("ca.pem")).unwrap();
        let builder = Client::builder(self.emulator.url()).root_certificates(ca);
        let credentials = Credentials::new("demo-app", "demo-secret").unwrap();
        self.emulator.wait_for(builder.credentials(credentials).build().unwrap().log_in()).unwrap();
    }

    fn folder(&self) -> PathBuf {
        let caches = if cfg!(target_os = "macos") { "Library/Caches/northbound" } else { "northbound" };
        self.home.path().join(caches)
    }

    fn files(&self) -> Vec<PathBuf> {
        files_of(&self.folder())
    }

    /// What is kept, by the beginning of the names.
    fn kept_of(&self, what: &str) -> Vec<PathBuf> {
        let is_of = |file: &PathBuf| file.file_name().unwrap().to_str().unwrap().starts_with(what);
        self.files().into_iter().filter(is_of).collect()
    }

    /// The file that holds the token, and the token.
    fn kept(&self) -> (PathBuf, String) {
        let is_token = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "json");
        let file = self.kept_of("token-").into_iter().find(is_token).unwrap();
        let kept: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        (file, kept["token"].as_str().unwrap().to_owned())
    }
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn processes_of_one_application_share_a_token_and_log_in_once() {
    let platform = Platform::start();
    platform.run(10, "");
    assert_eq!(platform.logins(), 1, "they start together");
    platform.run(2, "--page-size 50");
    assert_eq!(platform.logins(), 1, "they find the token");
    platform.somebody_else_logs_in();
    platform.run(2, "--page-size 50");
    assert_eq!(platform.logins(), 3, "one at the start, one of somebody else, one for both processes");
}

#[test]
fn no_token_is_kept_where_the_user_does_not_want_it_and_the_quota_is_shared_all_the_same() {
    let platform = Platform::start();
    platform.run(1, "--no-token-cache");
    platform.run(1, "--no-token-cache");
    let kept = [platform.kept_of("token-").len(), platform.kept_of("quota-").len()];
    assert_eq!((platform.logins(), kept), (2, [0, 2]));
}

#[test]
fn a_token_of_the_users_own_needs_no_secret_and_no_login() {
    let platform = Platform::start();
    platform.run(1, "");
    let (_, token) = platform.kept();
    for (token, code, told) in [
        (token.as_str(), 0, ""),
        ("n0nsense", 1, "the token came from NORTHBOUND_TOKEN"),
        ("n0nsense\n", 1, "the token came from NORTHBOUND_TOKEN"),
        ("n0nsense\u{200b}x", 2, "NORTHBOUND_TOKEN"),
        ("n0nsense x", 2, "the token holds a space, as character 9"),
        ("Bearer n0nsense", 2, "give the token alone"),
    ] {
        let mut command = platform.command(&format!("{ROWS} --no-token-cache"));
        let command = command.env_remove("NORTHBOUND_SECRET").env("NORTHBOUND_TOKEN", token);
        let (ended, _, stderr) = outcome(command);
        assert_eq!((ended, platform.logins()), (Some(code), 1), "{stderr}");
        assert!(stderr.contains(told) && !stderr.contains("n0nsense"), "{stderr}");
        assert_eq!(stderr.contains("1010005"), code == 1, "{stderr}");
    }
}

#[cfg(unix)]
#[test]
fn a_kept_token_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = |path: &PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let platform = Platform::start();
    platform.run(1, "");
    let files = platform.files();
    assert_eq!((mode(&platform.folder()), files.len()), (0o700, 4), "{files:?}");
    assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");
    // Somebody else may have read or written it meanwhile.
    let (token, _) = platform.kept();
    std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o644)).unwrap();
    platform.stderr("subtasks demo --limit 1");
    assert_eq!((platform.logins(), mode(&token)), (2, 0o600));
}

#[test]
fn token_and_quota_are_shared_over_plain_http_on_this_machine_as_well() {
    let (home, emulator) = (tempfile::tempdir().unwrap(), Background::start(Emulator::builder()));
    let run = |line: &str| {
        let caches = CACHES.map(|variable| (variable, home.path()));
        let (code, _, stderr) = outcome(northbound_at(&emulator.url(), line).envs(caches));
        assert_eq!(code, Some(0), "{stderr}");
    };
    run(SUMMARY);
    run(SUMMARY);
    let journal = emulator.control().journal();
    assert_eq!(journal.entries.iter().filter(|entry| entry.path.ends_with("/login")).count(), 1);
    let caches = if cfg!(target_os = "macos") { "Library/Caches/northbound" } else { "northbound" };
    let files = files_of(&home.path().join(caches)).len();
    run("summary demo --emulator");
    assert_eq!((files, files_of(&home.path().join(caches)).len()), (4, 4), "the embedded one shares nothing");
}

#[cfg(unix)]
#[test]
fn where_nothing_can_be_shared_each_command_says_why_and_logs_in() {
    let platform = Platform::start();
    let folder = platform.folder();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let cause = "it is open to other users: `chmod 700` closes it";
    let told = format!(
        "token and quota are not shared with other processes: {} cannot be used ({cause})",
        folder.display()
    );
    let expected = format!(" WARN {told}\n{FIRST_LOGIN}");
    for run in 1..=2 {
        assert_eq!(platform.stderr(SUMMARY), expected);
        assert_eq!((platform.logins(), platform.files().len()), (run, 0));
    }
    // With `-v` there are traces between the warnings.
    for line in ["summary demo -o json", "summary demo -o json -v"] {
        let as_json = platform.stderr(line);
        let warnings =
            as_json.lines().filter(|told| !line.ends_with("-v") || told.starts_with('{')).map(|told| {
                let told: Value = serde_json::from_str(told).unwrap();
                format!(" WARN {}\n", told["warning"]["message"].as_str().unwrap())
            });
        assert_eq!(warnings.collect::<String>(), expected, "{line}");
    }
    assert_eq!(platform.stderr("summary demo -q"), "");
    let mut homeless = platform.command(SUMMARY);
    CACHES.iter().for_each(|variable| _ = homeless.env_remove(variable));
    let (_, _, stderr) = outcome(&mut homeless);
    assert!(
        stderr.starts_with(" WARN token and quota are not shared with other processes: set "),
        "{stderr}"
    );
    assert!(stderr.ends_with(FIRST_LOGIN) && stderr.lines().count() == 2, "{stderr}");
}

#[test]
fn only_the_first_login_at_a_platform_says_what_it_does() {
    let platform = Platform::start();
    assert_eq!(platform.stderr(SUMMARY), FIRST_LOGIN);
    platform.somebody_else_logs_in();
    assert_eq!(platform.stderr(SUMMARY), "");
    let cacheless = platform.stderr("summary demo --no-token-cache");
    assert_eq!((cacheless.as_str(), platform.logins()), (FIRST_LOGIN, 4));
}

#[test]
fn a_damaged_token_is_replaced_by_one_login() {
    let platform = Platform::start();
    platform.run(1, "");
    let (file, token) = platform.kept();
    let kept = std::fs::read_to_string(&file).unwrap();
    for (damaged, logins) in [
        (kept.replace(&token, "n0nsense\\n"), 2),
        (kept.replace(&token, ""), 3),
        (kept[..kept.len() / 2].to_owned(), 4),
    ] {
        std::fs::write(&file, damaged).unwrap();
        let told = format!(" WARN the token in {} is not used: it cannot be read\n", file.display());
        for told in [told.as_str(), ""] {
            assert_eq!((platform.stderr(SUMMARY).as_str(), platform.logins()), (told, logins));
        }
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
    let folder = platform.folder();
    let told = format!(
        " WARN token and quota are not shared with other processes: {} cannot be used (",
        folder.display()
    );
    let stderr = platform.stderr(SUMMARY);
    assert!(stderr.starts_with(&told) && stderr.contains(" belongs to another user)"), "{stderr}");
    assert!(!folder.exists());
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    std::os::unix::fs::chown(&folder, Some(1000), None).unwrap();
    let stderr = platform.stderr(SUMMARY);
    assert!(stderr.starts_with(&told) && platform.files().is_empty(), "{stderr}");
}
