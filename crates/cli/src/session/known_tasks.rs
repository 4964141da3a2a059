//! The batch tasks that commands of this user have created or read on this machine: the platform has no list of them.
//!
//! It is a help, and nothing depends on it: a list that cannot be kept is a warning, and the command goes on. No secret is in it.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use northbound::{BatchTask, Client, Summary};
use northbound_shared::private;
use serde::{Deserialize, Serialize};

use crate::rows::totals::Totals;
use crate::screen::layout::one_line;
use crate::session::context::Context;
use crate::session::new_file;
use crate::session::private_folder::{Kept, folder};
use crate::session::process::Environment;

/// The one who was not seen for the longest time is forgotten when there are more.
const MOST: usize = 1000;
/// How many characters of a name are kept: as many as the platform allows.
const LONGEST_NAME: usize = 256;
/// How long to wait for another command that writes the list. It takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);
/// The version of the file that this command writes.
const VERSION: u32 = 1;

/// A task that was seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct KnownTask {
    pub(crate) task_id: String,
    /// `None` as long as no reply named it.
    pub(crate) name: Option<String>,
    pub(crate) endpoint: String,
    pub(crate) application: String,
    /// In seconds since 1970, as the next one.
    pub(crate) first_seen: u64,
    pub(crate) last_seen: u64,
    /// What was counted last.
    pub(crate) counts: Option<TaskCounts>,
}

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TaskCounts {
    pub(crate) total: u64,
    /// How many subtasks are in a final status.
    pub(crate) settled: u64,
    /// How many failed or timed out.
    pub(crate) failed: u64,
}

impl From<&Summary> for TaskCounts {
    fn from(summary: &Summary) -> Self {
        Self { total: summary.total(), settled: summary.settled(), failed: summary.failed() }
    }
}

impl From<&Totals> for TaskCounts {
    fn from(totals: &Totals) -> Self {
        Self { total: totals.all(), settled: totals.settled(), failed: totals.failed() }
    }
}

impl TaskCounts {
    /// What the counters of a task say, if they are all there.
    pub(crate) fn of(task: &BatchTask) -> Option<Self> {
        let failed = task.fail()?.saturating_add(task.timed_out()?);
        Some(Self { total: task.total()?, settled: failed.saturating_add(task.success()?), failed })
    }
}

/// Where commands note the tasks that they see. There is no place for those of the embedded emulator, which end with it.
pub(crate) struct Memory(Option<KnownTasks>);

impl Memory {
    pub(crate) fn of(context: &Context<'_>) -> Self {
        Self(KnownTasks::of(context.environment).filter(|_| !context.global.emulator))
    }

    /// Notes that a task is there. If that fails, there is a warning, and no second one.
    pub(crate) async fn note(
        &mut self,
        client: &Client,
        task_id: &str,
        name: Option<&str>,
        counts: Option<TaskCounts>,
    ) {
        let Some(known) = &self.0 else { return };
        let seen = KnownTask {
            task_id: task_id.to_owned(),
            name: name.map(|name| name.chars().take(LONGEST_NAME).collect()),
            endpoint: client.endpoint().trim_end_matches('/').to_owned(),
            application: client.app_id().to_string(),
            first_seen: now(),
            last_seen: now(),
            counts,
        };
        if let Err(error) = known.change(|tasks| see(tasks, seen)).await {
            let task = one_line(task_id);
            tracing::warn!("task {task} is not noted for `northbound tasks`: {error}");
            self.0 = None;
        }
    }
}

/// The file with the list.
pub(crate) struct KnownTasks {
    folder: PathBuf,
}

/// What the file holds.
#[derive(Serialize, Deserialize)]
struct KeptTasks {
    version: u32,
    tasks: Vec<KnownTask>,
}

impl KnownTasks {
    /// The list of this user; `None` if the environment does not say where it could be.
    pub(crate) fn of(environment: Environment<'_>) -> Option<Self> {
        folder(Kept::State, environment).map(|folder| Self { folder })
    }

    fn path(&self) -> PathBuf {
        self.folder.join("tasks.json")
    }

    /// The tasks, the one that was seen last first. None where there is no list; an error of the kind `InvalidData` says that the file is
    /// damaged.
    pub(crate) fn read(&self) -> io::Result<Vec<KnownTask>> {
        let kept = match fs::read(self.path()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            kept => kept?,
        };
        let path = self.path();
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        // Its other members may mean something else in another version.
        match serde_json::from_slice::<Version>(&kept) {
            Ok(Version { version }) if version > VERSION => {
                let what = format!("{} is of a newer version of northbound: update this one", path.display());
                return Err(io::Error::other(what));
            }
            _ => {}
        }
        let kept = serde_json::from_slice::<KeptTasks>(&kept);
        kept.map(|kept| kept.tasks).map_err(|error| {
            io::Error::new(io::ErrorKind::InvalidData, format!("{} is damaged: {error}", path.display()))
        })
    }

    /// Changes the list while no other command does. A damaged file is put aside, with a warning, since no call finds the ids in it again.
    pub(crate) async fn change<T>(&self, change: impl FnOnce(&mut Vec<KnownTask>) -> T) -> io::Result<T> {
        let in_folder =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", self.folder.display()));
        private::make_folder(&self.folder).map_err(in_folder)?;
        let path = self.folder.join("tasks.lock");
        let lock = match new_file::create(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => new_file::open(&path),
            created => created,
        };
        let lock = lock.map_err(in_folder)?;
        private::lock(&lock, PATIENCE).await.map_err(in_folder)?;
        let mut tasks = match self.read() {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let aside = self.folder.join("tasks.damaged.json");
                fs::rename(self.path(), &aside).map_err(in_folder)?;
                tracing::warn!("{error}; it is now {}, and a new list begins", aside.display());
                Vec::new()
            }
            read => read?,
        };
        let changed = change(&mut tasks);
        let kept = serde_json::to_vec(&KeptTasks { version: VERSION, tasks })?;
        new_file::replace_private(&self.path(), &kept).map_err(in_folder)?;
        drop(lock);
        Ok(changed)
    }
}

/// Adds a task, or what is new of it. A task that was seen before keeps what this sight of it does not say.
fn see(tasks: &mut Vec<KnownTask>, mut seen: KnownTask) {
    let is_same = |task: &KnownTask| {
        (&task.task_id, &task.endpoint, &task.application)
            == (&seen.task_id, &seen.endpoint, &seen.application)
    };
    if let Some(place) = tasks.iter().position(is_same) {
        let before = tasks.remove(place);
        seen.first_seen = before.first_seen;
        seen.name = seen.name.or(before.name);
        seen.counts = seen.counts.or(before.counts);
    }
    tasks.insert(0, seen);
    tasks.truncate(MOST);
}

/// Forgets the tasks with these ids, or all. Returns how many.
pub(crate) fn forget(tasks: &mut Vec<KnownTask>, ids: &[String]) -> usize {
    let before = tasks.len();
    tasks.retain(|task| !ids.is_empty() && !ids.contains(&task.task_id));
    before - tasks.len()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A task of tests.
#[cfg(test)]
fn task(id: &str, at: u64) -> KnownTask {
    KnownTask {
        task_id: id.to_owned(),
        name: None,
        endpoint: "https://h".to_owned(),
        application: "a".to_owned(),
        first_seen: at,
        last_seen: at,
        counts: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(tasks: &[KnownTask]) -> Vec<&str> {
        tasks.iter().map(|task| task.task_id.as_str()).collect()
    }

    #[test]
    fn a_task_that_is_seen_again_comes_first_and_keeps_what_is_known_of_it() {
        let counts = Some(TaskCounts { total: 3, settled: 2, failed: 1 });
        let mut tasks = Vec::new();
        see(&mut tasks, KnownTask { name: Some("n".to_owned()), counts, ..task("one", 1) });
        see(&mut tasks, task("two", 2));
        see(&mut tasks, task("one", 3));
        assert_eq!(ids(&tasks), ["one", "two"]);
        let one = KnownTask { name: Some("n".to_owned()), counts, first_seen: 1, ..task("one", 3) };
        assert_eq!(tasks[0], one);
        see(&mut tasks, KnownTask { endpoint: "https://other".to_owned(), ..task("one", 4) });
        assert_eq!(ids(&tasks), ["one", "one", "two"], "another platform has its own ids");
    }

    #[test]
    fn the_task_that_was_not_seen_for_the_longest_time_is_dropped() {
        let mut tasks = Vec::new();
        (0..=MOST).for_each(|number| see(&mut tasks, task(&number.to_string(), 0)));
        assert_eq!(
            (tasks.len(), tasks[0].task_id.as_str(), tasks[MOST - 1].task_id.as_str()),
            (MOST, "1000", "1")
        );
    }

    #[test]
    fn some_tasks_are_forgotten_or_all() {
        let mut tasks = ["one", "two", "three"].map(|id| task(id, 0)).to_vec();
        assert_eq!(forget(&mut tasks, &["two".to_owned(), "nobody".to_owned()]), 1);
        assert_eq!((ids(&tasks), forget(&mut tasks.clone(), &[])), (vec!["one", "three"], 2));
    }

    #[tokio::test]
    async fn a_damaged_list_is_put_aside_and_one_of_a_newer_version_stays() {
        let folder = tempfile::tempdir().unwrap();
        let known = KnownTasks { folder: folder.path().join("state") };
        assert_eq!(known.read().unwrap(), []);
        known.change(|tasks| see(tasks, task("one", 0))).await.unwrap();
        assert_eq!(known.read().unwrap(), [task("one", 0)]);
        fs::write(known.path(), "{\"version\":1,\"tasks\":[{\"taskId\":\"lost\"").unwrap();
        assert_eq!(known.read().unwrap_err().kind(), io::ErrorKind::InvalidData);
        known.change(|tasks| see(tasks, task("two", 0))).await.unwrap();
        assert_eq!(known.read().unwrap(), [task("two", 0)]);
        let aside = fs::read_to_string(folder.path().join("state/tasks.damaged.json")).unwrap();
        assert!(aside.contains("lost"), "{aside}");
        let newer = "{\"version\":2,\"tasks\":{}}";
        fs::write(known.path(), newer).unwrap();
        let error = known.change(|tasks| see(tasks, task("three", 0))).await.unwrap_err().to_string();
        assert!(error.contains("is of a newer version of northbound"), "{error}");
        assert_eq!(fs::read_to_string(known.path()).unwrap(), newer);
    }
}
