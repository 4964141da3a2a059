//! The rows of a generated task: each is computed from its number when it is asked for.

use serde_json::{Value, json};

use crate::api::{
    CommandId, CommandOutput, DeviceId, EmbeddedText, ErrorCode, Subtask, SubtaskFailure, SubtaskParam,
    SubtaskStatus,
};
use crate::draw::{self, Purpose, draw, hex32};

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
/// Only statuses are kept, as one byte a row and as lists of row numbers, so that a page of filtered rows costs what any
/// page costs. Ids and texts would be hundreds of bytes a row.
#[derive(Debug)]
pub(crate) struct GeneratedRows {
    key: u64,
    statuses: Vec<SubtaskStatus>,
    by_status: [Vec<u32>; SubtaskStatus::ALL.len()],
}

/// Some of the rows of a task, in the order of their numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Selection<'r> {
    /// The first so many: all rows of a task.
    First(u32),
    /// Exactly these.
    Listed(&'r [u32]),
    /// At most one.
    Single(Option<u32>),
}

impl GeneratedRows {
    pub(crate) fn new(seed: u64, task_id: &str, rows: u32) -> Self {
        let key = draw::key(seed, task_id);
        let statuses: Vec<_> = (0..rows).map(|row| status(key, row)).collect();
        let mut by_status = [const { Vec::new() }; SubtaskStatus::ALL.len()];
        for (row, status) in (0..rows).zip(&statuses) {
            by_status[*status as usize].push(row);
        }
        Self { key, statuses, by_status }
    }

    /// The rows that match the filters; a filter that is not given matches all.
    pub(crate) fn select(
        &self,
        status: Option<SubtaskStatus>,
        device_id: Option<&DeviceId>,
        command_id: Option<&CommandId>,
    ) -> Selection<'_> {
        let of_device = device_id.map(|id| self.row_of_device(id));
        let of_command = command_id.map(|id| self.row_of_command(id));
        let of_ids = match (of_device, of_command) {
            (Some(device), Some(command)) => Some(device.filter(|_| device == command)),
            (Some(single), None) | (None, Some(single)) => Some(single),
            (None, None) => None,
        };
        match (of_ids, status) {
            (None, None) => Selection::First(self.len()),
            (None, Some(status)) => Selection::Listed(&self.by_status[status as usize]),
            (Some(single), None) => Selection::Single(single),
            (Some(single), Some(status)) => {
                Selection::Single(single.filter(|row| self.statuses.get(*row as usize) == Some(&status)))
            }
        }
    }

    /// The subtask with this number, which must be one of the task's.
    pub(crate) fn subtask(&self, row: u32) -> Subtask {
        let status = status(self.key, row);
        let output = self.output(status, row).as_ref().map(EmbeddedText::of);
        let error = self.failure(status, row).as_ref().map(EmbeddedText::of);
        Subtask::new(status, output, error, SubtaskParam::new(self.device_id(row), self.command_id(row)))
    }

    fn len(&self) -> u32 {
        // No more rows were given to `new` than a `u32` counts.
        self.statuses.len() as u32
    }

    /// A request exists from the moment the command is on its way; a subtask that is pending, or that failed because it
    /// could not be sent, has none.
    fn output(&self, status: SubtaskStatus, row: u32) -> Option<CommandOutput> {
        let command_result = match status {
            SubtaskStatus::Pending | SubtaskStatus::Fail => return None,
            SubtaskStatus::WaitResult | SubtaskStatus::Timeout => None,
            SubtaskStatus::Success => Some(success()),
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
        Some(SubtaskFailure {
            error_code: Some(ErrorCode(code.to_owned())),
            error_desc: Some(text.to_owned()),
        })
    }

    /// In the form of a random UUID (version 4).
    fn device_id(&self, row: u32) -> DeviceId {
        let number = draw::permute(self.key, row, Purpose::Device);
        let bits = draw(self.key, row.into(), Purpose::Device);
        let (a, b, c) = (bits & 0xffff, bits >> 16 & 0xfff, bits >> 28 & 0x3fff | 0x8000);
        let node = bits.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 16;
        DeviceId(format!("{number:08x}-{a:04x}-4{b:03x}-{c:04x}-{node:012x}"))
    }

    /// 32 hexadecimal digits.
    fn command_id(&self, row: u32) -> CommandId {
        let number = draw::permute(self.key, row, Purpose::Command);
        let rest = hex32(self.key, row.into(), Purpose::Command);
        CommandId(format!("{number:08x}{}", &rest[8..]))
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
        Some(draw::unpermute(self.key, number, purpose)).filter(|row| *row < self.len())
    }
}

impl Selection<'_> {
    /// Number of rows.
    pub(crate) fn len(self) -> u64 {
        match self {
            Self::First(rows) => rows.into(),
            Self::Listed(rows) => rows.len() as u64,
            Self::Single(row) => row.is_some().into(),
        }
    }

    /// At most `size` rows, after the first `before`.
    pub(crate) fn page(self, before: u64, size: usize) -> Vec<u32> {
        let Ok(before) = u32::try_from(before) else { return Vec::new() };
        match self {
            Self::First(rows) => (before..rows).take(size).collect(),
            Self::Listed(rows) => rows.iter().skip(before as usize).take(size).copied().collect(),
            Self::Single(row) => row.into_iter().skip(before as usize).take(size).collect(),
        }
    }
}

fn status(key: u64, row: u32) -> SubtaskStatus {
    weighted(draw(key, row.into(), Purpose::Status), SHARES)
}

/// One of the choices, as often as its weight says.
fn weighted<T: Copy, const N: usize>(draw: u64, choices: [(T, u64); N]) -> T {
    let mut rest = draw % choices.iter().map(|(_, weight)| weight).sum::<u64>();
    for (choice, weight) in choices {
        if rest < weight {
            return choice;
        }
        rest -= weight;
    }
    choices[N - 1].0
}

fn success() -> Value {
    json!({ "resultCode": "SUCCESS", "resultDetail": { "valve": "closed" } })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn demo() -> GeneratedRows {
        GeneratedRows::new(1, "demo", 1_000)
    }

    #[test]
    fn a_row_depends_on_seed_task_and_number_alone() {
        let (small, large) = (GeneratedRows::new(1, "demo", 10), demo());
        assert_eq!(small.subtask(9), large.subtask(9));
        assert_ne!(GeneratedRows::new(2, "demo", 10).subtask(9), large.subtask(9));
        assert_ne!(GeneratedRows::new(1, "live", 10).subtask(9), large.subtask(9));
    }

    #[test]
    fn the_shares_of_the_statuses_are_kept() {
        let rows = GeneratedRows::new(3, "shares", 100_000);
        assert_eq!(SHARES.map(|(status, _)| status), SubtaskStatus::ALL);
        for (status, per_mille) in SHARES {
            let found = rows.select(Some(status), None, None).len();
            assert!(found.abs_diff(per_mille * 100) < 500, "{status:?}: {found} of 100,000");
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
    fn an_id_of_no_row_selects_nothing() {
        let rows = demo();
        let device = rows.device_id(0).0;
        for id in ["", "é", "1234567é", "zzzzzzzz", "+1234567", &device[1..], &device.to_uppercase()] {
            let selection = rows.select(None, Some(&DeviceId(id.to_owned())), None);
            assert_eq!(selection.len(), 0, "{id}");
        }
        let beyond = GeneratedRows::new(1, "demo", 2_000).device_id(1_500);
        assert_eq!(rows.select(None, Some(&beyond), None).len(), 0);
    }

    #[test]
    fn filters_combine() {
        let rows = demo();
        let (device, command, other) = (rows.device_id(5), rows.command_id(5), rows.command_id(6));
        let status = status(rows.key, 5);
        let another = SubtaskStatus::ALL.into_iter().find(|other| *other != status);
        assert_eq!(rows.select(Some(status), Some(&device), Some(&command)).page(0, 9), [5]);
        assert_eq!(rows.select(another, Some(&device), Some(&command)).len(), 0);
        assert_eq!(rows.select(None, Some(&device), Some(&other)).len(), 0);
    }

    #[test]
    fn output_and_error_are_there_when_the_status_has_them() {
        let rows = demo();
        for row in 0..1_000 {
            let subtask = rows.subtask(row);
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
    fn a_page_is_a_slice_of_the_selection() {
        let listed = [3, 5, 8, 13];
        assert_eq!(Selection::Listed(&listed).page(1, 2), [5, 8]);
        assert_eq!(Selection::Listed(&listed).page(3, 2), [13]);
        assert_eq!(Selection::First(4).page(2, 5), [2, 3]);
        assert_eq!(Selection::Single(Some(7)).page(0, 1), [7]);
        for selection in [Selection::Listed(&listed), Selection::First(4), Selection::Single(Some(7))] {
            assert!(selection.page(4, 250).is_empty());
            assert!(selection.page(u64::MAX, 250).is_empty());
        }
    }

    #[test]
    fn a_task_may_be_empty() {
        assert_eq!(GeneratedRows::new(1, "none", 0).select(None, None, None).len(), 0);
    }
}
