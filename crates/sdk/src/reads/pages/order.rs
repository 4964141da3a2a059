//! Compares the place of a row that comes twice with its earlier place.
//!
//! If a platform keeps the order of its rows, a row changes its place only because rows before it were added or removed. Then
//! it shifts by no more places than the totals changed, and keeps its order among its neighbours. Anything else means that the
//! platform has sorted again, and that rows may be missing. Only the latest rows are remembered with their places. Of an
//! earlier row it is only known that it has passed all of these.

use std::collections::{HashMap, VecDeque};

use super::fingerprints::Fingerprint;
use super::shortfall::Cause;
use super::totals::Shift;

/// How many rows are remembered with their places.
const WINDOW: usize = 4096;

/// The place of a row.
#[derive(Clone, Copy, Debug)]
struct Stood {
    place: u64,
    /// The number of the call that showed it.
    call: u64,
    /// A total that was surely counted before that.
    before: Option<u64>,
}

/// Rows of a page: the place of its first row, and a total that was surely counted before it was listed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed<'a> {
    pub(super) rows: &'a [Fingerprint],
    pub(super) place: u64,
    pub(super) before: Option<u64>,
}

impl Listed<'_> {
    fn named(&self) -> impl Iterator<Item = (u64, u64)> {
        self.rows.iter().zip(self.place..).filter_map(|(row, place)| Some(((*row)?, place)))
    }
}

/// Places of rows read from front to back, while rows come in between and none goes.
#[derive(Debug, Default)]
pub(super) struct ForwardOrder {
    stood: HashMap<u64, Stood>,
    /// In the order in which they were shown; a row that was shown again is not removed from its earlier place.
    shown: VecDeque<(u64, u64)>,
    /// The first total that was counted before a row.
    first: Option<u64>,
    calls: u64,
}

impl ForwardOrder {
    /// Takes in the rows of a page; returns the farthest shift that the totals have to explain.
    pub(super) fn place(&mut self, page: Listed<'_>, seen: impl Fn(u64) -> bool) -> Result<Shift, Cause> {
        self.calls += 1;
        self.first = self.first.or(page.before);
        let mut shift = Shift::default();
        let mut neighbour: Option<Stood> = None;
        for (fingerprint, place) in page.named() {
            let Some(stood) = self.stood.get(&fingerprint).copied() else {
                if !seen(fingerprint) {
                    continue;
                }
                let oldest = self.shown.front().map_or(place, |(_, oldest)| *oldest);
                shift.widen(place.saturating_sub(oldest), self.first);
                continue;
            };
            if neighbour.is_some_and(|other| other.call == stood.call && other.place >= stood.place) {
                return Err(Cause::Disorder);
            }
            neighbour = Some(stood);
            shift.widen(place.saturating_sub(stood.place), stood.before);
        }
        for (fingerprint, place) in page.named() {
            self.stood.insert(fingerprint, Stood { place, call: self.calls, before: page.before });
            self.shown.push_back((fingerprint, place));
        }
        while self.shown.len() > WINDOW
            && let Some((fingerprint, place)) = self.shown.pop_front()
        {
            // Not if it has been shown again since.
            if self.stood.get(&fingerprint).is_some_and(|stood| stood.place == place) {
                self.stood.remove(&fingerprint);
            }
        }
        Ok(shift)
    }
}

/// Places of rows read from back to front, while rows go and none comes. Here the order is known of all rows: what comes
/// later stands before all that came.
#[derive(Debug, Default)]
pub(super) struct BackwardOrder {
    /// In the platform's order.
    stood: VecDeque<(u64, Stood)>,
    forgets: bool,
}

impl BackwardOrder {
    /// Takes in the rows of a page; `is_last` says that no row follows them.
    pub(super) fn place(
        &mut self,
        page: Listed<'_>,
        is_last: bool,
        seen: impl Fn(u64) -> bool,
    ) -> Result<Shift, Cause> {
        let now = |place| Stood { place, call: 0, before: page.before };
        let mut shift = Shift::default();
        let mut fresh = Vec::new();
        // Rows before this one stand before the page, or have gone.
        let mut reached = None;
        for (fingerprint, place) in page.named() {
            if !seen(fingerprint) {
                if reached.is_some() {
                    return Err(Cause::Disorder);
                }
                fresh.push((fingerprint, now(place)));
                continue;
            }
            let from = reached.unwrap_or(0);
            let known = self.stood.range(from..).position(|(row, _)| *row == fingerprint);
            let Some(passed) = known else {
                if !self.forgets {
                    return Err(Cause::Disorder);
                }
                reached = Some(self.stood.len());
                continue;
            };
            let at = if reached.is_some() || !fresh.is_empty() {
                // They are not where they would have to be.
                self.stood.drain(from..from + passed);
                from
            } else {
                passed
            };
            let (_, stood) = &mut self.stood[at];
            if place > stood.place {
                return Err(Cause::Disorder);
            }
            shift.widen(stood.place - place, stood.before);
            *stood = now(place);
            reached = Some(at + 1);
        }
        if is_last && (reached.is_some() || !fresh.is_empty()) {
            self.stood.truncate(reached.unwrap_or(0));
        }
        for row in fresh.into_iter().rev() {
            self.stood.push_front(row);
        }
        self.forgets |= self.stood.len() > WINDOW;
        self.stood.truncate(WINDOW);
        Ok(shift)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Shifts = Vec<Result<u64, Cause>>;

    /// Feeds pages of named rows, each with the place of its first row, and remembers what was seen as a read does.
    fn placed(
        pages: &[(u64, &[u64])],
        mut place: impl FnMut(Listed<'_>, &dyn Fn(u64) -> bool) -> Result<Shift, Cause>,
    ) -> Shifts {
        let mut seen = Vec::new();
        let mut outcome = Vec::new();
        for (first, page) in pages {
            let rows: Vec<_> = page.iter().map(|row| Some(*row)).collect();
            let listed = Listed { rows: &rows, place: *first, before: Some(0) };
            let shift = place(listed, &|fingerprint| seen.contains(&fingerprint));
            outcome.push(shift.map(|shift| shift.farthest()));
            seen.extend_from_slice(page);
        }
        outcome
    }

    fn forth(pages: &[(u64, &[u64])]) -> Shifts {
        let mut order = ForwardOrder::default();
        placed(pages, |page, seen| order.place(page, seen))
    }

    fn back(pages: &[(u64, &[u64])]) -> Shifts {
        let mut order = BackwardOrder::default();
        placed(pages, |page, seen| order.place(page, false, seen))
    }

    /// The second page is known to be the last one that holds rows.
    fn back_when_the_second_is_last(pages: &[(u64, &[u64])]) -> Shifts {
        let (mut order, mut number) = (BackwardOrder::default(), 0);
        placed(pages, |page, seen| {
            number += 1;
            order.place(page, number == 2, seen)
        })
    }

    #[test]
    fn rows_pushed_over_the_edge_of_a_page_have_shifted() {
        assert_eq!(forth(&[(0, &[1, 2, 3]), (3, &[2, 3, 4])]), [Ok(0), Ok(2)]);
        assert_eq!(forth(&[(0, &[1, 2, 3]), (3, &[9, 2, 8]), (6, &[3, 4, 5])]), [Ok(0), Ok(3), Ok(4)]);
    }

    #[test]
    fn rows_that_change_their_order_were_sorted_again() {
        assert_eq!(forth(&[(0, &[1, 2, 3]), (3, &[3, 2, 4])])[1], Err(Cause::Disorder));
        assert_eq!(back(&[(3, &[4, 5, 6]), (0, &[3, 5, 4])])[1], Err(Cause::Disorder));
    }

    #[test]
    fn rows_that_were_shown_by_different_calls_are_no_neighbours() {
        // 9 came in before 3 after the first call.
        assert_eq!(forth(&[(0, &[1, 2, 3]), (3, &[4, 5, 9]), (6, &[9, 3, 6])]), [Ok(0), Ok(0), Ok(5)]);
    }

    #[test]
    fn backward_a_page_that_comes_again_as_it_was_has_not_shifted() {
        assert_eq!(back(&[(0, &[1, 2, 3]), (0, &[1, 2, 3])]), [Ok(0), Ok(0)]);
    }

    #[test]
    fn backward_rows_between_two_that_came_again_have_gone() {
        assert_eq!(back(&[(6, &[4, 5, 6]), (3, &[4, 6]), (0, &[5])])[1..], [Ok(4), Err(Cause::Disorder)]);
    }

    #[test]
    fn backward_rows_that_came_again_may_come_once_more() {
        assert_eq!(back(&[(6, &[4, 5, 6]), (3, &[4, 5]), (0, &[4])]), [Ok(0), Ok(3), Ok(3)]);
    }

    #[test]
    fn backward_a_whole_window_of_rows_is_remembered() {
        let rows: Vec<u64> = (0..WINDOW as u64).collect();
        assert_eq!(back(&[(9000, &rows), (5, &[0, 2]), (0, &[1])])[2], Err(Cause::Disorder), "1 had gone");
    }

    #[test]
    fn backward_no_row_follows_the_last_page() {
        let known: [(u64, &[u64]); 3] = [(6, &[4, 5, 6]), (3, &[4]), (0, &[5])];
        let fresh: [(u64, &[u64]); 3] = [(6, &[4, 5, 6]), (3, &[3]), (0, &[4])];
        let both: [(u64, &[u64]); 3] = [(6, &[4, 5, 6]), (3, &[3, 4]), (0, &[2, 5])];
        for (pages, shift) in [(known, 7), (fresh, 6), (both, 6)] {
            assert_eq!(back(&pages)[2], Ok(shift), "{pages:?}");
            assert_eq!(back_when_the_second_is_last(&pages)[2], Err(Cause::Disorder), "{pages:?}");
        }
        assert_eq!(back_when_the_second_is_last(&[(6, &[4, 5, 6]), (3, &[]), (0, &[4])])[2], Ok(6));
    }

    #[test]
    fn backward_only_the_end_of_a_page_may_come_again() {
        assert_eq!(back(&[(3, &[4, 5, 6]), (0, &[3, 4, 5])]), [Ok(0), Ok(2)]);
        assert_eq!(back(&[(3, &[4, 5, 6]), (0, &[4, 3])])[1], Err(Cause::Disorder));
        let gone: [(u64, &[u64]); 3] = [(6, &[4, 5, 6]), (3, &[3, 6]), (0, &[2, 5])];
        assert_eq!(back(&gone)[1..], [Ok(4), Err(Cause::Disorder)], "5 had gone");
        let below: [(u64, &[u64]); 3] = [(6, &[4, 5, 6]), (3, &[5, 6]), (0, &[2, 4])];
        assert_eq!(back(&below)[1..], [Ok(4), Ok(5)], "4 stood before the page");
    }

    #[test]
    fn a_row_from_beyond_the_window_has_passed_all_within() {
        let rows: Vec<u64> = (0..5000).collect();
        assert_eq!(forth(&[(0, &rows), (5000, &[7, 8])])[1], Ok(WINDOW as u64 + 1));
        assert_eq!(back(&[(9000, &rows), (0, &[4999])])[1], Ok(0));
    }
}
