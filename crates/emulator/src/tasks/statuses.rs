//! The statuses of a task's rows, kept so that any page of any status is found without reading all of them.

use crate::api::SubtaskStatus;
use crate::scenario::life::Timeline;

/// Bits of a word.
const WORD: usize = u64::BITS as usize;

/// Words of rows that are counted together. A filtered page skips whole blocks by their counts and reads only those that
/// hold its rows.
const BLOCK: usize = 16;

const STATUSES: usize = SubtaskStatus::ALL.len();

/// For each status one bit a row and one count a block, and for a task that moves what is still to come.
#[derive(Debug)]
pub(crate) struct Statuses {
    /// For each status, the rows that have it.
    rows: [Vec<u64>; STATUSES],
    /// For each status, how many rows of each block have it.
    counts: [Vec<u16>; STATUSES],
    totals: [u32; STATUSES],
    /// The moves of all rows, in the order in which they happen.
    moves: Vec<Move>,
    /// How many of the moves have happened.
    done: usize,
    /// How many rows never move.
    never_sent: u32,
}

/// A moment in milliseconds, and a row with a last bit that says whether it is sent or ends. Moves sort by time.
type Move = (u32, u32);

impl Statuses {
    /// Rows that stay as they are.
    pub(crate) fn frozen(rows: u32, status: impl Fn(u32) -> SubtaskStatus) -> Self {
        let words = (rows as usize).div_ceil(WORD);
        let mut statuses = Self {
            rows: SubtaskStatus::ALL.map(|_| vec![0; words]),
            counts: SubtaskStatus::ALL.map(|_| vec![0; words.div_ceil(BLOCK)]),
            totals: [0; STATUSES],
            moves: Vec::new(),
            done: 0,
            never_sent: 0,
        };
        (0..rows).for_each(|row| statuses.enter(row, status(row)));
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
        Self { moves, never_sent, ..Self::frozen(rows, |_| SubtaskStatus::Pending) }
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
            self.leave(row, before);
            self.enter(row, after);
        }
        if self.done == self.moves.len() && self.done > 0 {
            (self.moves, self.done) = (Vec::new(), 0);
        }
    }

    fn enter(&mut self, row: u32, status: SubtaskStatus) {
        let (status, row) = (status as usize, row as usize);
        self.rows[status][row / WORD] |= 1 << (row % WORD);
        self.counts[status][row / WORD / BLOCK] += 1;
        self.totals[status] += 1;
    }

    fn leave(&mut self, row: u32, status: SubtaskStatus) {
        let (status, row) = (status as usize, row as usize);
        self.rows[status][row / WORD] &= !(1 << (row % WORD));
        self.counts[status][row / WORD / BLOCK] -= 1;
        self.totals[status] -= 1;
    }

    /// Number of rows that stay pending for ever.
    pub(crate) fn never_sent(&self) -> u32 {
        self.never_sent
    }

    /// Number of rows with this status.
    pub(crate) fn count(&self, status: SubtaskStatus) -> u32 {
        self.totals[status as usize]
    }

    /// The status of a row, if there is such a row.
    pub(crate) fn of(&self, row: u32) -> Option<SubtaskStatus> {
        let row = row as usize;
        let has = |status: &SubtaskStatus| {
            let word = self.rows[*status as usize].get(row / WORD);
            word.is_some_and(|word| word >> (row % WORD) & 1 == 1)
        };
        SubtaskStatus::ALL.into_iter().find(has)
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
        // Where there are no more, the last blocks are not worth a look.
        let size = size.min((self.count(status) as usize).saturating_sub(before));
        let words = self.rows[status as usize].chunks(BLOCK).zip(counts).enumerate().skip(block);
        let mut rows = Vec::with_capacity(size);
        let found = words.filter(|(_, (_, count))| **count > 0).flat_map(|(block, (words, _))| {
            let words = (block * BLOCK..).zip(words);
            words.flat_map(|(place, word)| bits(*word).map(move |bit| (place * WORD) as u32 + bit))
        });
        rows.extend(found.skip(skip).take(size));
        rows
    }
}

/// Where a word has a 1, counted from its lowest bit.
fn bits(word: u64) -> impl Iterator<Item = u32> {
    let some = |word: u64| Some(word).filter(|word| *word != 0);
    std::iter::successors(some(word), move |word| some(word & (word - 1))).map(u64::trailing_zeros)
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
                    let page: Vec<u32> = scan.iter().skip(before).take(size).copied().collect();
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
        assert_eq!((statuses.never_sent(), statuses.count(SubtaskStatus::Pending)), (1_000, 1_000));
        assert!((0..ROWS).all(|row| (statuses.of(row) == Some(SubtaskStatus::Pending)) == (row % 3 == 0)));
    }
}
