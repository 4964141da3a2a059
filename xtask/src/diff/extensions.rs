//! What oasdiff does not classify: our extensions, the names that generated clients take from the document, objects that are
//! closed, and prose.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Change, Class};
use crate::document::json::{list, members, shown};
use crate::document::operations::operations;
use crate::document::pointer::child;

/// What programs rely on: where it is, what it is, and its value.
type Facts = BTreeSet<(String, &'static str, String)>;

/// Members that hold prose, or show what is said elsewhere.
const PROSE: &str = "bearerFormat contact description example examples externalDocs license meaning remedy source summary \
    termsOfService text title who x-codeSamples x-platform-edition x-source variables openapi";

/// Members that map names to things: a name in them may look like a keyword.
const NAMES: &str = "properties schemas parameters responses x-error-catalog x-lifecycle";

/// The changes from one document to another that are not oasdiff's to judge.
pub fn changes(old: &Value, new: &Value) -> Vec<Change> {
    let (before, after) = (facts(old), facts(new));
    let statuses: BTreeSet<&str> = before
        .iter()
        .filter(|(_, what, _)| *what == "step")
        .flat_map(|(.., step)| step.split(" to "))
        .collect();
    let mut changes: Vec<Change> = Vec::new();
    for (place, what, value) in before.difference(&after) {
        let now = after.iter().find(|fact| (&fact.0, fact.1) == (place, *what)).map(|fact| &fact.2);
        let number = |text: &str| text.parse::<u64>().unwrap_or_default();
        let class = match (*what, now) {
            ("error code" | "step", _) => Class::Additive,
            ("calls in a window", Some(now)) if number(now) > number(value) => Class::Additive,
            ("seconds of a window", Some(now)) if number(now) < number(value) => Class::Additive,
            _ => Class::Breaking,
        };
        changes.push(Change { class, text: format!("{place}: the {what} {value} is gone") });
    }
    for (place, what, value) in after.difference(&before) {
        // Clients rely on what cannot follow: they read final statuses once. A status that is new changes nothing they know.
        let is_new_step = *what == "step" && value.split(" to ").all(|status| statuses.contains(status));
        let class = if is_new_step { Class::Breaking } else { Class::Additive };
        changes.push(Change { class, text: format!("{place}: the {what} {value} is new") });
    }
    walk(old, new, "", false, &mut changes);
    changes
}

fn facts(document: &Value) -> Facts {
    let mut facts = Facts::new();
    let mut add = |place: &str, what, value: &Value| {
        facts.insert((place.to_owned(), what, shown(value)));
    };
    for (member, what) in
        [("calls", "calls in a window"), ("seconds", "seconds of a window"), ("errorCode", "code")]
    {
        document["x-quota"].get(member).into_iter().for_each(|value| add("x-quota", what, value));
    }
    for server in list(&document["servers"]) {
        add("document", "server", &server["url"]);
    }
    for (code, entry) in members(&document["components"]["x-error-catalog"]) {
        for what in ["name", "action"] {
            entry
                .get(what)
                .into_iter()
                .for_each(|value| add(&format!("x-error-catalog {code}"), what, value));
        }
    }
    for (name, response) in members(&document["components"]["responses"]) {
        list(&response["x-error-codes"]).for_each(|code| add(name, "error code", code));
    }
    for operation in operations(document) {
        add(operation.id, "answer to whether it may be repeated", &operation.may_repeat().into());
        for (status, response) in members(&operation.value["responses"]) {
            let place = format!("{} {status}", operation.id);
            list(&response["x-error-codes"]).for_each(|code| add(&place, "error code", code));
        }
    }
    for (name, schema) in members(&document["components"]["schemas"]) {
        for (from, followers) in members(&schema["x-lifecycle"]) {
            list(followers).for_each(|to| add(name, "step", &format!("{from} to {}", shown(to)).into()));
        }
        for (index, value) in list(&schema["enum"]).enumerate() {
            let constant = schema["x-enum-varnames"].get(index).unwrap_or(value);
            add(name, "constant", &format!("{} for {}", shown(constant), shown(value)).into());
        }
        for (property, schema) in members(&schema["properties"]) {
            for what in ["x-known-values", "x-content-schema"] {
                schema.get(what).into_iter().for_each(|to| add(&format!("{name}.{property}"), what, to));
            }
        }
    }
    facts
}

/// Reports prose that differs, and objects that are closed or opened: generated clients keep further members, or refuse them.
fn walk(old: &Value, new: &Value, pointer: &str, names: bool, changes: &mut Vec<Change>) {
    match (old, new) {
        (Value::Object(before), Value::Object(after)) => {
            for key in before.keys().chain(after.keys()).collect::<BTreeSet<_>>() {
                let (old, new) = (before.get(key), after.get(key));
                let here = child(pointer, key);
                if names || !has(PROSE, key) {
                    if key == "additionalProperties" && is_closed(old) != is_closed(new) {
                        let text = format!("{here}: further members are treated otherwise");
                        changes.push(Change { class: Class::Breaking, text });
                    }
                    if let (Some(old), Some(new)) = (old, new) {
                        walk(old, new, &here, !names && has(NAMES, key), changes);
                    }
                } else if old != new {
                    changes.push(Change { class: Class::Editorial, text: format!("{here}: prose") });
                }
            }
        }
        (Value::Array(before), Value::Array(after)) => {
            for (index, (old, new)) in before.iter().zip(after).enumerate() {
                walk(old, new, &child(pointer, index), false, changes);
            }
        }
        _ => {}
    }
}

fn has(words: &str, key: &str) -> bool {
    words.split(' ').any(|word| word == key)
}

fn is_closed(additional: Option<&Value>) -> bool {
    additional == Some(&Value::Bool(false))
}
