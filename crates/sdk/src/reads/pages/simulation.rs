//! Simulates platforms whose pages never end. Every read must end nevertheless.

use std::collections::HashSet;
use std::num::NonZeroU32;

use super::lengths::{PAGES_ASTRAY, PAGES_BEYOND};
use super::{Arrived, Cause, Deliver, Direction, Next, Start, begin};

/// What a platform shows on a page.
#[derive(Clone, Copy, Debug)]
enum Shows {
    SamePage,
    /// This number of pages, again and again.
    Cycle(u64),
    /// The same rows in another order each time.
    Shuffled,
    NewRows,
}

/// What it counts.
#[derive(Clone, Copy, Debug)]
enum Counts {
    Nothing,
    Always(u64),
    /// The rows that were shown, and so many more.
    Ahead(u64),
    /// At every other call.
    NowAndThen(u64),
}

#[derive(Clone, Copy, Debug)]
struct Platform {
    rows: u64,
    shows: Shows,
    counts: Counts,
    has_param: bool,
}

impl Platform {
    fn page(self, call: u64) -> Vec<u64> {
        let rows = self.rows;
        match self.shows {
            Shows::SamePage => (0..rows).collect(),
            Shows::Cycle(pages) => (0..rows).map(|row| call % pages * rows + row).collect(),
            Shows::Shuffled => (0..rows).map(|row| (row + call) % rows).collect(),
            Shows::NewRows => (0..rows).map(|row| call * rows + row).collect(),
        }
    }

    fn total(self, call: u64) -> Option<u64> {
        match self.counts {
            Counts::Nothing => None,
            Counts::Always(total) => Some(total),
            Counts::Ahead(rows) => Some((call + 1) * self.rows + rows),
            Counts::NowAndThen(total) => (call % 2 == 1).then_some(total),
        }
    }
}

/// How a read ended, after how many calls, and whether it delivered all rows that came and have a param.
fn read(platform: Platform, direction: Direction, size: u32) -> (Next, u64, bool) {
    let mut read = begin(direction, Start { size: NonZeroU32::new(size).unwrap(), from: None });
    let (mut held, mut came, mut delivered) = (Vec::new(), HashSet::new(), HashSet::new());
    for call in 0.. {
        let Some(page) = read.ask() else {
            return (Next::Incomplete(read.beyond()), call, true);
        };
        let rows = platform.page(call);
        let fingerprints: Vec<_> = rows.iter().map(|row| platform.has_param.then_some(row + 1)).collect();
        let digest = Some(rows[0]);
        let (len, total, alike) = (rows.len(), platform.total(call), !platform.has_param);
        let arrived = Arrived { page, len, rows: &fingerprints, digest, alike, total, stated: None };
        let taken = read.take(&arrived);
        came.extend(rows.iter().copied().filter(|_| platform.has_param));
        match taken.deliver {
            Deliver::Nothing => held.push(rows),
            Deliver::AllBut(repeats) => {
                let is_new = |place: &usize| !repeats.contains(place);
                delivered.extend((0..rows.len()).filter(is_new).map(|place| rows[place]));
            }
        }
        if taken.next != Next::GoOn {
            delivered.extend(held.concat());
            return (taken.next, call + 1, came.is_subset(&delivered));
        }
    }
    unreachable!("calls are many")
}

#[test]
fn every_read_ends_with_the_rows_that_came() {
    let counts = [0, 1, 7, 40, 1 << 62].map(Counts::Always).into_iter().chain([
        Counts::Nothing,
        Counts::Ahead(0),
        Counts::Ahead(1_000),
        Counts::NowAndThen(40),
    ]);
    for counts in counts {
        for shows in [Shows::SamePage, Shows::Cycle(2), Shows::Cycle(30), Shows::Shuffled, Shows::NewRows] {
            for (rows, size) in [(1, 1), (1, 7), (7, 7), (8, 7)] {
                for has_param in [true, false] {
                    for direction in [Direction::Whole, Direction::Forward, Direction::Backward] {
                        let platform = Platform { rows, shows, counts, has_param };
                        let (end, calls, all) = read(platform, direction, size);
                        let what = format!("{platform:?} {direction:?} {size}: {end:?} after {calls} calls");
                        assert!(all, "{what}");
                        let limit = match (counts, shows) {
                            (Counts::Nothing | Counts::Always(_), Shows::NewRows)
                            | (Counts::Ahead(1_000), _) => PAGES_BEYOND + 1_008,
                            _ => u64::from(PAGES_ASTRAY) + 100,
                        };
                        assert!(calls <= limit, "{what}");
                        let complete = end == Next::Complete;
                        assert!(!complete || !matches!(counts, Counts::Nothing), "{what}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_read_whose_total_grows_with_every_page_is_stopped() {
    let platform = Platform { rows: 10, shows: Shows::NewRows, counts: Counts::Ahead(0), has_param: true };
    for direction in [Direction::Whole, Direction::Forward] {
        let (end, calls, _) = read(platform, direction, 10);
        assert!(matches!(end, Next::Incomplete(shortfall) if shortfall.cause == Cause::Endless), "{end:?}");
        assert!(calls <= u64::from(PAGES_ASTRAY) + 1, "{calls}");
    }
}
