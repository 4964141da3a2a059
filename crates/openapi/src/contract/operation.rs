//! What each operation promises, and what belongs to none.

use serde_json::{Map, Value};

use super::object::{Notes, Place, empty};
use super::reading::{Reading, text};
use super::schema::yes_no;
use super::{Fact, Side, security};

const METHODS: &[&str] = &["delete", "get", "head", "options", "patch", "post", "put", "query", "trace"];

/// The promises of a document.
pub(super) fn facts(reading: &Reading<'_>) -> Vec<Fact> {
    let mut notes = Notes::new(reading, "document");
    let Value::Object(document) = reading.document() else {
        notes.say(&Place::whole(), "no object", text(reading.document()));
        return notes.facts;
    };
    // The operations say what security they inherit.
    notes.rest(&Place::whole(), "document", document, &["paths", "security", "webhooks"]);
    for (member, prefix) in [("paths", ""), ("webhooks", "webhook ")] {
        match document.get(member) {
            Some(Value::Object(paths)) => {
                for (path, item) in sorted(paths).into_iter().filter(|(path, _)| !is_extension(path)) {
                    notes.facts.extend(path_item(reading, &format!("{prefix}{path}"), item));
                }
            }
            Some(other) => notes.say(&Place::whole(), member, text(other)),
            None => {}
        }
    }
    notes.facts.extend(unreached_schemas(reading));
    notes.facts
}

/// Schemas that no operation refers to say what is inside a string, or nothing at all: only their names tell them apart.
fn unreached_schemas(reading: &Reading<'_>) -> Vec<Fact> {
    let Some(Value::Object(schemas)) = reading.document().pointer("/components/schemas") else {
        return Vec::new();
    };
    let pointer = |name: &str| format!("/components/schemas/{}", name.replace('~', "~0").replace('/', "~1"));
    let mut unreached = sorted(schemas);
    unreached.retain(|(name, _)| !reading.has_reached(&pointer(name)));
    unreached
        .into_iter()
        .flat_map(|(name, schema)| {
            let mut notes = Notes::new(reading, format!("schema {name}"));
            notes.schema(&Place::whole(), schema);
            notes.facts
        })
        .collect()
}

fn path_item(reading: &Reading<'_>, path: &str, item: &Value) -> Vec<Fact> {
    let mut notes = Notes::new(reading, path);
    let Some(members) = notes.members(&Place::whole(), "path", item) else {
        return notes.facts;
    };
    let known: Vec<&str> = METHODS.iter().copied().chain(["parameters"]).collect();
    notes.rest(&Place::whole(), "path", members, &known);
    for method in METHODS {
        if let Some(node) = members.get(*method) {
            let mut operation = Notes::new(reading, format!("{} {path}", method.to_uppercase()));
            operation.operation(node, members.get("parameters"));
            notes.facts.extend(operation.facts);
        }
    }
    notes.facts
}

impl<'a> Notes<'a> {
    fn operation(&mut self, node: &'a Value, shared: Option<&'a Value>) {
        let whole = Place::whole();
        let Some(members) = self.members(&whole, "operation", node) else {
            return;
        };
        if let Some(Value::String(id)) = members.get("operationId") {
            self.say(&whole, "operationId", id.as_str());
        }
        self.flag(&whole, members, "deprecated");
        for alternative in security::alternatives(self.reading, members) {
            self.say(&Place::new(Side::Request, ""), "security", alternative);
        }
        self.parameters(members.get("parameters"), shared);
        if let Some(body) = members.get("requestBody") {
            self.body(body);
        }
        match members.get("responses") {
            Some(Value::Object(responses)) => {
                for (status, response) in
                    sorted(responses).into_iter().filter(|(status, _)| !is_extension(status))
                {
                    self.response(&status.to_lowercase(), response);
                }
            }
            Some(other) => self.say(&whole, "responses", text(other)),
            None => self.say(&whole, "responses", "none"),
        }
        let known = ["deprecated", "parameters", "requestBody", "responses", "security"];
        let id = members.get("operationId").filter(|id| id.is_string()).map(|_| "operationId");
        let known: Vec<&str> = known.into_iter().chain(id).chain(empty(members, "callbacks")).collect();
        self.rest(&whole, "operation", members, &known);
    }

    /// The parameters of the operation, and those of its path that it does not replace.
    fn parameters(&mut self, own: Option<&'a Value>, shared: Option<&'a Value>) {
        let own = self.located(own);
        let mut parameters = self.located(shared);
        parameters.retain(|(place, _)| !own.iter().any(|(replacement, _)| replacement == place));
        parameters.extend(own);
        parameters.sort_by(|(left, _), (right, _)| left.cmp(right));
        for ((location, name), members) in parameters {
            let place = Place::new(Side::Request, format!("{location} {name}"));
            self.parameter(&place, "parameter", members, &location);
        }
    }

    /// Parameters with location and name, which together tell them apart.
    fn located(&mut self, parameters: Option<&'a Value>) -> Vec<(Location, &'a Map<String, Value>)> {
        let place = Place::new(Side::Request, "");
        let list = match parameters {
            None => return Vec::new(),
            Some(Value::Array(list)) => list,
            Some(other) => {
                self.say(&place, "parameters", text(other));
                return Vec::new();
            }
        };
        let members = list.iter().filter_map(|node| self.members(&place, "parameter", node));
        members.map(|members| (location(members), members)).collect()
    }

    fn parameter(&mut self, place: &Place, object: &str, members: &'a Map<String, Value>, location: &str) {
        match members.get("required") {
            None | Some(Value::Bool(false)) => self.say(place, "required", yes_no(location == "path")),
            Some(Value::Bool(true)) => self.say(place, "required", yes_no(true)),
            Some(other) => self.say(place, "required", text(other)),
        }
        for flag in ["allowEmptyValue", "allowReserved", "deprecated"] {
            self.flag(place, members, flag);
        }
        if members.contains_key("content") {
            self.content(place, members);
        } else {
            self.style(place, members, location);
        }
        if let Some(schema) = members.get("schema") {
            self.schema(place, schema);
        }
        let known = [
            "allowEmptyValue",
            "allowReserved",
            "content",
            "deprecated",
            "explode",
            "required",
            "schema",
            "style",
        ];
        let named: &[&str] = if object == "parameter" { &["in", "name"] } else { &[] };
        self.rest(place, object, members, &[&known, named].concat());
    }

    fn style(&mut self, place: &Place, members: &Map<String, Value>, location: &str) {
        let implied = if matches!(location, "query" | "cookie") { "form" } else { "simple" };
        let style = members.get("style").map_or_else(|| implied.to_owned(), bare);
        let explode = members.get("explode").map_or(Value::Bool(style == "form"), Clone::clone);
        self.say(place, "style", style);
        self.say(
            place,
            "explode",
            explode.as_bool().map_or_else(|| text(&explode), |yes| yes_no(yes).to_owned()),
        );
    }

    fn body(&mut self, node: &'a Value) {
        let place = Place::new(Side::Request, "body");
        let Some(members) = self.members(&place, "request body", node) else {
            return;
        };
        match members.get("required") {
            None | Some(Value::Bool(false)) => self.say(&place, "required", yes_no(false)),
            Some(Value::Bool(true)) => self.say(&place, "required", yes_no(true)),
            Some(other) => self.say(&place, "required", text(other)),
        }
        self.content(&place, members);
        self.rest(&place, "request body", members, &["content", "required"]);
    }

    fn response(&mut self, status: &str, node: &'a Value) {
        let place = Place::new(Side::Reply, status);
        let Some(members) = self.members(&place, "response", node) else {
            return;
        };
        match members.get("content") {
            None => self.say(&place, "media type", "none"),
            Some(Value::Object(content)) if content.is_empty() => self.say(&place, "media type", "none"),
            Some(_) => self.content(&place, members),
        }
        self.error_codes(&place, members);
        match members.get("headers") {
            Some(Value::Object(headers)) => {
                for (name, header) in sorted(headers) {
                    let place = place.inside(&format!("header {}", name.to_lowercase()));
                    if let Some(members) = self.members(&place, "header", header) {
                        self.parameter(&place, "header", members, "header");
                    }
                }
            }
            Some(other) => self.say(&place, "headers", text(other)),
            None => {}
        }
        let known = ["content", "headers"].into_iter().chain(empty(members, "links"));
        self.rest(&place, "response", members, &known.collect::<Vec<_>>());
    }

    /// The one extension that two readings of the platform's page can agree on.
    fn error_codes(&mut self, place: &Place, response: &Map<String, Value>) {
        match response.get("x-error-codes") {
            Some(Value::Array(codes)) => {
                let mut codes: Vec<String> = codes.iter().map(bare).collect();
                codes.sort();
                codes.dedup();
                codes.into_iter().for_each(|code| self.say(place, "error code", code));
            }
            Some(other) => self.say(place, "error code", text(other)),
            None => {}
        }
    }
}

/// Where a parameter is sent, and its name.
type Location = (String, String);

/// Names of headers mean the same in either case.
fn location(parameter: &Map<String, Value>) -> Location {
    let said = |member| parameter.get(member).map_or_else(|| format!("without {member}"), bare);
    let (location, name) = (said("in"), said("name"));
    match location == "header" {
        true => (location, name.to_lowercase()),
        false => (location, name),
    }
}

fn is_extension(name: &str) -> bool {
    name.starts_with("x-")
}

fn bare(value: &Value) -> String {
    value.as_str().map_or_else(|| text(value), str::to_owned)
}

fn sorted(members: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut members: Vec<(&String, &Value)> = members.iter().collect();
    members.sort_by_key(|(name, _)| name.as_str());
    members
}
