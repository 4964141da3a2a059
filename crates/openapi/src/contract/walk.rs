//! What each operation promises, and what belongs to none: facts are noted where they belong, and nothing is passed over.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::fact::{Fact, Side, is_compared};
use super::form::{COMPOSITIONS, any};
use super::reading::{DEEPEST, Reading, quoted, text, yes_no};
use crate::document::json::{list, members, shown, texts};
use crate::document::pointer::child;

const METHODS: &[&str] = &["delete", "get", "head", "options", "patch", "post", "put", "query", "trace"];

struct Walk<'a> {
    reading: &'a Reading<'a>,
    facts: Vec<Fact>,
}

/// The promises of a schema, or else of the whole document.
pub(super) fn facts(reading: &Reading<'_>, schema: Option<&Value>) -> Vec<Fact> {
    let mut walk = Walk { reading, facts: Vec::new() };
    match schema {
        Some(schema) => walk.schema(&Fact::default(), schema),
        None => walk.document(),
    }
    walk.facts.sort();
    walk.facts
}

impl<'a> Walk<'a> {
    fn document(&mut self) {
        let document = self.reading.document;
        self.node("document", &Fact { operation: "document".to_owned(), ..Fact::default() }, document);
        // Schemas that no operation refers to say what is inside a string, or nothing at all: only their names tell them apart.
        let is_unreached =
            |(name, _): &(&String, _)| !self.reading.has_reached(&child("/components/schemas", name));
        let schemas = members(document.pointer("/components/schemas").unwrap_or(&Value::Null));
        // All of them are found before the first is unfolded, which reaches others.
        for (name, schema) in schemas.filter(is_unreached).collect::<Vec<_>>() {
            self.schema(&Fact { operation: format!("schema {name}"), ..Fact::default() }, schema);
        }
    }

    fn say(&mut self, at: &Fact, aspect: &str, value: impl Into<String>) {
        self.facts.push(Fact { aspect: aspect.to_owned(), value: value.into(), ..at.clone() });
    }

    /// What nobody here knows, as it is written.
    fn say_written(&mut self, at: &Fact, member: &str, value: &Value) {
        match value {
            Value::Bool(value) => self.say(at, member, yes_no(*value)),
            other => self.say(at, member, text(&self.reading.unfolded(other, &[]))),
        }
    }

    /// All that a node says, and the nodes inside it.
    fn node(&mut self, kind: &str, at: &Fact, node: &Value) {
        if let Some(members) = self.members(kind, at, node) {
            self.said(kind, at, members);
        }
    }

    /// The members of an object, or of what it refers to; `None`, and a fact that shows it, if there are none.
    fn members<'n>(&mut self, kind: &str, at: &Fact, node: &'n Value) -> Option<&'n Map<String, Value>>
    where
        'a: 'n,
    {
        let mut node = node;
        for _ in 0..DEEPEST {
            let Value::Object(members) = node else {
                self.say(at, "no object", text(node));
                return None;
            };
            let Some(reference) = members.get("$ref").and_then(Value::as_str) else {
                return Some(members);
            };
            // Only prose may be beside a reference.
            for (member, value) in
                members.iter().filter(|(name, _)| *name != "$ref" && is_compared(kind, name))
            {
                self.say_written(at, member, value);
            }
            let Some(target) = self.reading.target(reference) else {
                self.say(at, "reference", format!("to {reference:?}, which is not in the document"));
                return None;
            };
            node = target;
        }
        self.say(at, "reference", "in a circle");
        None
    }

    fn said(&mut self, kind: &str, at: &Fact, members: &Map<String, Value>) {
        let implied = self.implied(kind, members);
        let implied = implied.iter().filter(|(name, _)| !members.contains_key(*name));
        let said = members.iter().map(|(name, value)| (name.as_str(), value));
        for (name, value) in said.chain(implied.map(|(name, value)| (*name, value))) {
            match (kind, name, value) {
                // The one extension that two readings of the platform's page can agree on.
                ("response", "x-error-codes", Value::Array(codes)) => {
                    let codes: BTreeSet<String> = codes.iter().map(shown).collect();
                    codes.into_iter().for_each(|code| self.say(at, "error code", code));
                }
                ("response", "x-error-codes", other) => self.say(at, "error code", text(other)),
                _ if !is_compared(kind, name) => {}
                ("document", "security", _) | ("path" | "operation", "parameters", _) => {}
                ("parameter", "in" | "name", _) => {}
                ("document", "paths", Value::Object(paths)) => {
                    for (path, item) in paths.iter().filter(|(path, _)| !path.starts_with("x-")) {
                        self.node("path", &Fact { operation: path.clone(), ..Fact::default() }, item);
                    }
                }
                ("path", method, node) if METHODS.contains(&method) => {
                    let operation = format!("{} {}", method.to_uppercase(), at.operation);
                    let at = Fact { operation, ..Fact::default() };
                    if let Some(operation) = self.members("operation", &at, node) {
                        self.parameters(&at, [members.get("parameters"), operation.get("parameters")]);
                        self.said("operation", &at, operation);
                    }
                }
                ("operation", "security", alternatives) => {
                    let at = Fact { side: Side::Request, ..at.clone() };
                    for alternative in self.security(alternatives) {
                        self.say(&at, "security", alternative);
                    }
                }
                ("operation", "requestBody", body) => {
                    self.node("request body", &at.part(Side::Request, "body"), body);
                }
                ("operation", "responses", Value::Object(responses)) => {
                    for (status, response) in responses.iter().filter(|(status, _)| !status.starts_with("x-"))
                    {
                        self.node("response", &at.part(Side::Reply, &status.to_lowercase()), response);
                    }
                }
                ("response", "headers", Value::Object(headers)) => {
                    for (name, header) in headers {
                        let place = format!("{} header {}", at.place, name.to_lowercase());
                        self.node("header", &at.part(at.side, &place), header);
                    }
                }
                (_, "content", Value::Object(types)) => {
                    if types.is_empty() && kind == "response" {
                        self.say(at, "media type", "none");
                    }
                    for (media_type, node) in types {
                        let media_type = media_type.to_lowercase();
                        self.say(at, "media type", media_type.as_str());
                        let place = format!("{} {media_type}", at.place);
                        self.node("media type", &at.part(at.side, &place), node);
                    }
                }
                (_, "schema", schema) => self.schema(at, schema),
                (_, "callbacks" | "encoding" | "links", Value::Object(none)) if none.is_empty() => {}
                (_, "allowEmptyValue" | "allowReserved" | "deprecated", Value::Bool(false)) => {}
                (_, name, value) => self.say_written(at, name, value),
            }
        }
    }

    /// What holds for a node that does not say it.
    fn implied(&self, kind: &str, members: &Map<String, Value>) -> Vec<(&'static str, Value)> {
        let text = |name| members.get(name).and_then(Value::as_str);
        let style = if matches!(text("in"), Some("query" | "cookie")) { "form" } else { "simple" };
        let required = ("required", (text("in") == Some("path")).into());
        match kind {
            "parameter" | "header" if members.contains_key("content") => vec![required],
            "parameter" | "header" => {
                let explode = text("style").unwrap_or(style) == "form";
                vec![required, ("style", style.into()), ("explode", explode.into())]
            }
            "request body" => vec![required],
            "response" => vec![("content", json!({}))],
            "media type" => vec![("schema", true.into())],
            "operation" => {
                let security = self.reading.document.get("security").cloned();
                vec![("responses", Value::Null), ("security", security.unwrap_or_else(|| json!([])))]
            }
            _ => Vec::new(),
        }
    }

    /// The parameters of an operation: its own, and those of its path that it does not replace.
    fn parameters(&mut self, at: &Fact, lists: [Option<&Value>; 2]) {
        let mut all = Vec::new();
        for parameters in lists.into_iter().flatten() {
            let at = at.part(Side::Request, "");
            if !parameters.is_array() {
                self.say(&at, "parameters", text(parameters));
            }
            let mut own = Vec::new();
            for members in list(parameters).filter_map(|node| self.members("parameter", &at, node)) {
                let said = |member| members.get(member).map_or_else(|| format!("without {member}"), shown);
                // Names of headers mean the same in either case.
                let name = if said("in") == "header" { said("name").to_lowercase() } else { said("name") };
                own.push((at.part(Side::Request, &format!("{} {name}", said("in"))), members));
            }
            all.retain(|(place, _)| !own.iter().any(|(replacement, _)| replacement == place));
            all.extend(own);
        }
        for (at, members) in all {
            self.said("parameter", &at, members);
        }
    }

    /// What a call must show to be let in, each alternative a line: the kinds of proof themselves, since their names are free.
    fn security(&self, alternatives: &Value) -> BTreeSet<String> {
        let Value::Array(alternatives) = alternatives else { return BTreeSet::from([text(alternatives)]) };
        let alternative = |schemes: &Value| match schemes {
            Value::Object(schemes) if !schemes.is_empty() => {
                let proofs = schemes.iter().map(|(name, scopes)| self.proof(name, scopes));
                proofs.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>().join(" and ")
            }
            Value::Object(_) => "none".to_owned(),
            other => text(other),
        };
        let nobody = alternatives.is_empty().then(|| "none".to_owned());
        alternatives.iter().map(alternative).chain(nobody).collect()
    }

    /// `apiKey in header name app_key`, `http scheme bearer for ["read"]`.
    fn proof(&self, name: &str, scopes: &Value) -> String {
        let scheme = self.reading.document.pointer(&child("/components/securitySchemes", name));
        let proof = match scheme.map(|scheme| self.reading.unfolded(scheme, &[])) {
            Some(Value::Object(mut scheme)) => {
                scheme.sort_keys();
                let kind = scheme.get("type").map_or_else(|| "no type".to_owned(), shown);
                let is_promise = |name: &str| name != "type" && is_compared("security scheme", name);
                let members = scheme.iter().filter(|(name, _)| is_promise(name));
                // Names of headers and of HTTP's schemes mean the same in either case.
                let in_header = scheme.get("in").is_some_and(|place| place == "header");
                members.fold(kind, |proof, (name, value)| match name == "scheme" || in_header {
                    true => format!("{proof} {name} {}", shown(value).to_lowercase()),
                    false => format!("{proof} {name} {}", shown(value)),
                })
            }
            Some(other) => text(&other),
            None => format!("an undefined scheme {name}"),
        };
        match scopes {
            Value::Array(scopes) if scopes.is_empty() => proof,
            other => format!("{proof} for {}", text(other)),
        }
    }

    /// What a schema promises: each keyword of it and of the schemas inside it is a fact.
    fn schema(&mut self, at: &Fact, schema: &Value) {
        self.form(at, &self.reading.form(schema, &[]));
    }

    fn form(&mut self, at: &Fact, form: &Value) {
        for (keyword, value) in members(form) {
            match (keyword.as_str(), value) {
                ("properties", Value::Object(properties)) => {
                    for (name, schema) in properties {
                        let at = at.inside(&format!(".{}", quoted(name)));
                        let is_required = texts(&form["required"]).any(|required| required == name);
                        self.say(&at, "required", yes_no(is_required));
                        self.form(&at, schema);
                    }
                }
                ("required", Value::Array(names)) if names.iter().all(Value::is_string) => {}
                ("additionalProperties", Value::Bool(_)) => self.say(at, keyword, "none"),
                ("additionalProperties", others) if *others == any() => self.say(at, keyword, "any"),
                ("additionalProperties", others) => self.form(&at.inside(".*"), others),
                ("items", items) => self.form(&at.inside("[]"), items),
                ("not", Value::Object(_)) => self.form(&at.inside("(not)"), value),
                (composition, Value::Array(parts)) if COMPOSITIONS.contains(&composition) => {
                    for (index, part) in parts.iter().enumerate() {
                        let part_of = format!("({composition} {} of {})", index + 1, parts.len());
                        self.form(&at.inside(&part_of), part);
                    }
                    if parts.is_empty() {
                        self.say(at, composition, "[]");
                    }
                }
                ("enum", Value::Array(values)) => {
                    values.iter().for_each(|value| self.say(at, keyword, text(value)));
                }
                ("$ref", reference) => self.say(at, "reference", shown(reference)),
                ("type" | "format" | "pattern", value) => self.say(at, keyword, shown(value)),
                ("nullable", Value::Bool(value)) => self.say(at, keyword, yes_no(*value)),
                (_, value) => self.say(at, keyword, text(value)),
            }
        }
    }
}
