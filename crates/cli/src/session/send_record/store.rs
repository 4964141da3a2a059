//! The records of sends on the disk: a file for each, in a folder that nobody else may read, and a lock beside it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use northbound_shared::private;

use super::{SendKey, SendRecord, sha256, shown};
use crate::error::CliError;
use crate::session::interrupt::may_hang;
use crate::session::new_file;
use crate::session::private_folder::{self, Kept};
use crate::session::process::Environment;

/// A process that sends may wait for a reply; whoever adopts a task does not wait as long.
const ADOPTING: Duration = Duration::from_secs(10);

/// The folder of records.
#[derive(Clone, Debug)]
pub(crate) struct SendStore(PathBuf);

/// A record that no other process reads or writes while this one has its lock.
#[derive(Debug)]
pub(crate) struct LockedRecord {
    key: SendKey,
    path: PathBuf,
    /// The lock ends with the file, also when the process is killed.
    _lock: File,
}

impl SendStore {
    /// The store of this user. Nothing is sent without its record, so it is an error if there is no place for it.
    pub(crate) fn of(environment: Environment<'_>) -> Result<Self, CliError> {
        let folder = private_folder::folder(Kept::State, environment).ok_or_else(|| {
            let what = "no folder for the records of sends is known, and nothing is sent without its record";
            let advice = "set XDG_STATE_HOME or HOME (on Windows LOCALAPPDATA) to an absolute path";
            CliError::usage(what, advice)
        })?;
        Ok(Self(folder.join("sends")))
    }

    /// The record, locked; `None` if another process still has it after `patience`.
    pub(crate) async fn lock(
        &self,
        key: &SendKey,
        patience: Duration,
    ) -> Result<Option<LockedRecord>, CliError> {
        let path = self.path(key);
        let lock = path.with_extension("lock");
        let opened = private::make_folder(&self.0).and_then(|()| match new_file::create(&lock) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => new_file::open(&lock),
            created => created,
        });
        let file = opened.map_err(|error| unwritable(&lock, &error))?;
        match private::lock(&file, patience).await {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(unwritable(&lock, &error)),
            Ok(()) => Ok(Some(LockedRecord { key: key.clone(), path, _lock: file })),
        }
    }

    /// What is known of a send, without its lock: another process may be changing it.
    pub(crate) fn look(&self, key: &SendKey) -> Result<Option<SendRecord>, CliError> {
        read(&self.path(key), key)
    }

    /// The latest send of this application that has a task, or may have one. Records that cannot be read are left out.
    pub(crate) fn latest(&self, besides: &SendKey) -> Option<SendRecord> {
        let of_application = |record: &SendRecord| {
            let key = &record.key;
            key.endpoint == besides.endpoint && key.application == besides.application && key != besides
        };
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let texts = entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "json"));
        let records = texts.filter_map(|entry| {
            let text = fs::read(entry.path()).ok()?;
            let key: SendKey = serde_json::from_slice(&text).ok()?;
            SendRecord::parse(&text, &key).ok()
        });
        records
            .filter(|record| of_application(record) && (record.may_exist() || record.task_id().is_some()))
            .max_by(|one, other| one.begun_at.cmp(&other.begun_at))
    }

    fn path(&self, key: &SendKey) -> PathBuf {
        let digest = sha256([key.endpoint.as_str(), &key.application, &key.name]);
        self.0.join(format!("send-{}.json", &digest[..32]))
    }
}

impl LockedRecord {
    /// What is known of the send.
    pub(crate) fn read(&self) -> Result<Option<SendRecord>, CliError> {
        read(&self.path, &self.key)
    }

    /// Replaces the record. When this returns, it is on the disk.
    pub(crate) fn write(&self, record: &SendRecord) -> Result<(), CliError> {
        let written = || {
            let json = serde_json::to_vec_pretty(record)?;
            new_file::replace_private(&self.path, &json)
        };
        written().map_err(|error| unwritable(&self.path, &error))
    }
}

/// Takes the id of a task over into the record of a send whose outcome is unknown. `check` looks at the record first: whether the task
/// is the one that was sent.
pub(crate) async fn adopt(
    environment: Environment<'_>,
    key: SendKey,
    task_id: &str,
    check: impl FnOnce(&SendRecord) -> Result<(), CliError>,
) -> Result<SendRecord, CliError> {
    let locked = SendStore::of(environment)?.lock(&key, ADOPTING).await?.ok_or_else(|| {
        let what = format!("another process is sending {} just now", shown(&key.name));
        CliError::file(what, "wait until it has ended, and try again")
    })?;
    let record = locked.read()?.ok_or_else(|| {
        let what = format!("there is no record of a send {}", shown(&locked.key.name));
        let advice =
            "check the name, the endpoint and the application; records are kept on the machine that sent";
        CliError::usage(what, advice)
    })?;
    let adopted = record.clone().adopted(task_id, now())?;
    check(&record)?;
    if adopted != record {
        locked.write(&adopted)?;
    }
    Ok(adopted)
}

/// The time as records have it.
pub(crate) fn now() -> String {
    humantime::format_rfc3339_millis(SystemTime::now()).to_string()
}

fn read(path: &Path, key: &SendKey) -> Result<Option<SendRecord>, CliError> {
    match may_hang(|| fs::read(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(path, &error.to_string())),
        Ok(text) => SendRecord::parse(&text, key).map(Some).map_err(|fault| unreadable(path, &fault)),
    }
}

fn unreadable(path: &Path, fault: &str) -> CliError {
    let what = format!("nothing is sent, because the record of an earlier send {} {fault}", path.display());
    let advice = "use the version of northbound that wrote it; or look in the platform's portal whether the task exists, and choose another \
                  --name if it does not";
    CliError::file(what, advice)
}

fn unwritable(path: &Path, error: &io::Error) -> CliError {
    let what = format!("the record of a send cannot be kept in {}: {error}", path.display());
    CliError::file(
        what,
        "nothing is sent without its record: make room, or set XDG_STATE_HOME to a folder of your own",
    )
}
