//! Makes the calls that count one batch task, as the state machines decide.

use std::collections::BTreeMap;

use northbound_client::SubtaskStatus;

use super::count::{Ask, Sample};
use crate::redact::LONGEST_WORD;
use crate::{Client, Error, Page, PageStream, SubtaskQuery};

/// How many different statuses are counted one by one: a platform may send another one with every row.
const STATUSES: usize = 100;
/// The name under which all others are counted.
const UNNAMED: &str = "(another status)";

/// A task, and how it is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) id: String,
    subtasks: SubtaskQuery,
}

/// What a read found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) total: u64,
    pub(crate) by_status: BTreeMap<SubtaskStatus, u64>,
    /// How many calls that took.
    pub(crate) calls: u64,
}

impl Tally {
    pub(crate) fn add(&mut self, status: Option<&SubtaskStatus>) {
        self.total += 1;
        let Some(status) = status else { return };
        if let Some(count) = self.by_status.get_mut(status) {
            *count += 1;
            return;
        }
        let is_named = self.by_status.len() < STATUSES && status.as_str().len() <= LONGEST_WORD;
        let status = if is_named { status.clone() } else { SubtaskStatus::from(UNNAMED) };
        *self.by_status.entry(status).or_default() += 1;
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

    /// Reads all subtasks.
    pub(crate) async fn read(&self) -> Result<Tally, Error> {
        let mut read = TaskRead::new(self.subtasks.clone());
        loop {
            if let Some(tally) = read.call().await? {
                return Ok(tally);
            }
        }
    }

    /// Reads all subtasks, a call at a time.
    pub(crate) fn begin_read(&self) -> TaskRead {
        TaskRead::new(self.subtasks.clone().prefetch(1))
    }
}

/// A read of all subtasks under way. Each is counted once, in the status in which it came.
#[derive(Debug)]
pub(crate) struct TaskRead {
    pages: PageStream,
    tally: Tally,
}

impl TaskRead {
    fn new(subtasks: SubtaskQuery) -> Self {
        Self { pages: subtasks.pages(), tally: Tally::default() }
    }

    /// Takes in the page that one call brings; what the read found if it was the last.
    pub(crate) async fn call(&mut self) -> Result<Option<Tally>, Error> {
        let page = self.pages.try_next().await?;
        self.tally.calls += 1;
        page.iter().flat_map(Page::rows).for_each(|row| self.tally.add(row.status.as_ref()));
        // A page of a whole task comes for each call but one that finds no rows, which is the last.
        let is_last = page.is_none_or(|page| page.resume_from().is_none());
        Ok(is_last.then(|| std::mem::take(&mut self.tally)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_without_status_counts_in_the_total_alone() {
        let mut tally = Tally::default();
        for status in [Some(&SubtaskStatus::Fail), None, Some(&SubtaskStatus::Fail)] {
            tally.add(status);
        }
        assert_eq!((tally.total, tally.by_status), (3, BTreeMap::from([(SubtaskStatus::Fail, 2)])));
    }

    #[test]
    fn many_undocumented_statuses_do_not_fill_the_memory() {
        let mut tally = Tally::default();
        tally.add(Some(&SubtaskStatus::from("x".repeat(LONGEST_WORD + 1))));
        (0..1000).for_each(|number| tally.add(Some(&SubtaskStatus::from(format!("made up {number}")))));
        assert_eq!((tally.total, tally.by_status.len()), (1001, STATUSES));
        assert_eq!(tally.by_status[&SubtaskStatus::from(UNNAMED)], 1 + 1000 - 99);
    }
}
