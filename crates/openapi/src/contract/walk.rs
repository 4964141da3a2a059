//! What each operation promises, and what belongs to none: facts are noted where they belong, and nothing is passed over.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::fact::{Fact, Side, is_compared};
use super::reading::{DEEPEST, Reading, bare, sorted, text, yes_no};
use super::schema;
use crate::document::pointer::child;

const METHODS: &[&str] = &["delete", "get", "head", "options", "patch", "post", "put", "query", "trace"];

/// The promises of a document.
pub(super) fn facts(reading: &Reading<'_>) -> Vec<Fact> {
    let mut walk = Walk { reading, operation: "document".to_owned(), facts: Vec::new() };
    let whole = Place::new(Side::Neither, "");
    let Value::Object(document) = reading.document else {
        walk.say(&whole, "no object", text(reading.document));
        return walk.facts;
    };
    // The operations say what security they inherit.
    walk.rest(&whole, "document", document, &["paths", "security"]);
    for (path, item) in walk.named(&whole, document, "paths") {
        if !path.starts_with("x-") {
            walk.path_item(path, item);
        }
    }
    // Schemas that no operation refers to say what is inside a string, or nothing at all: only their names tell them apart.
    let schemas = reading.document.pointer("/components/schemas").and_then(Value::as_object);
    let schemas = schemas.into_iter().flat_map(sorted);
    let is_unreached = |(name, _): &(&String, _)| !reading.has_reached(&child("/components/schemas", name));
    // All of them are found before the first is unfolded, which reaches others.
    for (name, schema) in schemas.filter(is_unreached).collect::<Vec<_>>() {
        walk.operation = format!("schema {name}");
        walk.schema(&whole, schema);
    }
    walk.facts
}

/// A part of an operation.
struct Place {
    side: Side,
    text: String,
}

impl Place {
    fn new(side: Side, text: impl Into<String>) -> Self {
        Self { side, text: text.into() }
    }

    fn inside(&self, text: &str) -> Self {
        Self::new(self.side, format!("{} {text}", self.text))
    }
}

/// Where a parameter is sent, and its name: together they tell parameters apart.
type Location = (String, String);

struct Walk<'a> {
    reading: &'a Reading<'a>,
    operation: String,
    facts: Vec<Fact>,
}

impl<'a> Walk<'a> {
    fn say(&mut self, place: &Place, aspect: &str, value: impl Into<String>) {
        self.facts.push(Fact::new(aspect, value).at(&self.operation, place.side, &place.text));
    }

    fn schema(&mut self, place: &Place, schema: &Value) {
        let facts = schema::facts(self.reading, schema).into_iter();
        self.facts.extend(facts.map(|fact| fact.at(&self.operation, place.side, &place.text)));
    }

    /// The members of an object, or of what it refers to; `None`, and a fact that shows it, if there are none.
    fn members(&mut self, place: &Place, object: &str, node: &'a Value) -> Option<&'a Map<String, Value>> {
        let mut node = node;
        for _ in 0..DEEPEST {
            let Value::Object(members) = node else {
                self.say(place, "no object", text(node));
                return None;
            };
            let Some(reference) = members.get("$ref").and_then(Value::as_str) else {
                return Some(members);
            };
            // Only prose may be beside a reference.
            self.rest(place, object, members, &["$ref"]);
            let Some(target) = self.reading.target(reference) else {
                self.say(place, "reference", format!("to {reference:?}, which is not in the document"));
                return None;
            };
            node = target;
        }
        self.say(place, "reference", "in a circle");
        None
    }

    /// The members that are not `known`, as they are written, but for those that say what holds without them.
    fn rest(&mut self, place: &Place, object: &str, members: &Map<String, Value>, known: &[&str]) {
        for (member, value) in sorted(members) {
            let means_nothing = match member.as_str() {
                "callbacks" | "encoding" | "links" => value.as_object().is_some_and(Map::is_empty),
                "allowEmptyValue" | "allowReserved" | "deprecated" => value == false,
                _ => false,
            };
            if !known.contains(&member.as_str()) && !means_nothing && is_compared(object, member) {
                let value = match value {
                    Value::Bool(value) => yes_no(*value).to_owned(),
                    other => text(&self.reading.unfolded(other, &mut Vec::new(), 0)),
                };
                self.say(place, member, value);
            }
        }
    }

    /// The members of a member, sorted by name; one that is no mapping shows as it is written.
    fn named(
        &mut self,
        place: &Place,
        members: &'a Map<String, Value>,
        member: &str,
    ) -> Vec<(&'a String, &'a Value)> {
        match members.get(member) {
            Some(Value::Object(named)) => return sorted(named),
            Some(other) => self.say(place, member, text(other)),
            None => {}
        }
        Vec::new()
    }

    fn path_item(&mut self, path: &str, item: &'a Value) {
        path.clone_into(&mut self.operation);
        let whole = Place::new(Side::Neither, "");
        let Some(members) = self.members(&whole, "path", item) else { return };
        self.rest(&whole, "path", members, &[METHODS, &["parameters"]].concat());
        for (method, node) in METHODS.iter().filter_map(|method| Some((method, members.get(*method)?))) {
            self.operation = format!("{} {path}", method.to_uppercase());
            self.operation(node, members.get("parameters"));
        }
    }

    fn operation(&mut self, node: &'a Value, shared: Option<&'a Value>) {
        let whole = Place::new(Side::Neither, "");
        let Some(members) = self.members(&whole, "operation", node) else { return };
        self.rest(&whole, "operation", members, &["parameters", "requestBody", "responses", "security"]);
        for alternative in self.security(members) {
            self.say(&Place::new(Side::Request, ""), "security", alternative);
        }
        // Those of the operation, and those of its path that it does not replace.
        let own = self.located(members.get("parameters"));
        let mut parameters = self.located(shared);
        parameters.retain(|(place, _)| !own.iter().any(|(replacement, _)| replacement == place));
        parameters.extend(own);
        parameters.sort_by(|(left, _), (right, _)| left.cmp(right));
        for ((location, name), members) in parameters {
            let place = Place::new(Side::Request, format!("{location} {name}"));
            self.parameter(&place, "parameter", members, &location);
        }
        if let Some(body) = members.get("requestBody") {
            self.body(body);
        }
        for (status, response) in self.named(&whole, members, "responses") {
            if !status.starts_with("x-") {
                self.response(&status.to_lowercase(), response);
            }
        }
        if !members.contains_key("responses") {
            self.say(&whole, "responses", "none");
        }
    }

    /// What a call must show to be let in, each alternative a line: the kinds of proof themselves, since their names are free.
    fn security(&self, operation: &Map<String, Value>) -> BTreeSet<String> {
        let alternative = |schemes: &Value| match schemes {
            Value::Object(schemes) if schemes.is_empty() => "none".to_owned(),
            Value::Object(schemes) => {
                let proofs = schemes.iter().map(|(name, scopes)| self.proof(name, scopes));
                proofs.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" and ")
            }
            other => text(other),
        };
        match operation.get("security").or_else(|| self.reading.document.get("security")) {
            Some(Value::Array(alternatives)) if !alternatives.is_empty() => {
                alternatives.iter().map(alternative).collect()
            }
            Some(Value::Array(_)) | None => BTreeSet::from(["none".to_owned()]),
            Some(other) => BTreeSet::from([text(other)]),
        }
    }

    /// `apiKey in header name app_key`, `http scheme bearer for ["read"]`.
    fn proof(&self, name: &str, scopes: &Value) -> String {
        let scheme =
            self.reading.document.pointer("/components/securitySchemes").and_then(|all| all.get(name));
        let target = scheme.and_then(|scheme| self.reading.target(scheme.get("$ref")?.as_str()?));
        let proof = match target.or(scheme) {
            Some(Value::Object(scheme)) => {
                let kind = scheme.get("type").map_or_else(|| "no type".to_owned(), bare);
                let members = sorted(scheme).into_iter();
                let members =
                    members.filter(|(name, _)| *name != "type" && is_compared("security scheme", name));
                // Names of headers and of HTTP's schemes mean the same in either case.
                let in_header = scheme.get("in").is_some_and(|place| place == "header");
                members.fold(kind, |proof, (name, value)| match name == "scheme" || in_header {
                    true => format!("{proof} {name} {}", bare(value).to_lowercase()),
                    false => format!("{proof} {name} {}", bare(value)),
                })
            }
            Some(other) => text(other),
            None => format!("an undefined scheme {name}"),
        };
        match scopes {
            Value::Array(scopes) if scopes.is_empty() => proof,
            other => format!("{proof} for {}", text(other)),
        }
    }

    fn located(&mut self, parameters: Option<&'a Value>) -> Vec<(Location, &'a Map<String, Value>)> {
        let place = Place::new(Side::Request, "");
        let list = match parameters {
            Some(Value::Array(list)) => list.as_slice(),
            Some(other) => {
                self.say(&place, "parameters", text(other));
                &[]
            }
            None => &[],
        };
        let members = list.iter().filter_map(|node| self.members(&place, "parameter", node));
        let located = members.map(|members| {
            let said = |member| members.get(member).map_or_else(|| format!("without {member}"), bare);
            // Names of headers mean the same in either case.
            let name = if said("in") == "header" { said("name").to_lowercase() } else { said("name") };
            ((said("in"), name), members)
        });
        located.collect()
    }

    /// A parameter or a header, sent at `location`.
    fn parameter(&mut self, place: &Place, object: &str, members: &'a Map<String, Value>, location: &str) {
        let mut said = members.clone();
        said.entry("required").or_insert(Value::Bool(location == "path"));
        if members.contains_key("content") {
            self.content(place, members);
        } else {
            let implied = if matches!(location, "query" | "cookie") { "form" } else { "simple" };
            let is_form = *said.entry("style").or_insert(implied.into()) == "form";
            said.entry("explode").or_insert(Value::Bool(is_form));
        }
        let named: &[&str] = if object == "parameter" { &["in", "name"] } else { &[] };
        self.rest(place, object, &said, &[&["content", "schema"], named].concat());
        if let Some(schema) = members.get("schema") {
            self.schema(place, schema);
        }
    }

    fn body(&mut self, node: &'a Value) {
        let place = Place::new(Side::Request, "body");
        let Some(members) = self.members(&place, "request body", node) else { return };
        let mut said = members.clone();
        said.entry("required").or_insert(Value::Bool(false));
        self.rest(&place, "request body", &said, &["content"]);
        self.content(&place, members);
    }

    fn response(&mut self, status: &str, node: &'a Value) {
        let place = Place::new(Side::Reply, status);
        let Some(members) = self.members(&place, "response", node) else { return };
        let content = members.get("content");
        if content.is_none_or(|content| content.as_object().is_some_and(Map::is_empty)) {
            self.say(&place, "media type", "none");
        }
        self.content(&place, members);
        // The one extension that two readings of the platform's page can agree on.
        let codes: BTreeSet<String> = match members.get("x-error-codes") {
            Some(Value::Array(codes)) => codes.iter().map(bare).collect(),
            other => other.iter().map(|other| text(other)).collect(),
        };
        codes.into_iter().for_each(|code| self.say(&place, "error code", code));
        for (name, header) in self.named(&place, members, "headers") {
            let place = place.inside(&format!("header {}", name.to_lowercase()));
            if let Some(members) = self.members(&place, "header", header) {
                self.parameter(&place, "header", members, "header");
            }
        }
        self.rest(&place, "response", members, &["content", "headers"]);
    }

    /// Media types with their schemas; nothing, if there are none.
    fn content(&mut self, place: &Place, members: &'a Map<String, Value>) {
        for (media_type, node) in self.named(place, members, "content") {
            let media_type = media_type.to_lowercase();
            self.say(place, "media type", media_type.as_str());
            let place = place.inside(&media_type);
            if let Some(members) = self.members(&place, "media type", node) {
                self.schema(&place, members.get("schema").unwrap_or(&Value::Bool(true)));
                self.rest(&place, "media type", members, &["schema"]);
            }
        }
    }
}
