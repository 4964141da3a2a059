//! What we assume about the platform, judged by what came back. The ids are those of `spec/assumptions.toml`.
//!
//! A judgement is careful: if the replies would be the same without the assumption, it is "could not tell".

use super::calls::Replies;
use super::finding::{Finding, could_not_tell, holds};
use super::{filters, paging, rows, tasks};

type Judge = fn(&Replies) -> Finding;

/// The assumptions that replies to a few questions can show, in the order of the ledger.
const JUDGES: [(&str, Judge); 28] = [
    ("one-subtask-is-a-list", paging::one_subtask_is_a_list),
    ("example-counters", paging::example_counters),
    ("filtered-total-count", filters::filtered_total_count),
    ("total-beyond-the-page", filters::total_beyond_the_page),
    ("every-status-is-a-filter", filters::every_status_is_a_filter),
    ("stable-order", paging::stable_order),
    ("fixed-set", paging::fixed_set),
    ("param-names-a-row", rows::param_names_a_row),
    ("pages-count-up", paging::pages_count_up),
    ("page-past-the-end-is-empty", paging::page_past_the_end_is_empty),
    ("capped-pages", paging::capped_pages),
    ("paging-defaults", paging::paging_defaults),
    ("filters-combine", filters::filters_combine),
    ("unknown-parameters-are-ignored", paging::unknown_parameters_are_ignored),
    // There would be no reply otherwise.
    ("app-key-is-the-application-id", |_| holds("calls with the application id as app_key are answered")),
    ("members-may-be-missing", rows::members_may_be_missing),
    ("status-is-open", rows::status_is_open),
    ("status-lifecycle", rows::status_lifecycle),
    ("param-has-more-members", rows::param_has_more_members),
    ("text-inside-text", rows::text_inside_text),
    ("text-that-is-no-json", rows::text_that_is_no_json),
    ("form-of-command-result", rows::form_of_command_result),
    ("numeric-ids", rows::numeric_ids),
    ("unit-of-timeout", tasks::unit_of_timeout),
    ("select-tag-or-tags", tasks::select_tag_or_tags),
    ("complete-leaves-expired-out", tasks::complete_leaves_expired_out),
    ("counters-of-a-task", tasks::counters_of_a_task),
    ("login-is-a-form", login_is_a_form),
];

pub(super) fn findings(replies: &Replies) -> Vec<Finding> {
    JUDGES.iter().map(|(id, judge)| judge(replies).named(id)).collect()
}

fn login_is_a_form(replies: &Replies) -> Finding {
    if replies.logged_in {
        holds("the login brought a token")
    } else {
        could_not_tell("no login was made: there was a token")
    }
}

#[cfg(test)]
mod tests;
