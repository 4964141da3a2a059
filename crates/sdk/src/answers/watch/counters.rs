//! The task's own counters: one call instead of one for each status. This module decides when they are believed.
//!
//! They say how many subtasks there are and how many succeeded, failed and timed out. They do not distinguish `Pending` and
//! `WaitResult`. The page says little about them, so they are used only as long as they are consistent: they add up, the total
//! stays the same, and no count of a final status shrinks. A watch never ends by these counters alone.

use northbound_client::SubtaskStatus;

use crate::{BatchTask, Error, ErrorKind, Summary};

/// After this many polls without a change, a poll counts by status. Counters that never change may be wrong, and a watch that
/// believes them would never end.
pub(crate) const STILL: u32 = 20;
/// If the call fails this many times in a row while other calls succeed, the watch concludes that the platform does not have
/// it.
const FAILED: u32 = 3;

/// Counters that add up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) total: u64,
    /// How many subtasks are in each final status.
    pub(crate) by_status: Vec<(SubtaskStatus, u64)>,
}

impl Counters {
    /// The counters of a task; `None` if one is missing, they do not add up, or they are those of another task.
    ///
    /// Which status subtasks have that expired is not documented, so such a task is counted by status.
    pub(crate) fn of(task: &BatchTask, id: &str) -> Option<Self> {
        let by_status = vec![
            (SubtaskStatus::Success, task.success()?),
            (SubtaskStatus::Fail, task.fail()?),
            (SubtaskStatus::Timeout, task.timed_out()?),
        ];
        let counters = Self { total: task.total()?, by_status };
        let settled = counters.settled()?;
        let raw = task.as_raw();
        let adds_up = settled <= counters.total
            && (raw.complete_cnt.is_none() || task.complete() == Some(settled))
            && (raw.expired_cnt.is_none() || task.expired() == Some(0))
            && task.task_id().is_none_or(|own| own == id);
        adds_up.then_some(counters)
    }

    /// How many subtasks are in a final status; `None` if that is more than a number can hold.
    fn settled(&self) -> Option<u64> {
        self.by_status.iter().try_fold(0_u64, |sum, (_, count)| sum.checked_add(*count))
    }

    /// Whether these may come after what an earlier poll has found.
    fn may_follow(&self, last: &Summary) -> bool {
        (last.total() == 0 || self.total == last.total())
            && self.by_status.iter().all(|(status, count)| *count >= last.count(status))
    }
}

/// Whether the platform has no call that asks for one task, or one that takes another id.
pub(crate) fn is_without_counters(error: &Error) -> bool {
    let status = error.status().map_or(0, |status| status.as_u16());
    match error.kind() {
        // Another call may take the id that this one refuses.
        ErrorKind::Refused | ErrorKind::Undecodable | ErrorKind::TooLarge => true,
        ErrorKind::Status => status < 300 || matches!(status, 400 | 403 | 404 | 405 | 410 | 501),
        ErrorKind::Platform => match error.action() {
            Some(_) => error.is_task_not_found() || error.is_invalid_input(),
            None => status < 500 || status == 501,
        },
        _ => false,
    }
}

/// Whether the counters of a task are used.
#[derive(Clone, Debug, Default)]
pub(crate) struct Belief {
    is_lost: bool,
    /// How many times the call has failed in a row.
    failed: u32,
    /// Whether it failed in the poll before.
    has_just_failed: bool,
    /// How many polls have seen nothing move.
    still: u32,
}

impl Belief {
    /// Whether the poll that begins now asks for the counters.
    pub(crate) fn begin(&mut self) -> bool {
        let checks = self.still >= STILL;
        if checks {
            self.still = 0;
        }
        !(std::mem::take(&mut self.has_just_failed) || self.is_lost || checks)
    }

    /// Takes in counters, or that there are none; gives them back if they are believed.
    pub(crate) fn take(&mut self, counters: Option<Counters>, last: Option<&Summary>) -> Option<Counters> {
        self.failed = 0;
        let believed = counters.filter(|counters| last.is_none_or(|last| counters.may_follow(last)));
        self.is_lost |= believed.is_none();
        // A task may come without its subtasks at first; other calls say the same then.
        believed.filter(|counters| counters.total > 0)
    }

    /// The call has failed: the next poll does without it.
    pub(crate) fn fail(&mut self) {
        self.failed += 1;
        self.has_just_failed = true;
        self.is_lost |= self.failed >= FAILED;
    }

    /// Another call has shown that the counters are wrong.
    pub(crate) fn lose(&mut self) {
        self.is_lost = true;
    }

    /// A poll has ended.
    pub(crate) fn polled(&mut self, moved: bool) {
        self.still = if moved { 0 } else { self.still.saturating_add(1) };
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::Method;
    use crate::answers::summary::task::Tally;

    fn of(json: &str) -> Option<Counters> {
        Counters::of(&BatchTask::new(serde_json::from_str(json).unwrap()), "demo")
    }

    fn counters(total: u64, success: u64) -> Counters {
        let json = format!(r#"{{"totalCnt":{total},"successCnt":{success},"failCnt":0,"timeoutCnt":0}}"#);
        of(&json).unwrap()
    }

    fn summary(total: u64, success: u64) -> Summary {
        let by_status = BTreeMap::from([(SubtaskStatus::Success, success)]);
        Summary::new("demo", Tally { total, by_status, calls: 1 }, Method::Counted)
    }

    #[test]
    fn each_final_status_has_a_counter() {
        let finals = SubtaskStatus::KNOWN.iter().filter(|status| status.is_final());
        assert!(counters(1, 0).by_status.iter().map(|(status, _)| status).eq(finals));
    }

    #[test]
    fn counters_are_believed_if_they_add_up() {
        let all = r#"{"taskId":"demo","totalCnt":10,"successCnt":4,"failCnt":3,"timeoutCnt":2,"expiredCnt":0,"completeCnt":9}"#;
        assert_eq!(of(all).unwrap().settled(), Some(9));
        for (member, other) in [
            (r#""totalCnt":10"#, r#""totalCnt":8"#),
            (r#""totalCnt":10"#, r#""totalCnt":null"#),
            (r#""successCnt":4"#, r#""successCnt":9223372036854775807"#),
            (r#""failCnt":3"#, r#""failCnt":-3"#),
            (r#","timeoutCnt":2"#, ""),
            (r#""expiredCnt":0"#, r#""expiredCnt":1"#),
            (r#""expiredCnt":0"#, r#""expiredCnt":-1"#),
            (r#""completeCnt":9"#, r#""completeCnt":8"#),
            (r#""taskId":"demo""#, r#""taskId":"another""#),
        ] {
            assert_eq!(of(&all.replace(member, other)), None, "{other}");
        }
        for (member, other) in [(r#""expiredCnt":0,"#, ""), (r#""completeCnt":9"#, r#""completeCnt":null"#)] {
            assert!(of(&all.replace(member, other)).is_some(), "{other}");
        }
    }

    #[test]
    fn counters_that_shrink_or_grow_are_never_used_again() {
        for other in [counters(9, 5), counters(11, 5), counters(10, 4), counters(0, 0)] {
            let mut belief = Belief::default();
            assert!(belief.begin() && belief.take(Some(counters(10, 5)), None).is_some());
            assert!(belief.begin());
            assert_eq!(belief.take(Some(other), Some(&summary(10, 5))), None);
            assert!(!belief.begin());
        }
    }

    #[test]
    fn a_task_without_subtasks_is_counted_by_status_until_it_has_some() {
        let mut belief = Belief::default();
        assert_eq!(belief.take(Some(counters(0, 0)), None), None);
        assert!(belief.begin());
        assert_eq!(belief.take(Some(counters(0, 0)), Some(&summary(0, 0))), None);
        assert!(belief.take(Some(counters(10, 0)), Some(&summary(0, 0))).is_some());
    }

    #[test]
    fn a_call_that_fails_is_left_out_in_the_next_poll_and_then_for_ever() {
        let mut belief = Belief::default();
        for _ in 0..FAILED {
            assert!(belief.begin());
            belief.fail();
            assert!(!belief.begin());
        }
        assert!(!belief.begin());
    }

    #[test]
    fn counters_that_stand_still_are_checked_now_and_then() {
        let mut belief = Belief::default();
        let polls = (0..100).filter(|_| {
            belief.polled(false);
            !belief.begin()
        });
        assert_eq!(polls.count() as u32, 100 / STILL);
    }
}
