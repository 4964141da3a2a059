//! What a report counts of the failures while they come: each device once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher as _, RandomState};

use northbound::{Failure, FailureGroups};

use super::earlier::Earlier;
use crate::rows::join::Join;
use crate::rows::totals::Totals;

/// A failed device on its way into a report.
pub(super) struct Row<'a> {
    pub(super) failure: &'a Failure,
    /// The user's own columns, as many as the headings have.
    pub(super) own: &'a [String],
    /// Whether it did not fail in the older export; `None` if there is none, or the row names no device.
    pub(super) is_new: Option<bool>,
}

/// What is known of the columns before the first row.
#[derive(Clone, Debug, Default)]
pub(super) struct Headings {
    /// The user's own columns, which stand after the device.
    pub(super) own: Vec<String>,
    /// Whether rows say that they are new.
    pub(super) is_since: bool,
}

/// What was listed, without the rows.
#[derive(Debug, Default)]
pub(super) struct List {
    /// Every row that came, also those that repeat a device.
    pub(super) totals: Totals,
    /// Each device once, with its first row.
    pub(super) groups: FailureGroups,
    /// Rows that repeat a device, and are left out.
    pub(super) repeated: u64,
    /// How many of these have another status or code than the first row of their device.
    pub(super) contradicting: u64,
    /// The user's own columns, if a file of them was named.
    pub(super) join: Option<Join>,
    /// The older export, if one was named.
    pub(super) earlier: Option<Earlier>,
    /// What each device was seen with. Both are fingerprints, so that the ids of a large task need little memory.
    seen: HashMap<u64, u64>,
    hasher: RandomState,
}

impl List {
    pub(super) fn new(join: Option<Join>, earlier: Option<Earlier>) -> Self {
        Self { join, earlier, ..Self::default() }
    }

    pub(super) fn headings(&self) -> Headings {
        let own = self.join.as_ref().map_or(&[][..], Join::columns).to_vec();
        Headings { own, is_since: self.earlier.is_some() }
    }

    /// How many devices failed. A row that names none counts as one.
    pub(super) fn devices(&self) -> u64 {
        self.totals.all() - self.repeated
    }

    /// Counts a failure. Returns its row, or `None` if its device has one already.
    pub(super) fn add<'a>(&'a mut self, failure: &'a Failure) -> Option<Row<'a>> {
        let subtask = failure.subtask();
        self.totals.add(subtask);
        if let Some(device) = subtask.device_id() {
            let outcome = self.hasher.hash_one((subtask.status(), failure.code()));
            match self.seen.entry(self.hasher.hash_one(device)) {
                Entry::Vacant(first) => first.insert(outcome),
                Entry::Occupied(first) => {
                    self.repeated += 1;
                    self.contradicting += u64::from(*first.get() != outcome);
                    return None;
                }
            };
        }
        self.groups.add(failure);
        let device = subtask.device_id();
        let is_new = self.earlier.as_mut().zip(device).map(|(earlier, device)| earlier.is_new(device));
        let own = self.join.as_mut().map_or(&[][..], |join| {
            join.count_failed(device);
            join.cells(device)
        });
        Some(Row { failure, own, is_new })
    }
}
