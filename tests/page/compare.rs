//! Every row of the page against the document, and the other way round. Finds differences only; the tests judge.

use std::collections::BTreeSet;

use northbound_openapi::document::{pointer, reference};
use serde_json::{Value, json};

use super::{Facts, query_names, text};

/// What page and document do not agree on: each difference begins with the row that it is about.
pub(crate) fn differences(facts: &Facts, document: &Value) -> Vec<String> {
    let mut comparison = Comparison { facts, document, found: Vec::new() };
    comparison.call();
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
            let node = self.node(row, &facts[row]);
            self.same(row, what, facts[row][member].clone(), node);
        }
        let description = text(&self.operation()["externalDocs"]["description"]);
        self.holds(
            "date",
            "externalDocs does not name it",
            description.contains(text(&facts["date"]["updated"])),
        );
        self.node("method", &facts["method"]);
        let method = pointer::last(text(&facts["method"]["pointer"])).to_uppercase();
        self.same("method", "the name", facts["method"]["name"].clone(), &json!(method));
        self.node("url", &facts["url"]);
        let template = text(&facts["url"]["template"]);
        let path = template.split('?').next().and_then(|url| url.strip_prefix("https://server:port"));
        self.same("url", "the path", path, &json!(pointer::last(text(&facts["url"]["pointer"]))));
        self.same("url", "the query", query_names(template), &names(facts.rows("query")));
        let schemes = &self.node("transport", &facts["transport"])["enum"];
        let schemes: BTreeSet<_> = strings(schemes).map(str::to_uppercase).collect();
        let protocols: BTreeSet<_> = strings(&facts["transport"]["protocols"]).collect();
        self.same("transport", "the protocols", json!(protocols), &json!(schemes));
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
            self.same(name, "the list of values", row["values"].clone(), self.keyword(schema, "enum"));
            for bound in ["minimum", "maximum", "default"] {
                self.same(name, bound, row[bound].clone(), self.keyword(schema, bound));
            }
        }
    }

    fn shape(&mut self, row: &str, on_page: &str, schema: &'a Value) {
        let structure = on_page.strip_prefix("List<").and_then(|list| list.strip_suffix('>'));
        let (json_type, format) = match on_page {
            "String" => ("string", None),
            "Integer" => ("integer", Some("int32")),
            "Long" => ("integer", Some("int64")),
            "ObjectNode" => ("object", None),
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

    fn members(&mut self) {
        let rows = self.facts.rows("member");
        for row in rows {
            let name = text(&row["name"]);
            let schema = self.node(name, row);
            self.same(name, "the name", name, &json!(pointer::last(text(&row["pointer"]))));
            self.shape(name, text(&row["type"]), schema);
            // A list that is open in replies stands in another schema.
            let listed = self.target(&schema["x-known-values"]).unwrap_or(schema);
            self.same(name, "the list of values", row["values"].clone(), self.keyword(listed, "enum"));
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
            let described = structure == "reply" || mentions(&schema["description"], structure);
            self.holds(structure, "the description does not have this name", described);
            let of_structure = rows.iter().filter(|row| schema_of(row) == pointer);
            let of_structure: BTreeSet<_> = of_structure.map(|row| text(&row["name"])).collect();
            let properties = schema["properties"].as_object().into_iter().flatten();
            let of_page = properties.filter(|(_, schema)| schema.get("x-source").is_none());
            let of_page: BTreeSet<_> = of_page.map(|(name, _)| name.as_str()).collect();
            self.same(structure, "the list of members", json!(of_structure), &json!(of_page));
            let needs_none = schema.get("required").is_none();
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
            let codes =
                strings(&response["x-error-codes"]).filter(|code| catalog[code].get("source").is_none());
            documented.extend(codes.map(|code| format!("{status}/{code}")));
            let is_success = status == "200";
            let number = status.parse::<u64>().ok();
            let on_page = rows.iter().any(|row| row["status"].as_u64() == number);
            let lists_codes = response.get("x-error-codes").is_some();
            self.holds(status, "this response is not on the page", is_success || on_page);
            self.holds(status, "an error lists its codes, a success none", is_success != lists_codes);
        }
        let on_page: BTreeSet<_> = rows.iter().map(error_name).collect();
        self.same("errors", "the list of rows", json!(on_page), &json!(documented));
        for row in rows {
            let (name, code) = (error_name(row), text(&row["code"]));
            let response = self.node(&name, row);
            let status = pointer::last(text(&row["pointer"]));
            self.same(&name, "the status", row["status"].to_string(), &json!(status));
            self.same(&name, "the text in the catalogue", row["text"].clone(), &catalog[code]["text"]);
            let examples = response["content"]["application/json"]["examples"].as_object();
            let body = json!({ "error_code": code, "error_desc": row["text"] });
            let is_shown = examples.into_iter().flatten().any(|(_, example)| example["value"] == body);
            self.holds(&name, "no example bears code and text", is_shown);
        }
        for (code, entry) in catalog.as_object().into_iter().flatten() {
            let on_page = rows.iter().any(|row| row["code"] == **code);
            let has_source = entry.get("source").is_some();
            self.holds(
                code,
                "a code has a source exactly if the page does not list it",
                on_page != has_source,
            );
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
