//! Every row of the page against the document, and the other way round. Finds differences only; the tests judge.

use std::collections::BTreeSet;

use northbound_openapi::document::{pointer, reference};
use serde_json::{Value, json};

use super::{ErrorRow, Facts, Member, Need, Parameter, query_names};

/// What page and document do not agree on: each difference begins with the row that it is about.
pub(crate) fn differences(facts: &Facts, document: &Value) -> Vec<String> {
    let mut comparison = Comparison { facts, document, found: Vec::new() };
    comparison.single_facts();
    comparison.headers();
    comparison.query();
    comparison.members();
    comparison.errors();
    comparison.examples();
    comparison.found
}

/// The node at a pointer; a node that is a local reference stands for its target.
pub(crate) fn resolve<'d>(document: &'d Value, pointer: &str) -> Option<&'d Value> {
    pointer.split('/').skip(1).try_fold(document, |node, segment| {
        let segment = segment.replace("~1", "/").replace("~0", "~");
        let node = match reference::resolve(document, node)? {
            Value::Array(items) => items.get(segment.parse::<usize>().ok()?)?,
            node => node.get(&segment)?,
        };
        reference::resolve(document, node)
    })
}

/// A keyword of a schema, written beside a reference or at its target.
fn keyword<'d>(document: &'d Value, schema: &'d Value, name: &str) -> Option<&'d Value> {
    let schema = reference::resolve(document, schema)?;
    schema.get(name).or_else(|| keyword(document, schema.get("allOf")?.get(0)?, name))
}

struct Comparison<'a> {
    facts: &'a Facts,
    document: &'a Value,
    found: Vec<String>,
}

impl<'a> Comparison<'a> {
    fn same(&mut self, row: &str, what: &str, page: impl Into<Value>, document: Option<&Value>) {
        let (page, document) = (page.into(), document.unwrap_or(&Value::Null));
        if page != *document {
            self.found.push(format!("{row}: {what} is {page} on the page, {document} in the document"));
        }
    }

    fn holds(&mut self, row: &str, what: &str, is_so: bool) {
        if !is_so {
            self.found.push(format!("{row}: {what}"));
        }
    }

    /// The node that a row points to; null when the pointer leads nowhere.
    fn node(&mut self, row: &str, pointer: &str) -> &'a Value {
        let node = resolve(self.document, pointer);
        self.holds(row, &format!("nothing is at {pointer}"), node.is_some());
        node.unwrap_or(&Value::Null)
    }

    fn operation(&self) -> &'a Value {
        resolve(self.document, &self.facts.method.pointer).unwrap_or(&Value::Null)
    }

    fn single_facts(&mut self) {
        let facts = self.facts;
        let title = self.node("title", &facts.title.pointer);
        self.same("title", "the text", facts.title.text.as_str(), Some(title));
        let date = self.node("date", &facts.date.pointer);
        self.same("date", "the edition", facts.date.updated.as_str(), Some(date));
        let address = self.node("address", &facts.address.pointer);
        self.same("address", "the URL", facts.address.url.as_str(), Some(address));
        let description = self.operation()["externalDocs"]["description"].as_str().unwrap_or_default();
        self.holds("date", "externalDocs does not name it", description.contains(&facts.date.updated));
        self.node("method", &facts.method.pointer);
        let method = json!(pointer::last(&facts.method.pointer).to_uppercase());
        self.same("method", "the name", facts.method.name.as_str(), Some(&method));
        self.node("url", &facts.url.pointer);
        let path = pointer::last(&facts.url.pointer);
        let on_page =
            facts.url.template.split('?').next().and_then(|url| url.strip_prefix("https://server:port"));
        self.same("url", "the path", on_page, Some(&json!(path)));
        let names: Vec<_> = facts.query.iter().map(|row| row.name.as_str()).collect();
        self.same("url", "the query", query_names(&facts.url.template), Some(&json!(names)));
        let schemes = self.node("transport", &facts.transport.pointer);
        let schemes = strings(&schemes["enum"]).map(str::to_uppercase).collect::<BTreeSet<_>>();
        let protocols: BTreeSet<_> = facts.transport.protocols.iter().cloned().collect();
        self.same("transport", "the protocols", json!(protocols), Some(&json!(schemes)));
        let quota = self.node("quota", &facts.quota.pointer);
        self.same("quota", "calls", facts.quota.calls, quota.get("calls"));
        self.same("quota", "seconds", facts.quota.seconds, quota.get("seconds"));
        self.same("quota", "the code", facts.quota.code.as_str(), quota.get("errorCode"));
    }

    fn headers(&mut self) {
        let rows = &self.facts.header;
        let schemes: Vec<_> = rows.iter().map(|row| (pointer::last(&row.pointer), json!([]))).collect();
        let together = json!([serde_json::Map::from_iter(schemes)]);
        self.same("headers", "what is needed", together, self.operation().get("security"));
        for row in rows {
            let scheme = self.node(&row.name, &row.pointer);
            let expected = if row.name == "Authorization" {
                json!({ "type": "http", "scheme": "bearer" })
            } else {
                json!({ "type": "apiKey", "in": row.location, "name": row.name })
            };
            for (member, value) in expected.as_object().into_iter().flatten() {
                self.same(&row.name, member, value.clone(), scheme.get(member));
            }
        }
    }

    fn query(&mut self) {
        let facts = self.facts;
        let parameters = self.operation()["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        let parameters = parameters.iter().filter_map(|node| reference::resolve(self.document, node));
        let names: Value = parameters.map(|parameter| parameter["name"].clone()).collect();
        let rows: Vec<_> = facts.query.iter().map(|row| row.name.as_str()).collect();
        self.same("query", "the list of parameters", rows, Some(&names));
        facts.query.iter().for_each(|row| self.parameter(row));
    }

    fn parameter(&mut self, row: &Parameter) {
        let parameter = self.node(&row.name, &row.pointer);
        self.same(&row.name, "the name", row.name.as_str(), parameter.get("name"));
        self.same(&row.name, "the location", row.location.as_str(), parameter.get("in"));
        self.same(&row.name, "mandatory", row.need == Need::Mandatory, parameter.get("required"));
        let schema = parameter.get("schema").unwrap_or(&Value::Null);
        self.shape(&row.name, &row.r#type, schema);
        self.same(&row.name, "the list of values", json!(row.values), keyword(self.document, schema, "enum"));
        for (name, bound) in [("minimum", row.minimum), ("maximum", row.maximum), ("default", row.default)] {
            self.same(&row.name, name, json!(bound), keyword(self.document, schema, name));
        }
    }

    fn shape(&mut self, row: &str, on_page: &str, schema: &'a Value) {
        let (json_type, format) = match on_page {
            "String" => ("string", None),
            "Integer" => ("integer", Some("int32")),
            "Long" => ("integer", Some("int64")),
            "ObjectNode" => ("object", None),
            list if list.starts_with("List<") => ("array", None),
            other => {
                return self.found.push(format!("{row}: the page's type {other} has no known counterpart"));
            }
        };
        self.same(row, "the type", json_type, keyword(self.document, schema, "type"));
        self.same(row, "the format", json!(format), keyword(self.document, schema, "format"));
        if json_type == "array" {
            let items = schema.get("items").and_then(|items| keyword(self.document, items, "description"));
            let structure = on_page.trim_start_matches("List<").trim_end_matches('>');
            self.holds(row, &format!("the items are not said to be {structure}"), mentions(items, structure));
        }
    }

    fn members(&mut self) {
        let facts = self.facts;
        let structures: BTreeSet<_> =
            facts.member.iter().map(|row| (&row.structure, structure_of(row))).collect();
        for (structure, pointer) in structures {
            let schema = self.node(structure, pointer);
            let described = structure == "reply" || mentions(schema.get("description"), structure);
            self.holds(structure, "the description does not have this name", described);
            let rows = facts.member.iter().filter(|row| structure_of(row) == pointer);
            let rows: BTreeSet<_> = rows.map(|row| row.name.as_str()).collect();
            let properties = schema["properties"].as_object().into_iter().flatten();
            let properties: BTreeSet<_> = properties
                .filter(|(_, schema)| schema.get("x-source").is_none())
                .map(|(name, _)| name.as_str())
                .collect();
            self.same(structure, "the list of members", json!(rows), Some(&json!(properties)));
            self.holds(
                structure,
                "members are needed, which the page does not say",
                schema.get("required").is_none(),
            );
        }
        for row in &facts.member {
            let schema = self.node(&row.name, &row.pointer);
            self.same(&row.name, "the name", row.name.as_str(), Some(&json!(pointer::last(&row.pointer))));
            self.shape(&row.name, &row.r#type, schema);
            // A list that is open in replies stands in another schema.
            let known = schema.get("x-known-values").and_then(Value::as_str);
            let listed = known.and_then(|to| reference::target(self.document, to)).unwrap_or(schema);
            self.same(
                &row.name,
                "the list of values",
                json!(row.values),
                keyword(self.document, listed, "enum"),
            );
            if let Some(names) = &row.holds {
                let inside = schema.get("x-content-schema").and_then(Value::as_str);
                let inside = inside
                    .and_then(|to| reference::target(self.document, to))
                    .and_then(|inside| inside["properties"].as_object());
                let inside: Option<Vec<_>> = inside.map(|properties| properties.keys().collect());
                self.same(&row.name, "what the string holds", json!(names), Some(&json!(inside)));
            }
        }
    }

    fn errors(&mut self) {
        let facts = self.facts;
        let mut documented = BTreeSet::new();
        for (status, response) in self.operation()["responses"].as_object().into_iter().flatten() {
            let response = reference::resolve(self.document, response).unwrap_or(&Value::Null);
            let codes = strings(&response["x-error-codes"]).filter(|code| !self.has_source(code));
            documented.extend(codes.map(|code| format!("{status}/{code}")));
            let is_success = status == "200";
            let lists_codes = response.get("x-error-codes").is_some();
            self.holds(status, "this response is not on the page", is_success || on_page(facts, status));
            self.holds(status, "an error lists its codes, a success none", is_success != lists_codes);
        }
        let rows: BTreeSet<_> = facts.error.iter().map(ErrorRow::name).collect();
        self.same("errors", "the list of rows", json!(rows), Some(&json!(documented)));
        facts.error.iter().for_each(|row| self.error(row));
        let catalog = self.document["components"]["x-error-catalog"].as_object();
        for (code, entry) in catalog.into_iter().flatten() {
            let is_ours = facts.error.iter().any(|row| row.code == *code);
            let has_source = entry.get("source").is_some();
            self.holds(
                code,
                "a code has a source exactly if the page does not list it",
                is_ours != has_source,
            );
        }
    }

    /// Whether the catalogue says of a code where it is known from, because the page does not list it.
    fn has_source(&self, code: &str) -> bool {
        self.document["components"]["x-error-catalog"][code].get("source").is_some()
    }

    fn error(&mut self, row: &ErrorRow) {
        let name = row.name();
        let response = self.node(&name, &row.pointer);
        self.same(&name, "the status", row.status.to_string(), Some(&json!(pointer::last(&row.pointer))));
        let text = self.document["components"]["x-error-catalog"][&row.code].get("text");
        self.same(&name, "the text in the catalogue", row.text.as_str(), text);
        let examples = response["content"]["application/json"]["examples"].as_object();
        let body = json!({ "error_code": row.code, "error_desc": row.text });
        let shown = examples.into_iter().flatten().any(|(_, example)| example["value"] == body);
        self.holds(&name, "no example bears code and text", shown);
    }

    fn examples(&mut self) {
        let (request, reply) = (&self.facts.request_example, &self.facts.reply_example);
        let sample = self.node("request example", &request.pointer).as_str().unwrap_or_default();
        let method = if sample.starts_with("curl -G ") { "GET" } else { "another" };
        self.same("request example", "the method", request.method.as_str(), Some(&json!(method)));
        let path = pointer::last(&self.facts.url.pointer);
        let right = sample.contains(&format!("{path}\"")) && request.url.contains(&format!("{path}?"));
        self.holds("request example", "the path is another one", right);
        let names: Vec<_> =
            request.headers.iter().filter_map(|header| Some(header.split_once(": ")?.0)).collect();
        self.same(
            "request example",
            "the list of headers",
            names,
            Some(&json!(arguments(sample, "-H", ": "))),
        );
        let names = query_names(&request.url);
        self.same("request example", "the query", names, Some(&json!(arguments(sample, "-d", "="))));
        let example = self.node("reply example", &reply.pointer);
        self.same("reply example", "the body", reply.json(), Some(example));
        let response = &self.operation()["responses"][reply.status.to_string()];
        let content = response["content"].get(&reply.content_type).is_some();
        self.holds("reply example", "status or content type is another one", content);
    }
}

impl ErrorRow {
    pub(crate) fn name(&self) -> String {
        format!("{}/{}", self.status, self.code)
    }
}

/// The schema that a member belongs to.
fn structure_of(row: &Member) -> &str {
    pointer::parent(pointer::parent(&row.pointer))
}

fn on_page(facts: &Facts, status: &str) -> bool {
    facts.error.iter().any(|row| row.status.to_string() == status)
}

fn mentions(description: Option<&Value>, name: &str) -> bool {
    description.and_then(Value::as_str).is_some_and(|text| text.contains(&format!("`{name}`")))
}

fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// The names that a curl command gives behind an option.
fn arguments<'s>(sample: &'s str, option: &str, separator: &str) -> Vec<&'s str> {
    let behind = format!("{option} \"");
    sample
        .lines()
        .filter_map(|line| Some(line.trim().strip_prefix(&behind)?.split_once(separator)?.0))
        .collect()
}
