//! The platform's page as data, held against the document and, where it can be observed, against the emulator.

pub(crate) mod compare;
mod document;
mod emulator;
mod readme;

use std::path::Path;

use northbound_openapi::document::Document;
use serde::Deserialize;
use serde_json::Value;

use crate::freshness::root;

/// `spec/page.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Facts {
    title: Title,
    date: Date,
    address: Address,
    method: Method,
    url: Url,
    transport: Transport,
    header: Vec<Parameter>,
    query: Vec<Parameter>,
    member: Vec<Member>,
    error: Vec<ErrorRow>,
    quota: Quota,
    request_example: RequestExample,
    reply_example: ReplyExample,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Title {
    text: String,
    pointer: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Date {
    updated: String,
    pointer: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Address {
    url: String,
    pointer: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Method {
    name: String,
    pointer: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Url {
    template: String,
    pointer: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Transport {
    protocols: Vec<String>,
    pointer: String,
}

/// A request parameter: a header, or a part of the query.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Parameter {
    name: String,
    need: Need,
    r#type: String,
    location: String,
    says: String,
    values: Option<Vec<String>>,
    minimum: Option<i64>,
    maximum: Option<i64>,
    default: Option<i64>,
    pointer: String,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
enum Need {
    Mandatory,
    Optional,
}

/// A member of the reply, or of a structure in it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    /// The page's name of the structure; `reply` for the reply itself, which has none.
    structure: String,
    name: String,
    r#type: String,
    says: String,
    values: Option<Vec<String>>,
    /// The names that the page shows in the JSON inside the string.
    holds: Option<Vec<String>>,
    pointer: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ErrorRow {
    status: u16,
    code: String,
    text: String,
    says: String,
    remedy: String,
    pointer: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Quota {
    calls: u32,
    seconds: u32,
    code: String,
    pointer: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestExample {
    method: String,
    url: String,
    headers: Vec<String>,
    pointer: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReplyExample {
    status: u16,
    content_type: String,
    body: String,
    pointer: String,
}

impl Facts {
    pub(crate) fn read() -> Self {
        toml::from_str(&text_of("spec/page.toml")).unwrap()
    }

    /// The only row with this status and code.
    fn error(&self, status: u16, code: &str) -> &ErrorRow {
        let mut rows = self.error.iter().filter(|row| row.status == status && row.code == code);
        let row = rows.next().unwrap_or_else(|| panic!("no error row {status}/{code}"));
        assert!(rows.next().is_none(), "error row {status}/{code} stands twice");
        row
    }
}

impl ReplyExample {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// The names in the query of a URL, in their order.
fn query_names(url: &str) -> Vec<&str> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    query.split('&').filter_map(|pair| Some(pair.split_once('=')?.0)).collect()
}

/// A file of the project.
fn text_of(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn the_document() -> Value {
    let document = Document::read_in(root(), Path::new(xtask::DOCUMENT));
    document.unwrap_or_else(|error| panic!("{error}")).value().clone()
}
