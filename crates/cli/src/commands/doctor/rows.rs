//! Judges what we assume about rows: which members they have, and what these hold. No value of a row is shown.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use northbound::client_layer::types::{CommandOutput, Subtask};
use northbound::{SubtaskStatus, Text};
use serde_json::Value;

use super::calls::{Replies, rows};
use super::finding::{Finding, Mark, could_not_tell, does_not_hold, holds};
use crate::screen::layout::counted;

/// All rows that came, in the order of the calls; some came several times.
fn all(replies: &Replies) -> impl Iterator<Item = &Subtask> {
    replies.pages().flat_map(rows)
}

pub(super) fn param_names_a_row(replies: &Replies) -> Finding {
    let rows = rows(&replies.first);
    let params: Vec<String> = rows.iter().filter_map(param).collect();
    let distinct: HashSet<&String> = params.iter().collect();
    match rows.len() {
        0 | 1 => could_not_tell("the task has fewer than two subtasks"),
        rows if params.len() < rows => {
            could_not_tell(format!("{} of {rows} rows have no param", rows - params.len()))
        }
        rows if distinct.len() < rows => {
            does_not_hold(format!("{rows} rows have {} different params", distinct.len()))
        }
        rows => holds(format!("{rows} rows have as many different params")),
    }
}

fn param(row: &Subtask) -> Option<String> {
    serde_json::to_string(row.param.as_ref()?).ok()
}

pub(super) fn members_may_be_missing(replies: &Replies) -> Finding {
    let (mut rows, mut missing) = (0, BTreeSet::new());
    for row in all(replies) {
        rows += 1;
        let param = row.param.as_ref();
        let members = [
            ("status", row.status.is_some()),
            ("output", row.output.is_some()),
            ("error", row.error.is_some()),
            ("param", param.is_some()),
            ("deviceId", param.is_none_or(|param| param.device_id.is_some())),
            ("commandId", param.is_none_or(|param| param.command_id.is_some())),
        ];
        missing.extend(members.into_iter().filter(|(_, is_there)| !is_there).map(|(name, _)| name));
    }
    match missing.len() {
        0 => could_not_tell(format!("every member was there in {}", counted(rows, "row"))),
        _ => holds(format!("missing or null somewhere: {}", listed(missing))),
    }
}

pub(super) fn status_is_open(replies: &Replies) -> Finding {
    let unknown: BTreeSet<&str> = all(replies)
        .filter_map(|row| row.status.as_ref())
        .filter(|status| !SubtaskStatus::KNOWN.contains(status))
        .map(SubtaskStatus::as_str)
        .collect();
    match unknown.len() {
        0 => could_not_tell("no row has a status that the document does not list"),
        _ => holds(format!("the platform sent: {}", words(unknown))),
    }
}

pub(super) fn status_lifecycle(replies: &Replies) -> Finding {
    if param_names_a_row(replies).mark != Mark::Holds {
        return could_not_tell("the rows have nothing that distinguishes them");
    }
    let (mut before, mut moved) = (HashMap::new(), 0);
    for row in all(replies) {
        let (Some(param), Some(status)) = (param(row), row.status.as_ref()) else { continue };
        let Some(was) = before.insert(param, status).filter(|was| *was != status) else { continue };
        match was.successors() {
            Some(after) if after.contains(status) => moved += 1,
            // The document does not say what leads to an undocumented status.
            _ if !SubtaskStatus::KNOWN.contains(status) => {}
            Some(_) => return does_not_hold(format!("a subtask went from {was} to {status}")),
            None => {}
        }
    }
    match moved {
        0 => could_not_tell("no subtask moved meanwhile"),
        _ => holds(format!("{} moved meanwhile, as the document says", counted(moved, "subtask"))),
    }
}

pub(super) fn param_has_more_members(replies: &Replies) -> Finding {
    let more: BTreeSet<Cow<'_, str>> = all(replies)
        .filter_map(|row| row.param.as_ref())
        .flat_map(|param| param.extra.iter().map(|(name, _)| name))
        .collect();
    match more.len() {
        0 => could_not_tell("param holds what the page lists, and nothing else"),
        _ => holds(format!("the platform sent: {}", words(more.iter().map(AsRef::as_ref).collect()))),
    }
}

/// How many values of `output` and `error` are JSON in a string, another string, an empty one, JSON that is no string, and absent.
fn texts(replies: &Replies) -> [usize; 5] {
    let mut counts = [0; 5];
    for text in all(replies).flat_map(|row| [&row.output, &row.error]) {
        counts[match text {
            None => 4,
            Some(text) if !text.is_string() => 3,
            Some(text) if text.as_str().is_empty() => 2,
            Some(text) if text.decode::<Value>().is_err() => 1,
            Some(_) => 0,
        }] += 1;
    }
    counts
}

pub(super) fn text_inside_text(replies: &Replies) -> Finding {
    let [json, plain, _, unwrapped, _] = texts(replies);
    match (unwrapped, json, plain) {
        (n @ 1.., ..) => does_not_hold(format!("values that are JSON and no string: {n}")),
        (_, n @ 1.., _) => holds(format!("{} with JSON inside", counted(n, "string"))),
        (.., n @ 1..) => does_not_hold(format!("{}, and none with JSON inside", counted(n, "string"))),
        _ => could_not_tell("no row has output or error"),
    }
}

pub(super) fn text_that_is_no_json(replies: &Replies) -> Finding {
    let [_, plain, empty, _, absent] = texts(replies);
    match plain + empty + absent {
        0 => could_not_tell("no row lacks output or error, and none has a text that is no JSON"),
        _ => holds(format!("missing or null: {absent} times, empty: {empty}, no JSON: {plain}")),
    }
}

pub(super) fn form_of_command_result(replies: &Replies) -> Finding {
    let (mut open, mut answered) = (0, 0);
    for row in all(replies) {
        let Some(Ok(output)) = row.output.as_ref().map(Text::decode::<CommandOutput>) else { continue };
        let result = output.command_result.as_ref().and_then(|result| result.decode::<Value>().ok());
        match (&result, &row.status) {
            (None, Some(SubtaskStatus::Success)) => {
                return does_not_hold("it is null, or missing, though the status is Success");
            }
            (None, _) => open += 1,
            (Some(Value::Object(result)), _)
                if ["resultCode", "resultDetail"].iter().all(|member| result.contains_key(*member)) =>
            {
                answered += 1;
            }
            (Some(Value::Object(_)), _) => {
                return does_not_hold("it is an object without resultCode or resultDetail");
            }
            (Some(other), _) => return does_not_hold(format!("it is {}", form(other))),
        }
    }
    match (open, answered) {
        (0, 0) => could_not_tell("no output has it"),
        (_, 0) => could_not_tell(format!("no device has answered; null: {open} times")),
        _ => holds(format!("null: {open} times, an object of both members: {answered} times")),
    }
}

fn form(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

pub(super) fn numeric_ids(replies: &Replies) -> Finding {
    let params = all(replies).filter_map(|row| row.param.as_ref());
    let ids: Vec<&Text> = params.flat_map(|param| [&param.device_id, &param.command_id]).flatten().collect();
    match ids.iter().filter(|id| !id.is_string()).count() {
        0 => could_not_tell(format!("{} came, all of them strings", counted(ids.len(), "id"))),
        numbers => holds(format!("{numbers} of {} ids were no strings", ids.len())),
    }
}

fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

/// The names from the platform that are plain words. Others are only counted: a name with a digit may be an id.
fn words(names: BTreeSet<&str>) -> String {
    const SHOWN: usize = 5;
    let all = names.len();
    let plain =
        |name: &&str| name.len() <= 20 && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let shown: Vec<&str> =
        names.into_iter().filter(plain).filter(|name| !name.is_empty()).take(SHOWN).collect();
    match all - shown.len() {
        0 => listed(shown),
        hidden if shown.is_empty() => format!("{}, not shown here", counted(hidden, "name")),
        hidden => format!("{} and {hidden} more, not shown here", listed(shown)),
    }
}
