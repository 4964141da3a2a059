//! The same document in other words: no comparison of promises may see a difference.

use std::collections::BTreeMap;

use northbound_openapi::document::pointer::{last, parent};
use serde_json::{Value, json};

use super::nodes::{Kind, Nodes, Role};

/// What was rewritten, and the document that came of it.
pub(super) fn rewrites(document: &Value) -> Vec<(String, Value)> {
    let mut found = vec![("everything in another order".to_owned(), reversed(document))];
    // What could be said of every object of a kind is said of all of them at once.
    let mut said: BTreeMap<String, Value> = BTreeMap::new();
    let mut say = |what: String, pointer: &str, keyword: &str, value: Option<Value>| {
        let rewritten = said.entry(what).or_insert_with(|| document.clone());
        let object = rewritten.pointer_mut(pointer).and_then(Value::as_object_mut).unwrap();
        match value {
            Some(value) => drop(object.insert(keyword.to_owned(), value)),
            None => drop(object.shift_remove(keyword)),
        }
    };
    for node in Nodes::of(document).contract {
        let Some(kind) = node.kind.filter(|_| node.value.is_object()) else { continue };
        if (node.owner, node.role) == (Kind::Components, Role::Named)
            && let Some(renamed) = renamed(document, &node.pointer)
        {
            found.push((format!("{} under another name", node.pointer), renamed));
        }
        for (keyword, value) in implied(kind, node.value) {
            say(format!("{} with {keyword}: {value}", kind.noun()), &node.pointer, keyword, Some(value));
        }
        const OPEN: &str = "additionalProperties";
        if kind == Kind::Schema && node.value.get(OPEN) == Some(&json!({})) {
            say("open in the other spelling".to_owned(), &node.pointer, OPEN, Some(json!(true)));
            say("open without saying so".to_owned(), &node.pointer, OPEN, None);
        }
    }
    found.into_iter().chain(said).collect()
}

fn reversed(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().rev().map(reversed).collect(),
        Value::Object(members) => {
            members.iter().rev().map(|(name, value)| (name.clone(), reversed(value))).collect()
        }
        leaf => leaf.clone(),
    }
}

/// A component and all references to it under another name; `None` for one that is known by its name alone.
fn renamed(document: &Value, pointer: &str) -> Option<Value> {
    let text = document.to_string();
    let is_scheme = pointer.starts_with("/components/securitySchemes/");
    let (old, new) = match is_scheme {
        true => (format!("\"{}\":[]", last(pointer)), format!("\"{}2\":[]", last(pointer))),
        false => (format!("{{\"$ref\":\"#{pointer}\""), format!("{{\"$ref\":\"#{pointer}2\"")),
    };
    if !text.contains(&old) {
        return None;
    }
    let mut renamed: Value = serde_json::from_str(&text.replace(&old, &new)).unwrap();
    let section = renamed.pointer_mut(parent(pointer)).unwrap().as_object_mut().unwrap();
    let component = section.remove(&last(pointer)).unwrap();
    section.insert(format!("{}2", last(pointer)), component);
    Some(renamed)
}

/// What an object could say and need not, because it holds anyway.
fn implied(kind: Kind, object: &Value) -> Vec<(&'static str, Value)> {
    if object.get("$ref").is_some() {
        return Vec::new();
    }
    let mut implied = match kind {
        Kind::Operation => vec![("deprecated", json!(false)), ("callbacks", json!({}))],
        Kind::Parameter | Kind::Header => {
            let is_form = object["in"] == "query" || object["in"] == "cookie";
            vec![
                ("allowEmptyValue", json!(false)),
                ("allowReserved", json!(false)),
                ("deprecated", json!(false)),
                ("explode", json!(is_form)),
                ("required", json!(object["in"] == "path")),
                ("style", json!(if is_form { "form" } else { "simple" })),
            ]
        }
        Kind::RequestBody => vec![("required", json!(false))],
        Kind::Response => vec![("headers", json!({})), ("links", json!({}))],
        Kind::MediaType => vec![("encoding", json!({}))],
        Kind::Schema => vec![
            ("deprecated", json!(false)),
            ("nullable", json!(false)),
            ("readOnly", json!(false)),
            ("writeOnly", json!(false)),
            ("uniqueItems", json!(false)),
            ("minLength", json!(0)),
            ("minItems", json!(0.0)),
            ("minProperties", json!(0)),
            ("required", json!([])),
            ("additionalProperties", json!(true)),
            ("items", json!({})),
        ],
        Kind::Document | Kind::Components | Kind::Path | Kind::SecurityScheme | Kind::Proof => Vec::new(),
    };
    implied.retain(|(keyword, _)| object.get(keyword).is_none());
    implied
}
