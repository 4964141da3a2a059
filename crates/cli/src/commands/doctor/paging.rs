//! Judges what we assume about pages: their numbers, their counters, the order of their rows.

use northbound::client_layer::types::{Subtask, SubtaskPage};

use super::calls::{DEFAULT_SIZE, FIRST_SIZE, Replies, rows, total};
use super::finding::{Finding, Mark, could_not_tell, does_not_hold, holds};
use crate::screen::layout::counted;

impl Replies {
    /// Whether a page has the rows that the first one begins with; `None` if nothing distinguishes them.
    fn begins_alike(&self, page: &SubtaskPage) -> Option<bool> {
        same_rows(rows(page), self.rows())
    }
}

/// Whether the rows of the shorter list are those with which the longer one begins. `None` if nothing distinguishes them.
fn same_rows(some: &[Subtask], others: &[Subtask]) -> Option<bool> {
    let mut all_alike = (!some.is_empty() && !others.is_empty()).then_some(true)?;
    for (one, other) in some.iter().zip(others) {
        all_alike &= one.param.as_ref()? == other.param.as_ref()?;
    }
    Some(all_alike)
}

pub(super) fn one_subtask_is_a_list(replies: &Replies) -> Finding {
    match replies.rows().len() {
        rows @ 2.. => holds(format!("a page listed {rows} subtasks")),
        rows => could_not_tell(format!("a page listed {}", counted(rows, "subtask"))),
    }
}

pub(super) fn example_counters(replies: &Replies) -> Finding {
    for page in replies.pages() {
        let listed = rows(page).len();
        for (name, counter) in [("totalCount", page.total_count), ("pageSize", page.page_size)] {
            match counter.map(usize::try_from) {
                Some(Ok(counter)) if listed > counter => {
                    let listed = counted(listed, "row");
                    return holds(format!("a page listed {listed} under {name} {counter}"));
                }
                _ => {}
            }
        }
    }
    could_not_tell("the counters agreed with the rows on every page")
}

pub(super) fn stable_order(replies: &Replies) -> Finding {
    if replies.rows().len() < 2 {
        return could_not_tell("the task has fewer than two subtasks");
    }
    let mut seen = 0;
    for page in replies.defaults.iter().chain([&replies.unknown]).flatten() {
        match replies.begins_alike(page) {
            Some(true) => seen += usize::from(rows(page).len() > 1),
            Some(false) => return does_not_hold("the rows of page 0 came in another order the next time"),
            None => {}
        }
    }
    match seen {
        0 => could_not_tell("no rows came twice that can be distinguished"),
        _ => holds(format!("the first rows came {} times in the same order", seen + 1)),
    }
}

pub(super) fn fixed_set(replies: &Replies) -> Finding {
    let totals: Vec<u64> = replies.unfiltered().filter_map(total).collect();
    match totals.split_first() {
        None | Some((_, [])) => could_not_tell("the task was not counted twice"),
        Some((first, others)) => match others.iter().find(|other| *other != first) {
            Some(other) => does_not_hold(format!("the platform counted {first} subtasks, and then {other}")),
            None => holds(format!("{} calls counted the same", totals.len())),
        },
    }
}

pub(super) fn pages_count_up(replies: &Replies) -> Finding {
    let second = match &replies.second {
        Ok(second) => rows(second),
        Err(missing) => return could_not_tell(&*missing.why),
    };
    let all = replies.rows();
    let (first, next) = all.split_at(replies.size.min(all.len()));
    let page = format!("page 1, at {} a page,", counted(replies.size, "row"));
    if second.is_empty() {
        return does_not_hold(format!("{page} was empty though more were counted"));
    }
    match (same_rows(second, next), same_rows(second, first)) {
        (Some(true), _) => holds(format!("{page} went on where page 0 ended")),
        (_, Some(true)) => does_not_hold("page 1 repeated page 0"),
        (None, _) => could_not_tell("the rows have nothing that distinguishes them"),
        _ if is_order_unstable(replies) => could_not_tell("rows have no stable order"),
        _ => does_not_hold("page 1 held other rows than those that follow page 0"),
    }
}

fn is_order_unstable(replies: &Replies) -> bool {
    stable_order(replies).mark != Mark::Holds
}

pub(super) fn page_past_the_end_is_empty(replies: &Replies) -> Finding {
    match &replies.past {
        Ok(page) if rows(page).is_empty() => holds("the page after the last one was an empty list"),
        Ok(page) => {
            does_not_hold(format!("the page after the last one had {}", counted(rows(page).len(), "row")))
        }
        Err(missing) => missing.finding("the page after the last one"),
    }
}

pub(super) fn capped_pages(replies: &Replies) -> Finding {
    let (listed, asked) = (replies.rows().len(), FIRST_SIZE as usize);
    match replies.total() {
        None => could_not_tell("the platform does not say how many subtasks there are"),
        Some(total) if total <= listed => could_not_tell("the task has one page only"),
        Some(total) if listed < asked => {
            holds(format!("{listed} of {total} rows came where {asked} were asked for"))
        }
        Some(_) => could_not_tell(format!("a page of {asked} rows came whole")),
    }
}

pub(super) fn paging_defaults(replies: &Replies) -> Finding {
    let page = match replies.defaults() {
        Ok(page) => page,
        Err(missing) => return missing.finding("the call"),
    };
    let told = page.page_size.and_then(|told| usize::try_from(told).ok());
    let listed = rows(page).len();
    match replies.total().unwrap_or_else(|| replies.rows().len()) {
        total if total > DEFAULT_SIZE && listed != DEFAULT_SIZE => {
            does_not_hold(format!("{} came without page number and page size", counted(listed, "row")))
        }
        total if total <= DEFAULT_SIZE && (listed != total || told != Some(DEFAULT_SIZE)) => {
            could_not_tell(format!("the task has {}", counted(total, "subtask")))
        }
        _ => match replies.begins_alike(page) {
            Some(true) => holds(format!("{} of page 0 came", counted(listed, "row"))),
            Some(false) if is_order_unstable(replies) => could_not_tell("rows have no stable order"),
            Some(false) => does_not_hold(format!("{} came, and not those of page 0", counted(listed, "row"))),
            None => could_not_tell("the rows have nothing that distinguishes them"),
        },
    }
}

pub(super) fn unknown_parameters_are_ignored(replies: &Replies) -> Finding {
    let page = match &replies.unknown {
        Ok(page) => page,
        Err(missing) => return missing.finding("the call"),
    };
    // Page number and page size were left out as well: what came without them alone is what would have to come.
    let usual = replies.rows().len().min(DEFAULT_SIZE);
    let expected = match &replies.defaults {
        None => usual,
        Some(Ok(page)) => rows(page).len(),
        Some(Err(missing)) if rows(page).len() != usual => return could_not_tell(&*missing.why),
        Some(Err(_)) => usual,
    };
    let came = rows(page).len();
    if came != expected {
        let came = counted(came, "row");
        return does_not_hold(format!("with an undocumented parameter {came} came instead of {expected}"));
    }
    match replies.begins_alike(page) {
        Some(true) => holds("an undocumented parameter changed nothing"),
        Some(false) => could_not_tell("other rows came, as they do where the order is not stable"),
        None => could_not_tell("the rows have nothing that distinguishes them"),
    }
}
