//! The quota in a file: shared, private, and never lost without being noticed.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use northbound::{
    AppId, Client, Credentials, Grant, Quota, QuotaStore as _, Secret, SlotId, TokenSource as _, Turn,
};
use northbound_shared::{FileQuota, FileShare};
use northbound_testkit::{Platform, json_reply};
use tempfile::TempDir;
use tokio::time::{Instant, sleep, timeout};

const WINDOW: Duration = Duration::from_secs(60);
const HOLD: Duration = Duration::from_secs(40);

/// A folder of one user, and a client of one application.
struct User {
    folder: TempDir,
    client: Client,
}

impl User {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), client: client("meters") }
    }

    /// What another process has.
    fn share(&self) -> FileShare {
        FileShare::new(self.folder.path().join("kept"))
    }

    fn quota(&self) -> FileQuota {
        self.share().quota(&self.client)
    }

    /// The one file of the quota with this extension.
    fn file(&self, extension: &str) -> PathBuf {
        let files = fs::read_dir(self.folder.path().join("kept")).unwrap();
        let mut files = files.map(|file| file.unwrap().path());
        files.find(|file| file.extension().is_some_and(|known| known == extension)).unwrap()
    }
}

fn client(app_id: &str) -> Client {
    let builder = Client::builder("https://platform.example:8743");
    builder.token(AppId::new(app_id).unwrap(), "t0ken").build().unwrap()
}

fn turn() -> Turn {
    Turn::new(2, WINDOW, HOLD)
}

async fn taken(quota: &FileQuota) -> Option<SlotId> {
    match quota.acquire(turn()).await.unwrap() {
        Grant::Taken(slot) => Some(slot),
        _ => None,
    }
}

/// How many seconds pass at least until there is a slot.
async fn ready(quota: &FileQuota) -> u64 {
    match quota.acquire(turn()).await.unwrap() {
        Grant::Wait { ready, .. } => ready.as_secs_f64().ceil() as u64,
        grant => panic!("{grant:?}"),
    }
}

#[tokio::test]
async fn processes_of_one_application_share_its_slots() {
    let user = User::new();
    let (first, second) = (user.quota(), user.quota());
    let slot = taken(&first).await.unwrap();
    assert!(taken(&second).await.is_some() && taken(&first).await.is_none());
    first.replied(slot, turn()).await.unwrap();
    assert_eq!(ready(&second).await, 60);
    assert!(taken(&user.share().quota(&client("gates"))).await.is_some(), "another application");
    second.leave().await.unwrap();
}

#[tokio::test]
async fn a_pause_reaches_the_other_processes() {
    let user = User::new();
    assert!(taken(&user.quota()).await.is_some());
    user.quota().pause(Duration::from_secs(5)).await.unwrap();
    let grant = user.quota().acquire(turn()).await.unwrap();
    assert!(matches!(grant, Grant::Wait { is_paused: true, .. }), "{grant:?}");
}

#[tokio::test]
async fn what_is_lost_counts_as_a_quota_that_is_used_up() {
    for damage in ["", "{", "{\"endpoint\":\"https://another.example\",\"appId\":\"x\"}"] {
        let user = User::new();
        taken(&user.quota()).await.unwrap();
        fs::write(user.file("json"), damage).unwrap();
        for _ in 0..2 {
            assert!((99..=101).contains(&ready(&user.quota()).await), "{damage}");
        }
    }
    let user = User::new();
    let quota = user.quota();
    taken(&quota).await.unwrap();
    fs::remove_dir_all(user.folder.path().join("kept")).unwrap();
    assert_eq!(ready(&quota).await, 101, "this process knows that something was there");
    fs::remove_dir_all(user.folder.path().join("kept")).unwrap();
    assert!(taken(&user.quota()).await.is_some(), "a new one takes the application for a new one");
}

#[cfg(unix)]
#[tokio::test]
async fn the_files_are_for_their_user_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let user = User::new();
    taken(&user.quota()).await.unwrap();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let kept = user.folder.path().join("kept");
    assert_eq!([mode(kept), mode(user.file("json")), mode(user.file("lock"))], [0o700, 0o600, 0o600]);
    fs::set_permissions(user.file("json"), fs::Permissions::from_mode(0o666)).unwrap();
    assert_eq!(ready(&user.quota()).await, 101, "somebody else may have written it");
    assert_eq!(mode(user.file("json")), 0o600);
    fs::set_permissions(user.folder.path().join("kept"), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(user.quota().acquire(turn()).await.unwrap(), Grant::Unshared, "the folder is not closed");
}

#[cfg(unix)]
#[tokio::test]
async fn the_token_of_a_login_is_used_by_all_processes_unless_it_is_refused_or_doubtful() {
    use std::os::unix::fs::PermissionsExt as _;

    let (user, logins) = (User::new(), AtomicU32::new(0));
    let platform = Platform::in_process(move |_| {
        let number = logins.fetch_add(1, Relaxed);
        json_reply(200, format!("{{\"accessToken\":\"t0ken{number}\",\"expiresIn\":3600}}"))
    });
    let login = |app_id| {
        let builder = Client::builder(platform.url()).service(platform.router());
        builder.credentials(Credentials::new(app_id, "s3cret").unwrap()).build().unwrap()
    };
    let token = async |rejected: Option<&str>| {
        let rejected = rejected.map(Secret::from);
        let token = user.share().tokens(login("meters")).token(rejected.as_ref()).await.unwrap();
        token.secret().expose().to_owned()
    };
    assert!(!user.share().has_token(&login("meters")));
    assert_eq!([token(None).await, token(None).await], ["t0ken0"; 2]);
    assert_eq!(
        [user.share().has_token(&login("meters")), user.share().has_token(&login("gates"))],
        [true, false]
    );
    assert_eq!([token(Some("t0ken0")).await, token(Some("t0ken0")).await], ["t0ken1"; 2]);
    fs::set_permissions(user.file("json"), fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!([token(None).await, token(None).await], ["t0ken2"; 2], "somebody else may have read it");
    for (number, (old, new)) in
        [("t0ken2", ""), ("t0ken3", "t0\\n"), ("meters", "gates"), ("{", "")].into_iter().enumerate()
    {
        let text = fs::read_to_string(user.file("json")).unwrap();
        fs::write(user.file("json"), text.replacen(old, new, 1)).unwrap();
        assert_eq!(token(None).await, format!("t0ken{}", number + 3), "{old} is {new}");
    }
    let text = fs::read_to_string(user.file("json")).unwrap();
    let mut kept: serde_json::Value = serde_json::from_str(&text).unwrap();
    (kept["from"], kept["until"]) = (0.into(), 3600.into());
    fs::write(user.file("json"), kept.to_string()).unwrap();
    assert_eq!(token(None).await, "t0ken7", "it ended in 1970");
    assert_eq!(platform.asked().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_login_that_waits_says_what_for() {
    let user = User::new();
    let platform = Platform::in_process(|_| json_reply(200, r#"{"accessToken":"t0ken"}"#));
    let login = Client::builder(platform.url()).service(platform.router());
    let login = login.credentials(Credentials::new("meters", "s3cret").unwrap());
    let tokens = user.share().tokens(login.quota(Quota::new(1, WINDOW).unwrap()).build().unwrap());
    let refused = tokens.token(None).await.unwrap().secret().clone();
    assert!(tokens.waiting().is_none());
    let mut another = tokens.token(Some(&refused));
    assert!(timeout(WINDOW / 2, &mut another).await.is_err());
    assert!(tokens.waiting().is_some());
}

#[tokio::test]
async fn what_a_killed_process_has_left_disturbs_nobody() {
    let user = User::new();
    taken(&user.quota()).await.unwrap();
    fs::write(user.file("json").with_extension("part"), "half of a f").unwrap();
    assert!(taken(&user.quota()).await.is_some());
    assert!(!user.file("json").with_extension("part").exists());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_leaves_the_quota_to_the_process() {
    let user = User::new();
    let quota = user.quota();
    taken(&quota).await.unwrap();
    let kept = fs::read(user.file("json")).unwrap();
    // Nobody can write here, not even root.
    fs::create_dir_all(user.file("json").with_extension("part").join("x")).unwrap();
    let slot = SlotId::new("x");
    assert_eq!(quota.acquire(turn()).await.unwrap(), Grant::Unshared);
    assert!(quota.replied(slot, turn()).await.is_err());
    assert_eq!(fs::read(user.file("json")).unwrap(), kept);
    let nowhere = FileShare::new("/dev/null/nowhere").quota(&user.client);
    assert_eq!(nowhere.acquire(turn()).await.unwrap(), Grant::Unshared);
}

/// Another process was stopped while it had the lock. Its call may be on its way, so nobody goes on without it.
#[tokio::test(start_paused = true)]
async fn a_lock_that_is_not_given_up_is_an_error_that_names_the_file() {
    let user = User::new();
    taken(&user.quota()).await.unwrap();
    let lock = fs::File::options().write(true).open(user.file("lock")).unwrap();
    fs4::FileExt::lock(&lock).unwrap();
    let (start, path) = (Instant::now(), user.file("lock"));
    let error = user.quota().acquire(turn()).await.unwrap_err().to_string();
    assert_eq!(error, format!("another process has had {} locked for 3 s", path.display()));
    assert!(start.elapsed() < Duration::from_secs(4));
    drop(lock);
    assert!(taken(&user.quota()).await.is_some());
}

/// A quota of 20 calls in 2 seconds, which several clients use as much as they can.
#[tokio::test]
async fn clients_that_share_a_file_use_the_quota_together_and_no_more() {
    const CALLS: u32 = 20;
    const WINDOW: Duration = Duration::from_secs(2);
    let (user, begun) = (User::new(), Instant::now());
    let platform = Platform::in_process(|_| json_reply(200, r#"{"totalCount":0,"taskDetails":[]}"#));
    let client = || {
        let builder = Client::builder(platform.url()).service(platform.router());
        let builder = builder.token(AppId::new("meters").unwrap(), "t0ken");
        let client = builder.quota(Quota::new(CALLS, WINDOW).unwrap()).build().unwrap();
        let _shared = client.quota().clone().shared(user.share().quota(&client));
        client
    };
    let calls = |client: Client| async move {
        let mut calls = 0;
        while begun.elapsed() < 3 * WINDOW {
            let (one, two) = tokio::join!(client.subtasks("t").page(0), client.subtasks("t").page(0));
            assert!(one.is_ok() && two.is_ok());
            calls += 2;
            sleep(Duration::from_millis(1)).await;
        }
        calls
    };
    let each = tokio::join!(calls(client()), calls(client()), calls(client()), calls(client()));
    let asked = platform.asked();
    let most = asked.iter().map(|first| {
        let in_window =
            |other: &&northbound_testkit::Asked| other.at >= first.at && other.at <= first.at + WINDOW;
        asked.iter().filter(in_window).count()
    });
    let most = most.max().unwrap();
    assert_eq!(most, CALLS as usize, "{each:?}");
    // Three windows are full, and in the fourth one each client ends what it has begun.
    assert!(asked.len() >= 64, "{} calls: {each:?}", asked.len());
}
