//! A body of JSON, and what a check changes in it. The way to a member is written as `param.command.method` or `tags[].tagName`,
//! which is the first of the tags.

use northbound_openapi::document::json::members;
use northbound_openapi::document::reference::resolve;
use serde_json::Value;

pub(crate) const JSON: &str = "application/json";

/// The bodies of JSON that the document shows for an operation.
pub(crate) fn examples(document: &Value, operation: &Value) -> Vec<Value> {
    let body = resolve(document, &operation["requestBody"]).unwrap_or(&Value::Null);
    let media = &body["content"][JSON];
    let named =
        members(&media["examples"]).filter_map(|(_, example)| resolve(document, example)?.get("value"));
    named.chain(media.get("example")).cloned().collect()
}

/// Whether an example has a member, so that it can be changed.
pub(crate) fn is_shown(examples: &[Value], way: &str) -> bool {
    !way.is_empty() && examples.iter().any(|example| member(example, way).is_some())
}

/// A member of a body.
fn member<'v>(body: &'v Value, way: &str) -> Option<&'v Value> {
    let (owner, last) = owner(body, way)?;
    inside(owner, last)
}

/// What has a member, and the last step to it.
fn owner<'v, 'w>(body: &'v Value, way: &'w str) -> Option<(&'v Value, &'w str)> {
    let steps: Vec<&str> = steps(way).collect();
    let (last, before) = steps.split_last()?;
    Some((before.iter().try_fold(body, |value, step| inside(value, step))?, last))
}

fn inside<'v>(value: &'v Value, step: &str) -> Option<&'v Value> {
    if step == "[]" { value.get(0) } else { value.get(step) }
}

/// The example with this value of a member, or without it. An example that is so by itself is taken as it is.
pub(crate) fn with(examples: &[Value], way: &str, value: Option<&Value>) -> Value {
    let is_so =
        |example: &&Value| owner(example, way).is_some_and(|(owner, last)| inside(owner, last) == value);
    let shown = |example: &&Value| member(example, way).is_some();
    let found = examples.iter().find(is_so).or_else(|| examples.iter().find(shown)).or(examples.first());
    let mut body = found.cloned().unwrap_or_default();
    set(&mut body, way, value);
    body
}

/// Gives a member this value, or takes it away.
pub(crate) fn set(body: &mut Value, way: &str, value: Option<&Value>) {
    let steps: Vec<&str> = steps(way).collect();
    let Some((last, before)) = steps.split_last() else { return };
    let mut owner = body;
    for step in before {
        let next = if *step == "[]" { owner.get_mut(0) } else { owner.get_mut(step) };
        let Some(next) = next else { return };
        owner = next;
    }
    match (owner, value) {
        (Value::Object(members), Some(value)) => drop(members.insert((*last).to_owned(), value.clone())),
        (Value::Object(members), None) => drop(members.shift_remove(*last)),
        (Value::Array(items), Some(value)) => items.iter_mut().take(1).for_each(|item| *item = value.clone()),
        _ => {}
    }
}

fn steps(way: &str) -> impl Iterator<Item = &str> {
    way.split('.')
        .flat_map(|step| match step.strip_suffix("[]") {
            Some(name) => [Some(name), Some("[]")],
            None => [Some(step), None],
        })
        .flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_member_is_changed_in_the_example_that_has_it() {
        let examples = [json!({ "a": { "b": 1 } }), json!({ "list": [{ "c": "x" }, { "c": "y" }] })];
        assert!(
            is_shown(&examples, "list[].c") && !is_shown(&examples, "list[].d") && !is_shown(&examples, "")
        );
        assert_eq!(with(&examples, "a.b", Some(&json!(2))), json!({ "a": { "b": 2 } }));
        assert_eq!(
            with(&examples, "list[].c", None),
            json!({ "list": [{}, { "c": "y" }] }),
            "from one that has it"
        );
        assert_eq!(with(&examples, "list[]", Some(&json!(7))), json!({ "list": [7, { "c": "y" }] }));
        assert_eq!(with(&examples, "a", None), examples[1], "one that lacks it by itself");
        assert_eq!(with(&examples, "new", Some(&json!(1))), json!({ "a": { "b": 1 }, "new": 1 }));
    }
}
