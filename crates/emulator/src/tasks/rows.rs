//! The rows of a task: statuses that are kept, and everything else computed from a row's number when it is asked for.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::api::{
    CommandId, CommandOutput, DeviceId, EmbeddedText, ErrorCode, Subtask, SubtaskFailure, SubtaskParam,
    SubtaskStatus,
};
use crate::draw::{Purpose, draw, weighted};
use crate::tasks::counts::Counts;
use crate::tasks::ids;
use crate::tasks::plan::Plan;
use crate::tasks::statuses::Statuses;

/// How many rows in a thousand have each status, in the order of [`SubtaskStatus::ALL`]: a command to a fleet, some time
/// after it was sent.
const SHARES: [(SubtaskStatus, u64); 5] = [
    (SubtaskStatus::Pending, 60),
    (SubtaskStatus::WaitResult, 90),
    (SubtaskStatus::Success, 700),
    (SubtaskStatus::Fail, 100),
    (SubtaskStatus::Timeout, 50),
];

/// Code, words and weight of what makes a subtask fail. Codes and words are those of the platform's call that sends one
/// command to one device; that a batch task reports the same ones is a guess.
const FAILURES: [(&str, &str, u64); 4] = [
    (OFFLINE.0, OFFLINE.1, 60),
    ("100612", "Device is zombie.", 20),
    ("100431", "The serviceType is not exist.", 15),
    ("100418", "The deviceData is not existed.", 5),
];

const OFFLINE: (&str, &str) = ("100428", "The device is not online.");

/// The rows of one task.
///
/// Only statuses are kept. Ids and texts would be hundreds of bytes a row.
#[derive(Debug)]
pub(crate) struct GeneratedRows {
    plan: Plan,
    statuses: Mutex<Statuses>,
}

/// Which rows are asked for; a filter that is not given matches all.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Filter<'q> {
    pub(crate) status: Option<SubtaskStatus>,
    pub(crate) device_id: Option<&'q DeviceId>,
    pub(crate) command_id: Option<&'q CommandId>,
}

/// One page of the rows that were asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// Number of rows that match, on all pages.
    pub(crate) total: u32,
    /// The rows of the page in the order of their numbers, each with its status.
    pub(crate) rows: Vec<(u32, SubtaskStatus)>,
}

impl GeneratedRows {
    pub(crate) fn new(plan: Plan) -> Self {
        let statuses = match plan.life {
            None => Statuses::frozen((0..plan.rows).map(|row| Some(status(plan.key, row)))),
            Some(_) => Statuses::moving(plan.rows, |row| plan.timeline(row)),
        };
        Self { plan, statuses: Mutex::new(statuses) }
    }

    /// At most `size` of the rows that match, after the first `before`, as they are at this age of the task.
    pub(crate) fn find(&self, filter: Filter<'_>, before: u64, size: usize, age: Duration) -> Found {
        let of_device = filter.device_id.map(|id| self.plan.rows_of_device(id));
        let of_command = filter.command_id.map(|id| {
            let row = ids::row_of_command(self.plan.key, &id.0).filter(|row| *row < self.plan.rows);
            row.into_iter().collect::<Vec<_>>()
        });
        let statuses = self.statuses(age);
        let of_ids = in_both(of_device, of_command);
        let (total, rows) = statuses.find(self.plan.rows, of_ids, filter.status, before, size);
        let rows = rows
            .into_iter()
            .filter_map(|row| Some((row, filter.status.or_else(|| statuses.of(row))?)))
            .collect();
        Found { total, rows }
    }

    /// Number of rows in each status, and how many of the pending ones have expired.
    pub(crate) fn counts(&self, age: Duration) -> Counts {
        let statuses = self.statuses(age);
        let is_over = self.plan.end.is_some_and(|end| age >= Duration::from_millis(end));
        Counts {
            by_status: SubtaskStatus::ALL.map(|status| statuses.count(status)),
            other: 0,
            expired: if is_over { statuses.never_sent } else { 0 },
        }
    }

    /// The statuses at this age. A panic elsewhere may leave a move half counted, which no check could repair.
    fn statuses(&self, age: Duration) -> MutexGuard<'_, Statuses> {
        let mut statuses = self.statuses.lock().unwrap_or_else(PoisonError::into_inner);
        let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        statuses.advance(age, |row| self.plan.outcome(row));
        statuses
    }

    /// The subtask with this number, in this status.
    ///
    /// A request exists from the moment the command is on its way. A subtask that is pending has none. Neither has one that failed
    /// in a frozen task: there it means that the command could not be sent.
    pub(crate) fn subtask(&self, row: u32, status: SubtaskStatus) -> Subtask {
        let (key, moves) = (self.plan.key, self.plan.life.is_some());
        let command_result = match status {
            SubtaskStatus::Fail if moves => Some(None),
            SubtaskStatus::Pending | SubtaskStatus::Fail => None,
            SubtaskStatus::WaitResult | SubtaskStatus::Timeout => Some(None),
            SubtaskStatus::Success => Some(Some(&*SUCCESS)),
        };
        let error = match status {
            SubtaskStatus::Pending | SubtaskStatus::WaitResult | SubtaskStatus::Success => None,
            SubtaskStatus::Timeout => Some(OFFLINE),
            SubtaskStatus::Fail => Some(failure(self.plan.luck(row))),
        };
        let output = command_result.map(|command_result| {
            EmbeddedText::of(&CommandOutput { request_id: Some(ids::request(key, row)), command_result })
        });
        let error = error.map(|(code, text)| {
            EmbeddedText::of(&SubtaskFailure { error_code: Some(ErrorCode(code)), error_desc: Some(text) })
        });
        Subtask::new(status, output, error, SubtaskParam::new(self.plan.device(row), ids::command(key, row)))
    }
}

/// The rows that two filters leave, of those that are given.
pub(crate) fn in_both(one: Option<Vec<u32>>, other: Option<Vec<u32>>) -> Option<Vec<u32>> {
    match (one, other) {
        (Some(mut one), Some(other)) => {
            one.retain(|row| other.contains(row));
            Some(one)
        }
        (one, other) => one.or(other),
    }
}

/// Code and words of why this row fails.
fn failure((key, row): (u64, u32)) -> (&'static str, &'static str) {
    let choices = FAILURES.map(|(code, text, weight)| ((code, text), weight));
    weighted(draw(key, row.into(), Purpose::Failure), choices)
}

fn status(key: u64, row: u32) -> SubtaskStatus {
    weighted(draw(key, row.into(), Purpose::Status), SHARES)
}

/// What a device answers that has done what the command says.
static SUCCESS: LazyLock<Value> =
    LazyLock::new(|| json!({ "resultCode": "SUCCESS", "resultDetail": { "valve": "closed" } }));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::life::Life;

    fn frozen(seed: u64, task_id: &str, rows: u32) -> GeneratedRows {
        GeneratedRows::new(Plan::drawn(seed, task_id, rows, None))
    }

    fn demo() -> GeneratedRows {
        frozen(1, "demo", 1_000)
    }

    fn subtask(rows: &GeneratedRows, row: u32, status: SubtaskStatus) -> Value {
        json!(rows.subtask(row, status))
    }

    fn device(rows: &GeneratedRows, row: u32) -> DeviceId {
        ids::device(rows.plan.key, row)
    }

    fn command(rows: &GeneratedRows, row: u32) -> CommandId {
        ids::command(rows.plan.key, row)
    }

    /// Total and row numbers of what is found in a frozen task.
    fn found(rows: &GeneratedRows, filter: Filter<'_>, before: u64, size: usize) -> (u32, Vec<u32>) {
        let Found { total, rows } = rows.find(filter, before, size, Duration::ZERO);
        (total, rows.into_iter().map(|(row, _)| row).collect())
    }

    #[test]
    fn a_row_depends_on_seed_task_and_number_alone() {
        let row = |rows: &GeneratedRows| subtask(rows, 9, status(rows.plan.key, 9));
        let (small, large) = (frozen(1, "demo", 10), demo());
        assert_eq!(row(&small), row(&large));
        assert_ne!(row(&frozen(2, "demo", 10)), row(&large));
        assert_ne!(row(&frozen(1, "live", 10)), row(&large));
    }

    #[test]
    fn a_row_holds_its_own_ids() {
        let rows = demo();
        for row in 0..1_000 {
            let subtask = subtask(&rows, row, SubtaskStatus::Success);
            assert_eq!(subtask["param"]["deviceId"], *device(&rows, row).0);
            assert_eq!(subtask["param"]["commandId"], *command(&rows, row).0);
            let output: Value = serde_json::from_str(subtask["output"].as_str().unwrap()).unwrap();
            assert_eq!(output["requestId"], ids::request(rows.plan.key, row));
            assert_eq!(output["commandResult"], *SUCCESS);
        }
    }

    #[test]
    fn failures_come_as_often_as_their_weights_say() {
        let rows = frozen(1, "failures", 10_000);
        for (code, text, weight) in FAILURES {
            let error = json!({ "error_code": code, "error_desc": text }).to_string();
            let failed =
                (0..10_000).filter(|row| subtask(&rows, *row, SubtaskStatus::Fail)["error"] == error);
            assert!(failed.count().abs_diff(weight as usize * 100) < 300, "{code}");
        }
    }

    #[test]
    fn the_shares_of_the_statuses_are_kept() {
        let rows = frozen(3, "shares", 100_000);
        assert_eq!(SHARES.map(|(status, _)| status), SubtaskStatus::ALL);
        let counts = SubtaskStatus::ALL.into_iter().zip(rows.counts(Duration::ZERO).by_status);
        for ((status, count), (_, per_mille)) in counts.zip(SHARES) {
            assert!(u64::from(count).abs_diff(per_mille * 100) < 500, "{status:?}: {count} of 100,000");
        }
    }

    #[test]
    fn an_id_of_no_row_finds_nothing() {
        let rows = demo();
        let found_by =
            |device: DeviceId| found(&rows, Filter { device_id: Some(&device), ..Filter::default() }, 0, 9);
        assert_eq!(found_by(DeviceId("zzzzzzzz".to_owned())), (0, vec![]));
        let beyond = device(&frozen(1, "demo", 2_000), 1_500);
        assert_eq!(found_by(beyond), (0, vec![]));
        assert_eq!(found_by(device(&rows, 7)), (1, vec![7]));
    }

    #[test]
    fn filters_combine() {
        let rows = demo();
        let (device, command, other) = (device(&rows, 5), command(&rows, 5), command(&rows, 6));
        let status = status(rows.plan.key, 5);
        let another = SubtaskStatus::ALL.into_iter().find(|other| *other != status);
        let both = Filter { status: Some(status), device_id: Some(&device), command_id: Some(&command) };
        assert_eq!(found(&rows, both, 0, 9), (1, vec![5]));
        assert_eq!(found(&rows, both, 1, 9), (1, vec![]));
        assert_eq!(found(&rows, Filter { status: another, ..both }, 0, 9), (0, vec![]));
        assert_eq!(found(&rows, Filter { command_id: Some(&other), ..both }, 0, 9), (0, vec![]));
    }

    #[test]
    fn a_request_that_a_moving_task_has_sent_does_not_vanish() {
        let rows = GeneratedRows::new(Plan::drawn(1, "live", 10, Some(Life::default())));
        let request = |status| subtask(&rows, 3, status)["output"].clone();
        assert_eq!(request(SubtaskStatus::Pending), Value::Null);
        assert!(request(SubtaskStatus::WaitResult).is_string());
        assert_eq!(request(SubtaskStatus::Fail), request(SubtaskStatus::WaitResult));
        assert_eq!(request(SubtaskStatus::Timeout), request(SubtaskStatus::WaitResult));
    }

    #[test]
    fn a_page_is_a_slice_of_what_was_found() {
        let rows = demo();
        assert_eq!(found(&rows, Filter::default(), 2, 5), (1_000, vec![2, 3, 4, 5, 6]));
        assert_eq!(found(&rows, Filter::default(), 998, 5), (1_000, vec![998, 999]));
        let failed = Filter { status: Some(SubtaskStatus::Fail), ..Filter::default() };
        let (total, all) = found(&rows, failed, 0, 1_000);
        assert_eq!(total as usize, all.len());
        assert_eq!(found(&rows, failed, 10, 5), (total, all[10..15].to_vec()));
        for filter in [Filter::default(), failed] {
            for before in [1_000, u32::MAX.into(), u64::MAX] {
                assert_eq!(found(&rows, filter, before, 250).1, [0; 0]);
            }
        }
    }

    #[test]
    fn a_task_may_be_empty() {
        assert_eq!(found(&frozen(1, "none", 0), Filter::default(), 0, 9), (0, vec![]));
        let moving = GeneratedRows::new(Plan::drawn(1, "none", 0, Some(Life::default())));
        assert_eq!(found(&moving, Filter::default(), 0, 9), (0, vec![]));
    }
}
