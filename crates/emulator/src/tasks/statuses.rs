//! The statuses of a task's rows, kept so that any page of any status is found without reading all of them.

use roaring::RoaringBitmap;

use crate::api::SubtaskStatus;
use crate::scenario::life::Timeline;

/// For each status the rows that have it, and for a task that moves what is still to come.
#[derive(Debug)]
pub(crate) struct Statuses {
    rows: [RoaringBitmap; SubtaskStatus::ALL.len()],
    /// The moves of all rows, in the order in which they happen.
    moves: Vec<Move>,
    /// How many of the moves have happened.
    done: usize,
    /// How many rows stay pending for ever.
    pub(crate) never_sent: u32,
}

/// A moment in milliseconds, and a row with a last bit that says whether it is sent or ends. Moves sort by time.
type Move = (u32, u32);

impl Statuses {
    /// Rows that stay as they are. One without a status is in no documented one.
    pub(crate) fn frozen(rows: impl IntoIterator<Item = Option<SubtaskStatus>>) -> Self {
        let mut statuses = Self { rows: Default::default(), moves: Vec::new(), done: 0, never_sent: 0 };
        for (row, status) in (0..).zip(rows) {
            if let Some(status) = status {
                statuses.rows[status as usize].insert(row);
            }
        }
        statuses
    }

    /// Rows that all begin as pending, and stay so if they have no timeline.
    pub(crate) fn moving(rows: u32, timeline: impl Fn(u32) -> Option<Timeline>) -> Self {
        let mut moves = Vec::with_capacity(2 * rows as usize);
        let mut never_sent = 0;
        for row in 0..rows {
            match timeline(row) {
                Some(Timeline { sent, ended, .. }) => moves.extend([(sent, row << 1), (ended, row << 1 | 1)]),
                None => never_sent += 1,
            }
        }
        moves.sort_unstable();
        Self { moves, never_sent, ..Self::frozen((0..rows).map(|_| Some(SubtaskStatus::Pending))) }
    }

    /// Lets everything happen that happens up to `age`, in milliseconds since the task was created.
    pub(crate) fn advance(&mut self, age: u64, outcome: impl Fn(u32) -> SubtaskStatus) {
        while let Some((_, what)) = self.moves.get(self.done).filter(|(at, _)| u64::from(*at) <= age) {
            let row = what >> 1;
            let (before, after) = match what & 1 {
                0 => (SubtaskStatus::Pending, SubtaskStatus::WaitResult),
                _ => (SubtaskStatus::WaitResult, outcome(row)),
            };
            self.done += 1;
            self.rows[before as usize].remove(row);
            self.rows[after as usize].insert(row);
        }
        if self.done == self.moves.len() && self.done > 0 {
            (self.moves, self.done) = (Vec::new(), 0);
        }
    }

    /// Number of rows with this status.
    pub(crate) fn count(&self, status: SubtaskStatus) -> u32 {
        self.rows[status as usize].len() as u32
    }

    /// The status of a row, if there is such a row.
    pub(crate) fn of(&self, row: u32) -> Option<SubtaskStatus> {
        SubtaskStatus::ALL.into_iter().find(|status| self.rows[*status as usize].contains(row))
    }

    /// At most `size` of the rows that match, after the first `before`, and how many match: all of `rows`, or those of `of_ids`, that have
    /// this status.
    pub(crate) fn find(
        &self,
        rows: u32,
        of_ids: Option<Vec<u32>>,
        status: Option<SubtaskStatus>,
        before: u64,
        size: usize,
    ) -> (u32, Vec<u32>) {
        // A page that no row number reaches is as empty as the last that one does.
        let before = u32::try_from(before).unwrap_or(u32::MAX);
        match (of_ids, status) {
            (None, None) => (rows, (before.min(rows)..rows).take(size).collect()),
            (None, Some(status)) => (self.count(status), self.page(status, before, size)),
            (Some(mut rows), wanted) => {
                rows.retain(|row| wanted.is_none() || self.of(*row) == wanted);
                (rows.len() as u32, rows.into_iter().skip(before as usize).take(size).collect())
            }
        }
    }

    /// At most `size` rows with this status, after the first `before` of them.
    pub(crate) fn page(&self, status: SubtaskStatus, before: u32, size: usize) -> Vec<u32> {
        let rows = &self.rows[status as usize];
        rows.select(before).map_or_else(Vec::new, |first| rows.range(first..).take(size).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::key;
    use crate::scenario::life::Life;

    const ROWS: u32 = 3_000;

    fn timeline(row: u32) -> Timeline {
        let (life, key) = (Life::default(), key(5, "t"));
        life.timeline(key, row, life.outcome(key, row))
    }

    fn moving() -> Statuses {
        Statuses::moving(ROWS, |row| Some(timeline(row)))
    }

    fn outcome(row: u32) -> SubtaskStatus {
        timeline(row).outcome
    }

    /// What a row's status is by its timeline alone.
    fn expected(row: u32, age: u64) -> SubtaskStatus {
        let Timeline { sent, ended, outcome } = timeline(row);
        match age {
            _ if u64::from(ended) <= age => outcome,
            _ if u64::from(sent) <= age => SubtaskStatus::WaitResult,
            _ => SubtaskStatus::Pending,
        }
    }

    fn all(statuses: &Statuses) -> Vec<SubtaskStatus> {
        (0..ROWS).map(|row| statuses.of(row).unwrap()).collect()
    }

    #[test]
    fn a_page_holds_the_rows_that_a_scan_finds() {
        let mut statuses = moving();
        for age in [0, 1, 5_000, 5_000, 19_999, 30_000, 54_000, 60_000] {
            statuses.advance(age, outcome);
            assert!((0..ROWS).all(|row| statuses.of(row) == Some(expected(row, age))), "at {age}");
            assert_eq!(statuses.of(ROWS), None);
            for status in SubtaskStatus::ALL {
                let scan: Vec<u32> = (0..ROWS).filter(|row| expected(*row, age) == status).collect();
                assert_eq!(statuses.count(status) as usize, scan.len(), "{status:?} at {age}");
                for (before, size) in
                    [(0, 1), (0, 250), (1, 7), (255, 257), (700, 250), (2_999, 5), (9_999, 5)]
                {
                    let page: Vec<u32> = scan.iter().skip(before as usize).take(size).copied().collect();
                    assert_eq!(statuses.page(status, before, size), page, "{status:?} at {age}: {before}");
                }
            }
        }
    }

    #[test]
    fn small_steps_and_one_leap_lead_to_the_same_statuses() {
        let (mut steps, mut leap) = (moving(), moving());
        (0..=31_000).step_by(7).for_each(|age| steps.advance(age, outcome));
        leap.advance(30_998, outcome);
        assert_eq!(all(&steps), all(&leap));
    }

    #[test]
    fn nothing_moves_backwards() {
        let rank = |status| match status {
            SubtaskStatus::Pending => 0,
            SubtaskStatus::WaitResult => 1,
            _ => 2,
        };
        let mut statuses = moving();
        for age in (0..60_000).step_by(500) {
            let before = all(&statuses);
            statuses.advance(age, outcome);
            for (before, after) in before.iter().zip(&all(&statuses)) {
                assert!(before == after || rank(*before) < rank(*after), "{before:?} to {after:?}");
            }
        }
        assert!(all(&statuses).iter().all(|status| rank(*status) == 2), "settled within a minute");
    }

    #[test]
    fn a_settled_task_remembers_no_moves() {
        let mut statuses = moving();
        statuses.advance(60_000, outcome);
        assert_eq!(statuses.moves.capacity(), 0);
    }

    #[test]
    fn a_row_that_ends_when_it_is_sent_ends() {
        let at_once = |_| Some(Timeline { sent: 0, ended: 0, outcome: SubtaskStatus::Fail });
        let mut statuses = Statuses::moving(2, at_once);
        statuses.advance(0, |_| SubtaskStatus::Fail);
        assert_eq!(statuses.count(SubtaskStatus::Fail), 2);
    }

    #[test]
    fn a_row_without_a_timeline_stays_pending() {
        let mut statuses = Statuses::moving(ROWS, |row| Some(timeline(row)).filter(|_| row % 3 > 0));
        statuses.advance(60_000, outcome);
        assert_eq!((statuses.never_sent, statuses.count(SubtaskStatus::Pending)), (1_000, 1_000));
        assert!((0..ROWS).all(|row| (statuses.of(row) == Some(SubtaskStatus::Pending)) == (row % 3 == 0)));
    }
}
