//! Operators on everything around schemas: paths, operations, parameters, bodies, responses, security.

use northbound_openapi::document::pointer::{child, last, parent};
use serde_json::{Value, json};

use super::super::nodes::{Kind, METHODS, Node, Role};
use super::{Operators, items, recased, says};

const LOCATIONS: [&str; 4] = ["query", "header", "path", "cookie"];
const STYLES: [&str; 6] = ["form", "simple", "spaceDelimited", "pipeDelimited", "deepObject", "label"];

impl Operators<'_> {
    pub(super) fn calls(&mut self, node: &Node<'_>) {
        match (node.role, node.owner, node.keyword.as_str()) {
            (Role::Keyword, _, keyword) if METHODS.contains(&keyword) => self.methods(node),
            (Role::Keyword, Kind::Operation, "operationId") => self.texts("rename operation", node),
            (Role::Keyword, _, "security") => self.security(node),
            (Role::Item, _, "security") => self.proof(node),
            (Role::Named, Kind::Proof, _) => self.set("add scope", &node.pointer, json!(["read"])),
            (Role::Keyword, Kind::SecurityScheme, _) => self.form_of_proof(node),
            (Role::Keyword, Kind::Parameter, "in") => {
                let locations = LOCATIONS.into_iter().filter(|location| node.value != location);
                locations.for_each(|location| self.set("move parameter", &node.pointer, location));
            }
            (Role::Keyword, Kind::Parameter, "name") => self.texts("rename parameter", node),
            (Role::Keyword, _, "parameters") => self.more_parameters(node),
            (Role::Keyword, _, "content") => {
                self.add(
                    "add media type",
                    &node.pointer,
                    "text/csv",
                    json!({ "schema": { "type": "string" } }),
                );
            }
            (Role::Keyword, _, "responses") if node.owner == Kind::Operation => {
                for status in ["202", "418", "default", "5XX"] {
                    self.add("add status", &node.pointer, status, json!({ "description": "Another." }));
                }
            }
            (Role::Keyword, _, "x-error-codes") => self.codes(node),
            (Role::Item, _, "x-error-codes") => {
                self.set("rename error code", &node.pointer, format!("{}0", node.value.as_str().unwrap()));
            }
            _ => {}
        }
        if !says(node.value, "$ref") {
            self.additions(node);
        }
    }

    fn texts(&mut self, kind: &str, node: &Node<'_>) {
        let text = node.value.as_str().unwrap();
        self.set(kind, &node.pointer, recased(text));
        self.set(kind, &node.pointer, format!("{text}2"));
    }

    fn methods(&mut self, node: &Node<'_>) {
        let path = parent(&node.pointer);
        for method in METHODS {
            let other = child(path, method);
            if self.document.pointer(&other).is_none() {
                let changes = vec![(node.pointer.clone(), None), (other, Some(node.value.clone()))];
                self.note("change method", &node.pointer, changes);
            }
        }
    }

    fn security(&mut self, node: &Node<'_>) {
        self.push("let anybody in", node, json!({}));
        for scheme in self.schemes() {
            self.push("add proof", node, json!({ scheme: [] }));
        }
        let together = items(node.value).iter().filter_map(Value::as_object).filter(|proof| proof.len() > 1);
        for proof in together {
            let apart: Vec<Value> = proof.iter().map(|(name, scopes)| json!({ name: scopes })).collect();
            self.set("want one proof instead of both", &node.pointer, apart);
        }
    }

    fn proof(&mut self, node: &Node<'_>) {
        let schemes = node.value.as_object().unwrap();
        for scheme in self.schemes().into_iter().filter(|scheme| !schemes.contains_key(scheme)) {
            self.add("add scheme to proof", &node.pointer, &scheme, json!([]));
        }
    }

    fn schemes(&self) -> Vec<String> {
        self.document["components"]["securitySchemes"].as_object().unwrap().keys().cloned().collect()
    }

    fn form_of_proof(&mut self, node: &Node<'_>) {
        let values: &[&str] = match node.keyword.as_str() {
            "type" => &["apiKey", "http", "oauth2", "openIdConnect"],
            "in" => &["query", "header", "cookie"],
            "scheme" => &["basic", "bearer", "digest"],
            _ => &[],
        };
        for value in values.iter().filter(|value| node.value != **value) {
            self.set("change proof's form", &node.pointer, *value);
        }
        if matches!(node.keyword.as_str(), "name" | "scheme") {
            self.texts("change proof's form", node);
        }
    }

    fn more_parameters(&mut self, node: &Node<'_>) {
        for (location, required) in [("query", false), ("query", true), ("header", false), ("cookie", true)] {
            let schema = json!({ "type": "string" });
            let parameter =
                json!({ "name": "another", "in": location, "required": required, "schema": schema });
            self.push("add parameter", node, parameter);
        }
    }

    /// A response may say any code that the document knows, and one that it does not.
    fn codes(&mut self, node: &Node<'_>) {
        let mut known = vec![json!("999999")];
        for codes in all(self.document, "x-error-codes") {
            known.extend(items(codes).iter().cloned());
        }
        known.sort_by_key(Value::to_string);
        known.dedup();
        for code in known.into_iter().filter(|code| !items(node.value).contains(code)) {
            self.push("add error code", node, code);
        }
    }

    /// What an object may say, and does not.
    fn additions(&mut self, node: &Node<'_>) {
        let Some(kind) = node.kind else { return };
        let string = json!({ "schema": { "type": "string" } });
        let operation = json!({ "responses": { "200": { "description": "Another." } } });
        let additions: Vec<(&str, &str, Value)> = match kind {
            Kind::Document => vec![
                ("add security to the document", "security", json!([{ "AppKey": [] }])),
                ("add callback, link or webhook", "webhooks", json!({ "failed": { "post": operation } })),
            ],
            Kind::Path => {
                let methods =
                    METHODS.into_iter().map(|method| ("add operation", method, operation.clone())).collect();
                let shared = json!([{ "name": "another", "in": "query", "schema": { "type": "string" } }]);
                [methods, vec![("add parameter", "parameters", shared)]].concat()
            }
            Kind::Operation => vec![
                ("add flag", "deprecated", json!(true)),
                ("add request body", "requestBody", json!({ "content": { "text/plain": string } })),
                (
                    "add callback, link or webhook",
                    "callbacks",
                    json!({ "done": { "/": { "post": operation } } }),
                ),
                ("add parameter", "parameters", json!([{ "name": "another", "in": "query", "schema": {} }])),
                ("add security", "security", json!([{ "AppKey": [] }])),
            ],
            Kind::Parameter | Kind::Header => {
                let location = node.value["in"].as_str().unwrap_or("header");
                let implied = if matches!(location, "query" | "cookie") { "form" } else { "simple" };
                let styles = STYLES.into_iter().filter(|style| *style != implied);
                let mut additions: Vec<_> =
                    styles.map(|style| ("change style", "style", json!(style))).collect();
                additions.extend([
                    ("change style", "explode", json!(implied != "form")),
                    ("add flag", "deprecated", json!(true)),
                    ("add flag", "allowEmptyValue", json!(true)),
                    ("add flag", "allowReserved", json!(true)),
                    ("turn required", "required", json!(true)),
                    ("describe parameter by media type", "content", json!({ "application/json": string })),
                ]);
                additions
            }
            Kind::RequestBody => vec![("turn required", "required", json!(true))],
            Kind::Response => vec![
                ("add header", "headers", json!({ "X-Another": string })),
                ("add media type", "content", json!({ "text/csv": string })),
                ("add error code", "x-error-codes", json!(["100022"])),
                ("add callback, link or webhook", "links", json!({ "next": { "operationId": "login" } })),
            ],
            Kind::MediaType => {
                vec![("add encoding", "encoding", json!({ "appId": { "contentType": "text/csv" } }))]
            }
            Kind::Components | Kind::SecurityScheme | Kind::Proof | Kind::Schema => vec![],
        };
        if kind == Kind::Components {
            self.add("add schema", &child(&node.pointer, "schemas"), "Another", json!({ "type": "string" }));
        }
        for (what, keyword, value) in additions {
            if !says(node.value, keyword) {
                self.add(what, &node.pointer, keyword, value);
            }
        }
        if (kind, node.role) == (Kind::Path, Role::Named) {
            let another = child(parent(&node.pointer), format!("{}/another", last(&node.pointer)));
            self.note("add path", parent(&node.pointer), vec![(another, Some(node.value.clone()))]);
        }
    }
}

/// All values of a keyword, wherever it stands.
fn all<'v>(value: &'v Value, keyword: &str) -> Vec<&'v Value> {
    let inside: Vec<&Value> = match value {
        Value::Object(members) => members.values().collect(),
        Value::Array(items) => items.iter().collect(),
        _ => Vec::new(),
    };
    let found = inside.into_iter().flat_map(|value| all(value, keyword));
    value.get(keyword).into_iter().chain(found).collect()
}
