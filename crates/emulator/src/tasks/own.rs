//! Rows that the scenario gives: found by what their texts hold, and sent as they are.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use serde_json::value::RawValue;

use crate::api::SubtaskStatus;
use crate::scenario::rows::lines;
use crate::tasks::counts::Counts;
use crate::tasks::rows::{Filter, in_both};
use crate::tasks::statuses::Statuses;

/// The rows of one task, and what finds them.
#[derive(Debug)]
pub(crate) struct OwnRows {
    text: Arc<String>,
    /// Where in the text each row begins.
    starts: Vec<usize>,
    statuses: Statuses,
    /// The rows by device and by command: a hash of the id, and the row. The ids themselves are in the text alone.
    ids: [Vec<(u32, u32)>; 2],
}

impl OwnRows {
    /// The rows of a text that has one in each line.
    pub(crate) fn new(text: Arc<String>) -> Self {
        let (mut starts, mut ids) = (Vec::new(), [Vec::new(), Vec::new()]);
        let statuses = Statuses::frozen((0..).zip(lines(&text)).map(|(number, (_, start, row))| {
            starts.push(start);
            let (status, own) = seen(row);
            for (rows, id) in ids.iter_mut().zip(own) {
                rows.extend(id.map(|id| (hash(&id), number)));
            }
            status
        }));
        ids.iter_mut().for_each(|rows| rows.sort_unstable());
        Self { text, starts, statuses, ids }
    }

    /// The texts of at most `size` of the rows that match, after the first `before`, and how many match.
    pub(crate) fn find(&self, filter: Filter<'_>, before: u64, size: usize) -> (u32, Vec<&RawValue>) {
        let of_device = filter.device_id.map(|id| self.having(0, &id.0));
        let of_ids = in_both(of_device, filter.command_id.map(|id| self.having(1, &id.0)));
        let (total, rows) = self.statuses.find(self.starts.len() as u32, of_ids, filter.status, before, size);
        // Each is JSON: it was read when the scenario was.
        (total, rows.into_iter().filter_map(|row| serde_json::from_str(self.row(row)).ok()).collect())
    }

    /// Number of rows in each status.
    pub(crate) fn counts(&self) -> Counts {
        let by_status = SubtaskStatus::ALL.map(|status| self.statuses.count(status));
        let other = self.starts.len() as u32 - by_status.iter().sum::<u32>();
        Counts { by_status, other, expired: 0 }
    }

    /// The rows that have this id in this place, in their order.
    fn having(&self, place: usize, id: &str) -> Vec<u32> {
        let (rows, hash) = (&self.ids[place], hash(id));
        let rows = rows[rows.partition_point(|(other, _)| *other < hash)..].iter();
        let rows = rows.take_while(|(other, _)| *other == hash).map(|(_, row)| *row);
        rows.filter(|row| seen(self.row(*row)).1[place].as_deref() == Some(id)).collect()
    }

    fn row(&self, row: u32) -> &str {
        let rest = &self.text[self.starts[row as usize]..];
        lines(rest).next().map_or("", |(_, _, row)| row)
    }
}

/// What the platform looks at in a row: its status, and the ids of device and command.
fn seen(row: &str) -> (Option<SubtaskStatus>, [Option<String>; 2]) {
    let row = members(row);
    let param = row.get("param").map(|param| members(param.get())).unwrap_or_default();
    let status = row.get("status").and_then(|status| text(status)?.parse().ok());
    (status, ["deviceId", "commandId"].map(|name| text(param.get(name)?)))
}

/// The members of an object. Of those with one name, the last counts.
fn members(object: &str) -> HashMap<String, &RawValue> {
    serde_json::from_str(object).unwrap_or_default()
}

/// A text, or a number as it is written.
fn text(json: &RawValue) -> Option<String> {
    let is_number = json.get().starts_with(|first: char| first.is_ascii_digit() || first == '-');
    if is_number { Some(json.get().to_owned()) } else { serde_json::from_str(json.get()).ok() }
}

fn hash(id: &str) -> u32 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(id) as u32
}
