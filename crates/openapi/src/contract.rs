//! What an OpenAPI document promises, in one canonical form: two documents promise the same if their lines are equal.
//!
//! The form is the same for 3.0 and 3.1, and does not depend on how a promise is written: references are resolved, defaults
//! filled in, sets sorted. Whatever this module does not know stays in as it is written, so that two documents may seem
//! to differ where they do not, but never the other way round.

mod reading;
mod schema;
mod shape;
mod walk;

use std::fmt;

use serde_json::Value;
use similar::TextDiff;

use reading::Reading;

/// What is no promise to a caller, as `object.member`, and why. Everything else is compared.
pub const NOT_COMPARED: &[(&str, &str)] = &[
    ("*.description", "prose: each reading of the platform's page uses its own words"),
    ("*.summary", "prose"),
    ("*.externalDocs", "points at prose"),
    ("*.example", "shows values; a test validates each against its schema"),
    ("*.examples", "shows values; a test validates each against its schema"),
    ("*.x-*", "extensions say what shapes cannot; `x-error-codes` of a response is the one that is compared"),
    ("document.openapi", "the version of the language, not of what is said in it"),
    ("document.info", "names and describes the document, and carries its own version"),
    ("document.servers", "where the API is served, not what it promises"),
    ("document.tags", "groups operations for readers"),
    ("document.components", "names are free: what a reference reaches is compared where it is used"),
    ("document.jsonSchemaDialect", "the language of the schemas, not what is said in them"),
    ("path.servers", "where the API is served"),
    ("operation.servers", "where the API is served"),
    ("operation.tags", "groups operations for readers"),
    ("schema.title", "prose"),
    ("schema.$comment", "prose"),
    ("schema.$schema", "the language of the schema, not what is said in it"),
    ("schema.$defs", "names are free: what a reference reaches is compared where it is used"),
    ("security scheme.bearerFormat", "a hint for readers: a caller cannot act on it"),
];

/// Who a fact binds: what is harmless in a reply may break a request, and the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// What a caller sends.
    Request,
    /// What a caller receives.
    Reply,
    /// What belongs to neither alone.
    Neither,
}

/// One promise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fact {
    /// Method and path; `document`, or `schema NAME` for a schema that no operation reaches.
    pub operation: String,
    /// Who it binds.
    pub side: Side,
    /// Where in the operation: `query pageSize`, `body application/json`, `200 application/json`; empty for all of it.
    pub place: String,
    /// The member of the schema in that place: `taskDetails[].status`; empty for the place as a whole.
    pub member: String,
    /// What is said of it, in the words of OpenAPI: `maximum`.
    pub aspect: String,
    /// What is said: `250`.
    pub value: String,
}

impl Fact {
    /// What is said of a value, wherever it stands.
    fn new(aspect: &str, value: impl Into<String>) -> Self {
        let (operation, place, member) = (String::new(), String::new(), String::new());
        Self { operation, side: Side::Neither, place, member, aspect: aspect.to_owned(), value: value.into() }
    }

    /// The same, said of a member.
    fn inside(mut self, member: &str) -> Self {
        self.member.insert_str(0, member);
        self
    }

    fn at(self, operation: &str, side: Side, place: &str) -> Self {
        Self { operation: operation.to_owned(), side, place: place.to_owned(), ..self }
    }
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut line = String::new();
        for part in [&self.operation, &self.place, &self.member].into_iter().filter(|part| !part.is_empty()) {
            line.push_str(part);
            line.push_str(": ");
        }
        line.push_str(&self.aspect);
        line.push(' ');
        line.push_str(&self.value);
        // A name may hold a line break; a fact has one line.
        for character in line.chars() {
            match character.is_control() {
                true => write!(f, "{}", character.escape_default())?,
                false => write!(f, "{character}")?,
            }
        }
        Ok(())
    }
}

/// All that a document promises, in a fixed order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contract {
    facts: Vec<Fact>,
    complete: bool,
}

impl Contract {
    /// The promises: operations by path and method, then what no operation reaches.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// The promises as text, one a line.
    pub fn lines(&self) -> Vec<String> {
        self.facts.iter().map(Fact::to_string).collect()
    }

    /// Whether the whole document was read. One that is nested too deeply, or that unfolds to far more than it holds, is not.
    pub fn is_complete(&self) -> bool {
        self.complete
    }
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.facts.iter().try_for_each(|fact| writeln!(f, "{fact}"))
    }
}

/// Brings a document to its canonical form. It takes any JSON: what is no OpenAPI shows in the lines as what it is.
pub fn contract(document: &Value) -> Contract {
    let reading = Reading::of(document);
    let facts = walk::facts(&reading);
    Contract { facts, complete: !reading.is_exhausted() }
}

/// The promises of one schema of a document; their operation and place are empty.
pub fn schema(document: &Value, schema: &Value) -> Contract {
    let reading = Reading::of(document);
    let facts = schema::facts(&reading, schema);
    Contract { facts, complete: !reading.is_exhausted() }
}

/// How two contracts differ, as a unified diff from left to right; `None` if they are equal.
///
/// Each line says where it belongs, so the diff shows no lines that are equal.
pub fn difference(left_name: &str, left: &Contract, right_name: &str, right: &Contract) -> Option<String> {
    for (name, contract) in [(left_name, left), (right_name, right)] {
        if !contract.complete {
            return Some(format!("{name}: nested too deeply, or unfolds to too much, to be compared\n"));
        }
    }
    if left.lines() == right.lines() {
        return None;
    }
    let (left, right) = (left.to_string(), right.to_string());
    let diff = TextDiff::from_lines(&left, &right);
    Some(diff.unified_diff().context_radius(0).header(left_name, right_name).to_string())
}

/// Whether a member of an object is a promise.
fn is_compared(object: &str, member: &str) -> bool {
    !NOT_COMPARED.iter().any(|(entry, _)| {
        entry.split_once('.').is_some_and(|(objects, members)| {
            let of_object = objects == "*" || objects == object;
            of_object
                && members.strip_suffix('*').map_or(members == member, |start| member.starts_with(start))
        })
    })
}

#[cfg(test)]
mod tests;
