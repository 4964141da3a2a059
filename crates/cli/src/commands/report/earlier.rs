//! Which devices failed in an older export.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;

use northbound::SubtaskStatus;

use crate::error::CliError;
use crate::rows::file::{self, Source};
use crate::screen::layout::one_line;

/// The devices that failed or timed out in an older export, and how many of them do so now.
#[derive(Debug, Default)]
pub(super) struct Earlier {
    /// The file's name, without its folder.
    pub(super) name: String,
    /// Devices that failed now, and not then.
    pub(super) new: u64,
    /// Devices that failed both times.
    pub(super) still: u64,
    /// Fingerprints of ids.
    failed: HashSet<u64>,
    hasher: RandomState,
}

impl Earlier {
    /// Reads a file that `export` or `subtasks` has written.
    pub(super) fn read(path: &Path) -> Result<Self, CliError> {
        let name = path.to_string_lossy();
        if Source::of(&name)?.task().is_some() {
            let what = format!("{} is no file of subtasks", one_line(&name));
            return Err(CliError::usage(
                what,
                "--since takes an older export that ends in .csv, .jsonl or .ndjson",
            ));
        }
        // A report is handed on: where the file is on this machine does not belong there.
        let shown = path.file_name().unwrap_or_default().to_string_lossy();
        let mut earlier = Self { name: one_line(&shown), ..Self::default() };
        file::read(&name, |subtask| {
            let has_failed = matches!(subtask.status(), Some(SubtaskStatus::Fail | SubtaskStatus::Timeout));
            if let Some(device) = subtask.device_id().filter(|_| has_failed) {
                earlier.failed.insert(earlier.hasher.hash_one(device));
            }
        })?;
        Ok(earlier)
    }

    /// Says whether a device that fails now did not fail then, and counts it. Each device is asked about once.
    pub(super) fn is_new(&mut self, device: &str) -> bool {
        let is_new = !self.failed.contains(&self.hasher.hash_one(device));
        *(if is_new { &mut self.new } else { &mut self.still }) += 1;
        is_new
    }

    /// What to say if the file cannot be an older list of failures.
    pub(super) fn doubt(&self) -> Option<String> {
        self.failed.is_empty().then(|| {
            format!(
                "No device failed in {}, so every failure counts as new. Is it an older export of this task?",
                self.name
            )
        })
    }

    /// How many devices failed then, and are not among the failures now.
    pub(super) fn recovered(&self) -> u64 {
        (self.failed.len() as u64).saturating_sub(self.still)
    }
}
