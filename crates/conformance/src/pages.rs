//! The arithmetic of pages, over a task that does not move.

use crate::answer::Page;
use crate::check::Check;
use crate::report::Checked;
use crate::session::Session;

pub(crate) const CHECKS: &[Check] = &[
    Check::new("the same question gets the same answer, if the task no longer moves", |session| {
        session.changes_nothing(&[])
    })
    .resting_on(&["stable-order", "fixed-set"]),
    Check::new("a page has as many rows as were asked for, and the last one what is left", row_counts)
        .resting_on(&["total-beyond-the-page", "capped-pages", "example-counters"]),
    Check::new("pages count up from 0 without a gap, whatever their size", slices)
        .resting_on(&["pages-count-up", "stable-order"]),
    Check::new("no row stands on two pages", distinct).resting_on(&["param-names-a-row"]),
    Check::new("a page tells its number, its size and the same total as every other", counters)
        .resting_on(&["total-beyond-the-page"]),
    Check::new("a page past the end is empty", past_the_end).resting_on(&["page-past-the-end-is-empty"]),
];

/// One page of a task: its number, its size, and the first rows of the task with its total.
struct Place<'h> {
    number: usize,
    size: usize,
    head: &'h Page,
}

/// Reads pages of a size that leaves a rest, of the default size, and of the extremes: those with these numbers.
fn each(
    session: &mut Session<'_>,
    numbers: fn(&Page, usize) -> Vec<usize>,
    expect: fn(&Page, &Place<'_>) -> Checked,
) -> Checked {
    let (head, largest) = (session.head()?, session.largest_page());
    let uneven = (2..largest).find(|size| !head.total.is_multiple_of(*size));
    let mut sizes: Vec<usize> =
        [Some(1), uneven, Some(largest - 1), Some(largest)].into_iter().flatten().collect();
    sizes.dedup();
    for size in sizes {
        for number in numbers(&head, size) {
            let page = session.numbered(&[], number, size)?;
            expect(&page, &Place { number, size, head: &head })?;
        }
    }
    Ok(())
}

fn row_counts(session: &mut Session<'_>) -> Checked {
    each(
        session,
        |head, size| vec![0, head.total / size / 2, (head.total - 1) / size],
        |page, at| page.has_rows((at.head.total - at.number * at.size).min(at.size)),
    )
}

fn slices(session: &mut Session<'_>) -> Checked {
    each(
        session,
        |head, size| vec![0, 1, (head.rows.len() - 1) / size],
        |page, at| {
            let first = at.number * at.size;
            let expected = at.head.rows.iter().skip(first).take(page.rows.len());
            page.expect(page.rows.iter().eq(expected), || {
                format!("the rows from {first} on, as pages of the largest size give them")
            })
        },
    )
}

fn distinct(session: &mut Session<'_>) -> Checked {
    let head = session.head()?;
    let mut seen = std::collections::HashSet::new();
    for (number, row) in head.rows.iter().enumerate() {
        let Some(param) = row.get("param").filter(|param| !param.is_null()) else { continue };
        let param = param.to_string();
        head.expect(seen.insert(param.clone()), || {
            format!("each row once, but row {number} comes again: {param}")
        })?;
    }
    Ok(())
}

fn counters(session: &mut Session<'_>) -> Checked {
    each(
        session,
        |head, size| vec![0, (head.total - 1) / size],
        |page, at| {
            page.has_total(at.head.total)?;
            for (name, asked) in [("pageNo", at.number), ("pageSize", at.size)] {
                let told = page.body.get(name).cloned().unwrap_or_default();
                page.expect(told.as_u64() == Some(asked as u64), || format!("{name} {asked}, got {told}"))?;
            }
            Ok(())
        },
    )
}

fn past_the_end(session: &mut Session<'_>) -> Checked {
    each(
        session,
        |head, size| vec![head.total.div_ceil(size)],
        |page, at| {
            page.has_rows(0)?;
            page.has_total(at.head.total)
        },
    )
}
