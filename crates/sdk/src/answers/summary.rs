//! How far a batch task is: its subtasks by status, in a handful of calls.

pub(crate) mod count;
pub(crate) mod lifecycle;
pub(crate) mod task;

use std::collections::BTreeMap;
use std::fmt;
use std::future::IntoFuture;
use std::pin::Pin;

use northbound_client::SubtaskStatus;
use serde::{Deserialize, Serialize};

use count::Counting;
pub use count::Doubt;
use task::{Tally, Task};

use crate::{Client, Error, FailureQuery};

impl Client {
    /// Queries how many subtasks of a batch task are in each status. Await it.
    ///
    /// It takes one call for each status and one for the total: 6 calls, whether the task has 30 subtasks or 30,000.
    ///
    /// ```no_run
    /// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
    /// let summary = client.summary("5c8ba99030344005c02316ad").await?;
    /// for (status, count) in summary.by_status() {
    ///     println!("{status}: {count} ({:.1} %)", 100.0 * summary.share(status));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn summary(&self, task_id: impl Into<String>) -> SummaryQuery {
        SummaryQuery { task: Task::new(self, task_id.into()), allow_empty: false }
    }
}

/// A query for the counts of a batch task; await it. Made by [`Client::summary`].
///
/// For each status, it requests a page of one row, filtered by that status, and takes the total of this page. The platform's
/// page does not say that a total counts only the filtered rows, so the query checks it. The row must have the requested
/// status. A page must have a row if its total is not 0, and not more rows than its total. The counts must not add up to more
/// than the number of subtasks. If a check fails (twice, if a change of status could explain it), all subtasks are read
/// instead, at one call for 250 subtasks; [`Summary::method`] says so. A total of 1 may be the number of rows on the page, so a
/// task of one subtask is read as well.
///
/// ```no_run
/// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
/// let summary = client.summary("5c8ba99030344005c02316ad").allow_empty(true).await?;
/// println!("{} of {} devices failed", summary.failed(), summary.total());
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When the task id is empty (nothing is sent then); when a call fails; when a read is incomplete.
#[derive(Clone, Debug)]
#[must_use = "nothing is asked until it is awaited"]
pub struct SummaryQuery {
    task: Task,
    allow_empty: bool,
}

impl SummaryQuery {
    /// Sends the optional parameter `appId`: see [`SubtaskQuery::app_id`](crate::SubtaskQuery::app_id).
    pub fn app_id(self, app_id: impl Into<String>) -> Self {
        Self { task: self.task.app_id(app_id.into()), ..self }
    }

    /// Whether a task without subtasks counts as [settled](Summary::is_settled); `false` unless set, because a task that was
    /// just created may not have its subtasks yet.
    pub fn allow_empty(self, allow: bool) -> Self {
        Self { allow_empty: allow, ..self }
    }
}

impl IntoFuture for SummaryQuery {
    type Output = Result<Summary, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { Ok(summary(self.task).await?.allowing_empty(self.allow_empty)) })
    }
}

async fn summary(task: Task) -> Result<Summary, Error> {
    let mut counting = Counting::whole();
    while let Some(ask) = counting.next() {
        let sample = task.ask(ask).await?;
        if let Err(doubt) = counting.take(&sample) {
            let tally = task.read().await?;
            let calls = counting.take_calls() + tally.calls;
            return Ok(Summary::new(&task.id, Tally { calls, ..tally }, Method::Read(doubt)));
        }
    }
    let calls = counting.take_calls();
    Ok(Summary::counted(&task.id, &counting, calls))
}

/// How the numbers of a [`Summary`] were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// By the platform's totals, with one call for each status.
    #[default]
    Counted,
    /// By the task's own counters, in one call. Only a [watch](crate::Client::watch) does that. They say how many subtasks
    /// there are, and how many are in each final status.
    Counters,
    /// By reading all subtasks, because a check of the totals failed.
    Read(Doubt),
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Counted => f.write_str("counted"),
            Self::Counters => f.write_str("by the counters of the task"),
            Self::Read(doubt) => write!(f, "read, since {doubt}"),
        }
    }
}

/// The number of subtasks of a batch task, by status and in total.
///
/// ```no_run
/// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
/// let summary = client.summary("5c8ba99030344005c02316ad").await?;
/// println!("{summary}: {:.1} % failed", 100.0 * summary.failed_share());
/// # Ok(())
/// # }
/// ```
///
/// It is serialised as an object with `taskId`, `total`, `byStatus`, `other`, `calls`, and `unsplit` if that is not 0. After
/// deserialising, [`method`](Self::method) is the default, and an empty task does not count as settled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    task_id: String,
    total: u64,
    by_status: BTreeMap<SubtaskStatus, u64>,
    other: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    unsplit: u64,
    calls: u64,
    #[serde(skip)]
    method: Method,
    #[serde(skip)]
    allow_empty: bool,
}

impl Summary {
    pub(crate) fn counted(task_id: &str, counting: &Counting, calls: u64) -> Self {
        let tally = Tally { total: counting.total, by_status: counting.by_status.clone(), calls };
        Self::new(task_id, tally, Method::Counted)
    }

    pub(crate) fn new(task_id: &str, Tally { total, mut by_status, calls }: Tally, method: Method) -> Self {
        let known = SubtaskStatus::KNOWN.iter().map(|status| *by_status.entry(status.clone()).or_default());
        let other = total.saturating_sub(known.sum());
        let task_id = task_id.to_owned();
        Self { task_id, total, by_status, other, unsplit: 0, calls, method, allow_empty: false }
    }

    /// By the counters of the task, of which some statuses may have no count: what is missing from the total is in one of these.
    pub(crate) fn by_counters(task_id: &str, counting: &Counting, calls: u64) -> Self {
        let tally = Tally { total: counting.total, by_status: counting.by_status.clone(), calls };
        let mut summary = Self::new(task_id, tally, Method::Counters);
        summary.by_status.retain(|status, _| counting.count(status).is_some());
        if summary.by_status.len() < SubtaskStatus::KNOWN.len() {
            (summary.unsplit, summary.other) = (summary.other, 0);
        }
        summary
    }

    pub(crate) fn allowing_empty(self, allow_empty: bool) -> Self {
        Self { allow_empty, ..self }
    }

    /// The batch task.
    pub fn task_id(&self) -> &str {
        &self.task_id
    }

    /// How many subtasks there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The number of subtasks in each status. First come the documented statuses, in the document's order; `Pending` and
    /// `WaitResult` are missing if they [were not counted separately](Self::unsplit). Then come undocumented statuses, which
    /// are known only if the task was [read](Method::Read). After 100 statuses, all others are `(another status)`.
    pub fn by_status(&self) -> impl ExactSizeIterator<Item = (&SubtaskStatus, u64)> {
        self.by_status.iter().map(|(status, count)| (status, *count))
    }

    /// How many subtasks are in this status; 0 if this status [was not counted](Self::unsplit).
    pub fn count(&self, status: &SubtaskStatus) -> u64 {
        self.by_status.get(status).copied().unwrap_or_default()
    }

    /// The share of subtasks that are in this status: 0 to 1. In an empty task it is 0.
    pub fn share(&self, status: &SubtaskStatus) -> f64 {
        self.part(self.count(status))
    }

    /// How many subtasks were not found in any documented status. They have another status or none, they changed their status
    /// between two counts, or the platform has removed them.
    ///
    /// If the task was [read](Method::Read), [`by_status`](Self::by_status) names the other statuses. Final statuses are
    /// counted first and `Pending` last, so no subtask is counted twice.
    pub fn other(&self) -> u64 {
        self.other
    }

    /// How many subtasks are in no final status, if these were not counted by status: the task's [own
    /// counters](Method::Counters) do not distinguish them. [`Watch::split_open`](crate::Watch::split_open) counts them
    /// separately.
    pub fn unsplit(&self) -> u64 {
        self.unsplit
    }

    /// Whether both say the same, as far as both have asked.
    pub(crate) fn agrees_with(&self, other: &Self) -> bool {
        let is_split = self.unsplit == 0 && other.unsplit == 0;
        let finals = |summary: &Self| {
            summary
                .by_status()
                .filter(|(status, _)| status.is_final())
                .map(|(_, count)| count)
                .collect::<Vec<_>>()
        };
        self.total == other.total
            && finals(self) == finals(other)
            && (!is_split || self.by_status().eq(other.by_status()) && self.other == other.other)
    }

    /// How many subtasks are in a final status.
    pub fn settled(&self) -> u64 {
        self.by_status().filter(|(status, _)| status.is_final()).map(|(_, count)| count).sum()
    }

    /// How many subtasks failed or timed out.
    pub fn failed(&self) -> u64 {
        FailureQuery::STATUSES.iter().map(|status| self.count(status)).sum()
    }

    /// The share of subtasks that failed or timed out: 0 to 1.
    pub fn failed_share(&self) -> f64 {
        self.part(self.failed())
    }

    /// Whether every subtask is in a final status, so that nothing will change any more.
    ///
    /// A subtask in an undocumented status is not settled. A task without subtasks is settled only if that was
    /// [allowed](SummaryQuery::allow_empty).
    pub fn is_settled(&self) -> bool {
        self.settled() == self.total && (self.total > 0 || self.allow_empty)
    }

    /// How many calls it took. Logins and retries do not count. In a [`WatchStream`](crate::WatchStream), the number of calls
    /// since the previous summary.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// How the numbers were found.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Exact as long as a task has fewer than 2^53 subtasks.
    fn part(&self, count: u64) -> f64 {
        if self.total == 0 { 0.0 } else { count as f64 / self.total as f64 }
    }
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.total == 0 {
            return f.write_str("the task has no subtasks");
        }
        let are = if self.total == 1 { " is" } else { "s are" };
        write!(f, "{} of {} subtask{are} settled", self.settled(), self.total)?;
        for (status, count) in self.by_status().filter(|(_, count)| *count > 0) {
            write!(f, ", {count} {status}")?;
        }
        let is_unlisted = |status: &SubtaskStatus| !SubtaskStatus::KNOWN.contains(status);
        let named = self.by_status().filter(|(status, _)| is_unlisted(status)).map(|(_, count)| count);
        match self.other.saturating_sub(named.sum()) {
            0 => Ok(()),
            other => write!(f, ", {other} not found in a documented status"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(rows: &[(&str, u64)], without_status: u64) -> Summary {
        let by_status: BTreeMap<SubtaskStatus, u64> =
            rows.iter().map(|(status, count)| (SubtaskStatus::from(*status), *count)).collect();
        let total = by_status.values().sum::<u64>() + without_status;
        Summary::new("demo", Tally { total, by_status, calls: 3 }, Method::Read(Doubt::NoTotal))
    }

    #[test]
    fn documented_statuses_are_in_the_order_of_the_document() {
        let summary = summary(&[("Halted", 1), ("Fail", 2)], 0);
        let statuses: Vec<_> = summary.by_status().map(|(status, _)| status.as_str()).collect();
        let known = SubtaskStatus::KNOWN.iter().map(SubtaskStatus::as_str);
        assert_eq!(statuses, known.chain(["Halted"]).collect::<Vec<_>>());
    }

    #[test]
    fn only_final_statuses_settle_a_task() {
        assert!(summary(&[("Success", 2), ("Timeout", 1)], 0).is_settled());
        assert_eq!(summary(&[], 0).failed_share(), 0.0);
        assert!(!summary(&[], 0).is_settled() && summary(&[], 0).allowing_empty(true).is_settled());
        assert!(!summary(&[], 1).allowing_empty(true).is_settled());
        assert!(!summary(&[("Success", 2), ("WaitResult", 1)], 0).is_settled());
        assert!(!summary(&[("Success", 2), ("Halted", 1)], 0).is_settled());
        assert!(!summary(&[("Success", 2)], 1).is_settled());
    }

    #[test]
    fn it_can_be_written_and_read() {
        let written = summary(&[("Halted", 1), ("Fail", 2)], 1);
        let read: Summary = serde_json::from_str(&serde_json::to_string(&written).unwrap()).unwrap();
        assert_eq!(Summary { method: written.method, ..read.clone() }, written);
        assert_eq!((read.count(&"Halted".into()), read.method()), (1, Method::Counted));
    }

    #[test]
    fn it_reads_as_one_line() {
        let read = summary(&[("Success", 7), ("Pending", 1), ("Halted", 1)], 1);
        assert_eq!(
            read.to_string(),
            "7 of 10 subtasks are settled, 1 Pending, 7 Success, 1 Halted, 1 not found in a documented status"
        );
        assert_eq!(read.method().to_string(), "read, since a page has no total");
        assert_eq!(summary(&[], 0).to_string(), "the task has no subtasks");
    }
}
