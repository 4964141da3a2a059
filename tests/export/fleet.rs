//! A task that a test moves while nobody reads, and a platform that stops answering when the test says so.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::Body;
use axum::http::Response;
use northbound_cli::{Outlet, Process};
use serde_json::{Value, json};

use crate::platform::{Platform, reply};

/// The rows of a task, and how the platform answers.
pub(super) struct Task {
    pub(super) rows: Vec<Value>,
    /// How many calls are answered; the others are refused. Pages of a whole task are asked for several at a time, and those
    /// at the front are answered.
    pub(super) answers: usize,
    /// The first page of a whole task that is refused.
    end: Option<usize>,
    /// Before how many last calls the rows are sorted anew, if they are.
    pub(super) sorts_before: Option<usize>,
    /// What is added to each total.
    pub(super) miscounted: usize,
}

impl Task {
    /// Changes some rows to another status.
    pub(super) fn set(&mut self, rows: impl IntoIterator<Item = usize>, status: &str) {
        for row in rows {
            self.rows[row]["status"] = json!(status);
        }
    }

    fn answer(&mut self, request: &str) -> Response<Body> {
        let value = |name: &str| request.split(['?', '&', ' ']).find_map(|part| part.strip_prefix(name));
        let number = |name: &str| value(name).unwrap().parse::<usize>().unwrap();
        let (page, size, status) = (number("pageNo="), number("pageSize="), value("status="));
        let end = *self.end.get_or_insert(page.saturating_add(self.answers));
        if self.answers == 0 || status.is_none() && page >= end {
            return reply(400, "application/json", r#"{"error_code":"100022","error_desc":"no more"}"#);
        }
        if self.sorts_before == Some(self.answers) {
            self.rows.rotate_right(20);
        }
        self.answers -= 1;
        let matching = |row: &&Value| status.is_none_or(|status| row["status"] == status);
        let matching: Vec<_> = self.rows.iter().filter(matching).collect();
        let total = matching.len() + self.miscounted;
        let rows: Vec<_> = matching.into_iter().skip(page * size).take(size).collect();
        let body = json!({ "totalCount": total, "pageNo": page, "pageSize": size, "taskDetails": rows });
        reply(200, "application/json", body.to_string())
    }
}

/// A row as it is in a task of commands.
pub(super) fn row(number: usize, status: &str) -> Value {
    let param = json!({ "deviceId": format!("d{number}"), "commandId": format!("c{number}"), "x": [1] });
    let output = format!("{{\"n\":{number}}}");
    json!({ "status": status, "output": output, "error": null, "param": param, "undocumented": number })
}

/// So many rows, in all statuses.
pub(super) fn rows(number: usize) -> Vec<Value> {
    let statuses = ["Success", "Fail", "Pending", "Success", "Timeout", "WaitResult", "Fail"];
    (0..number).map(|place| row(place, statuses[place % statuses.len()])).collect()
}

/// The outcome of a command: exit code, stdout, stderr.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) code: u8,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// The platform, and a folder to export into.
pub(super) struct Fleet {
    platform: Platform,
    task: Arc<Mutex<Task>>,
    folder: tempfile::TempDir,
}

impl Fleet {
    pub(super) async fn of(rows: Vec<Value>) -> Self {
        let task = Arc::new(Mutex::new(Task {
            rows,
            answers: usize::MAX,
            end: None,
            sorts_before: None,
            miscounted: 0,
        }));
        let asked = Arc::clone(&task);
        let platform = Platform::asking(move |request| asked.lock().unwrap().answer(request)).await;
        Self { platform, task, folder: tempfile::tempdir().unwrap() }
    }

    pub(super) fn task(&self) -> MutexGuard<'_, Task> {
        self.task.lock().unwrap()
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(super) fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// Makes a file so many hours older.
    pub(super) fn written_before(&self, name: &str, hours: u64) {
        let file = std::fs::File::options().write(true).open(self.path(name)).unwrap();
        let age = std::time::Duration::from_secs(hours * 3600);
        file.set_modified(std::time::SystemTime::now() - age).unwrap();
    }

    #[cfg(unix)]
    pub(super) fn mode(&self, name: &str) -> u32 {
        let metadata = std::fs::metadata(self.path(name)).unwrap();
        std::os::unix::fs::MetadataExt::mode(&metadata) & 0o7777
    }

    /// What is in the folder.
    pub(super) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Runs a command line; `DIR` is the folder. So many calls are answered.
    pub(super) async fn run(&self, line: &str, answers: usize) -> Seen {
        self.run_before(line, answers, false).await
    }

    /// The same on a terminal.
    pub(super) async fn run_on_terminal(&self, line: &str) -> Seen {
        self.run_before(line, usize::MAX, true).await
    }

    async fn run_before(&self, line: &str, answers: usize, terminal: bool) -> Seen {
        {
            let mut task = self.task();
            (task.answers, task.end) = (answers, None);
        }
        let folder = self.folder.path();
        let words: Vec<String> =
            line.split_whitespace().map(|word| word.replace("DIR", folder.to_str().unwrap())).collect();
        let environment = HashMap::from([
            ("NORTHBOUND_ENDPOINT", self.platform.url()),
            ("NORTHBOUND_APP_ID", "demo-app".to_owned()),
            ("NORTHBOUND_TOKEN", "t0ken-of-the-test".to_owned()),
        ]);
        let seen =
            tokio::task::spawn_blocking(move || northbound(&environment, &words, terminal)).await.unwrap();
        Seen { stderr: plain(&seen.stderr, folder, &self.platform.url()), ..seen }
    }

    /// Exports with these options, in bouts of so many calls, until it is complete; returns how often it was interrupted.
    pub(super) async fn in_bouts(&self, options: &str, calls: usize) -> usize {
        for bout in 0..1000 {
            let seen = self.run(&format!("export t --quota 0 {options} --resume"), calls).await;
            if seen.code == 0 {
                return bout;
            }
            assert!(seen.stderr.contains("no more"), "{seen:?}");
        }
        panic!("{options} by {calls} calls comes to no end");
    }
}

/// Without what differs from run to run.
fn plain(text: &str, folder: &Path, url: &str) -> String {
    text.replace(folder.to_str().unwrap(), "DIR").replace(url, "[address]")
}

fn northbound(environment: &HashMap<&str, String>, words: &[String], terminal: bool) -> Seen {
    let lookup = |name: &str| environment.get(name).cloned();
    let arguments = ["northbound".to_owned()].into_iter().chain(words.iter().cloned()).map(Into::into);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let columns = || 80;
    let stdout_outlet =
        if terminal { Outlet::terminal(&mut stdout, &columns) } else { Outlet::plain(&mut stdout) };
    let process = Process::new(&lookup, stdout_outlet, Outlet::plain(&mut stderr));
    let code = northbound_cli::run(arguments, process);
    Seen { code, stdout: String::from_utf8(stdout).unwrap(), stderr: String::from_utf8(stderr).unwrap() }
}
