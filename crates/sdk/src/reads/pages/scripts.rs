//! The three directions against scripts: what comes, call by call, and what is asked and delivered.

use std::num::NonZeroU32;
use std::ops::Range;

use super::fingerprints::Fingerprint;
use super::{Arrived, Cause, Deliver, Direction, Next, Start, begin};
use crate::reads::plan::Direction::{Backward, Forward, Whole};

/// A reply: rows and total.
type Reply = (Range<u64>, Option<u64>);

/// What a read asked for, which rows it delivered, and how it ended; `None` if the script ended before it.
#[derive(Debug, PartialEq)]
struct ReadLog {
    asked: Vec<u32>,
    delivered: Vec<u64>,
    end: Option<Result<(), Cause>>,
}

/// Reads pages of 10 rows, one call at a time.
fn log_from(direction: Direction, from: Option<u32>, script: &[Reply]) -> ReadLog {
    let mut read = begin(direction, Start { size: NonZeroU32::new(10).unwrap(), from });
    let mut log = ReadLog { asked: Vec::new(), delivered: Vec::new(), end: None };
    for (rows, total) in script {
        let page = read.ask().unwrap();
        log.asked.push(page);
        let fingerprints: Vec<Fingerprint> = rows.clone().map(|row| Some(row + 1)).collect();
        let digest = (!rows.is_empty()).then_some(rows.start);
        let (len, total) = (fingerprints.len(), *total);
        let arrived = Arrived { page, len, rows: &fingerprints, digest, alike: false, total, stated: None };
        let taken = read.take(&arrived);
        let places = (0..).zip(rows.clone());
        log.delivered.extend(places.filter_map(|(place, row)| match &taken.deliver {
            Deliver::AllBut(repeats) => (!repeats.contains(&place)).then_some(row),
            Deliver::Nothing => None,
        }));
        log.end = end_of(taken.next);
        if log.end.is_some() {
            break;
        }
    }
    log
}

fn end_of(next: Next) -> Option<Result<(), Cause>> {
    match next {
        Next::GoOn => None,
        Next::Complete => Some(Ok(())),
        Next::Incomplete(shortfall) => Some(Err(shortfall.cause)),
    }
}

fn log(direction: Direction, script: &[Reply]) -> ReadLog {
    log_from(direction, None, script)
}

/// How the read ended, and how many rows it delivered after how many calls.
fn end(direction: Direction, script: &[Reply]) -> (Option<Result<(), Cause>>, usize, usize) {
    let log = log(direction, script);
    (log.end, log.delivered.len(), log.asked.len())
}

#[test]
fn whole_continues_when_its_total_is_wrong() {
    let end_of = |totals: [u64; 3]| {
        end(Whole, &[(0..10, Some(totals[0])), (10..20, Some(totals[1])), (20..20, Some(totals[2]))])
    };
    assert_eq!(end_of([10, 10, 10]), (Some(Ok(())), 20, 3), "the total of a page");
    assert_eq!(end_of([15, 20, 20]), (Some(Ok(())), 20, 3), "a total that grows");
    assert_eq!(end_of([12, 1, 1]), (Some(Ok(())), 20, 3));
    assert_eq!(end_of([15, 15, 25]), (Some(Err(Cause::Missing)), 20, 3));
    assert_eq!(end(Whole, &[(0..5, None), (5..7, None), (0..0, None)]), (Some(Ok(())), 7, 3));
}

#[test]
fn whole_sees_what_comes_twice() {
    let end_of_two = end(Whole, &[(0..10, Some(15)), (9..14, Some(15))]);
    assert_eq!(end_of_two, (Some(Err(Cause::Missing)), 14, 2), "what came is delivered");
    let all = [(0..10, Some(15)), (5..15, Some(15)), (15..15, Some(15))];
    assert_eq!(end(Whole, &all), (Some(Ok(())), 15, 3), "all came all the same");
    for false_total in [None, Some(5)] {
        let twice = [(0..10, false_total), (9..14, false_total), (0..0, false_total)];
        assert_eq!(end(Whole, &twice).0, Some(Err(Cause::Disorder)));
    }
    assert_eq!(end(Whole, &[(0..10, Some(30)), (0..10, Some(30))]).0, Some(Err(Cause::SamePage)));
}

#[test]
fn whole_asks_ahead_only_as_far_as_rows_are_counted() {
    let mut read = begin(Whole, Start { size: NonZeroU32::new(10).unwrap(), from: None });
    assert_eq!((read.ask(), read.ask()), (Some(0), None), "how many pages there are is not known");
    let page =
        |page, len, total| Arrived { page, len, rows: &[], digest: None, alike: false, total, stated: None };
    read.take(&page(0, 10, Some(25)));
    assert_eq!((read.ask(), read.ask(), read.ask()), (Some(1), Some(2), None));
    read.take(&page(1, 9, Some(25)));
    read.take(&page(2, 5, Some(25)));
    assert_eq!(read.ask(), Some(3), "a row is still to come");
    let mut capped = begin(Whole, Start { size: NonZeroU32::new(10).unwrap(), from: None });
    capped.ask();
    capped.take(&page(0, 5, Some(15)));
    assert_eq!((capped.ask(), capped.ask(), capped.ask()), (Some(1), Some(2), None), "pages of five");
}

/// What a read asks for and delivers that resumes at page 2 of 30 rows, of which every page above ten rows is too long.
fn log_of_long_pages(direction: Direction, total: u64) -> (Vec<(u32, u32)>, usize, Next) {
    let mut size = 30;
    let mut read = begin(direction, Start { size: NonZeroU32::new(size).unwrap(), from: Some(2) });
    let (mut asked, mut delivered) = (Vec::new(), 0);
    loop {
        let page = read.ask().unwrap();
        asked.push((page, size));
        let from = total.min(u64::from(page * size));
        let rows: Vec<_> = (from..total.min(from + u64::from(size))).map(|row| Some(row + 1)).collect();
        let len = rows.len();
        if len > 10 {
            size = read.split().unwrap().size.get();
            continue;
        }
        let (digest, total) = ((len > 0).then_some(from), Some(total));
        let arrived = Arrived { page, len, rows: &rows, digest, alike: false, total, stated: None };
        let taken = read.take(&arrived);
        if let Deliver::AllBut(repeats) = taken.deliver {
            delivered += len - repeats.len();
        }
        if taken.next != Next::GoOn {
            return (asked, delivered, taken.next);
        }
    }
}

#[test]
fn a_page_that_is_too_long_is_asked_for_in_parts_at_the_same_place() {
    for direction in [Whole, Forward] {
        let (asked, delivered, end) = log_of_long_pages(direction, 77);
        assert_eq!(
            (asked, delivered, end),
            (vec![(2, 30), (4, 15), (12, 5), (13, 5), (14, 5), (15, 5)], 17, Next::Complete)
        );
    }
    let (asked, delivered, end) = log_of_long_pages(Backward, 77);
    assert_eq!(asked[..4], [(0, 30), (0, 15), (0, 5), (15, 5)]);
    assert_eq!((asked.len(), delivered, end), (19, 77, Next::Complete));
    for direction in [Whole, Forward, Backward] {
        let mut read = begin(direction, Start { size: NonZeroU32::MIN, from: None });
        assert_eq!((read.ask(), read.split()), (Some(0), None), "a row is not cut");
    }
}

#[test]
fn pages_that_the_platform_caps_are_split_as_long_as_they_are() {
    let page = |page, len| Arrived {
        page,
        len,
        rows: &[],
        digest: None,
        alike: false,
        total: Some(30),
        stated: None,
    };
    for direction in [Whole, Forward, Backward] {
        let mut read = begin(direction, Start { size: NonZeroU32::new(10).unwrap(), from: None });
        read.ask();
        read.take(&page(0, 4));
        let next = read.ask().unwrap();
        let split = read.split().unwrap();
        assert_eq!((split.parts, split.size.get()), (2, 2), "{direction:?}");
        assert_eq!(
            read.ask(),
            Some(if direction == Backward { 2 * next + 1 } else { 2 * next }),
            "{direction:?}"
        );
        let mut longer = begin(direction, Start { size: NonZeroU32::new(10).unwrap(), from: None });
        longer.ask();
        longer.take(&page(0, 11));
        assert_eq!(longer.split(), None, "the platform does not keep to page sizes");
    }
}

#[test]
fn whole_resumes_with_the_rows_before_it_counted() {
    let resumed = log_from(Whole, Some(2), &[(20..25, Some(25))]);
    assert_eq!((resumed.asked, resumed.end), (vec![2], Some(Ok(()))));
    let beyond = log_from(Whole, Some(3), &[(25..25, Some(25))]);
    assert_eq!(beyond.end, Some(Ok(())), "nothing is left to read");
    let capped = log_from(Whole, Some(3), &[(12..16, Some(18)), (16..18, Some(18))]);
    assert_eq!((capped.delivered.len(), capped.end), (6, Some(Ok(()))));
}

#[test]
fn forward_ends_at_its_total_unless_the_last_page_is_full() {
    assert_eq!(end(Forward, &[(0..10, Some(15)), (10..15, Some(15))]), (Some(Ok(())), 15, 2));
    assert_eq!(end(Forward, &[(0..10, Some(10)), (10..10, Some(10))]), (Some(Ok(())), 10, 2));
    let capped = [(0..5, Some(10)), (5..10, Some(10)), (10..10, Some(10))];
    assert_eq!(end(Forward, &capped), (Some(Ok(())), 10, 3), "pages of five are full");
}

#[test]
fn forward_looks_again_before_it_says_that_rows_are_missing() {
    let looks = log(Forward, &[(0..5, Some(8)), (5..5, Some(8)), (0..8, Some(8)), (8..8, Some(8))]);
    assert_eq!((looks.asked, looks.delivered.len(), looks.end), (vec![0, 1, 0, 1], 8, Some(Ok(()))));
    let stays = [(0..5, Some(8)), (5..5, Some(8)), (0..5, Some(8)), (5..5, Some(8))];
    assert_eq!(end(Forward, &stays), (Some(Err(Cause::Missing)), 5, 4));
}

#[test]
fn forward_compares_a_shift_with_the_totals() {
    let shifted = |after| [(0..10, Some(40)), (10..20, Some(40)), (18..28, Some(40)), (28..38, Some(after))];
    assert_eq!(end(Forward, &shifted(42)).0, None);
    assert_eq!(end(Forward, &shifted(41)).0, Some(Err(Cause::Unexplained)));
}

/// Reads pages of rows without a fingerprint, given how many there are, what tells the page from others, and the total.
fn end_of_nameless(direction: Direction, script: &[(usize, u64, Option<u64>)]) -> Option<Result<(), Cause>> {
    let mut read = begin(direction, Start { size: NonZeroU32::new(10).unwrap(), from: None });
    script.iter().find_map(|(len, digest, total)| {
        let page = read.ask().unwrap();
        let (rows, digest) = (vec![None; *len], Some(*digest));
        let total = *total;
        let arrived = Arrived { page, len: *len, rows: &rows, digest, alike: false, total, stated: None };
        end_of(read.take(&arrived).next)
    })
}

#[test]
fn forward_the_second_look_does_not_compare_its_order_with_the_first() {
    let first = [(0..10, Some(18)), (10..15, Some(18)), (15..15, Some(18))];
    let second = [(0..10, Some(18)), (10..18, Some(18))];
    assert_eq!(end(Forward, &[&first[..], &second[..]].concat()), (Some(Ok(())), 18, 5));
}

#[test]
fn forward_a_repeated_page_is_an_error_unless_the_total_grew_by_a_page() {
    let same = |after| end_of_nameless(Forward, &[(10, 1, Some(40)), (10, 1, after)]);
    assert_eq!(same(Some(40)), Some(Err(Cause::SamePage)));
    assert_eq!(same(Some(49)), Some(Err(Cause::SamePage)), "nine rows do not push ten");
    assert_eq!(same(Some(50)), None);
    assert_eq!(end_of_nameless(Forward, &[(10, 1, None), (10, 1, None)]), Some(Err(Cause::SamePage)));
    assert_eq!(end(Forward, &[(0..10, None), (0..10, None)]).0, Some(Err(Cause::SamePage)));
    assert_eq!(end(Forward, &[(10..10, None)]).0, Some(Ok(())), "no rows, no page to turn");
}

#[test]
fn forward_rows_that_are_known_are_watched_one_by_one_in_the_first_look() {
    let again = [(0..10, Some(40)), (0..10, Some(40)), (10..20, Some(40))];
    assert_eq!(end(Forward, &again), (None, 20, 3));
    let second_look = [(0..5, Some(8)), (5..5, Some(8)), (0..10, Some(20)), (0..10, Some(20))];
    assert_eq!(end(Forward, &second_look).0, Some(Err(Cause::SamePage)));
}

#[test]
fn backward_delivers_the_probe_if_it_holds_all() {
    assert_eq!(end(Backward, &[(0..5, Some(5))]), (Some(Ok(())), 5, 1));
    assert_eq!(end(Backward, &[(0..2, Some(1))]), (Some(Ok(())), 2, 1), "as in the page's example");
    assert_eq!(end(Backward, &[(0..0, None)]), (Some(Ok(())), 0, 1));
}

#[test]
fn backward_begins_at_the_end_and_skips_what_has_gone() {
    let log = log(
        Backward,
        &[(0..10, Some(45)), (40..45, Some(45)), (30..30, Some(15)), (10..15, Some(15)), (0..10, Some(15))],
    );
    assert_eq!((log.asked, log.end), (vec![0, 4, 3, 1, 0], Some(Ok(()))));
    assert_eq!(log.delivered.len(), 20);
    let resumed = log_from(Backward, Some(1), &[(0..10, Some(45)), (10..20, Some(45)), (0..10, Some(45))]);
    assert_eq!((resumed.asked, resumed.end), (vec![0, 1, 0], Some(Ok(()))));
}

#[test]
fn backward_pages_are_as_long_as_the_probe() {
    let capped = [(0..5, Some(12)), (10..12, Some(12)), (5..10, Some(12)), (0..5, Some(12))];
    let capped = log(Backward, &capped);
    assert_eq!((capped.asked, capped.delivered.len(), capped.end), (vec![0, 2, 1, 0], 12, Some(Ok(()))));
    let empty = log(Backward, &[(0..0, Some(5)), (0..5, Some(5))]);
    assert_eq!((empty.asked, empty.delivered.len(), empty.end), (vec![0, 0], 5, Some(Ok(()))));
}

#[test]
fn backward_looks_for_the_end_where_the_total_is_false() {
    let script = [(0..10, Some(5)), (10..15, Some(5)), (0..0, Some(5)), (10..15, Some(5)), (0..10, Some(5))];
    let log = log(Backward, &script);
    assert_eq!((log.asked, log.delivered.len(), log.end), (vec![0, 1, 2, 1, 0], 15, Some(Ok(()))));
}

#[test]
fn backward_looks_for_the_end_where_no_total_says_it() {
    let script = [
        (0..10, None),
        (10..20, None),
        (20..25, None),
        (0..0, None),
        (0..0, None),
        (20..25, None),
        (10..20, None),
        (0..10, None),
    ];
    let log = log(Backward, &script);
    assert_eq!(log.asked, [0, 1, 2, 4, 3, 2, 1, 0]);
    assert_eq!((log.delivered.len(), log.end), (25, Some(Ok(()))));
    assert_eq!(end(Backward, &[(0..10, None), (0..10, None)]).0, Some(Err(Cause::SamePage)));
    let endless: Vec<Reply> = (0..30).map(|page| (page * 10..page * 10 + 10, None)).collect();
    assert_eq!(end(Backward, &endless), (Some(Err(Cause::Endless)), 10, 16));
}

#[test]
fn backward_rows_above_the_page_to_resume_from_are_counted_where_the_end_was_found() {
    let found = [(0..10, None), (10..20, None), (20..25, None), (0..0, None), (0..10, Some(25))];
    let resumed = log_from(Backward, Some(0), &found);
    assert_eq!((resumed.asked, resumed.end), (vec![0, 1, 2, 4, 0], Some(Ok(()))));
}

#[test]
fn backward_ends_where_pages_stay_empty_against_the_total() {
    let script = [(0..10, Some(45)), (0..0, Some(45)), (0..0, Some(45))];
    assert_eq!(end(Backward, &script), (Some(Err(Cause::Missing)), 0, 3));
    let gone = [(0..10, Some(45)), (0..0, Some(45)), (0..0, Some(40)), (20..30, Some(30))];
    assert_eq!(end(Backward, &gone).0, None, "the later total explains it");
}

#[test]
fn backward_a_total_smaller_than_its_page_skips_nothing() {
    let down = [(30..40, Some(45)), (20..30, Some(45)), (10..20, Some(45)), (0..10, Some(45))];
    let log = log(Backward, &[&[(0..10, Some(45)), (40..45, Some(15))], &down[..]].concat());
    assert_eq!((log.asked, log.delivered.len(), log.end), (vec![0, 4, 3, 2, 1, 0], 45, Some(Ok(()))));
}

#[test]
fn backward_a_resumed_read_that_is_short_is_missing_rows() {
    let pages = [(0..10, Some(45)), (10..20, Some(45)), (0..5, Some(45)), (0..5, Some(45))];
    let short = log_from(Backward, Some(1), &pages);
    assert_eq!((short.asked, short.end), (vec![0, 1, 0, 0], Some(Err(Cause::Missing))));
}

#[test]
fn backward_asks_once_more_before_it_says_that_rows_are_missing() {
    let script = |last| [(0..10, Some(12)), (10..11, Some(12)), (0..10, Some(12)), (0..10, Some(last))];
    assert_eq!(end(Backward, &script(11)), (Some(Ok(())), 11, 4));
    assert_eq!(end(Backward, &script(12)).0, Some(Err(Cause::Missing)));
}

#[test]
fn backward_knows_the_rows_of_the_probe() {
    let elsewhere = [(0..10, Some(15)), (5..10, Some(15))];
    assert_eq!(end(Backward, &elsewhere).0, Some(Err(Cause::Disorder)));
    let not_first = [(0..10, Some(15)), (10..15, Some(15)), (100..101, Some(15))];
    assert_eq!(end(Backward, &not_first).0, None, "they may have gone");
}

#[test]
fn rows_of_more_than_a_page_beyond_the_largest_total_end_the_read() {
    for direction in [Whole, Forward] {
        let pages = [(0..10, Some(12)), (10..20, Some(11)), (20..23, Some(11))];
        assert_eq!(end(direction, &pages[..2]), (None, 20, 2), "{direction:?}");
        assert_eq!(end(direction, &pages), (Some(Err(Cause::TooMany)), 23, 3), "{direction:?}");
    }
    // Pages of more rows than the probe: the total tells how many pages there are.
    let long = [(0..10, Some(25)), (20..80, Some(25)), (80..140, Some(25))];
    assert_eq!(end(Backward, &long), (Some(Err(Cause::TooMany)), 120, 3));
}

#[test]
fn a_row_without_a_fingerprint_is_delivered_in_the_first_look_only() {
    let short = [(5, 1, Some(8)), (0, 2, Some(8)), (5, 1, Some(8)), (0, 2, Some(8))];
    assert_eq!(end_of_nameless(Forward, &short), Some(Err(Cause::Missing)));
    let short = [(10, 1, Some(12)), (1, 2, Some(12)), (10, 1, Some(12)), (10, 1, Some(12))];
    assert_eq!(end_of_nameless(Backward, &short), Some(Err(Cause::Missing)));
}

#[test]
fn no_page_is_asked_for_that_no_request_can_hold() {
    let last = i32::MAX.unsigned_abs();
    for direction in [Whole, Forward] {
        let mut read = begin(direction, Start { size: NonZeroU32::MIN, from: Some(last) });
        assert_eq!(read.ask(), Some(last));
        let (digest, alike) = (Some(1), false);
        read.take(&Arrived { page: last, len: 1, rows: &[None], digest, alike, total: None, stated: None });
        assert_eq!((read.ask(), read.beyond().cause), (None, Cause::Endless));
    }
}
