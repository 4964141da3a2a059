//! What the document promises beyond shapes, as facts: its extensions, and the names that generated clients take from it.

use serde_json::Value;

use crate::contract::{Fact, Side};
use crate::document::operations::operations;
use crate::document::reference;
use crate::generate::schemas::error_catalog;

/// Where what belongs to no operation stands.
pub(super) const DOCUMENT: &str = "document";

/// The facts that the canonical form leaves out because another reading of the platform's page does not have them.
pub(super) fn facts(document: &Value) -> Vec<Fact> {
    let mut facts = Vec::new();
    quota(document, &mut facts);
    catalogue(document, &mut facts);
    schemas(document, &mut facts);
    tags(document, &mut facts);
    for server in list(document, "/servers") {
        facts.push(fact(DOCUMENT, Side::Request, "", "", "server", text(&server["url"])));
    }
    facts
}

fn quota(document: &Value, facts: &mut Vec<Fact>) {
    for (member, aspect) in
        [("calls", "quota calls"), ("seconds", "quota seconds"), ("errorCode", "quota code")]
    {
        if let Some(value) = document.get("x-quota").and_then(|quota| quota.get(member)) {
            facts.push(fact(DOCUMENT, Side::Request, "x-quota", "", aspect, text(value)));
        }
    }
}

fn catalogue(document: &Value, facts: &mut Vec<Fact>) {
    for (code, entry) in error_catalog(document) {
        for aspect in ["name", "action"] {
            facts.push(fact(DOCUMENT, Side::Reply, "x-error-catalog", code, aspect, text(&entry[aspect])));
        }
    }
}

fn schemas(document: &Value, facts: &mut Vec<Fact>) {
    for (name, schema) in members(document, "/components/schemas") {
        facts.push(fact(DOCUMENT, Side::Neither, "", "", "schema name", name.clone()));
        for (from, followers) in members(schema, "/x-lifecycle") {
            for to in followers.as_array().into_iter().flatten() {
                let step = format!("{from} to {}", text(to));
                facts.push(fact(DOCUMENT, Side::Reply, "x-lifecycle", name, "lifecycle", step));
            }
        }
        for (index, value) in list(schema, "/enum").enumerate() {
            let constant = schema["x-enum-varnames"].get(index).unwrap_or(value);
            let constant = format!("{} is {}", text(value), text(constant));
            facts.push(fact(DOCUMENT, Side::Neither, "x-enum-varnames", name, "enum name", constant));
        }
        for (property, schema) in members(schema, "/properties") {
            let known = schema.get("x-known-values").and_then(Value::as_str);
            let known = known.and_then(|known| reference::target(document, known));
            for value in known.into_iter().flat_map(|known| list(known, "/enum")) {
                let member = format!("{name}.{property}");
                facts.push(fact(
                    DOCUMENT,
                    Side::Reply,
                    "x-known-values",
                    &member,
                    "known value",
                    text(value),
                ));
            }
            if let Some(target) = schema.get("x-content-schema") {
                let member = format!("{name}.{property}");
                facts.push(fact(
                    DOCUMENT,
                    Side::Reply,
                    "x-content-schema",
                    &member,
                    "content schema",
                    text(target),
                ));
            }
        }
    }
}

fn tags(document: &Value, facts: &mut Vec<Fact>) {
    for operation in operations(document) {
        let name = format!("{} {}", operation.method.to_uppercase(), operation.path);
        for tag in list(operation.value, "/tags") {
            facts.push(fact(&name, Side::Neither, "", "", "tag", text(tag)));
        }
    }
}

fn fact(operation: &str, side: Side, place: &str, member: &str, aspect: &str, value: String) -> Fact {
    let [operation, place, member, aspect] = [operation, place, member, aspect].map(str::to_owned);
    Fact { operation, side, place, member, aspect, value }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn list<'a>(node: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    node.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn members<'a>(node: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    node.pointer(pointer).and_then(Value::as_object).into_iter().flatten()
}
