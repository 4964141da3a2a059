//! Judges what we assume about the call for one task.

use northbound::SubtaskStatus;
use northbound::client_layer::BATCH_TASK_REQUEST_TIMEOUT;
use northbound::client_layer::types::BatchTask;

use super::calls::{Replies, total};
use super::finding::{Finding, could_not_tell, does_not_hold, holds};
use crate::screen::layout::counted;

/// The task, or why nothing can be said of it.
fn task(replies: &Replies) -> Result<&BatchTask, Finding> {
    replies.task.as_ref().map_err(|missing| could_not_tell(&*missing.why))
}

/// Subtasks only come to a final status, and the counters came before the totals. So a counter may be smaller, and never larger.
pub(super) fn counters_of_a_task(replies: &Replies) -> Finding {
    let task = match &replies.task {
        Ok(task) => task,
        Err(missing) => return missing.finding("the call for one task"),
    };
    // The platform's own example lists two rows under a total of one.
    let listed = u64::try_from(replies.rows().len()).unwrap_or(u64::MAX);
    let all = replies.unfiltered().filter_map(total).max().map(|total| total.max(listed));
    let mut pairs = vec![("all subtasks".to_owned(), task.total_cnt, all)];
    for (status, counter) in [
        (SubtaskStatus::Success, task.success_cnt),
        (SubtaskStatus::Fail, task.fail_cnt),
        (SubtaskStatus::Timeout, task.timeout_cnt),
    ] {
        let reply = replies.statuses.iter().find(|(counted, _)| *counted == status);
        let counted = reply.and_then(|(_, reply)| total(reply.as_ref().ok()?));
        pairs.push((status.to_string(), counter, counted));
    }
    let (mut agree, mut behind) = (0, 0);
    for (what, counter, counted) in pairs {
        let counter = counter.and_then(|counter| u64::try_from(counter).ok());
        match (counter, counted) {
            (Some(counter), Some(counted))
                if counter > counted || (what == "all subtasks" && counter != counted) =>
            {
                return does_not_hold(format!(
                    "the task counts {counter} for {what}, and the list {counted}"
                ));
            }
            (Some(counter), Some(counted)) => {
                agree += usize::from(counter == counted);
                behind += counted - counter;
            }
            _ => {}
        }
    }
    match (agree, behind) {
        (4, _) => holds("the task and the list count the same: all subtasks, Success, Fail and Timeout"),
        (_, 0) => could_not_tell("the task has not every counter, or not every status was counted"),
        (_, behind) => could_not_tell(format!("{} settled between the calls", counted(behind, "subtask"))),
    }
}

pub(super) fn select_tag_or_tags(replies: &Replies) -> Finding {
    match task(replies) {
        Ok(task) if task.tags.is_some() => holds("the list of tags came with select=tag"),
        Ok(_) => could_not_tell("no tags came: the task may have none"),
        Err(missing) => missing,
    }
}

pub(super) fn unit_of_timeout(replies: &Replies) -> Finding {
    let largest = i64::from(*BATCH_TASK_REQUEST_TIMEOUT.end());
    match task(replies).map(|task| task.timeout) {
        Ok(Some(timeout)) if timeout > largest => holds(format!(
            "the timeout of the task came back as {timeout}, and nobody can give more than {largest}: minutes were given, and seconds come back"
        )),
        Ok(Some(timeout)) => could_not_tell(format!(
            "the timeout of the task came back as {timeout}: compare it with what was given"
        )),
        Ok(None) => could_not_tell("no timeout came back"),
        Err(missing) => missing,
    }
}

pub(super) fn complete_leaves_expired_out(replies: &Replies) -> Finding {
    let task = match task(replies) {
        Ok(task) => task,
        Err(missing) => return missing,
    };
    let counters = [task.success_cnt, task.fail_cnt, task.timeout_cnt].into_iter().sum::<Option<i64>>();
    match (counters, task.complete_cnt, task.expired_cnt) {
        (Some(sum), Some(complete), Some(expired)) if sum != complete => does_not_hold(format!(
            "{complete} are complete; Success, Fail and Timeout are {sum}, and {expired} expired"
        )),
        (Some(_), Some(complete), Some(1..)) => {
            holds(format!("the {complete} that are complete are Success, Fail and Timeout alone"))
        }
        (Some(_), Some(_), Some(_)) => could_not_tell("no subtask of the task has expired"),
        _ => could_not_tell("the task has not every counter"),
    }
}
