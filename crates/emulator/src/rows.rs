//! The rows of a generated task: each is computed from its number when it is asked for.

use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::api::{
    CommandId, CommandOutput, DeviceId, EmbeddedText, ErrorCode, Subtask, SubtaskFailure, SubtaskParam,
    SubtaskStatus,
};
use crate::draw::{self, Purpose, ascii, draw, hex32, weighted, write_hex};
use crate::life::Life;
use crate::statuses::Statuses;

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

/// The rows of one generated task.
///
/// Only statuses are kept. Ids and texts would be hundreds of bytes a row.
#[derive(Debug)]
pub(crate) struct GeneratedRows {
    key: u64,
    /// None for a task that does not move.
    life: Option<Life>,
    rows: u32,
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
    pub(crate) fn new(seed: u64, task_id: &str, rows: u32, life: Option<Life>) -> Self {
        let key = draw::key(seed, task_id);
        let statuses = match life {
            None => Statuses::frozen((0..rows).map(|row| status(key, row)).collect()),
            Some(life) => Statuses::moving(rows, |row| life.course(key, row)),
        };
        Self { key, life, rows, statuses: Mutex::new(statuses) }
    }

    /// At most `size` of the rows that match, after the first `before`, as they are at this age of the task.
    pub(crate) fn find(&self, filter: Filter<'_>, before: u64, size: usize, age: Duration) -> Found {
        let of_device = filter.device_id.map(|id| self.row_of_device(id));
        let of_command = filter.command_id.map(|id| self.row_of_command(id));
        let of_ids = match (of_device, of_command) {
            (Some(device), Some(command)) => Some(device.filter(|_| device == command)),
            (Some(single), None) | (None, Some(single)) => Some(single),
            (None, None) => None,
        };
        // A page that no row number reaches is as empty as the last that one does.
        let before = u32::try_from(before).unwrap_or(u32::MAX);
        let statuses = self.statuses(age);
        let (total, rows) = match (of_ids, filter.status) {
            (None, None) => (self.rows, (before.min(self.rows)..self.rows).take(size).collect()),
            (None, Some(status)) => (statuses.count(status), statuses.page(status, before as usize, size)),
            (Some(single), wanted) => {
                let of_status = |row: &u32| wanted.is_none_or(|wanted| statuses.of(*row) == Some(wanted));
                let single = single.filter(of_status);
                (single.is_some().into(), single.into_iter().skip(before as usize).take(size).collect())
            }
        };
        let rows = rows.into_iter().filter_map(|row| Some((row, statuses.of(row)?))).collect();
        Found { total, rows }
    }

    /// Number of rows in each status, in the order of [`SubtaskStatus::ALL`].
    pub(crate) fn counts(&self, age: Duration) -> Vec<(SubtaskStatus, u32)> {
        let statuses = self.statuses(age);
        SubtaskStatus::ALL.into_iter().map(|status| (status, statuses.count(status))).collect()
    }

    /// The statuses at this age. A panic elsewhere may leave a move half counted, which no check could mend.
    fn statuses(&self, age: Duration) -> MutexGuard<'_, Statuses> {
        let mut statuses = self.statuses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(life) = self.life {
            let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
            statuses.advance(age, |row| life.course(self.key, row));
        }
        statuses
    }

    /// The subtask with this number and status.
    pub(crate) fn subtask(&self, row: u32, status: SubtaskStatus) -> Subtask {
        let output = self.output(status, row).as_ref().map(EmbeddedText::of);
        let error = self.failure(status, row).as_ref().map(EmbeddedText::of);
        Subtask::new(status, output, error, SubtaskParam::new(self.device_id(row), self.command_id(row)))
    }

    /// A request exists from the moment the command is on its way. A subtask that is pending has none; neither has one that
    /// failed in a frozen task, where it stands for a command that could not be sent.
    fn output(&self, status: SubtaskStatus, row: u32) -> Option<CommandOutput> {
        let command_result = match status {
            SubtaskStatus::Fail if self.life.is_some() => None,
            SubtaskStatus::Pending | SubtaskStatus::Fail => return None,
            SubtaskStatus::WaitResult | SubtaskStatus::Timeout => None,
            SubtaskStatus::Success => Some(&*SUCCESS),
        };
        Some(CommandOutput {
            request_id: Some(hex32(self.key, row.into(), Purpose::Request)),
            command_result,
        })
    }

    fn failure(&self, status: SubtaskStatus, row: u32) -> Option<SubtaskFailure> {
        let (code, text) = match status {
            SubtaskStatus::Pending | SubtaskStatus::WaitResult | SubtaskStatus::Success => return None,
            SubtaskStatus::Timeout => OFFLINE,
            SubtaskStatus::Fail => {
                let draw = draw(self.key, row.into(), Purpose::Failure);
                weighted(draw, FAILURES.map(|(code, text, weight)| ((code, text), weight)))
            }
        };
        Some(SubtaskFailure { error_code: Some(ErrorCode(code)), error_desc: Some(text) })
    }

    /// In the form of a random UUID (version 4).
    fn device_id(&self, row: u32) -> DeviceId {
        let number = draw::permute(self.key, row, Purpose::Device);
        let bits = draw(self.key, row.into(), Purpose::Device);
        let (a, b, c) = (bits & 0xffff, bits >> 16 & 0xfff, bits >> 28 & 0x3fff | 0x8000);
        let node = bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
        let mut id = *b"........-....-4...-....-............";
        write_hex(number.into(), &mut id[..8]);
        write_hex(a, &mut id[9..13]);
        write_hex(b, &mut id[15..18]);
        write_hex(c, &mut id[19..23]);
        write_hex(node, &mut id[24..]);
        DeviceId(ascii(&id))
    }

    /// 32 hexadecimal digits.
    fn command_id(&self, row: u32) -> CommandId {
        let number = draw::permute(self.key, row, Purpose::Command);
        let mut id = hex32(self.key, row.into(), Purpose::Command);
        let mut first = [0; 8];
        write_hex(number.into(), &mut first);
        id.replace_range(..8, &ascii(&first));
        CommandId(id)
    }

    fn row_of_device(&self, id: &DeviceId) -> Option<u32> {
        self.row_of_number(&id.0, Purpose::Device).filter(|row| self.device_id(*row) == *id)
    }

    fn row_of_command(&self, id: &CommandId) -> Option<u32> {
        self.row_of_number(&id.0, Purpose::Command).filter(|row| self.command_id(*row) == *id)
    }

    /// The row whose id could begin like this.
    fn row_of_number(&self, id: &str, purpose: Purpose) -> Option<u32> {
        let number = u32::from_str_radix(id.get(..8)?, 16).ok()?;
        Some(draw::unpermute(self.key, number, purpose)).filter(|row| *row < self.rows)
    }
}

fn status(key: u64, row: u32) -> SubtaskStatus {
    weighted(draw(key, row.into(), Purpose::Status), SHARES)
}

/// What every device answers that does as it is told.
static SUCCESS: LazyLock<Value> =
    LazyLock::new(|| json!({ "resultCode": "SUCCESS", "resultDetail": { "valve": "closed" } }));

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn frozen(seed: u64, task_id: &str, rows: u32) -> GeneratedRows {
        GeneratedRows::new(seed, task_id, rows, None)
    }

    fn demo() -> GeneratedRows {
        frozen(1, "demo", 1_000)
    }

    fn subtask(rows: &GeneratedRows, row: u32) -> Subtask {
        rows.subtask(row, status(rows.key, row))
    }

    /// Total and row numbers of what is found in a frozen task.
    fn found(rows: &GeneratedRows, filter: Filter<'_>, before: u64, size: usize) -> (u32, Vec<u32>) {
        let Found { total, rows } = rows.find(filter, before, size, Duration::ZERO);
        (total, rows.into_iter().map(|(row, _)| row).collect())
    }

    #[test]
    fn a_row_depends_on_seed_task_and_number_alone() {
        let (small, large) = (frozen(1, "demo", 10), demo());
        assert_eq!(subtask(&small, 9), subtask(&large, 9));
        assert_ne!(subtask(&frozen(2, "demo", 10), 9), subtask(&large, 9));
        assert_ne!(subtask(&frozen(1, "live", 10), 9), subtask(&large, 9));
    }

    #[test]
    fn the_shares_of_the_statuses_are_kept() {
        let rows = frozen(3, "shares", 100_000);
        assert_eq!(SHARES.map(|(status, _)| status), SubtaskStatus::ALL);
        let counts = rows.counts(Duration::ZERO);
        for ((status, count), (_, per_mille)) in counts.into_iter().zip(SHARES) {
            assert!(u64::from(count).abs_diff(per_mille * 100) < 500, "{status:?}: {count} of 100,000");
        }
    }

    #[test]
    fn every_id_is_distinct_and_leads_back_to_its_row() {
        let rows = demo();
        let mut seen = HashSet::new();
        for row in 0..1_000 {
            let (device, command) = (rows.device_id(row), rows.command_id(row));
            assert_eq!(rows.row_of_device(&device), Some(row));
            assert_eq!(rows.row_of_command(&command), Some(row));
            assert!(seen.insert(device.0) && seen.insert(command.0));
        }
    }

    #[test]
    fn ids_have_the_form_of_a_uuid_and_of_32_hexadecimal_digits() {
        let rows = demo();
        for row in 0..1_000 {
            let (device, command) = (rows.device_id(row).0, rows.command_id(row).0);
            let groups: Vec<_> = device.split('-').map(str::len).collect();
            assert_eq!(groups, [8, 4, 4, 4, 12], "{device}");
            assert!(
                device[14..].starts_with('4') && device[19..].starts_with(['8', '9', 'a', 'b']),
                "{device}"
            );
            assert!(command.len() == 32 && command.bytes().all(|b| b.is_ascii_hexdigit()), "{command}");
        }
    }

    #[test]
    fn an_id_of_no_row_finds_nothing() {
        let rows = demo();
        let found_by =
            |device: DeviceId| found(&rows, Filter { device_id: Some(&device), ..Filter::default() }, 0, 9);
        let device = rows.device_id(0).0;
        for id in ["", "é", "1234567é", "zzzzzzzz", "+1234567", &device[1..], &device.to_uppercase()] {
            assert_eq!(found_by(DeviceId(id.to_owned())), (0, vec![]), "{id}");
        }
        let beyond = frozen(1, "demo", 2_000).device_id(1_500);
        assert_eq!(found_by(beyond), (0, vec![]));
        assert_eq!(found_by(rows.device_id(7)), (1, vec![7]));
    }

    #[test]
    fn filters_combine() {
        let rows = demo();
        let (device, command, other) = (rows.device_id(5), rows.command_id(5), rows.command_id(6));
        let status = status(rows.key, 5);
        let another = SubtaskStatus::ALL.into_iter().find(|other| *other != status);
        let both = Filter { status: Some(status), device_id: Some(&device), command_id: Some(&command) };
        assert_eq!(found(&rows, both, 0, 9), (1, vec![5]));
        assert_eq!(found(&rows, both, 1, 9), (1, vec![]));
        assert_eq!(found(&rows, Filter { status: another, ..both }, 0, 9), (0, vec![]));
        assert_eq!(found(&rows, Filter { command_id: Some(&other), ..both }, 0, 9), (0, vec![]));
    }

    #[test]
    fn output_and_error_are_there_when_the_status_has_them() {
        let rows = demo();
        for row in 0..1_000 {
            let subtask = subtask(&rows, row);
            let has = (subtask.output.is_some(), subtask.error.is_some());
            let expected = match subtask.status {
                Some(SubtaskStatus::WaitResult | SubtaskStatus::Success) => (true, false),
                Some(SubtaskStatus::Fail) => (false, true),
                Some(SubtaskStatus::Timeout) => (true, true),
                _ => (false, false),
            };
            assert_eq!(has, expected, "{subtask:?}");
        }
    }

    #[test]
    fn a_request_that_a_moving_task_has_sent_does_not_vanish() {
        let rows = GeneratedRows::new(1, "live", 10, Some(Life::default()));
        let request = |status| rows.subtask(3, status).output;
        assert_eq!(request(SubtaskStatus::Pending), None);
        assert!(request(SubtaskStatus::WaitResult).is_some());
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
        let moving = GeneratedRows::new(1, "none", 0, Some(Life::default()));
        assert_eq!(found(&moving, Filter::default(), 0, 9), (0, vec![]));
    }
}
