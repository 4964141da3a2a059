//! The statuses of a task's rows, kept so that any page of any status is found without reading all of them.

use crate::api::SubtaskStatus;
use crate::life::Course;

/// Rows that are counted together. A filtered page skips whole blocks by their counts and reads only those that hold its
/// rows.
const BLOCK: usize = 256;

const STATUSES: usize = SubtaskStatus::ALL.len();

/// One byte a row, one count a status and block, and for a task that moves what is still to come.
#[derive(Debug)]
pub(crate) struct Statuses {
    of_row: Vec<SubtaskStatus>,
    /// For each status, how many rows of each block have it.
    counts: [Vec<u16>; STATUSES],
    totals: [u32; STATUSES],
    /// The moves of all rows, in the order in which they happen.
    moves: Vec<Move>,
    /// How many of the moves have happened.
    done: usize,
}

/// A moment, a row, and whether it is sent or ends, in one number that sorts by time: 31 bits of milliseconds, 32 of row, 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Move(u64);

impl Move {
    /// A life of two weeks in milliseconds fits into 31 bits.
    fn new(at: u32, row: u32, ends: bool) -> Self {
        Self(u64::from(at) << 33 | u64::from(row) << 1 | u64::from(ends))
    }

    fn at(self) -> u64 {
        self.0 >> 33
    }

    fn row(self) -> u32 {
        (self.0 >> 1) as u32
    }

    fn ends(self) -> bool {
        self.0 & 1 == 1
    }
}

impl Statuses {
    /// Rows that stay as they are.
    pub(crate) fn frozen(of_row: Vec<SubtaskStatus>) -> Self {
        let blocks = of_row.len().div_ceil(BLOCK);
        let mut counts = [const { Vec::new() }; STATUSES];
        counts.iter_mut().for_each(|counts| counts.resize(blocks, 0));
        let mut totals = [0; STATUSES];
        for (block, rows) in of_row.chunks(BLOCK).enumerate() {
            for status in rows {
                counts[*status as usize][block] += 1;
                totals[*status as usize] += 1;
            }
        }
        Self { of_row, counts, totals, moves: Vec::new(), done: 0 }
    }

    /// Rows that all begin as pending.
    pub(crate) fn moving(rows: u32, course: impl Fn(u32) -> Course) -> Self {
        let mut moves = Vec::with_capacity(2 * rows as usize);
        for row in 0..rows {
            let Course { sent, ended, .. } = course(row);
            moves.extend([Move::new(sent, row, false), Move::new(ended, row, true)]);
        }
        moves.sort_unstable();
        Self { moves, ..Self::frozen(vec![SubtaskStatus::Pending; rows as usize]) }
    }

    /// Lets everything happen that happens up to `age`, in milliseconds since the task was created.
    pub(crate) fn advance(&mut self, age: u64, course: impl Fn(u32) -> Course) {
        while let Some(next) = self.moves.get(self.done).filter(|next| next.at() <= age) {
            let row = next.row();
            let status = if next.ends() { course(row).outcome } else { SubtaskStatus::WaitResult };
            self.done += 1;
            self.set(row, status);
        }
        if self.done == self.moves.len() && self.done > 0 {
            (self.moves, self.done) = (Vec::new(), 0);
        }
    }

    fn set(&mut self, row: u32, status: SubtaskStatus) {
        let row = row as usize;
        let before = std::mem::replace(&mut self.of_row[row], status);
        self.counts[before as usize][row / BLOCK] -= 1;
        self.totals[before as usize] -= 1;
        self.counts[status as usize][row / BLOCK] += 1;
        self.totals[status as usize] += 1;
    }

    /// Number of rows with this status.
    pub(crate) fn count(&self, status: SubtaskStatus) -> u32 {
        self.totals[status as usize]
    }

    /// The status of a row, if there is such a row.
    pub(crate) fn of(&self, row: u32) -> Option<SubtaskStatus> {
        self.of_row.get(row as usize).copied()
    }

    /// At most `size` rows with this status, after the first `before` of them.
    pub(crate) fn page(&self, status: SubtaskStatus, before: usize, size: usize) -> Vec<u32> {
        let counts = &self.counts[status as usize];
        let (mut block, mut skip) = (0, before);
        while let Some(count) =
            counts.get(block).map(|count| usize::from(*count)).filter(|count| *count <= skip)
        {
            skip -= count;
            block += 1;
        }
        let mut rows = Vec::with_capacity(size.min(self.count(status) as usize));
        for (block, count) in counts.iter().enumerate().skip(block) {
            if rows.len() == size {
                break;
            }
            if *count == 0 {
                continue;
            }
            let first = block * BLOCK;
            let of_block = &self.of_row[first..self.of_row.len().min(first + BLOCK)];
            let found = (first as u32..).zip(of_block).filter(|(_, of_row)| **of_row == status);
            rows.extend(found.skip(std::mem::take(&mut skip)).take(size - rows.len()).map(|(row, _)| row));
        }
        rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draw::key;
    use crate::life::Life;

    const ROWS: u32 = 3_000;

    fn course(row: u32) -> Course {
        Life::default().course(key(5, "t"), row)
    }

    /// What a row's status is by its course alone.
    fn expected(row: u32, age: u64) -> SubtaskStatus {
        let Course { sent, ended, outcome } = course(row);
        match age {
            _ if u64::from(ended) <= age => outcome,
            _ if u64::from(sent) <= age => SubtaskStatus::WaitResult,
            _ => SubtaskStatus::Pending,
        }
    }

    #[test]
    fn a_page_holds_the_rows_that_a_scan_finds() {
        let mut statuses = Statuses::moving(ROWS, course);
        for age in [0, 1, 5_000, 5_000, 19_999, 30_000, 54_000, 60_000] {
            statuses.advance(age, course);
            for status in SubtaskStatus::ALL {
                let scan: Vec<u32> = (0..ROWS).filter(|row| expected(*row, age) == status).collect();
                assert_eq!(statuses.count(status) as usize, scan.len(), "{status:?} at {age}");
                for (before, size) in
                    [(0, 1), (0, 250), (1, 7), (255, 257), (700, 250), (2_999, 5), (9_999, 5)]
                {
                    let page: Vec<u32> = scan.iter().skip(before).take(size).copied().collect();
                    assert_eq!(statuses.page(status, before, size), page, "{status:?} at {age}: {before}");
                }
            }
        }
    }

    #[test]
    fn small_steps_and_one_leap_lead_to_the_same_statuses() {
        let (mut steps, mut leap) = (Statuses::moving(ROWS, course), Statuses::moving(ROWS, course));
        (0..=31_000).step_by(7).for_each(|age| steps.advance(age, course));
        leap.advance(30_998, course);
        assert_eq!(steps.of_row, leap.of_row);
    }

    #[test]
    fn nothing_moves_backwards() {
        let rank = |status| match status {
            SubtaskStatus::Pending => 0,
            SubtaskStatus::WaitResult => 1,
            _ => 2,
        };
        let mut statuses = Statuses::moving(ROWS, course);
        for age in (0..60_000).step_by(500) {
            let before = statuses.of_row.clone();
            statuses.advance(age, course);
            for (before, after) in before.iter().zip(&statuses.of_row) {
                assert!(before == after || rank(*before) < rank(*after), "{before:?} to {after:?}");
            }
        }
        assert!(statuses.of_row.iter().all(|status| rank(*status) == 2), "settled within a minute");
    }

    #[test]
    fn a_settled_task_remembers_no_moves() {
        let mut statuses = Statuses::moving(ROWS, course);
        statuses.advance(60_000, course);
        assert_eq!(statuses.moves.capacity(), 0);
    }

    #[test]
    fn a_row_that_ends_when_it_is_sent_ends() {
        let at_once = |_| Course { sent: 0, ended: 0, outcome: SubtaskStatus::Fail };
        let mut statuses = Statuses::moving(2, at_once);
        statuses.advance(0, at_once);
        assert_eq!(statuses.count(SubtaskStatus::Fail), 2);
    }
}
