//! The arithmetic of pages, over a task that does not move.

use super::session::Session;
use super::{Check, Checked};

pub(super) const CHECKS: &[Check] = &[
    Check::new("the same question gets the same answer, if the task no longer moves", steady)
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

fn steady(session: &mut Session<'_>) -> Checked {
    let (once, again) = (session.page(&[])?, session.page(&[])?);
    again.expect(once.body == again.body, || "the same as the moment before".to_owned())
}

/// A size that leaves a rest, the default, and the extremes.
fn sizes(session: &Session<'_>, total: usize) -> Vec<usize> {
    let largest = session.largest_page();
    let uneven = (2..largest).find(|size| !total.is_multiple_of(*size));
    let mut sizes: Vec<usize> =
        [Some(1), uneven, Some(largest - 1), Some(largest)].into_iter().flatten().collect();
    sizes.dedup();
    sizes
}

fn row_counts(session: &mut Session<'_>) -> Checked {
    let total = session.head()?.total;
    for size in sizes(session, total) {
        for number in [0, total / size / 2, (total - 1) / size] {
            let page = session.page(&[("pageNo", &number.to_string()), ("pageSize", &size.to_string())])?;
            let expected = (total - number * size).min(size);
            page.expect(page.rows.len() == expected, || {
                format!("{expected} rows of {total}, got {}", page.rows.len())
            })?;
        }
    }
    Ok(())
}

fn slices(session: &mut Session<'_>) -> Checked {
    let head = session.head()?;
    for size in sizes(session, head.total) {
        for number in [0, 1, (head.rows.len() - 1) / size] {
            let page = session.page(&[("pageNo", &number.to_string()), ("pageSize", &size.to_string())])?;
            let expected: Vec<_> = head.rows.iter().skip(number * size).take(page.rows.len()).collect();
            page.expect(page.rows.iter().eq(expected), || {
                format!("the rows from {} on, as pages of the largest size give them", number * size)
            })?;
        }
    }
    Ok(())
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
    let total = session.head()?.total;
    for size in sizes(session, total) {
        for number in [0, (total - 1) / size] {
            let page = session.page(&[("pageNo", &number.to_string()), ("pageSize", &size.to_string())])?;
            page.expect(page.total == total, || format!("totalCount {total}, got {}", page.total))?;
            for (name, asked) in [("pageNo", number), ("pageSize", size)] {
                let told = page.body.get(name).cloned().unwrap_or_default();
                page.expect(told.as_u64() == Some(asked as u64), || format!("{name} {asked}, got {told}"))?;
            }
        }
    }
    Ok(())
}

fn past_the_end(session: &mut Session<'_>) -> Checked {
    let total = session.head()?.total;
    for size in sizes(session, total) {
        let number = total.div_ceil(size);
        let page = session.page(&[("pageNo", &number.to_string()), ("pageSize", &size.to_string())])?;
        page.expect(page.rows.is_empty(), || format!("no rows past {total}, got {}", page.rows.len()))?;
        page.expect(page.total == total, || format!("totalCount {total} here as well, got {}", page.total))?;
    }
    Ok(())
}
