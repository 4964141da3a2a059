//! Which devices failed before, and which afterwards. Decides only: rows in, classes out.

use std::collections::BTreeMap;

use indexmap::IndexSet;
use northbound::{Subtask, SubtaskStatus};

use crate::rows::totals::Totals;

/// Which of the two lists a row is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Before,
    After,
}

/// What became of a device, from one list to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// It failed or timed out afterwards, and not before.
    NewlyFailed,
    /// It failed before, and succeeded afterwards.
    Recovered,
    FailedBothTimes,
    /// It has no final status afterwards.
    StillOpen,
    /// Only the list before has it.
    OnlyBefore,
    /// Only the list afterwards has it.
    OnlyAfter,
    /// It succeeded afterwards, and did not fail before.
    NeverFailed,
}

impl Class {
    pub(super) const ALL: [Self; 7] = [
        Self::NewlyFailed,
        Self::Recovered,
        Self::FailedBothTimes,
        Self::StillOpen,
        Self::OnlyBefore,
        Self::OnlyAfter,
        Self::NeverFailed,
    ];
}

/// What a list says of a device. Of several rows of one device the last of these counts: no row says when it came, and a success
/// among them must not hide a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Succeeded,
    Open,
    Failed,
}

/// What is kept of a row: the places of its texts.
#[derive(Clone, Copy, Debug)]
struct Outcome {
    kind: Kind,
    status: usize,
    /// Why it failed.
    reason: Option<usize>,
}

/// Status and reason of a device in one list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shown<'a> {
    pub(super) status: &'a str,
    pub(super) reason: Option<&'a str>,
}

/// A device that is listed: what became of it, and what each list says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change<'a> {
    pub(super) device: &'a str,
    pub(super) class: Class,
    pub(super) before: Option<Shown<'a>>,
    pub(super) after: Option<Shown<'a>>,
}

/// What is known of a list besides its devices.
#[derive(Clone, Debug, Default)]
pub(super) struct ListFacts {
    pub(super) totals: Totals,
    /// Rows that name no device.
    pub(super) without_device: u64,
    /// Rows of a device that has another row in the same list.
    pub(super) repeated: u64,
    /// Subtasks that did not fail and were not read, since no device of the other list can be among them.
    pub(super) unread: u64,
}

/// How many devices a class has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ClassCount {
    pub(super) devices: u64,
    /// How many of them failed in a list that has them.
    pub(super) failed: u64,
}

/// Two lists of subtasks, device by device. Nothing is kept of them but ids and reasons.
#[derive(Debug, Default)]
pub(super) struct Comparison {
    devices: BTreeMap<Box<str>, [Option<Outcome>; 2]>,
    texts: IndexSet<Box<str>>,
    facts: [ListFacts; 2],
}

impl Comparison {
    pub(super) fn add(&mut self, side: Side, subtask: &Subtask) {
        let facts = &mut self.facts[side as usize];
        facts.totals.add(subtask);
        let Some(device) = subtask.device_id() else {
            facts.without_device += 1;
            return;
        };
        let status = subtask.status();
        let kind = match status {
            Some(SubtaskStatus::Success) => Kind::Succeeded,
            Some(SubtaskStatus::Fail | SubtaskStatus::Timeout) => Kind::Failed,
            _ => Kind::Open,
        };
        let reason =
            (kind == Kind::Failed).then(|| self.texts.insert_full(subtask.reason().as_ref().into()).0);
        let status = self.texts.insert_full(status.map_or("-", SubtaskStatus::as_str).into()).0;
        let known = &mut self.devices.entry(device.into()).or_default()[side as usize];
        facts.repeated += u64::from(known.is_some());
        if known.is_none_or(|known| known.kind < kind) {
            *known = Some(Outcome { kind, status, reason });
        }
    }

    /// Forgets what was read of a list.
    pub(super) fn clear(&mut self, side: Side) {
        self.facts[side as usize] = ListFacts::default();
        self.devices.values_mut().for_each(|known| known[side as usize] = None);
        self.devices.retain(|_, known| known.iter().any(Option::is_some));
    }

    /// Says that a list has this many further subtasks, which did not fail.
    pub(super) fn leave_unread(&mut self, side: Side, subtasks: u64) {
        self.facts[side as usize].unread = subtasks;
    }

    pub(super) fn facts(&self, side: Side) -> &ListFacts {
        &self.facts[side as usize]
    }

    /// How many devices a list has, as far as it was read.
    pub(super) fn devices(&self, side: Side) -> usize {
        self.devices.values().filter(|known| known[side as usize].is_some()).count()
    }

    /// Whether all devices of one list are in the other one, as far as that was read.
    pub(super) fn has_all_of(&self, side: Side, in_other: Side) -> bool {
        self.devices
            .values()
            .all(|known| known[side as usize].is_none() || known[in_other as usize].is_some())
    }

    pub(super) fn count(&self, class: Class) -> ClassCount {
        let mut count = ClassCount::default();
        for (this, outcomes) in self.devices.values().filter_map(|known| Some((class_of(*known)?, *known))) {
            let has_failed = outcomes.into_iter().flatten().any(|outcome| outcome.kind == Kind::Failed);
            count.devices += u64::from(this == class);
            count.failed += u64::from(this == class && has_failed);
        }
        count.devices += match class {
            Class::OnlyBefore => self.facts(Side::Before).unread,
            _ => 0,
        };
        count
    }

    /// The devices of a class, by id. Those that never failed are only counted, and so are those of one list that did not fail.
    pub(super) fn changes(&self, class: Class) -> impl Iterator<Item = Change<'_>> {
        let is_listed = move |known: &[Option<Outcome>; 2]| match class {
            Class::NeverFailed => false,
            Class::OnlyBefore | Class::OnlyAfter => {
                known.iter().flatten().any(|one| one.kind == Kind::Failed)
            }
            _ => true,
        };
        let of_class = self.devices.iter().filter(move |(_, known)| class_of(**known) == Some(class));
        of_class.filter(move |(_, known)| is_listed(known)).map(move |(device, known)| {
            let [before, after] = known.map(|outcome| outcome.map(|outcome| self.shown(outcome)));
            Change { device, class, before, after }
        })
    }

    fn shown(&self, outcome: Outcome) -> Shown<'_> {
        let text = |place: usize| self.texts.get_index(place).map_or("-", AsRef::as_ref);
        Shown { status: text(outcome.status), reason: outcome.reason.map(text) }
    }
}

fn class_of(known: [Option<Outcome>; 2]) -> Option<Class> {
    Some(match known.map(|outcome| outcome.map(|outcome| outcome.kind)) {
        [None, None] => return None,
        [Some(_), None] => Class::OnlyBefore,
        [None, Some(_)] => Class::OnlyAfter,
        [_, Some(Kind::Open)] => Class::StillOpen,
        [Some(Kind::Failed), Some(Kind::Failed)] => Class::FailedBothTimes,
        [_, Some(Kind::Failed)] => Class::NewlyFailed,
        [Some(Kind::Failed), Some(Kind::Succeeded)] => Class::Recovered,
        [_, Some(Kind::Succeeded)] => Class::NeverFailed,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(device: &str, status: &str) -> Subtask {
        let row = json!({ "status": status, "param": { "deviceId": device } });
        serde_json::from_value(row).unwrap()
    }

    fn compared(before: &[(&str, &str)], after: &[(&str, &str)]) -> Comparison {
        let mut comparison = Comparison::default();
        for (side, rows) in [(Side::Before, before), (Side::After, after)] {
            rows.iter().for_each(|(device, status)| comparison.add(side, &row(device, status)));
        }
        comparison
    }

    fn class(before: &[&str], after: &[&str]) -> Class {
        let [before, after] =
            [before, after].map(|rows| rows.iter().map(|status| ("d", *status)).collect::<Vec<_>>());
        let comparison = compared(&before, &after);
        Class::ALL.into_iter().find(|class| comparison.count(*class).devices == 1).unwrap()
    }

    #[test]
    fn each_pair_of_outcomes_has_a_class() {
        for (before, after, expected) in [
            (&["Success"][..], &["Fail"][..], Class::NewlyFailed),
            (&["Pending"], &["Timeout"], Class::NewlyFailed),
            (&["Fail"], &["Success"], Class::Recovered),
            (&["Timeout"], &["Success"], Class::Recovered),
            (&["Timeout"], &["Fail"], Class::FailedBothTimes),
            (&["Fail"], &["WaitResult"], Class::StillOpen),
            (&["Success"], &["Pending"], Class::StillOpen),
            (&["Success"], &["Halted"], Class::StillOpen),
            (&["Success"], &["Success"], Class::NeverFailed),
            (&["Pending"], &["Success"], Class::NeverFailed),
            (&["Fail"], &[], Class::OnlyBefore),
            (&[], &["Pending"], Class::OnlyAfter),
            // Of several rows the worst counts, in whichever order they come.
            (&["Fail"], &["Success", "Fail"], Class::FailedBothTimes),
            (&["Fail"], &["Fail", "Success"], Class::FailedBothTimes),
            (&["Fail"], &["Success", "Pending"], Class::StillOpen),
            (&["Success", "Timeout"], &["Success"], Class::Recovered),
        ] {
            assert_eq!(class(before, after), expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn rows_of_one_device_are_counted_once_and_rows_without_device_apart() {
        let mut comparison =
            compared(&[("a", "Fail"), ("a", "Fail"), ("a", "Success"), ("b", "Fail")], &[("a", "Success")]);
        comparison.add(Side::After, &serde_json::from_value(json!({ "status": "Fail" })).unwrap());
        let (before, after) = (comparison.facts(Side::Before), comparison.facts(Side::After));
        assert_eq!((before.totals.all(), before.repeated, before.without_device), (4, 2, 0));
        assert_eq!((after.totals.all(), after.repeated, after.without_device), (2, 0, 1));
        assert_eq!(comparison.count(Class::Recovered), ClassCount { devices: 1, failed: 1 });
        assert_eq!([Side::Before, Side::After].map(|side| comparison.devices(side)), [2, 1]);
    }

    #[test]
    fn devices_of_one_list_that_did_not_fail_are_counted_and_not_listed() {
        let mut comparison =
            compared(&[("a", "Fail"), ("b", "Success")], &[("c", "Timeout"), ("d", "Success")]);
        let listed = |comparison: &Comparison, class| {
            comparison.changes(class).map(|change| change.device.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(listed(&comparison, Class::OnlyBefore), ["a"]);
        assert_eq!(listed(&comparison, Class::OnlyAfter), ["c"]);
        comparison.leave_unread(Side::Before, 5);
        assert_eq!(comparison.count(Class::OnlyBefore), ClassCount { devices: 7, failed: 1 });
        assert!(!comparison.has_all_of(Side::After, Side::Before));
        comparison.clear(Side::Before);
        assert_eq!((comparison.count(Class::OnlyBefore).devices, comparison.devices(Side::After)), (0, 2));
    }
}
