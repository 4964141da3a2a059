//! One batch task, asked for counts: carries out what the machines decide.

use std::collections::BTreeMap;

use northbound_client::SubtaskStatus;

use super::count::{Ask, Sample};
use crate::{Client, Error, Subtasks};

/// Rows that a read gets with one call; the most that the platform allows, and what a stream asks for.
const ROWS_A_CALL: u64 = 250;

/// A task, and how it is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    id: String,
    subtasks: Subtasks,
}

/// What a read found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) total: u64,
    pub(crate) by_status: BTreeMap<SubtaskStatus, u64>,
}

impl Tally {
    pub(crate) fn add(&mut self, status: Option<&SubtaskStatus>) {
        self.total += 1;
        if let Some(status) = status {
            match self.by_status.get_mut(status) {
                Some(count) => *count += 1,
                None => {
                    self.by_status.insert(status.clone(), 1);
                }
            }
        }
    }

    /// How many calls a read of so many rows takes, if pages come as large as asked for.
    pub(crate) fn calls(&self) -> u64 {
        self.total.div_ceil(ROWS_A_CALL).max(1)
    }
}

impl Task {
    pub(crate) fn new(client: &Client, id: String) -> Self {
        let subtasks = client.subtasks(id.clone());
        Self { id, subtasks }
    }

    pub(crate) fn app_id(self, app_id: String) -> Self {
        Self { subtasks: self.subtasks.app_id(app_id), ..self }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// One call: how many subtasks there are.
    pub(crate) async fn ask(&self, ask: &Ask) -> Result<Sample, Error> {
        let subtasks = self.subtasks.clone().page_size(1);
        let subtasks = match ask {
            Ask::Total => subtasks,
            Ask::Status(status) => subtasks.status(status.clone()),
        };
        match subtasks.page(0).await {
            Ok(page) => Ok(Sample::of(&page, ask)),
            // The same call without the filter was taken, so it is the filter that the platform means.
            Err(error) if *ask != Ask::Total && error.is_invalid_input() => Ok(Sample::Refused),
            Err(error) => Err(error),
        }
    }

    /// Reads all subtasks. Each is counted once, in the status in which it came.
    pub(crate) async fn read(&self) -> Result<Tally, Error> {
        let mut stream = self.subtasks.clone().stream();
        let mut tally = Tally::default();
        while let Some(subtask) = stream.try_next().await? {
            tally.add(subtask.status());
        }
        Ok(tally)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_read_takes_a_call_for_250_rows_and_at_least_one() {
        let calls = |total| Tally { total, ..Tally::default() }.calls();
        assert_eq!([0, 1, 250, 251, 30_000].map(calls), [1, 1, 1, 2, 120]);
    }

    #[test]
    fn a_row_without_status_counts_in_the_total_alone() {
        let mut tally = Tally::default();
        for status in [Some(&SubtaskStatus::Fail), None, Some(&SubtaskStatus::Fail)] {
            tally.add(status);
        }
        assert_eq!((tally.total, tally.by_status), (3, BTreeMap::from([(SubtaskStatus::Fail, 2)])));
    }
}
