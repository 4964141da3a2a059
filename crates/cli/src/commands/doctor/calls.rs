//! The calls that are made on a task, planned once:
//!
//! | call | asks for | shows |
//! |---|---|---|
//! | first | page 0 of 250 rows | what rows look like, whether pages are capped |
//! | second | page 1 of a small size | whether it goes on where page 0 of that size ends |
//! | past | the page after the last | what is there |
//! | unknown | neither page number nor page size, and a parameter that does not exist | what the platform takes then; whether the parameter changes anything; the order of rows once more |
//! | defaults | the same without the parameter: only if the reply to that call was not as expected | which of the two it was |
//! | task | the task itself, with its tags | whether its counters are those of the list, what its timeout is, whether tags come |
//! | statuses | one row of each status | whether each is a filter, what the total counts then |
//! | combined | a device under a status that it does not have | whether both filters count |
//!
//! That is 11 calls, and a login makes 12. Where the kept token was dead, or an unknown parameter is not ignored, one more was made, and the
//! last of the list is left out.

use northbound::client_layer::PAGE_SIZE;
use northbound::client_layer::types::{BatchTask, Subtask, SubtaskPage};
use northbound::{Client, Error, Page, SubtaskQuery, SubtaskStatus};

use super::finding::{Finding, could_not_tell, does_not_hold};
use super::problem::{Cause, Problem};
use super::wire::{Change, WireLog};

/// What the first call asks for: the most that the platform allows.
pub(super) const FIRST_SIZE: u32 = PAGE_SIZE.largest;
/// Rows on a page by default.
pub(super) const DEFAULT_SIZE: usize = PAGE_SIZE.default as usize;

/// What came back, call by call.
#[derive(Clone, Debug)]
pub(super) struct Replies {
    pub(super) first: SubtaskPage,
    /// The page size of the second call.
    pub(super) size: usize,
    pub(super) second: Reply,
    pub(super) past: Reply,
    /// Without page number and page size, and with a parameter that does not exist.
    pub(super) unknown: Reply,
    /// The same without the parameter, if that was asked for.
    pub(super) defaults: Option<Reply>,
    /// It was asked for before the statuses were counted. A platform may not have this call: that is a refusal.
    pub(super) task: Reply<BatchTask>,
    /// Ordered so that no subtask is counted twice: a status that subtasks leave comes last.
    pub(super) statuses: Vec<(SubtaskStatus, Reply)>,
    /// What the combined call asked for.
    pub(super) mismatch: Option<(String, SubtaskStatus)>,
    pub(super) combined: Reply,
    /// Whether a login was made on the way.
    pub(super) logged_in: bool,
}

impl Replies {
    pub(super) fn rows(&self) -> &[Subtask] {
        rows(&self.first)
    }

    /// How many subtasks the task has.
    pub(super) fn total(&self) -> Option<usize> {
        total(&self.first).and_then(|total| usize::try_from(total).ok())
    }

    /// The pages of the whole task that came.
    pub(super) fn unfiltered(&self) -> impl Iterator<Item = &SubtaskPage> {
        let others = [&self.second, &self.past, &self.unknown].into_iter().chain(&self.defaults);
        std::iter::once(&self.first).chain(others.filter_map(|reply| reply.as_ref().ok()))
    }

    /// What came without page number and page size.
    pub(super) fn defaults(&self) -> &Reply {
        self.defaults.as_ref().unwrap_or(&self.unknown)
    }

    /// All pages that came.
    pub(super) fn pages(&self) -> impl Iterator<Item = &SubtaskPage> {
        let filtered = self.statuses.iter().map(|(_, reply)| reply).chain([&self.combined]);
        self.unfiltered().chain(filtered.filter_map(|reply| reply.as_ref().ok()))
    }
}

pub(super) type Reply<T = SubtaskPage> = Result<T, Missing>;

/// Why there is no page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) why: String,
    /// Whether the platform has refused the question itself.
    pub(super) is_refusal: bool,
}

impl Missing {
    /// What it says of an assumption under which the platform answers.
    pub(super) fn finding(&self, call: &str) -> Finding {
        match self.is_refusal {
            true => does_not_hold(format!("{call} was refused: {}", self.why)),
            false => could_not_tell(&*self.why),
        }
    }
}

/// The call was not made.
pub(super) fn not_asked(why: &str) -> Missing {
    Missing { why: why.to_owned(), is_refusal: false }
}

/// The first call: on the given task, or on one that hardly exists, and the right answer is that it does not.
pub(super) async fn first(client: &Client, task: Option<&str>) -> Result<Page, Error> {
    // In the form that task ids have in public code.
    let task = task.unwrap_or("000000000000000000000000");
    client.subtasks(task).page_size(FIRST_SIZE).page(0).await
}

/// Makes the calls that follow the first one.
pub(super) async fn all(client: &Client, log: &WireLog, task: &str, first: &Page) -> Replies {
    let first = first.as_raw().clone();
    let mut caller = Caller { log, is_stuck: false };
    let query = client.subtasks(task);
    let (rows, total) = (rows(&first), total(&first));
    let counted = total.map_or(rows.len(), |total| usize::try_from(total).unwrap_or(usize::MAX));
    let size = (rows.len().min(counted) / 2).min(DEFAULT_SIZE);
    let small = u32::try_from(size).unwrap_or(1);
    let second = match size {
        0 => Err(not_asked("the task has fewer than two subtasks")),
        _ => caller.ask(query.clone().page_size(small), 1, Change::AsItIs).await,
    };
    let past = match page_past_the_end(rows.len(), total) {
        Some(page) => caller.ask(query.clone().page_size(FIRST_SIZE), page, Change::AsItIs).await,
        None => Err(not_asked("the platform does not say how many subtasks there are")),
    };
    let unknown = caller.ask(query.clone(), 0, Change::WithUnknownParameter).await;
    let is_usual = |page: &SubtaskPage| {
        self::rows(page).len() == rows.len().min(DEFAULT_SIZE) && self::total(page) == total
    };
    let defaults = match unknown.as_ref().is_ok_and(is_usual) || caller.is_stuck {
        true => None,
        false => Some(caller.ask(query.clone(), 0, Change::WithoutNumbers).await),
    };
    let one = client.batch_task(task).tags().into_future();
    let task = caller.reach(Change::AsItIs, one, Cause::Strange).await.map(northbound::BatchTask::into_raw);
    let mut statuses = Vec::new();
    for status in in_counting_order() {
        let one = query.clone().status(status.clone()).page_size(1);
        statuses.push((status, caller.ask(one, 0, Change::AsItIs).await));
    }
    let mismatch = mismatch(rows);
    let combined = match mismatch.clone() {
        Some((device, status)) => {
            caller.ask(query.clone().device_id(device).status(status), 0, Change::AsItIs).await
        }
        None => Err(not_asked("no row has both a device and a status")),
    };
    let logged_in =
        log.wire_calls().iter().any(|wire_call| wire_call.is_login && wire_call.status == Some(200));
    Replies { first, size, second, past, unknown, defaults, task, statuses, mismatch, combined, logged_in }
}

struct Caller<'a> {
    log: &'a WireLog,
    /// Whether a call failed in a way in which the next ones would fail too.
    is_stuck: bool,
}

impl Caller<'_> {
    async fn ask(&mut self, query: SubtaskQuery, page: u32, change: Change) -> Reply {
        let reply = self.reach(change, query.page(page), Cause::Input).await;
        reply.map(|page| page.as_raw().clone())
    }

    /// Makes a call. Besides a parameter that is refused, `refusal` is one of the question itself.
    async fn reach<T>(
        &mut self,
        change: Change,
        call: impl Future<Output = Result<T, Error>>,
        refusal: Cause,
    ) -> Reply<T> {
        if self.log.is_full() {
            return Err(not_asked("the calls are used up"));
        }
        if self.is_stuck {
            return Err(not_asked("an earlier call was not let through"));
        }
        self.log.ask(change);
        let reply = call.await;
        self.log.ask(Change::AsItIs);
        reply.map_err(|error| {
            let Problem { cause, found, .. } = Problem::from(&error);
            self.is_stuck = !matches!(cause, Cause::NoTask | Cause::Input | Cause::Strange);
            Missing { why: found, is_refusal: cause == Cause::Input || cause == refusal }
        })
    }
}

pub(super) fn rows(page: &SubtaskPage) -> &[Subtask] {
    page.task_details.as_deref().unwrap_or_default()
}

pub(super) fn total(page: &SubtaskPage) -> Option<u64> {
    page.total_count.and_then(|total| u64::try_from(total).ok())
}

/// The first page that can have no row.
fn page_past_the_end(rows: usize, total: Option<u64>) -> Option<u32> {
    let rows = total?.max(u64::try_from(rows).ok()?).max(1);
    u32::try_from(rows.div_ceil(u64::from(FIRST_SIZE))).ok().filter(|page| i32::try_from(*page).is_ok())
}

/// The statuses that the document lists, final ones first.
fn in_counting_order() -> Vec<SubtaskStatus> {
    let mut statuses = SubtaskStatus::KNOWN.to_vec();
    statuses.sort_by_key(|status| status.successors().map_or(0, <[_]>::len));
    statuses
}

/// A device, and a status that it does not have.
fn mismatch(rows: &[Subtask]) -> Option<(String, SubtaskStatus)> {
    rows.iter().find_map(|row| {
        let device = row.param.as_ref()?.device_id.as_ref()?.as_str();
        let status = row.status.as_ref()?;
        let other = in_counting_order().into_iter().find(|other| other != status)?;
        (!device.is_empty()).then(|| (device.to_owned(), other))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::wire::MOST_CALLS;

    #[test]
    fn the_plan_keeps_to_the_calls_that_may_be_made() {
        // If the document gains a status, the last call of the plan is left out.
        let (before, last) = (1 + 1 + 1 + 1 + 1 + in_counting_order().len(), 1);
        let with_login = before + 1;
        assert!(with_login <= MOST_CALLS && with_login + last >= MOST_CALLS, "{with_login}");
    }

    #[test]
    fn what_a_subtask_leaves_again_is_counted_last() {
        let order: Vec<_> = in_counting_order().iter().map(ToString::to_string).collect();
        assert_eq!(order[..3], ["Success", "Fail", "Timeout"]);
        assert_eq!(order[order.len() - 2..], ["WaitResult", "Pending"]);
        assert_eq!(order.len(), SubtaskStatus::KNOWN.len());
    }

    #[test]
    fn the_page_past_the_end_is_the_first_without_rows() {
        assert_eq!(page_past_the_end(250, Some(1000)), Some(4));
        assert_eq!(page_past_the_end(250, Some(1001)), Some(5));
        assert_eq!(page_past_the_end(0, Some(0)), Some(1));
        assert_eq!(page_past_the_end(2, Some(1)), Some(1));
        assert_eq!(page_past_the_end(250, None), None);
        assert_eq!(page_past_the_end(250, Some(u64::MAX)), None);
    }
}
