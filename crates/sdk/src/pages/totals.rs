//! What `totalCount` has to say when rows shift from page to page.
//!
//! Rows shift because rows before them came or went, and then the total changes as well. A shift that the totals around it do
//! not explain means that the platform has sorted anew. Whether the platform counts before it lists or after it is not
//! known, and rows may move in between, so a shift is held against totals that surely enclose it: one call further back, and
//! one call later.

/// The totals of the latest calls, and the shift that they still have to explain.
#[derive(Debug, Default)]
pub(super) struct Totals {
    latest: Option<u64>,
    previous: Option<u64>,
    owed: Shift,
}

/// By how many places rows have shifted since a total was counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shift {
    rows: u64,
    before: Option<u64>,
}

impl Shift {
    /// Takes the farther one. A shift since a total that is not known binds nobody.
    pub(super) fn widen(&mut self, rows: u64, before: Option<u64>) {
        if before.is_some() && rows > self.rows {
            *self = Self { rows, before };
        }
    }

    #[cfg(test)]
    pub(super) fn farthest(&self) -> u64 {
        self.rows
    }
}

impl Totals {
    /// Takes in the total of a page. `false` if it leaves an earlier shift unexplained for good.
    #[must_use]
    pub(super) fn push(&mut self, total: Option<u64>) -> bool {
        self.previous = self.latest;
        self.latest = total.or(self.latest);
        let owed = std::mem::take(&mut self.owed);
        // A reply without a total explains nothing, and does not accuse.
        total.is_none() || self.explain(owed)
    }

    /// The total of the call before the latest: surely counted before the latest page was listed.
    pub(super) fn before(&self) -> Option<u64> {
        self.previous
    }

    /// The rows of the page whose total came last have shifted.
    pub(super) fn shifted(&mut self, shift: Shift) {
        self.owed = if self.explain(shift) { Shift::default() } else { shift };
    }

    /// Whether every shift so far is explained: if not, one more total may do it.
    pub(super) fn settled(&self) -> bool {
        self.owed.rows == 0
    }

    /// By how much the latest two totals differ.
    pub(super) fn moved(&self) -> Option<u64> {
        Some(self.latest?.abs_diff(self.previous?))
    }

    pub(super) fn latest(&self) -> Option<u64> {
        self.latest
    }

    fn explain(&self, shift: Shift) -> bool {
        let moved = shift.before.zip(self.latest).map(|(before, now)| now.abs_diff(before));
        moved.is_none_or(|moved| moved >= shift.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(pushed: &[u64]) -> Totals {
        let mut totals = Totals::default();
        assert!(pushed.iter().all(|total| totals.push(Some(*total))));
        totals
    }

    fn shift(rows: u64, before: Option<u64>) -> Shift {
        let mut shift = Shift::default();
        shift.widen(rows, before);
        shift
    }

    #[test]
    fn a_shift_is_explained_by_the_totals_around_it() {
        let mut totals = totals(&[10, 13]);
        assert_eq!((totals.before(), totals.moved()), (Some(10), Some(3)));
        totals.shifted(shift(3, Some(10)));
        assert!(totals.settled());
    }

    #[test]
    fn a_shift_may_be_explained_one_call_later() {
        let mut totals = totals(&[10, 10]);
        totals.shifted(shift(3, Some(10)));
        assert!(!totals.settled());
        assert!(totals.push(Some(7)));
        assert!(totals.settled());
    }

    #[test]
    fn a_shift_that_stays_unexplained_is_a_fault() {
        let mut totals = totals(&[10, 10]);
        totals.shifted(shift(3, Some(10)));
        assert!(!totals.push(Some(12)));
    }

    #[test]
    fn a_missing_total_accuses_nobody() {
        let mut totals = totals(&[10, 10]);
        totals.shifted(shift(3, None));
        assert!(totals.settled());
        totals.shifted(shift(3, Some(10)));
        assert!(totals.push(None) && totals.settled());
        assert_eq!(totals.latest(), Some(10));
    }
}
