//! Checks by `totalCount` whether a shift of rows from page to page is normal.
//!
//! Rows shift because rows before them were added or removed. Then the total changes as well. If the totals do not explain a
//! shift, the platform has sorted its rows again. It is not known whether the platform counts before or after it lists, and
//! rows may move in between. So a shift is compared with totals that surely enclose it: one call earlier and one call later.

/// The totals of the latest calls, and the shift that they still have to explain.
#[derive(Debug, Default)]
pub(super) struct Totals {
    first: Option<u64>,
    latest: Option<u64>,
    previous: Option<u64>,
    owed: Shift,
    doubt: bool,
}

/// The number of places by which rows have shifted since a total was counted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shift {
    rows: u64,
    before: Option<u64>,
    /// Of rows on the first page of all: no total was counted before it.
    since_first: u64,
}

impl Shift {
    /// Takes the farther one.
    pub(super) fn widen(&mut self, rows: u64, before: Option<u64>) {
        if before.is_none() {
            self.since_first = self.since_first.max(rows);
        } else if rows > self.rows {
            (self.rows, self.before) = (rows, before);
        }
    }

    #[cfg(test)]
    pub(super) fn farthest(&self) -> u64 {
        self.rows.max(self.since_first)
    }
}

impl Totals {
    /// Takes in the total of a page. `false` if it leaves an earlier shift unexplained for good.
    #[must_use]
    pub(super) fn push(&mut self, total: Option<u64>) -> bool {
        self.previous = self.latest;
        self.latest = total.or(self.latest);
        self.first = self.first.or(total);
        let owed = std::mem::take(&mut self.owed);
        // A reply without a total is evidence for neither side.
        if total.is_none() {
            return true;
        }
        self.doubt |= !self.explain(owed.since_first, self.first);
        self.explain(owed.rows, owed.before)
    }

    /// The total of the call before the latest: surely counted before the latest page was listed.
    pub(super) fn before(&self) -> Option<u64> {
        self.previous
    }

    /// The rows of the page whose total came last have shifted.
    pub(super) fn shifted(&mut self, shift: Shift) {
        if !self.explain(shift.rows, shift.before) || !self.explain(shift.since_first, self.first) {
            self.owed = shift;
        }
    }

    /// Whether every shift so far is explained: if not, one more total may do it.
    pub(super) fn settled(&self) -> bool {
        self.owed.rows == 0 && self.owed.since_first == 0
    }

    /// Whether rows of the first page have shifted farther than the totals moved since. They may: what moved between the
    /// first list and its count is in no total.
    pub(super) fn doubt(&self) -> bool {
        self.doubt
    }

    /// By how much the latest two totals differ.
    pub(super) fn moved(&self) -> Option<u64> {
        Some(self.latest?.abs_diff(self.previous?))
    }

    pub(super) fn latest(&self) -> Option<u64> {
        self.latest
    }

    fn explain(&self, rows: u64, before: Option<u64>) -> bool {
        before.zip(self.latest).is_none_or(|(before, now)| now.abs_diff(before) >= rows)
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
    fn a_shift_may_be_explained_one_call_later() {
        let mut totals = totals(&[10, 10]);
        totals.shifted(shift(3, Some(10)));
        assert!(!totals.settled());
        assert!(totals.push(Some(7)));
        assert!(totals.settled());
    }

    #[test]
    fn a_missing_total_changes_nothing() {
        let mut totals = totals(&[10, 10]);
        totals.shifted(shift(3, Some(10)));
        assert!(totals.push(None) && totals.settled());
        assert_eq!(totals.latest(), Some(10));
    }

    #[test]
    fn of_equal_shifts_the_first_one_is_explained() {
        let mut shift = shift(3, Some(10));
        shift.widen(3, Some(12));
        let mut totals = totals(&[10, 13]);
        totals.shifted(shift);
        assert!(totals.settled());
    }

    #[test]
    fn a_shift_since_the_first_page_leaves_a_doubt() {
        let mut totals = totals(&[10, 10]);
        totals.shifted(shift(3, None));
        assert!(!totals.settled() && totals.push(Some(13)) && !totals.doubt());
        totals.shifted(shift(4, None));
        assert!(totals.push(Some(13)) && totals.doubt());
    }
}
