//! What the document promises, in the form in which checks need it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use jsonschema::Validator;
use northbound_openapi::contract::{Contract, Side, contract};
use northbound_openapi::document::Document;
use northbound_openapi::document::json::{list, members, shown, text, texts};
use northbound_openapi::document::operations::{Operation, operations};
use northbound_openapi::document::reference::resolve;
use northbound_openapi::lint;
use serde_json::Value;

use crate::body::{self, JSON};
use crate::field::{Field, Location, probes};

pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// What the document says of the calls.
pub struct Facts {
    pub(crate) calls: Vec<Call>,
    /// The call whose reply comes in pages, and the one that takes no token, by their places in the list.
    list: usize,
    login: usize,
    /// How many calls may be made in a window.
    pub(crate) quota: u32,
    pub(crate) window: Duration,
    /// What each error code means.
    catalogue: Value,
}

/// One operation.
pub(crate) struct Call {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    /// The header that names the application, beside the one with the token; none if the call requires neither.
    pub(crate) app_key: Option<String>,
    /// Whether it may be sent again when its outcome is unknown. Otherwise it acts on devices, or may do so.
    pub(crate) may_repeat: bool,
    /// The media type of its body, if it has one.
    pub(crate) media_type: Option<String>,
    pub(crate) fields: Vec<Field>,
    /// The bodies of JSON that the document shows for it.
    pub(crate) examples: Vec<Value>,
    pub(crate) replies: BTreeMap<u16, Documented>,
}

/// What is documented under one status.
pub(crate) struct Documented {
    pub(crate) codes: Vec<String>,
    pub(crate) media_types: Vec<String>,
    /// The body that the document shows for it.
    pub(crate) example: Value,
    pub(crate) schema: Validator,
}

/// One row of a call's error table; where the page lists a code under two statuses, either will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) code: String,
    pub(crate) statuses: Vec<u16>,
    pub(crate) text: String,
}

impl Facts {
    /// Those of the document from which this version was made.
    ///
    /// # Errors
    /// Never, if the tests of this version passed.
    pub fn of_this_version() -> anyhow::Result<Self> {
        Self::of(&Document::parse("openapi.json", include_str!("../openapi.json").to_owned())?)
    }

    /// Reads them.
    ///
    /// # Errors
    /// When the document lacks something that a check asks it for, or has a rule that no check can try.
    pub fn of(document: &Document) -> anyhow::Result<Self> {
        let value = document.value();
        let number = |name: &str| value["x-quota"][name].as_u64().context("the document has no x-quota");
        let contract = contract(value);
        let calls: Vec<Call> =
            operations(value).map(|one| Call::of(document, &contract, &one)).collect::<Result<_, _>>()?;
        let only = |what: &str, is: &dyn Fn(&Call) -> bool| {
            let mut found = calls.iter().enumerate().filter(|(_, call)| is(call)).map(|(index, _)| index);
            let only = found.next().filter(|_| found.next().is_none());
            only.with_context(|| format!("the document has no call that {what}, or several"))
        };
        Ok(Self {
            list: only("has pages", &|call| call.field("pageNo").is_some())?,
            login: only("takes no token", &|call| call.app_key.is_none())?,
            calls,
            quota: number("calls")?.try_into()?,
            window: Duration::from_secs(number("seconds")?),
            catalogue: value["components"]["x-error-catalog"].clone(),
        })
    }

    /// The call whose reply comes in pages.
    pub(crate) fn list(&self) -> &Call {
        &self.calls[self.list]
    }

    /// The call that brings a token.
    pub(crate) fn login(&self) -> &Call {
        &self.calls[self.login]
    }

    /// The row of this call for the code that the catalogue calls `name`.
    pub(crate) fn row(&self, call: &Call, name: &str) -> Row {
        let code = members(&self.catalogue).find(|(_, entry)| text(&entry["name"]) == name);
        self.row_of(call, code.map_or("", |(code, _)| code))
    }

    /// The row for a request that breaks a rule of its form: the first of those under 400 that ask for another request.
    pub(crate) fn refusal(&self, call: &Call) -> Row {
        let mut codes = call.replies.get(&400).into_iter().flat_map(|reply| &reply.codes);
        let asks_to_change = |code: &&String| {
            self.catalogue.get(*code).is_some_and(|entry| text(&entry["action"]) == "fix-request")
        };
        self.row_of(call, codes.find(asks_to_change).map_or("", String::as_str))
    }

    fn row_of(&self, call: &Call, code: &str) -> Row {
        let listed = call.replies.iter().filter(|(_, reply)| reply.codes.iter().any(|known| known == code));
        Row {
            code: code.to_owned(),
            statuses: listed.map(|(status, _)| *status).collect(),
            text: self.catalogue.get(code).map_or("no such error", |entry| text(&entry["text"])).to_owned(),
        }
    }

    /// The platform's own words for a code, where its page has them; those of other codes were not verified.
    pub(crate) fn words(&self, code: &str) -> Option<&str> {
        let entry = self.catalogue.get(code).filter(|entry| entry.get("source").is_none());
        entry.map(|entry| text(&entry["text"]))
    }
}

impl Call {
    fn of(document: &Document, contract: &Contract, found: &Operation<'_>) -> anyhow::Result<Self> {
        let (id, method, path) = (found.id, found.method.to_uppercase(), found.path.to_owned());
        let of_call = format!("{method} {path}");
        let (mut app_key, mut media_type) = (None, None);
        let examples = body::examples(document.value(), found.value);
        let mut fields: Vec<Field> = Vec::new();
        let facts = contract.facts().iter();
        for fact in facts.filter(|fact| fact.side == Side::Request && fact.operation == of_call) {
            let (location, name) =
                match (fact.place.split_once(' '), fact.member.as_str(), fact.aspect.as_str()) {
                    (Some(("query", name)), "", _) => (Location::Query, name),
                    (Some(("path", name)), "", _) => (Location::Path, name),
                    (Some(("body", FORM)), name, _) if !name.is_empty() => (Location::Form, name),
                    (Some(("body", JSON)), name, _) if body::is_shown(&examples, name) => {
                        (Location::Json, name)
                    }
                    (Some(("body", FORM | JSON)), "", _) => (Location::Body, ""),
                    (None, "", "security") => {
                        let scheme = fact.value.strip_prefix("apiKey in header name ");
                        app_key = scheme.and_then(|scheme| scheme.strip_suffix(" and http scheme bearer"));
                        ensure!(fact.value == "none" || app_key.is_some(), "{id}: no way yet to try {fact}");
                        continue;
                    }
                    (_, "", "media type") if [FORM, JSON].contains(&fact.value.as_str()) => {
                        media_type = Some(fact.value.clone());
                        continue;
                    }
                    (None, "", "required") if fact.place == "body" => (Location::Body, ""),
                    _ => bail!("{id}: no way yet to try {fact}"),
                };
            let at =
                fields.iter().position(|field| (field.location, field.name.as_str()) == (location, name));
            let at = at.unwrap_or_else(|| {
                let example = example(document.value(), found.value, name);
                fields.push(Field { location, name: name.to_owned(), example, rules: Vec::new() });
                fields.len() - 1
            });
            fields[at].rules.push(fact.clone());
        }
        for field in &fields {
            let unknown = field.rules.iter().find(|fact| probes(fact, field).is_none());
            unknown.map_or(Ok(()), |fact| bail!("{id}: no way yet to try {fact}"))?;
        }
        let mut replies = BTreeMap::new();
        for (status, response) in members(&found.value["responses"]) {
            let status = status.parse().with_context(|| format!("{id}: the status {status}"))?;
            replies.insert(status, Documented::of(document, response)?);
        }
        let (id, app_key) = (id.to_owned(), app_key.map(str::to_owned));
        let may_repeat = found.may_repeat();
        Ok(Self { id, method, path, app_key, may_repeat, media_type, fields, examples, replies })
    }

    pub(crate) fn is_form(&self) -> bool {
        self.media_type.as_deref() == Some(FORM)
    }

    pub(crate) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Documented {
    fn of(document: &Document, response: &Value) -> anyhow::Result<Self> {
        let response = resolve(document.value(), response).context("a response refers to nothing")?;
        let content: Vec<_> = members(&response["content"]).collect();
        let body = content.first().context("the checks know replies with a body only")?.1;
        let schema = body.get("schema").and_then(|schema| lint::validator(document, schema));
        let example = members(&body["examples"]).next().and_then(|(_, example)| example.get("value"));
        Ok(Self {
            codes: texts(&response["x-error-codes"]).map(str::to_owned).collect(),
            media_types: content.iter().map(|(name, _)| (*name).clone()).collect(),
            example: example.cloned().unwrap_or_default(),
            schema: schema.context("a schema of a reply cannot be used")?,
        })
    }
}

/// The value that the document shows for a field of an operation.
fn example(document: &Value, operation: &Value, name: &str) -> String {
    let mut parameters = list(&operation["parameters"]).filter_map(|one| resolve(document, one));
    parameters
        .find(|one| one["name"] == name)
        .and_then(|one| one.get("example"))
        .map(shown)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_read_through_its_references() {
        let facts = Facts::of_this_version().unwrap();
        let (list, login) = (facts.list(), facts.login());
        assert_eq!(list.field("pageSize").unwrap().largest(), Some(250));
        assert_eq!(list.field("pageNo").unwrap().largest(), Some(i32::MAX.into()));
        assert!(list.field("taskId").is_some_and(|field| field.is_required() && field.is_free()));
        assert!(list.field("status").unwrap().listed().any(|value| value == "WaitResult"));
        assert_eq!((list.app_key.as_deref(), list.is_form()), (Some("app_key"), false));
        assert_eq!((login.app_key.as_deref(), login.is_form()), (None, true));
        assert_eq!(
            login.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>(),
            ["", "appId", "secret"]
        );
        assert_eq!(list.replies[&200].example["taskDetails"][0]["status"], "WaitResult");
    }

    #[test]
    fn a_row_has_every_status_under_which_its_code_is_listed() {
        let facts = Facts::of_this_version().unwrap();
        let row = facts.row(facts.list(), "ApplicationNotFound");
        assert_eq!((row.code.as_str(), row.statuses), ("100203", vec![403, 500]));
        assert_eq!(facts.row(facts.login(), "WrongCredentials").statuses, [401]);
        assert_eq!(facts.refusal(facts.list()).code, "100022");
        assert_eq!(facts.refusal(facts.login()).code, "102202");
        assert_eq!(facts.words("105005"), Some("The batchTask is not existed."));
        assert_eq!(facts.words("100247"), None);
    }

    #[test]
    fn a_document_without_the_calls_or_with_an_unknown_rule_is_refused() {
        let text = "openapi: 3.0.3\ninfo: {title: t, version: 1.0.0}\npaths: {}\n".to_owned();
        assert!(Facts::of(&Document::parse("none.yaml", text).unwrap()).is_err());
        let text = include_str!("../openapi.json").replace("\"minLength\": 1", "\"pattern\": \"a\"");
        let error = Facts::of(&Document::parse("none.yaml", text).unwrap()).err().unwrap();
        assert!(error.to_string().contains("no way yet to try"), "{error}");
    }
}
