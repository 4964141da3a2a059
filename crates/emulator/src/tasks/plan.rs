//! What each row of a task is for and what becomes of it, computed from its number when it is asked for.

use crate::api::{DeviceId, SubtaskStatus};
use crate::draw::{self, Purpose, draw};
use crate::scenario::life::{Life, Timeline};
use crate::tasks::ids;

/// The rows of a task, before anything happens to them.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Where everything comes from that belongs to the task alone.
    pub(crate) key: u64,
    pub(crate) rows: u32,
    /// None for a task that does not move.
    pub(crate) life: Option<Life>,
    devices: Devices,
    /// When the time of the task is over, in milliseconds since its creation: what was not sent by then, never is.
    pub(crate) end: Option<u64>,
}

/// The devices of the rows.
#[derive(Debug)]
enum Devices {
    /// Ids that follow from the task and the number of the row.
    Drawn,
    Listed {
        seed: u64,
        ids: Vec<DeviceId>,
        /// The rows in the order of their ids, and under the same id in their own.
        order: Vec<u32>,
    },
}

impl Plan {
    /// Rows whose devices are drawn.
    pub(crate) fn drawn(seed: u64, task_id: &str, rows: u32, life: Option<Life>) -> Self {
        Self { key: draw::key(seed, task_id), rows, life, devices: Devices::Drawn, end: None }
    }

    /// A row for each of these devices.
    pub(crate) fn listed(seed: u64, task_id: &str, ids: Vec<DeviceId>, life: Life, end: u64) -> Self {
        let rows = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let mut order: Vec<u32> = (0..rows).collect();
        order.sort_unstable_by_key(|row| (&ids[*row as usize], *row));
        let devices = Devices::Listed { seed, ids, order };
        Self { key: draw::key(seed, task_id), rows, life: Some(life), devices, end: Some(end) }
    }

    pub(crate) fn device(&self, row: u32) -> DeviceId {
        match &self.devices {
            Devices::Drawn => ids::device(self.key, row),
            Devices::Listed { ids, .. } => ids[row as usize].clone(),
        }
    }

    /// The rows of a device, in their order.
    pub(crate) fn rows_of_device(&self, id: &DeviceId) -> Vec<u32> {
        match &self.devices {
            Devices::Drawn => {
                ids::row_of_device(self.key, &id.0).filter(|row| *row < self.rows).into_iter().collect()
            }
            Devices::Listed { ids, order, .. } => {
                let start = order.partition_point(|row| ids[*row as usize] < *id);
                let found = order[start..].iter().take_while(|row| ids[**row as usize] == *id);
                found.copied().collect()
            }
        }
    }

    /// When a row goes on and what comes of it; none if it stays pending.
    pub(crate) fn timeline(&self, row: u32) -> Option<Timeline> {
        let timeline = self.life?.timeline(self.key, row, self.outcome(row));
        Some(timeline).filter(|timeline| self.end.is_none_or(|end| u64::from(timeline.sent) < end))
    }

    /// What comes of a row. Rows that do not move stay pending.
    pub(crate) fn outcome(&self, row: u32) -> SubtaskStatus {
        let (key, number) = self.luck(row);
        self.life.map_or(SubtaskStatus::Pending, |life| life.outcome(key, number))
    }

    /// Key and number of the draws that decide what comes of a row, and why it fails.
    ///
    /// A device that was listed may be in other tasks, too. For half of the devices it is the same in every task; for the others,
    /// each task is another draw. So a part of the devices that failed recovers in the next task.
    pub(crate) fn luck(&self, row: u32) -> (u64, u32) {
        let Devices::Listed { seed, ids, .. } = &self.devices else { return (self.key, row) };
        let device = &ids[row as usize].0;
        let steady = draw::key(*seed, device);
        match draw(steady, 0, Purpose::Steady) % 2 {
            0 => (steady, 0),
            _ => (draw::key(self.key, device), 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::CreatedTasks;

    const SECOND: u64 = 1_000;

    fn ids(ids: impl IntoIterator<Item = String>) -> Vec<DeviceId> {
        ids.into_iter().map(DeviceId).collect()
    }

    fn listed(task: &str, devices: u32) -> Plan {
        let devices = ids((0..devices).map(|number| format!("device-{number}")));
        Plan::listed(1, task, devices, CreatedTasks::default().life, 600 * SECOND)
    }

    #[test]
    fn a_device_leads_to_each_of_its_rows() {
        let devices = ids(["b", "a\"", "b", "c", "b"].map(str::to_owned));
        let plan = Plan::listed(1, "t", devices, Life::default(), SECOND);
        let rows = |id: &str| plan.rows_of_device(&DeviceId(id.to_owned()));
        assert_eq!((rows("b"), rows("a\"")), (vec![0, 2, 4], vec![1]));
        assert!(["a", "", "d"].into_iter().all(|id| rows(id).is_empty()));
        assert_eq!(plan.device(3), DeviceId("c".to_owned()));
    }

    #[test]
    fn half_of_the_devices_that_fail_recover_in_another_task_as_often_as_any_other() {
        let (first, second) = (listed("first", 10_000), listed("second", 10_000));
        let failed: Vec<u32> = (0..10_000).filter(|row| first.outcome(*row) == SubtaskStatus::Fail).collect();
        assert!(failed.len().abs_diff(2_000) < 150, "{}", failed.len());
        let recovered = failed.iter().filter(|row| second.outcome(**row) == SubtaskStatus::Success).count();
        assert!(recovered.abs_diff(750) < 100, "{recovered} of {}", failed.len());
        let again = listed("first", 10_000);
        assert!(
            (0..10_000).all(|row| again.outcome(row) == first.outcome(row)),
            "the same task, the same outcome"
        );
    }

    #[test]
    fn a_created_task_settles_within_20_seconds() {
        let plan = listed("t", 5_000);
        assert!((0..5_000).all(|row| u64::from(plan.timeline(row).unwrap().ended) <= 20 * SECOND));
    }

    #[test]
    fn what_is_not_sent_before_the_end_is_never_sent() {
        let devices = ids((0..1_000).map(|number| format!("device-{number}")));
        let plan = Plan::listed(1, "t", devices, Life::new(20, 0, 0), 10 * SECOND);
        let sent = (0..1_000).filter_map(|row| plan.timeline(row));
        assert!(sent.clone().all(|timeline| timeline.sent < 10_000) && sent.count().abs_diff(500) < 60);
    }
}
