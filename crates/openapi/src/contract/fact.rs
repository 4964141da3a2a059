//! One promise, and what is no promise.

use std::fmt;

use crate::document::on_one_line;

/// What is no promise to a caller, as `object.member`, and why. Everything else is compared.
pub const NOT_COMPARED: &[(&str, &str)] = &[
    ("*.description", "prose: each reading of the platform's page uses its own words"),
    ("*.summary", "prose"),
    ("*.externalDocs", "points at prose"),
    ("*.example", "shows values; Redocly CLI and Spectral hold each to its schema"),
    ("*.examples", "shows values; Redocly CLI and Spectral hold each to its schema"),
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// What belongs to neither alone.
    #[default]
    Neither,
    /// What a caller sends.
    Request,
    /// What a caller receives.
    Reply,
}

/// One promise.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// The same, of a part of its operation.
    pub(super) fn part(&self, side: Side, place: &str) -> Self {
        Self { side, place: place.to_owned(), ..self.clone() }
    }

    /// The same, of something inside its member.
    pub(super) fn inside(&self, step: &str) -> Self {
        Self { member: format!("{}{step}", self.member).trim_start_matches('.').to_owned(), ..self.clone() }
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
        f.write_str(&on_one_line(&line))
    }
}

/// Whether a member of an object is a promise.
pub(super) fn is_compared(object: &str, member: &str) -> bool {
    !NOT_COMPARED.iter().any(|(entry, _)| {
        entry.split_once('.').is_some_and(|(objects, members)| {
            let of_object = objects == "*" || objects == object;
            of_object
                && members.strip_suffix('*').map_or(members == member, |start| member.starts_with(start))
        })
    })
}
