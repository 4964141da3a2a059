//! The arithmetic of pages, over a task that does not move.

use std::collections::{BTreeSet, HashSet};

use crate::answer::{Page, Place};
use crate::report::Checked;
use crate::session::{Check, Session};

pub(crate) const CHECKS: &[Check] = &[
    (
        "the same question gets the same answer, if the task no longer moves",
        &["stable-order", "fixed-set"],
        |session| session.changes_nothing(&[]),
    ),
    (
        "a page has as many rows as were asked for, the last one what is left, and one past the end none",
        &["total-beyond-the-page", "capped-pages", "example-counters", "page-past-the-end-is-empty"],
        |session| every(session, |page, at| page.has_rows(at.total.saturating_sub(at.first).min(at.size))),
    ),
    ("pages count up from 0 without a gap, whatever their size", &["pages-count-up", "stable-order"], slices),
    ("no row stands on two pages", &["param-names-a-row"], distinct),
    (
        "a page tells its number, its size and the same total as every other",
        &["total-beyond-the-page"],
        |session| every(session, counters),
    ),
];

/// Holds some pages against what is expected. They are of several sizes, one of which leaves a rest, and at the beginning, in the
/// middle, at the end and past it.
fn every(session: &mut Session<'_>, expect: impl Fn(&Page, Place) -> Checked) -> Checked {
    if session.sample.is_empty() {
        let (Page { total, .. }, largest) = (session.head()?, session.largest_page());
        let uneven = (2..largest).find(|size| !total.is_multiple_of(*size)).unwrap_or(1);
        let mut sample = Vec::new();
        for size in BTreeSet::from([1, uneven, largest - 1, largest]) {
            for number in BTreeSet::from([0, 1, total / size / 2, (total - 1) / size, total.div_ceil(size)]) {
                let page = session.numbered(&[], number, size)?;
                sample.push((page, Place { number, size, first: number * size, total }));
            }
        }
        session.sample = sample;
    }
    session.sample.iter().try_for_each(|(page, place)| expect(page, *place))
}

fn slices(session: &mut Session<'_>) -> Checked {
    let head = session.head()?;
    every(session, |page, Place { first, .. }| {
        // Nothing is known of rows behind those that were read at first.
        let expected = head.rows.get(first..first + page.rows.len());
        page.expect(expected.is_none_or(|rows| rows == page.rows), || {
            format!("the rows from {first} on, as pages of the largest size give them")
        })
    })
}

fn distinct(session: &mut Session<'_>) -> Checked {
    let head = session.head()?;
    let mut seen = HashSet::new();
    for (number, row) in head.rows.iter().enumerate() {
        let Some(param) = row.get("param").filter(|param| !param.is_null()) else { continue };
        let param = param.to_string();
        head.expect(seen.insert(param.clone()), || {
            format!("each row once, but row {number} comes again: {param}")
        })?;
    }
    Ok(())
}

fn counters(page: &Page, at: Place) -> Checked {
    page.has_total(at.total)?;
    for (name, asked) in [("pageNo", at.number), ("pageSize", at.size)] {
        let told = &page.body[name];
        page.expect(told.as_u64() == Some(asked as u64), || format!("{name} {asked}, got {told}"))?;
    }
    Ok(())
}
