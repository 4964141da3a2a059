//! What the document promises, in the form in which checks need it.

use std::collections::BTreeMap;

use anyhow::{Context as _, bail, ensure};
use jsonschema::Validator;
use serde_json::{Map, Value};

use crate::document::Document;
use crate::document::operations::{Operation, operation};
use crate::document::pointer::child;
use crate::document::reference;
use crate::generate::schemas::error_catalog;
use crate::lint;

/// The names by which the checks ask the document. Everything else comes from there.
const LIST_SUBTASKS: &str = "listSubtasks";
const LOGIN: &str = "login";

/// What the document says of the two calls.
pub struct Facts {
    pub(super) list: Call,
    pub(super) login: Call,
    pub(super) quota: Quota,
    catalogue: Vec<CatalogueEntry>,
}

/// One operation.
pub(super) struct Call {
    pub(super) id: &'static str,
    pub(super) method: String,
    pub(super) path: String,
    /// The header that names the application, if the call wants one.
    pub(super) app_key: Option<String>,
    /// Whether the call wants a token.
    pub(super) bearer: bool,
    pub(super) parameters: Vec<Field>,
    /// Media type and members of the body, if there is one.
    pub(super) form: Option<(String, Vec<Field>)>,
    pub(super) replies: BTreeMap<u16, Documented>,
}

/// A parameter, or a member of a form.
pub(super) struct Field {
    pub(super) name: String,
    pub(super) required: bool,
    /// Smallest and largest value, of an integer.
    pub(super) range: Option<(i64, i64)>,
    /// Fewest and most characters, of a text.
    pub(super) length: Option<(usize, Option<usize>)>,
    /// What it may be, if it may be nothing else.
    pub(super) values: Vec<String>,
    pub(super) default: Option<Value>,
}

/// What is documented under one status.
pub(super) struct Documented {
    pub(super) codes: Vec<String>,
    pub(super) media_types: Vec<String>,
    /// The body that the document shows for it.
    pub(super) example: Value,
    pub(super) schema: Validator,
}

pub(super) struct Quota {
    pub(super) calls: u32,
    pub(super) seconds: u64,
}

struct CatalogueEntry {
    code: String,
    name: String,
    text: String,
    /// The platform's page has the words; those of other codes were not verified.
    of_page: bool,
}

/// One row of a call's error table; where the page lists a code under two statuses, either will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) code: String,
    pub(super) statuses: Vec<u16>,
    pub(super) text: String,
}

impl Facts {
    /// Reads them.
    ///
    /// # Errors
    /// When the document lacks something that a check asks it for.
    pub fn of(document: &Document) -> anyhow::Result<Self> {
        let reading = Reading { document };
        let quota = document.value().pointer("/x-quota").context("the document has no x-quota")?;
        let number = |name: &str| {
            quota.get(name).and_then(Value::as_u64).with_context(|| format!("x-quota has no {name}"))
        };
        Ok(Self {
            list: reading.call(LIST_SUBTASKS)?,
            login: reading.call(LOGIN)?,
            quota: Quota { calls: number("calls")?.try_into()?, seconds: number("seconds")? },
            catalogue: error_catalog(document.value())
                .map(|(code, entry)| CatalogueEntry::of(code, entry))
                .collect(),
        })
    }

    /// The row of this call for the code that the catalogue calls `name`.
    pub(super) fn row(&self, call: &Call, name: &str) -> Row {
        let entry = self.catalogue.iter().find(|entry| entry.name == name);
        let code = entry.map_or("", |entry| entry.code.as_str());
        let listed = call.replies.iter().filter(|(_, reply)| reply.codes.iter().any(|known| known == code));
        Row {
            code: code.to_owned(),
            statuses: listed.map(|(status, _)| *status).collect(),
            text: entry.map_or_else(|| format!("no {name} in the catalogue"), |entry| entry.text.clone()),
        }
    }

    /// The platform's own words for a code, where its page has them.
    pub(super) fn words(&self, code: &str) -> Option<&str> {
        let entry = self.catalogue.iter().find(|entry| entry.code == code && entry.of_page);
        entry.map(|entry| entry.text.as_str())
    }

    /// Every documented call.
    pub(super) fn calls(&self) -> [&Call; 2] {
        [&self.list, &self.login]
    }
}

impl CatalogueEntry {
    fn of(code: &str, entry: &Value) -> Self {
        let text = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self {
            code: code.to_owned(),
            name: text("name"),
            text: text("text"),
            of_page: entry.get("source").is_none(),
        }
    }
}

impl Call {
    pub(super) fn parameter(&self, name: &str) -> Option<&Field> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}

struct Reading<'d> {
    document: &'d Document,
}

impl Reading<'_> {
    fn call(&self, id: &'static str) -> anyhow::Result<Call> {
        let Operation { method, path, value: operation, .. } = operation(self.document.value(), id)?;
        let mut call = Call {
            id,
            method: method.to_uppercase(),
            path: path.to_owned(),
            app_key: None,
            bearer: false,
            parameters: Vec::new(),
            form: None,
            replies: BTreeMap::new(),
        };
        let schemes =
            operation.get("security").and_then(|security| security.get(0)).and_then(Value::as_object);
        for name in schemes.into_iter().flat_map(Map::keys) {
            let scheme = self.at(&child("/components/securitySchemes", name))?;
            match (text(scheme, "type"), text(scheme, "scheme")) {
                (Some("apiKey"), _) => call.app_key = text(scheme, "name").map(str::to_owned),
                (Some("http"), Some("bearer")) => call.bearer = true,
                _ => bail!("{id}: the checks know no security scheme like {name}"),
            }
        }
        for parameter in array(operation, "parameters") {
            let parameter = self.resolved(parameter)?;
            ensure!(text(parameter, "in") == Some("query"), "{id}: the checks know query parameters only");
            let required = parameter.get("required") == Some(&Value::Bool(true));
            let schema = parameter.get("schema").cloned().unwrap_or_default();
            call.parameters.push(self.field(text(parameter, "name").unwrap_or_default(), required, &schema));
        }
        if let Some((media_type, content)) = members(operation.pointer("/requestBody/content")).next() {
            let schema = self.schema(content.get("schema").unwrap_or(&Value::Null));
            let required: Vec<&str> = schema
                .get("required")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            let fields = members(schema.get("properties"))
                .map(|(name, member)| self.field(name, required.contains(&name.as_str()), member))
                .collect();
            call.form = Some((media_type.clone(), fields));
        }
        for (status, response) in members(operation.get("responses")) {
            let status = status.parse().with_context(|| format!("{id}: the status {status}"))?;
            call.replies.insert(status, self.documented(self.resolved(response)?)?);
        }
        Ok(call)
    }

    fn documented(&self, response: &Value) -> anyhow::Result<Documented> {
        let codes = array(response, "x-error-codes").filter_map(Value::as_str).map(str::to_owned).collect();
        let content: Vec<_> = members(response.get("content")).collect();
        let body = content.first().map(|(_, content)| *content);
        let mut examples = members(body.and_then(|body| body.get("examples")));
        let schema = body.and_then(|body| body.get("schema"));
        let schema = schema.context("the checks know replies with a body only")?;
        Ok(Documented {
            codes,
            media_types: content.iter().map(|(name, _)| (*name).clone()).collect(),
            example: examples
                .next()
                .and_then(|(_, example)| example.get("value"))
                .cloned()
                .unwrap_or_default(),
            schema: lint::validator(self.document, schema).context("a schema of a reply cannot be used")?,
        })
    }

    fn field(&self, name: &str, required: bool, schema: &Value) -> Field {
        let schema = self.schema(schema);
        let integer = |name: &str| schema.get(name).and_then(Value::as_i64);
        let count = |name: &str| integer(name).and_then(|count| usize::try_from(count).ok());
        let (low, high) = match schema.get("format").and_then(Value::as_str) {
            Some("int32") => (i32::MIN.into(), i32::MAX.into()),
            _ => (i64::MIN, i64::MAX),
        };
        let is = |kind: &str| schema.get("type").and_then(Value::as_str) == Some(kind);
        let values: Vec<String> = array(&Value::Object(schema.clone()), "enum")
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        Field {
            name: name.to_owned(),
            required,
            range: is("integer")
                .then(|| (integer("minimum").unwrap_or(low), integer("maximum").unwrap_or(high))),
            length: (is("string") && values.is_empty())
                .then(|| (count("minLength").unwrap_or(0), count("maxLength"))),
            values,
            default: schema.get("default").cloned(),
        }
    }

    /// The members of a schema, with those of everything that it refers to; its own come first.
    fn schema(&self, schema: &Value) -> Map<String, Value> {
        let Ok(schema) = self.resolved(schema) else { return Map::new() };
        let mut whole = schema.as_object().cloned().unwrap_or_default();
        for part in array(schema, "allOf") {
            for (name, member) in self.schema(part) {
                whole.entry(name).or_insert(member);
            }
        }
        whole
    }

    /// What a node refers to, or the node itself.
    fn resolved<'a>(&'a self, node: &'a Value) -> anyhow::Result<&'a Value> {
        let resolved = reference::resolve(self.document.value(), node);
        resolved.with_context(|| format!("the document has nothing for {node}"))
    }

    fn at(&self, pointer: &str) -> anyhow::Result<&Value> {
        self.document.value().pointer(pointer).with_context(|| format!("the document has no {pointer}"))
    }
}

fn text<'a>(node: &'a Value, name: &str) -> Option<&'a str> {
    node.get(name).and_then(Value::as_str)
}

fn array<'a>(node: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    node.get(name).and_then(Value::as_array).into_iter().flatten()
}

fn members(node: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    node.and_then(Value::as_object).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::sound;

    fn facts() -> Facts {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        Facts::of(&sound::read(root).unwrap()).unwrap()
    }

    #[test]
    fn bounds_values_and_defaults_are_those_of_the_document() {
        let list = facts().list;
        let page_size = list.parameter("pageSize").unwrap();
        assert_eq!((page_size.range, &page_size.default), (Some((1, 250)), &Some(25.into())));
        assert_eq!(list.parameter("pageNo").unwrap().range, Some((0, i32::MAX.into())));
        let task_id = list.parameter("taskId").unwrap();
        assert!(task_id.required && task_id.length == Some((1, None)));
        assert!(list.parameter("status").unwrap().values.contains(&"WaitResult".to_owned()));
        assert_eq!((list.app_key.as_deref(), list.bearer), (Some("app_key"), true));
    }

    #[test]
    fn a_form_is_read_through_its_references() {
        let login = facts().login;
        let (media_type, fields) = login.form.unwrap();
        assert_eq!(media_type, "application/x-www-form-urlencoded");
        let fields: Vec<_> =
            fields.iter().map(|field| (field.name.as_str(), field.required, field.length)).collect();
        assert_eq!(fields, [("appId", true, Some((1, Some(256)))), ("secret", true, Some((1, Some(256))))]);
        assert!(login.app_key.is_none() && !login.bearer);
    }

    #[test]
    fn a_row_has_every_status_under_which_its_code_is_listed() {
        let facts = facts();
        let row = facts.row(&facts.list, "ApplicationNotFound");
        assert_eq!((row.code.as_str(), row.statuses), ("100203", vec![403, 500]));
        assert_eq!(facts.row(&facts.login, "WrongCredentials").statuses, [401]);
        assert_eq!(facts.words("105005"), Some("The batchTask is not existed."));
        assert_eq!(facts.words("100247"), None);
    }

    #[test]
    fn a_reply_has_the_example_that_the_platforms_page_shows() {
        let example = facts().list.replies[&200].example.clone();
        assert_eq!(example["taskDetails"][0]["status"], "WaitResult");
    }

    #[test]
    fn a_document_without_the_calls_is_refused() {
        let text = "openapi: 3.0.3\ninfo: {title: t, version: 1.0.0}\npaths: {}\n".to_owned();
        let document = Document::parse("none.yaml", text).unwrap();
        assert!(Facts::of(&document).is_err());
    }
}
