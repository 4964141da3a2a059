//! A task that a test moves while nobody reads, and a platform that stops answering when the test says so.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use northbound_testkit::axum::body::Body;
use northbound_testkit::axum::http::Response;
use northbound_testkit::{Asked, Platform, json_reply};
use serde_json::{Value, json};

use crate::platform::page;
use crate::{Seen, TOKEN, ask_on, names};

/// As many calls as an export makes.
pub(super) const ALL: usize = usize::MAX;

/// The rows of a task, and how the platform answers.
pub(super) struct Task {
    pub(super) rows: Vec<Value>,
    /// How many calls are answered; the others are refused. Pages of a whole task are asked for several at a time, and those
    /// at the front are answered.
    answers: usize,
    /// The first page of a whole task that is refused.
    end: Option<usize>,
    /// Before how many last calls the rows are sorted again, if they are.
    pub(super) sorts_before: Option<usize>,
    /// What is added to each total.
    pub(super) miscounted: u64,
}

impl Task {
    /// Changes some rows to another status.
    pub(super) fn set(&mut self, rows: impl IntoIterator<Item = usize>, status: &str) {
        for row in rows {
            self.rows[row]["status"] = json!(status);
        }
    }

    fn answer(&mut self, asked: &Asked) -> Response<Body> {
        let number = asked.page().0;
        let end = *self.end.get_or_insert(number.saturating_add(self.answers));
        if self.answers == 0 || asked.status().is_none() && number >= end {
            return json_reply(400, r#"{"error_code":"100022","error_desc":"no more"}"#);
        }
        if self.sorts_before == Some(self.answers) {
            self.rows.rotate_right(20);
        }
        self.answers -= 1;
        let mut page: Value = page(&self.rows, asked.status(), asked.page());
        page["totalCount"] = json!(page["totalCount"].as_u64().unwrap() + self.miscounted);
        json_reply(200, page)
    }
}

/// A row as it is in a task of commands.
pub(super) fn row(number: usize, status: &str) -> Value {
    let param = json!({ "deviceId": format!("d{number}"), "commandId": format!("c{number}"), "x": [1] });
    let output = format!("{{\"n\":{number}}}");
    json!({ "status": status, "output": output, "error": null, "param": param, "undocumented": number })
}

/// This number of rows, in all statuses.
pub(super) fn rows(number: usize) -> Vec<Value> {
    let statuses = ["Success", "Fail", "Pending", "Success", "Timeout", "WaitResult", "Fail"];
    (0..number).map(|place| row(place, statuses[place % statuses.len()])).collect()
}

/// The platform, and a folder to export into.
pub(super) struct Fleet {
    platform: Platform,
    task: Arc<Mutex<Task>>,
    folder: tempfile::TempDir,
}

impl Fleet {
    pub(super) async fn of(rows: Vec<Value>) -> Self {
        let task = Task { rows, answers: ALL, end: None, sorts_before: None, miscounted: 0 };
        let task = Arc::new(Mutex::new(task));
        let moved = Arc::clone(&task);
        let platform = Platform::start(move |asked| moved.lock().unwrap().answer(asked)).await;
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

    pub(super) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(super) fn exists(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// What is in the folder.
    pub(super) fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }

    /// Exports the task with these options. `answers` calls are answered.
    pub(super) async fn export(&self, options: &str, answers: usize) -> Seen {
        self.run(&format!("export t --quota 0 {options}"), answers).await
    }

    /// Runs a command line; `DIR` is the folder. `answers` calls are answered.
    pub(super) async fn run(&self, line: &str, answers: usize) -> Seen {
        self.run_on(None, line, answers).await
    }

    /// The same on a terminal of this width.
    pub(super) async fn run_on(&self, columns: Option<u16>, line: &str, answers: usize) -> Seen {
        {
            let mut task = self.task();
            (task.answers, task.end) = (answers, None);
        }
        let folder = self.folder.path().to_str().unwrap();
        let seen = ask_on(columns, &self.platform.url(), &TOKEN, &line.replace("DIR", folder)).await;
        // What differs from run to run.
        Seen { stderr: seen.stderr.replace(folder, "DIR").replace(&self.platform.url(), "[address]"), ..seen }
    }

    /// Exports with these options, and is interrupted after this number of calls, until it is complete; returns how often that was.
    pub(super) async fn in_bouts(&self, options: &str, calls: usize) -> usize {
        for bout in 0..1000 {
            let seen = self.export(&format!("{options} --resume"), calls).await;
            if seen.code == 0 {
                return bout;
            }
            assert!(seen.stderr.contains("no more"), "{seen:?}");
        }
        panic!("{options} by {calls} calls comes to no end");
    }
}
