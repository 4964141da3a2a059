//! Processes with one application and one folder: one token, one quota, whoever is killed.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use northbound::{Client, Credentials, Quota};
use northbound_emulator::{Emulator, Fault, FaultKind, Scenario};
use northbound_shared::FileShare;
use northbound_testkit::Background;

const CALLS: u32 = 20;
const WINDOW: Duration = Duration::from_secs(1);
const PROCESSES: usize = 10;

fn client(url: &str, folder: &str) -> Client {
    let builder = || Client::builder(url).timeout(Duration::from_secs(1));
    let credentials = Credentials::new(Scenario::DEMO_APP_ID, Scenario::DEMO_SECRET).unwrap();
    let quota = Quota::new(CALLS, WINDOW).unwrap();
    let login = builder().credentials(credentials).quota(quota.clone()).build().unwrap();
    let share = FileShare::new(folder);
    let quota = quota.shared(share.quota(&login));
    let app_id = login.app_id().clone();
    builder().quota(quota).token_source(app_id, share.tokens(login)).build().unwrap()
}

#[test]
#[ignore = "the other tests start it as a process"]
fn a_process_of_the_fleet() {
    let [url, folder] = ["FLEET_URL", "FLEET_FOLDER"].map(|name| std::env::var(name).unwrap());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let rows = runtime.block_on(async {
        let mut rows = 0;
        let mut stream = client(&url, &folder).subtasks(Scenario::DEMO_TASK).page_size(100).stream();
        while stream.try_next().await.unwrap().is_some() {
            rows += 1;
        }
        rows
    });
    assert_eq!(rows, 1000);
}

/// Starts a process, which ends with the test.
struct Running(Child);

impl Running {
    fn start(url: &str, folder: &Path) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "fleet::a_process_of_the_fleet", "--ignored"]);
        command.env("FLEET_URL", url).env("FLEET_FOLDER", folder);
        Self(command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Has a fleet read the task, and kills one process from time to time, which is started again. Returns the share of the quota that
/// was used.
fn run(kills: usize) -> f64 {
    let latency = Fault::new(FaultKind::Latency { milliseconds: 100 });
    let emulator = Background::start(Emulator::builder().scenario(Scenario::default().with_fault(latency)));
    let (home, url) = (tempfile::tempdir().unwrap(), emulator.url());
    let folder = home.path().join("kept");
    let mut fleet: Vec<_> = (0..PROCESSES).map(|_| Running::start(&url, &folder)).collect();
    for killed in fleet.iter_mut().take(kills) {
        sleep(Duration::from_millis(700));
        killed.0.kill().unwrap();
        *killed = Running::start(&url, &folder);
    }
    let begun = Instant::now();
    for process in &mut fleet {
        assert!(process.0.wait().unwrap().success(), "after {:?}", begun.elapsed());
    }
    let journal = emulator.control().journal();
    let logins = journal.entries.iter().filter(|entry| entry.path.ends_with("/login")).count();
    assert!((1..=1 + kills).contains(&logins), "{logins} logins");
    assert!(journal.entries.iter().all(|entry| entry.code.is_none() || kills > 0));
    let arrived: Vec<_> = journal.entries.iter().map(|entry| entry.at_ms).collect();
    let window = WINDOW.as_millis() as u64;
    let in_window = |first: &u64| arrived.iter().filter(|at| (*first..first + window).contains(at)).count();
    let most = arrived.iter().map(in_window).max().unwrap();
    assert!(most <= CALLS as usize, "{most} calls in {window} ms");
    let lasted = (arrived.iter().max().unwrap() - arrived.iter().min().unwrap()) as f64;
    arrived.len() as f64 / (f64::from(CALLS) * (1.0 + lasted / window as f64))
}

#[test]
fn ten_processes_log_in_once_and_use_the_quota_together() {
    let share = run(0);
    // A slot is used again after the reply and a window: 0.91 of the quota at best.
    assert!(share > 0.4, "{share}");
}

#[test]
fn processes_that_are_killed_lead_to_no_call_too_many() {
    run(3);
}
