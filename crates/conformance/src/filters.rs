//! The filters, alone and combined, held against the rows that come without them.

use serde_json::Value;

use crate::answer::Page;
use crate::field::Field;
use crate::report::{Checked, skip};
use crate::session::{Check, Session};

pub(crate) const CHECKS: &[Check] = &[
    (
        "each status selects its rows, in their order",
        &["every-status-is-a-filter", "stable-order"],
        by_status,
    ),
    ("the totals of the statuses add up to the total", &["filtered-total-count"], status_totals),
    ("a filtered read has pages like any other", &["filtered-total-count"], filtered_pages),
    ("a device selects its rows", &["filtered-total-count"], |session| by(session, &["deviceId"])),
    ("a command selects its rows", &["filtered-total-count"], |session| by(session, &["commandId"])),
    ("a row must match every filter that is given", &["filters-combine"], combined),
    ("a filter that nothing matches gives an empty page", &["filtered-total-count"], nothing),
];

/// Reads a member of a row by the name of the filter for it.
fn value<'r>(row: &'r Value, filter: &str) -> Option<&'r str> {
    match filter {
        "status" => row.get("status")?.as_str(),
        name => row.get("param")?.get(name)?.as_str(),
    }
}

/// Holds a filtered page of the largest size against the rows of the task that match.
fn matches(session: &mut Session<'_>, filters: &[(&str, &str)]) -> Checked<Page> {
    let (head, size) = (session.head()?, session.largest_page());
    let page = session.numbered(filters, 0, size)?;
    for row in &page.rows {
        let other = filters.iter().find(|(name, wanted)| value(row, name) != Some(wanted));
        page.expect(other.is_none(), || format!("rows that match, got {row}"))?;
    }
    let expected: Vec<&Value> = head
        .rows
        .iter()
        .filter(|row| filters.iter().all(|(name, wanted)| value(row, name) == Some(wanted)))
        .take(size)
        .collect();
    // Rows beyond those that were read may match as well, but only behind those that were.
    let known = page.rows.iter().take(expected.len());
    page.expect(known.eq(expected.iter().copied()), || {
        format!("the {} rows that match, in the order of the whole task", expected.len())
    })?;
    if head.rows.len() == head.total && expected.len() < size {
        page.has_rows(expected.len())?;
    }
    Ok(page)
}

/// What a status may be. A document without the parameter has no such filter.
fn statuses(session: &Session<'_>) -> Vec<String> {
    session.facts.list().field("status").into_iter().flat_map(Field::listed).map(str::to_owned).collect()
}

fn by_status(session: &mut Session<'_>) -> Checked {
    for status in statuses(session) {
        matches(session, &[("status", &status)])?;
    }
    Ok(())
}

fn status_totals(session: &mut Session<'_>) -> Checked {
    let head = session.head()?;
    let mut sum = 0;
    for status in statuses(session) {
        sum += session.page(&[("status", &status), ("pageSize", "1")])?.total;
    }
    head.expect(sum == head.total, || {
        format!("totalCount {sum}, the sum over the statuses, got {}", head.total)
    })
}

fn filtered_pages(session: &mut Session<'_>) -> Checked {
    for status in statuses(session) {
        let whole = session.numbered(&[("status", &status)], 0, session.largest_page())?;
        let total = whole.total;
        if total < 2 {
            continue;
        }
        for number in [0, 1, total - 1, total] {
            let page = session.numbered(&[("status", &status)], number, 1)?;
            page.has_rows(usize::from(number < total))?;
            page.has_total(total)?;
            if let (Some(row), Some(expected)) = (page.rows.first(), whole.rows.get(number)) {
                page.expect(row == expected, || format!("row {number} of this status"))?;
            }
        }
        return Ok(());
    }
    skip("no status has two rows")
}

/// Rows from the middle of what was read that tell all that can be filtered by.
fn known_row(session: &mut Session<'_>, filters: &[&str]) -> Checked<Value> {
    let head = session.head()?;
    let middle = head.rows.len() / 2;
    let mut rows = head.rows[middle..].iter().chain(&head.rows[..middle]);
    match rows.find(|row| filters.iter().all(|name| value(row, name).is_some())) {
        Some(row) => Ok(row.clone()),
        None => skip(format!("no row that was read has all of: {}", filters.join(", "))),
    }
}

/// Holds the rows that agree with one of the task's rows in these members.
fn by(session: &mut Session<'_>, filters: &[&'static str]) -> Checked {
    let row = known_row(session, filters)?;
    let wanted: Vec<_> = filters.iter().map(|name| (*name, value(&row, name).unwrap_or_default())).collect();
    let page = matches(session, &wanted)?;
    let rows = page.rows.len();
    page.expect(page.total >= rows && rows > 0, || format!("totalCount for {rows} rows, got {}", page.total))
}

fn combined(session: &mut Session<'_>) -> Checked {
    let all = ["status", "deviceId", "commandId"];
    for names in [&all[..], &all[..2], &all[1..], &["status", "commandId"]] {
        by(session, names)?;
    }
    // With the value of another row in the place of one of its own, no row is left that matches.
    let (row, head) = (known_row(session, &all)?, session.head()?);
    for name in all {
        let differs = |other: &'_ &str| value(&row, name) != Some(*other);
        let Some(other) = head.rows.iter().find_map(|row| value(row, name).filter(differs)) else { continue };
        let wanted = all.map(|one| (one, if one == name { Some(other) } else { value(&row, one) }));
        matches(session, &wanted.map(|(one, value)| (one, value.unwrap_or_default())))?;
    }
    Ok(())
}

fn nothing(session: &mut Session<'_>) -> Checked {
    for name in ["deviceId", "commandId"] {
        let page = session.page(&[(name, "nobody-0000000000000000")])?;
        page.has_rows(0)?;
        page.has_total(0)?;
    }
    Ok(())
}
