//! Every row of a page against the document, and the other way round. Finds differences only; the tests judge.

use std::collections::BTreeSet;

use northbound_openapi::document::{pointer, reference};
use serde_json::{Value, json};

use super::{Facts, query_names, text};

/// What all pages and the document do not agree on: each difference begins with the row that it is about.
pub(crate) fn differences_of_all(pages: &[Facts], document: &Value) -> Vec<String> {
    let mut found: Vec<String> = pages
        .iter()
        .flat_map(|page| {
            let found = differences(page, document).into_iter();
            found.map(|difference| format!("{difference} (spec/page/{}.toml)", page.name))
        })
        .collect();
    for (code, entry) in document["components"]["x-error-catalog"].as_object().into_iter().flatten() {
        let has_words = |row: &Value| row["code"] == **code && row.get("text").is_some();
        let on_a_page = pages.iter().any(|page| page.rows("error").iter().any(has_words));
        if on_a_page == entry.get("source").is_some() {
            found.push(format!("{code}: a code has a source exactly if no page has its words"));
        }
    }
    found
}

/// What page and document do not agree on: each difference begins with the row that it is about.
pub(crate) fn differences(facts: &Facts, document: &Value) -> Vec<String> {
    let mut comparison = Comparison { facts, document, found: Vec::new() };
    comparison.call();
    comparison.headers();
    comparison.query();
    comparison.members("body");
    comparison.members("member");
    comparison.errors();
    if facts.get("unobtained").is_none() {
        comparison.examples();
    }
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
    /// Notes where page and document differ; what neither says is the same.
    fn same(&mut self, row: &str, what: &str, page: impl Into<Value>, document: &Value) {
        let page = page.into();
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
    fn node(&mut self, name: &str, row: &Value) -> &'a Value {
        let pointer = text(&row["pointer"]);
        let node = resolve(self.document, pointer);
        self.holds(name, &format!("nothing is at {pointer}"), node.is_some());
        node.unwrap_or(&Value::Null)
    }

    fn operation(&self) -> &'a Value {
        resolve(self.document, text(&self.facts["method"]["pointer"])).unwrap_or(&Value::Null)
    }

    fn keyword(&self, schema: &'a Value, name: &str) -> &'a Value {
        keyword(self.document, schema, name).unwrap_or(&Value::Null)
    }

    /// The call itself, and its quota.
    fn call(&mut self) {
        let facts = self.facts;
        for (row, what, member) in
            [("title", "the text", "text"), ("date", "the edition", "updated"), ("address", "the URL", "url")]
        {
            let Some(said) = facts.get(row) else { continue };
            let node = self.node(row, said);
            self.same(row, what, said[member].clone(), node);
        }
        let description = text(&self.operation()["externalDocs"]["description"]);
        let date = text(&facts["date"]["updated"]);
        self.holds("date", "externalDocs does not name it", description.contains(date));
        self.node("method", &facts["method"]);
        let method = pointer::last(text(&facts["method"]["pointer"])).to_uppercase();
        self.same("method", "the name", facts["method"]["name"].clone(), &json!(method));
        self.node("url", &facts["url"]);
        let template = text(&facts["url"]["template"]);
        let path = template.split('?').next().and_then(|url| url.strip_prefix("https://server:port"));
        self.same("url", "the path", path, &json!(pointer::last(text(&facts["url"]["pointer"]))));
        if template.contains('?') {
            self.same("url", "the query", query_names(template), &names(facts.rows("query")));
        }
        let schemes = &self.node("transport", &facts["transport"])["enum"];
        let schemes: BTreeSet<_> = strings(schemes).map(str::to_uppercase).collect();
        let protocols = strings(&facts["transport"]["protocols"]).all(|name| schemes.contains(name));
        self.holds("transport", "the protocols are others than those of the servers", protocols);
        if facts.get("quota").is_none() {
            return;
        }
        let quota = self.node("quota", &facts["quota"]);
        for (what, on_page, member) in [
            ("calls", "calls", "calls"),
            ("seconds", "seconds", "seconds"),
            ("the code", "code", "errorCode"),
        ] {
            self.same("quota", what, facts["quota"][on_page].clone(), &quota[member]);
        }
    }

    fn headers(&mut self) {
        let rows = self.facts.rows("header");
        let schemes = rows.iter().map(|row| (pointer::last(text(&row["pointer"])), json!([])));
        let together = json!([schemes.collect::<serde_json::Map<_, _>>()]);
        self.same("headers", "what is needed", together, &self.operation()["security"]);
        for row in rows {
            let name = text(&row["name"]);
            let scheme = self.node(name, row);
            let expected = match name {
                "Authorization" => json!({ "type": "http", "scheme": "bearer" }),
                _ => json!({ "type": "apiKey", "in": row["location"], "name": name }),
            };
            for (member, value) in expected.as_object().into_iter().flatten() {
                self.same(name, member, value.clone(), &scheme[member]);
            }
        }
    }

    fn query(&mut self) {
        let rows = self.facts.rows("query");
        let parameters = self.operation()["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        let parameters = parameters.iter().filter_map(|node| reference::resolve(self.document, node));
        let in_document: Value = parameters.map(|parameter| parameter["name"].clone()).collect();
        self.same("query", "the list of parameters", names(rows), &in_document);
        for row in rows {
            let name = text(&row["name"]);
            let parameter = self.node(name, row);
            self.same(name, "the name", name, &parameter["name"]);
            self.same(name, "the location", row["location"].clone(), &parameter["in"]);
            self.same(name, "mandatory", row["need"] == "Mandatory", &parameter["required"]);
            let schema = &parameter["schema"];
            self.shape(name, text(&row["type"]), schema);
            self.rules(name, row, schema, schema);
        }
    }

    /// Values and bounds. The document may say that a text is not empty where a page only calls it mandatory.
    fn rules(&mut self, name: &str, row: &Value, schema: &'a Value, listed: &'a Value) {
        let values: BTreeSet<_> = strings(&row["values"]).chain(strings(&row["other_values"])).collect();
        let in_document: BTreeSet<_> = strings(self.keyword(listed, "enum")).collect();
        self.same(name, "the list of values", json!(values), &json!(in_document));
        for bound in ["minimum", "maximum", "default", "maxLength"] {
            // Nothing on a page is below 0, and a reply has a least number everywhere.
            let in_document = self.keyword(schema, bound);
            if bound != "minimum" || row.get(bound).is_some() || row.get("location").is_some() {
                self.same(name, bound, row[bound].clone(), in_document);
            }
        }
        if let Some(least) = row.get("minLength") {
            self.same(name, "minLength", least.clone(), self.keyword(schema, "minLength"));
        }
    }

    fn shape(&mut self, row: &str, on_page: &str, schema: &'a Value) {
        let structure = on_page.strip_prefix("List<").and_then(|list| list.strip_suffix('>'));
        let (json_type, format) = match on_page {
            "String" => ("string", None),
            // In a reply, a wider number takes what comes.
            "Integer" if self.keyword(schema, "nullable") == &json!(true) => ("integer", Some("int64")),
            "Integer" => ("integer", Some("int32")),
            "Long" => ("integer", Some("int64")),
            "ObjectNode" | "CommandDTO" => ("object", None),
            "List<String>" => {
                self.same(row, "the type of its items", "string", self.keyword(&schema["items"], "type"));
                return self.same(row, "the type", "array", self.keyword(schema, "type"));
            }
            _ if structure.is_some() => ("array", None),
            other => {
                return self.found.push(format!("{row}: the page's type {other} has no known counterpart"));
            }
        };
        self.same(row, "the type", json_type, self.keyword(schema, "type"));
        self.same(row, "the format", json!(format), self.keyword(schema, "format"));
        if let Some(structure) = structure {
            let items = self.keyword(&schema["items"], "description");
            self.holds(row, &format!("the items are not said to be {structure}"), mentions(items, structure));
        }
    }

    /// The members of the request's body, or of the reply.
    fn members(&mut self, of: &str) {
        let rows = self.facts.rows(of);
        for row in rows {
            let name = text(&row["name"]);
            let schema = self.node(name, row);
            self.same(name, "the name", name, &json!(pointer::last(text(&row["pointer"]))));
            if schema.get("type").is_some() || row.get("contradiction").is_none() {
                self.shape(name, text(&row["type"]), schema);
            }
            // A list that is open in replies stands in another schema.
            let listed = self.target(&schema["x-known-values"]).unwrap_or(schema);
            self.rules(name, row, schema, listed);
            if of == "body" {
                let owner = resolve(self.document, schema_of(row)).unwrap_or(&Value::Null);
                let is_required = strings(&owner["required"]).any(|required| required == name);
                let need = row.get("other_need").unwrap_or(&row["need"]);
                self.same(name, "mandatory", need == "Mandatory", &is_required.into());
            }
            if row.get("holds").is_some() {
                let inside = self.target(&schema["x-content-schema"]).unwrap_or(&Value::Null);
                let inside: Vec<_> =
                    inside["properties"].as_object().into_iter().flatten().map(|(name, _)| name).collect();
                self.same(name, "what the string holds", row["holds"].clone(), &json!(inside));
            }
        }
        let structures: BTreeSet<_> =
            rows.iter().map(|row| (text(&row["structure"]), schema_of(row))).collect();
        for (structure, pointer) in structures {
            let schema = self.node(structure, &json!({ "pointer": pointer }));
            let whole = ["reply", "request"].contains(&structure);
            let described = whole || mentions(self.keyword(schema, "description"), structure);
            self.holds(structure, "the description does not have this name", described);
            let of_structure = rows.iter().filter(|row| schema_of(row) == pointer);
            let of_structure: BTreeSet<_> = of_structure.map(|row| text(&row["name"])).collect();
            let properties = schema["properties"].as_object().into_iter().flatten();
            let of_page = properties.filter(|(_, schema)| schema.get("x-source").is_none());
            let of_page: BTreeSet<_> = of_page.map(|(name, _)| name.as_str()).collect();
            self.same(structure, "the list of members", json!(of_structure), &json!(of_page));
            let needs_none = of == "body" || schema.get("required").is_none();
            self.holds(structure, "members are needed, which the page does not say", needs_none);
        }
    }

    /// What a reference in an extension leads to.
    fn target(&self, reference: &Value) -> Option<&'a Value> {
        reference::target(self.document, reference.as_str()?)
    }

    fn errors(&mut self) {
        let rows = self.facts.rows("error");
        let catalog = &self.document["components"]["x-error-catalog"];
        let mut documented = BTreeSet::new();
        for (status, response) in self.operation()["responses"].as_object().into_iter().flatten() {
            let response = reference::resolve(self.document, response).unwrap_or(&Value::Null);
            let number = status.parse::<u64>().ok();
            let is_row =
                |code: &str| rows.iter().any(|row| row["status"].as_u64() == number && row["code"] == code);
            // A code that is known from elsewhere may be listed as well.
            let codes = strings(&response["x-error-codes"])
                .filter(|code| is_row(code) || catalog[code].get("source").is_none());
            documented.extend(codes.map(|code| format!("{status}/{code}")));
            let on_page = rows.iter().any(|row| row["status"].as_u64() == number);
            self.holds(status, "this response is not on the page", status == "200" || on_page);
        }
        let on_page: BTreeSet<_> = rows.iter().map(error_name).collect();
        self.same("errors", "the list of rows", json!(on_page), &json!(documented));
        for row in rows {
            let (name, code) = (error_name(row), text(&row["code"]));
            let response = self.node(&name, row);
            let status = pointer::last(text(&row["pointer"]));
            self.same(&name, "the status", row["status"].to_string(), &json!(status));
            let words = |text: &Value| text.as_str().map(|text| text.trim_end_matches('.').to_owned());
            let on_page = words(&row["text"]);
            if on_page.is_some() && row.get("contradiction").is_none() {
                let in_catalog = json!(words(&catalog[code]["text"]));
                self.same(&name, "the text in the catalogue", json!(on_page), &in_catalog);
            }
            let mut examples =
                response["content"]["application/json"]["examples"].as_object().into_iter().flatten();
            let is_shown = examples.any(|(_, example)| {
                let (shown, said) = (&example["value"]["error_code"], words(&example["value"]["error_desc"]));
                *shown == code && (on_page.is_none() || on_page == said)
            });
            self.holds(&name, "no example has code and text", is_shown);
        }
    }

    fn examples(&mut self) {
        let (request, reply) = (&self.facts["request_example"], &self.facts["reply_example"]);
        let sample = text(self.node("request example", request));
        let method = if sample.starts_with("curl -G ") { "GET" } else { "another" };
        self.same("request example", "the method", request["method"].clone(), &json!(method));
        let (path, url) = (pointer::last(text(&self.facts["url"]["pointer"])), text(&request["url"]));
        let is_right = sample.contains(&format!("{path}\"")) && url.contains(&format!("{path}?"));
        self.holds("request example", "the path is another one", is_right);
        let headers = strings(&request["headers"]).filter_map(|header| Some(header.split_once(": ")?.0));
        let in_sample = json!(arguments(sample, "-H", ": "));
        self.same("request example", "the list of headers", headers.collect::<Vec<_>>(), &in_sample);
        let in_sample = json!(arguments(sample, "-d", "="));
        self.same("request example", "the query", query_names(url), &in_sample);
        let example = self.node("reply example", reply);
        self.same("reply example", "the body", self.facts.reply_example(), example);
        let response = &self.operation()["responses"][reply["status"].to_string()];
        let content = response["content"].get(text(&reply["content_type"])).is_some();
        self.holds("reply example", "status or content type is another one", content);
    }
}

/// `403/1010009`.
pub(super) fn error_name(row: &Value) -> String {
    format!("{}/{}", row["status"], text(&row["code"]))
}

fn names(rows: &[Value]) -> Value {
    rows.iter().map(|row| row["name"].clone()).collect()
}

/// The schema that a member belongs to.
fn schema_of(row: &Value) -> &str {
    pointer::parent(pointer::parent(text(&row["pointer"])))
}

fn mentions(description: &Value, name: &str) -> bool {
    text(description).contains(&format!("`{name}`"))
}

fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

/// The names that a curl command gives behind an option.
fn arguments<'s>(sample: &'s str, option: &str, separator: &str) -> Vec<&'s str> {
    let behind = format!("{option} \"");
    let given = sample.lines().filter_map(|line| line.trim().strip_prefix(&behind));
    given.filter_map(|given| Some(given.split_once(separator)?.0)).collect()
}
