//! The operations of a document.

use anyhow::Context as _;
use serde_json::Value;

use super::json::{members, text};

/// One call that the document describes.
#[derive(Clone, Copy, Debug)]
pub struct Operation<'a> {
    /// Its `operationId`; empty if it has none.
    pub id: &'a str,
    /// In lower case, as in the document.
    pub method: &'a str,
    /// The template of its path.
    pub path: &'a str,
    /// Its members.
    pub value: &'a Value,
}

impl Operation<'_> {
    /// Whether a call may be sent again when its outcome is unknown: what `x-may-repeat` says, else whether it only reads.
    pub fn may_repeat(&self) -> bool {
        self.value["x-may-repeat"].as_bool().unwrap_or(matches!(self.method, "get" | "head"))
    }
}

/// All of them, in the order of the document.
pub fn operations(document: &Value) -> impl Iterator<Item = Operation<'_>> {
    members(&document["paths"]).flat_map(|(path, item)| {
        let operations = members(item).filter(|(_, member)| member.get("responses").is_some());
        operations.map(move |(method, value)| {
            let id = text(&value["operationId"]);
            Operation { id, method, path, value }
        })
    })
}

/// The one with this `operationId`.
pub fn operation<'a>(document: &'a Value, id: &str) -> anyhow::Result<Operation<'a>> {
    let found = operations(document).find(|operation| operation.id == id);
    found.with_context(|| format!("the document has no operation {id}"))
}
