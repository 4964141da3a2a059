//! The numbers of a task's subtasks at one moment, and what follows from them.

use crate::api::SubtaskStatus;
use crate::api::batch_task::BatchTaskStatus;

/// Number of subtasks in each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// In the order of [`SubtaskStatus::ALL`].
    pub(crate) by_status: [u32; SubtaskStatus::ALL.len()],
    /// Rows in no documented status, which only a scenario can give.
    pub(crate) other: u32,
    /// How many of the pending ones will never be sent, because the time of the task is over.
    pub(crate) expired: u32,
}

impl Counts {
    pub(crate) fn of(&self, status: SubtaskStatus) -> u64 {
        self.by_status[status as usize].into()
    }

    pub(crate) fn total(&self) -> u64 {
        self.by_status.iter().chain([&self.other]).copied().map(u64::from).sum()
    }

    /// Succeeded, failed or timed out.
    pub(crate) fn complete(&self) -> u64 {
        [SubtaskStatus::Success, SubtaskStatus::Fail, SubtaskStatus::Timeout]
            .map(|status| self.of(status))
            .iter()
            .sum()
    }

    /// A part of all subtasks in thousandths, rounded down. Of no subtasks, it is the whole.
    pub(crate) fn per_mille(&self, part: u64) -> u64 {
        (1_000 * part).checked_div(self.total()).unwrap_or(1_000)
    }

    /// The status of the task. The page does not say what the four mean.
    pub(crate) fn task_status(&self) -> BatchTaskStatus {
        let (total, complete, expired) = (self.total(), self.complete(), u64::from(self.expired));
        if complete == total {
            BatchTaskStatus::Complete
        } else if complete + expired == total {
            BatchTaskStatus::Timeout
        } else if self.of(SubtaskStatus::Pending) == total {
            BatchTaskStatus::Pending
        } else {
            BatchTaskStatus::Running
        }
    }

    /// Whether nothing happens any more.
    pub(crate) fn is_finished(&self) -> bool {
        matches!(self.task_status(), BatchTaskStatus::Complete | BatchTaskStatus::Timeout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_of_a_task_follows_from_its_counts() {
        for (by_status, expired, status, progress) in [
            ([3, 0, 0, 0, 0], 0, BatchTaskStatus::Pending, 0),
            ([2, 1, 0, 0, 0], 0, BatchTaskStatus::Running, 0),
            ([2, 0, 1, 0, 0], 0, BatchTaskStatus::Running, 333),
            ([1, 0, 1, 1, 0], 0, BatchTaskStatus::Running, 666),
            ([0, 0, 1, 1, 1], 0, BatchTaskStatus::Complete, 1_000),
            ([1, 1, 1, 0, 0], 1, BatchTaskStatus::Running, 333),
            ([1, 0, 1, 1, 0], 1, BatchTaskStatus::Timeout, 666),
            ([3, 0, 0, 0, 0], 3, BatchTaskStatus::Timeout, 0),
            ([0, 0, 0, 0, 0], 0, BatchTaskStatus::Complete, 1_000),
        ] {
            let counts = Counts { by_status, expired, other: 0 };
            assert_eq!(
                (counts.task_status(), counts.per_mille(counts.complete())),
                (status, progress),
                "{counts:?}"
            );
        }
    }
}
