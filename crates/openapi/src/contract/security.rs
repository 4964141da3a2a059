//! What a call must show to be let in: the kinds of proof themselves, since their names are free.

use serde_json::{Map, Value};

use super::is_compared;
use super::reading::{Reading, reference, text};

/// The alternatives of an operation, each a line; a caller picks one of them.
pub(super) fn alternatives(reading: &Reading<'_>, operation: &Map<String, Value>) -> Vec<String> {
    let required = operation.get("security").or_else(|| reading.document().get("security"));
    let mut alternatives: Vec<String> = match required {
        None => Vec::new(),
        Some(Value::Array(alternatives)) => {
            alternatives.iter().map(|one| alternative(reading, one)).collect()
        }
        Some(other) => vec![text(other)],
    };
    if alternatives.is_empty() {
        alternatives.push(NONE.to_owned());
    }
    alternatives.sort();
    alternatives.dedup();
    alternatives
}

const NONE: &str = "none";

fn alternative(reading: &Reading<'_>, schemes: &Value) -> String {
    let Value::Object(schemes) = schemes else {
        return text(schemes);
    };
    let mut together: Vec<String> =
        schemes.iter().map(|(name, scopes)| proof(reading, name, scopes)).collect();
    together.sort();
    match together.is_empty() {
        true => NONE.to_owned(),
        false => together.join(" and "),
    }
}

fn proof(reading: &Reading<'_>, name: &str, scopes: &Value) -> String {
    let scheme =
        reading.document().pointer("/components/securitySchemes").and_then(|schemes| schemes.get(name));
    let mut proof = match scheme.map(|scheme| followed(reading, scheme)) {
        Some(Value::Object(scheme)) => described(scheme),
        Some(other) => text(other),
        None => format!("an undefined scheme {name}"),
    };
    match scopes {
        Value::Array(scopes) if scopes.is_empty() => {}
        Value::Array(scopes) => {
            let mut scopes: Vec<String> = scopes.iter().map(bare).collect();
            scopes.sort();
            proof.push_str(&format!(" for {}", scopes.join(", ")));
        }
        other => proof.push_str(&format!(" for {}", text(other))),
    }
    proof
}

/// One step is enough: a reference to a reference is shown as it is written.
fn followed<'a>(reading: &Reading<'a>, scheme: &'a Value) -> &'a Value {
    let target = scheme.as_object().and_then(reference);
    target.and_then(|target| reading.resolve(target)).unwrap_or(scheme)
}

/// `apiKey in header name app_key`, `http scheme bearer`.
fn described(scheme: &Map<String, Value>) -> String {
    let mut members: Vec<(&str, String)> = scheme
        .iter()
        .filter(|(name, _)| *name != "type" && is_compared("security scheme", name))
        .map(|(name, value)| (name.as_str(), member(scheme, name, value)))
        .collect();
    members.sort();
    let kind = scheme.get("type").map_or_else(|| "no type".to_owned(), bare);
    members.into_iter().fold(kind, |described, (name, value)| format!("{described} {name} {value}"))
}

/// Names of headers and of HTTP's schemes mean the same in either case.
fn member(scheme: &Map<String, Value>, name: &str, value: &Value) -> String {
    let in_header = scheme.get("in").and_then(Value::as_str) == Some("header");
    match name == "scheme" || (name == "name" && in_header) {
        true => bare(value).to_lowercase(),
        false => bare(value),
    }
}

fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| text(value), str::to_owned)
}
