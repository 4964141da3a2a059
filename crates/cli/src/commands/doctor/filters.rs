//! Judges what we assume about filters, and about the totals under them.

use northbound::SubtaskStatus;
use northbound::client_layer::types::{Subtask, SubtaskPage};

use super::calls::{Replies, rows, total};
use super::finding::{Finding, could_not_tell, does_not_hold, holds};
use crate::screen::layout::counted;

/// The pages that came for a status.
fn by_status(replies: &Replies) -> impl Iterator<Item = (&SubtaskStatus, &SubtaskPage)> {
    replies.statuses.iter().filter_map(|(status, reply)| Some((status, reply.as_ref().ok()?)))
}

/// Whether a page under a filter has a row of another status.
fn strays(status: &SubtaskStatus, page: &SubtaskPage) -> bool {
    rows(page).iter().any(|row| row.status.as_ref().is_some_and(|other| other != status))
}

pub(super) fn every_status_is_a_filter(replies: &Replies) -> Finding {
    for (status, reply) in &replies.statuses {
        match reply {
            Err(missing) => return missing.finding(status.as_str()),
            Ok(page) if strays(status, page) => {
                return does_not_hold(format!("a row of another status came under {status}"));
            }
            Ok(_) => {}
        }
    }
    let found = by_status(replies).filter(|(_, page)| !rows(page).is_empty()).count();
    match found {
        0 => could_not_tell("the task has no subtask in any of them"),
        _ => holds(format!("all {} were answered, {found} of them with rows", replies.statuses.len())),
    }
}

pub(super) fn filtered_total_count(replies: &Replies) -> Finding {
    // Should the task grow meanwhile, it is no fault of the filters.
    let Some(whole) = replies.unfiltered().filter_map(total).max() else {
        return could_not_tell("the platform does not say how many subtasks there are");
    };
    let counted: Vec<u64> = by_status(replies).filter_map(|(_, page)| total(page)).collect();
    let sum = counted.iter().fold(0_u64, |sum, count| sum.saturating_add(*count));
    // Subtasks may move between the calls, but none to a status that was counted before.
    if sum > whole {
        return does_not_hold(format!("the statuses together count {sum}, of {whole}"));
    }
    if by_status(replies).any(|(status, page)| strays(status, page)) {
        return could_not_tell("rows of another status came");
    }
    if usize::try_from(whole).is_ok_and(|whole| whole < rows(&replies.first).len()) {
        return could_not_tell("the task has more rows than the platform counts");
    }
    if counted.len() < replies.statuses.len() || whole == 0 {
        return could_not_tell("not every status was counted");
    }
    match whole - sum {
        0 => holds(format!("the {} statuses together count {sum}, which is all", counted.len())),
        rest => could_not_tell(format!(
            "{rest} of {whole} subtasks are in no status that was counted: they moved meanwhile, or have another status"
        )),
    }
}

pub(super) fn total_beyond_the_page(replies: &Replies) -> Finding {
    let mut most = 0;
    for (status, page) in by_status(replies) {
        let seen = rows(&replies.first).iter().filter(|row| row.status.as_ref() == Some(status)).count();
        match (total(page), rows(page).len()) {
            // What is final stays.
            (Some(1), 1) if seen > 1 && status.is_final() => {
                return does_not_hold(format!(
                    "a page of one row counted 1 {status}, and at least {seen} are there"
                ));
            }
            (Some(total), 1) => most = most.max(total),
            _ => {}
        }
    }
    match most {
        0 | 1 => could_not_tell("no status has more than one subtask"),
        _ => holds(format!("a page of one row counted {most}")),
    }
}

/// Whether a row meets both filters.
fn meets(row: &Subtask, asked: Option<&(String, SubtaskStatus)>) -> bool {
    let device = row.param.as_ref().and_then(|param| param.device_id.as_ref());
    asked.is_some_and(|(id, status)| {
        row.status.as_ref() == Some(status) && device.is_some_and(|device| device.as_str() == id)
    })
}

pub(super) fn filters_combine(replies: &Replies) -> Finding {
    match &replies.combined {
        Err(missing) => could_not_tell(&*missing.why),
        Ok(page) if rows(page).is_empty() => {
            holds("nothing came for a device under a status that it does not have")
        }
        Ok(page) if rows(page).iter().all(|row| meets(row, replies.mismatch.as_ref())) => {
            could_not_tell("a device got the status meanwhile that it was not to have")
        }
        Ok(page) => does_not_hold(format!(
            "{} came for a device under a status that it does not have",
            counted(rows(page).len(), "row")
        )),
    }
}
