//! The rules for any client, a page in Markdown. The prose is in `rules.md`; tables and values come from the document and the ledger.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use crate::document::json::{members, shown, text, texts};
use crate::document::operations::{Operation, operation, operations};
use crate::ledger::Assumption;

use super::schemas;

/// The page, relative to the project.
pub(super) const RULES: &str = "spec/RULES.md";

const TEMPLATE: &str = include_str!("rules.md");

/// What a program does, for each action of the error catalogue.
const ACTIONS: [(&str, &str); 6] = [
    ("log-in-again", "replace the token, and repeat the call (section 1)"),
    ("wait-for-quota", "wait, and repeat the call (section 2)"),
    ("retry", "repeat, as below"),
    ("wait-for-task", "give up: another batch task has to finish first, which may take hours"),
    ("fix-request", "give up: the request is wrong, so the same request fails again"),
    ("fix-configuration", "give up: a person has to change the configuration"),
];

/// The page, from the document and the ledger.
///
/// # Errors
/// When the template asks for something that the document or the ledger does not have, or leaves an action of the catalogue
/// without advice.
pub(super) fn rules(document: &Value, assumptions: &[Assumption]) -> anyhow::Result<String> {
    super::filled(TEMPLATE, |key| match key.strip_prefix("relies: ") {
        Some(ids) => relies(ids, assumptions),
        None => value(document, key),
    })
}

fn value(document: &Value, key: &str) -> anyhow::Result<String> {
    let at = |pointer: &str| {
        document.pointer(pointer).map(shown).with_context(|| format!("the document has no {pointer}"))
    };
    Ok(match key {
        "version" => at("/info/version")?,
        "calls" => at("/x-quota/calls")?,
        "seconds" => at("/x-quota/seconds")?,
        "throttled" => named(document, &at("/x-quota/errorCode")?),
        "page-size" => at("/components/parameters/PageSize/schema/maximum")?,
        "login" => call(&operation(document, "login")?),
        "operations" => calls(document),
        "repeated" => ids(document, true),
        "not-repeated" => ids(document, false),
        "log-in-again" | "wait-for-quota" => with_action(document, key).join(", "),
        "actions" => actions(document)?,
        "codes" => codes(document),
        "codes of subtasks" => codes_of_subtasks(document),
        "lifecycle" => lifecycle(document)?,
        "forward" | "backward" | "whole" => {
            let statuses = statuses(document)?.into_iter().filter(|(_, direction, _)| *direction == key);
            statuses.map(|(status, ..)| format!("`{status}`")).collect::<Vec<_>>().join(", ")
        }
        "texts" => embedded_texts(document),
        "int64" => wide_numbers(document).join(", "),
        "enums" => enums(document),
        _ => bail!("there is no such value"),
    })
}

/// The entries of the ledger that a rule relies on.
fn relies(ids: &str, assumptions: &[Assumption]) -> anyhow::Result<String> {
    let names = ids.split_whitespace().map(|id| {
        let entry = assumptions.iter().find(|one| one.id == id);
        let Assumption { provenance, .. } = entry.with_context(|| format!("the ledger has no entry {id}"))?;
        Ok(format!("**{id}** ({provenance})"))
    });
    Ok(format!("This relies on {}.", names.collect::<anyhow::Result<Vec<_>>>()?.join(", ")))
}

/// `METHOD path` of an operation.
fn call(operation: &Operation<'_>) -> String {
    format!("{} {}", operation.method.to_uppercase(), operation.path)
}

fn calls(document: &Value) -> String {
    let calls = operations(document).map(|one| format!("`{}` is `{}`", one.id, call(&one)));
    calls.collect::<Vec<_>>().join("; ")
}

/// The operations that may be sent again when their outcome is unknown, or those that may not.
fn ids(document: &Value, may_repeat: bool) -> String {
    let ids =
        operations(document).filter(|one| one.may_repeat() == may_repeat).map(|one| format!("`{}`", one.id));
    ids.collect::<Vec<_>>().join(", ")
}

/// A code with its name.
fn named(document: &Value, code: &str) -> String {
    let name = text(&document["components"]["x-error-catalog"][code]["name"]);
    format!("`{code}` ({name})")
}

fn with_action(document: &Value, action: &str) -> Vec<String> {
    let entries = schemas::error_catalog(document).filter(|(_, entry)| entry["action"] == action);
    entries.map(|(code, _)| named(document, code)).collect()
}

fn actions(document: &Value) -> anyhow::Result<String> {
    for (code, entry) in schemas::codes_of(document, false) {
        let action = text(&entry["action"]);
        let is_known = ACTIONS.iter().any(|(known, _)| *known == action);
        ensure!(is_known, "there is no advice for the action {action:?} of {code}");
    }
    let rows = ACTIONS.iter().map(|(action, advice)| {
        format!("| `{action}` | {} | {advice} |", with_action(document, action).join(", "))
    });
    Ok(table("| `action` | codes | what to do |\n|---|---|---|", rows))
}

fn codes(document: &Value) -> String {
    let errors = schemas::documented_errors(document);
    let rows = schemas::codes_of(document, false).map(|(code, entry)| {
        let said = |member: &str| text(&entry[member]);
        let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (operation, status, _) in errors.iter().filter(|(.., codes)| codes.contains(code)) {
            places.entry(operation).or_default().push(status);
        }
        let places: Vec<String> = places
            .iter()
            .map(|(operation, statuses)| format!("`{operation}` {}", statuses.join(", ")))
            .collect();
        let places = if places.is_empty() { "other calls".to_owned() } else { places.join("; ") };
        format!(
            "| `{code}` | {} | {places} | `{}` | {} {} |",
            said("name"),
            said("action"),
            said("meaning"),
            said("remedy")
        )
    });
    table("| code | name | where | `action` | meaning and remedy |\n|---|---|---|---|---|", rows)
}

fn codes_of_subtasks(document: &Value) -> String {
    let codes = schemas::codes_of(document, true);
    let codes =
        codes.map(|(code, entry)| format!("`{code}` ({}; {})", text(&entry["name"]), text(&entry["who"])));
    codes.collect::<Vec<_>>().join(", ")
}

/// Each status with the direction in which its rows are read, and what may follow it.
fn statuses(document: &Value) -> anyhow::Result<Vec<(String, &'static str, Vec<String>)>> {
    let cycles: Vec<&Value> =
        schemas::named(document).filter_map(|(_, schema)| schema.get("x-lifecycle")).collect();
    let [cycle] = cycles.as_slice() else { bail!("the document has {} life cycles, not one", cycles.len()) };
    let follows = |from| texts(from).map(str::to_owned).collect();
    let steps: Vec<(String, Vec<String>)> =
        members(cycle).map(|(status, next)| (status.clone(), follows(next))).collect();
    let is_entered = |status: &String| steps.iter().any(|(_, next)| next.contains(status));
    let direction = |status: &String, next: &[String]| match (next.is_empty(), is_entered(status)) {
        (true, _) => "forward",
        (false, false) => "backward",
        (false, true) => "whole",
    };
    Ok(steps.iter().map(|(status, next)| (status.clone(), direction(status, next), next.clone())).collect())
}

fn lifecycle(document: &Value) -> anyhow::Result<String> {
    let rows = statuses(document)?.into_iter().map(|(status, direction, next)| {
        let next = if next.is_empty() { "nothing: it is final".to_owned() } else { next.join(", ") };
        format!("| `{status}` | {next} | {direction} |")
    });
    let several =
        "| several statuses, unknown ones, or no filter | | whole, unless all are final |".to_owned();
    Ok(table("| status | may become | read |\n|---|---|---|", rows.chain([several])))
}

fn embedded_texts(document: &Value) -> String {
    let mut rows = Vec::new();
    for (name, schema) in schemas::named(document) {
        for (property, target) in schemas::embedded(schema) {
            let members = members(&document["components"]["schemas"][target]["properties"]);
            let members: Vec<String> = members.map(|(member, _)| format!("`{member}`")).collect();
            rows.push(format!("| `{property}` of `{name}` | `{target}` | {} |", members.join(", ")));
        }
    }
    table("| member | schema | members of the JSON in it |\n|---|---|---|", rows.into_iter())
}

fn wide_numbers(document: &Value) -> Vec<String> {
    let replies = schemas::reply_schemas(document);
    let mut found = Vec::new();
    for (name, schema) in schemas::named(document).filter(|(name, _)| replies.contains(*name)) {
        let is_wide = |schema: &Value| schema["format"] == "int64";
        found.extend(is_wide(schema).then(|| format!("`{name}`")));
        let wide = members(&schema["properties"]).filter(|(_, member)| is_wide(member));
        found.extend(wide.map(|(member, _)| format!("`{member}` of `{name}`")));
    }
    found
}

fn enums(document: &Value) -> String {
    let open = schemas::open_enums(document);
    let rows = schemas::named(document).filter(|(name, _)| open.contains(*name)).map(|(name, schema)| {
        let values: Vec<String> = texts(&schema["enum"]).map(|value| format!("`{value}`")).collect();
        format!("| `{name}` | {} |", values.join(", "))
    });
    table("| schema | values |\n|---|---|", rows)
}

fn table(head: &str, rows: impl Iterator<Item = String>) -> String {
    rows.fold(head.to_owned(), |table, row| format!("{table}\n{row}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_direction_of_a_read_follows_from_the_life_cycle() {
        let cycle = json!({ "New": ["Sent", "Done"], "Sent": ["Done"], "Done": [] });
        let document = json!({ "components": { "schemas": { "Status": { "x-lifecycle": cycle } } } });
        let directions: Vec<_> = statuses(&document)
            .unwrap()
            .into_iter()
            .map(|(status, direction, _)| (status, direction))
            .collect();
        assert_eq!(
            directions,
            [("New".to_owned(), "backward"), ("Sent".to_owned(), "whole"), ("Done".to_owned(), "forward")]
        );
    }

    #[test]
    fn an_action_without_advice_and_an_unknown_assumption_are_errors() {
        let document = json!({ "components": { "x-error-catalog": { "1": { "action": "pray" } } } });
        assert_eq!(
            actions(&document).unwrap_err().to_string(),
            "there is no advice for the action \"pray\" of 1"
        );
        assert_eq!(relies("nothing", &[]).unwrap_err().to_string(), "the ledger has no entry nothing");
        assert!(value(&document, "wisdom").is_err());
    }
}
