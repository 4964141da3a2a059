//! Operators on schemas: types, bounds, values, nulls, needs, openness.

use northbound_openapi::document::pointer::{child, last, parent};
use northbound_openapi::document::reference;
use serde_json::{Value, json};

use super::super::nodes::{Kind, Node, Role};
use super::{Operators, items, recased, says};

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];
const FORMATS: [&str; 7] = ["byte", "date-time", "double", "int32", "int64", "password", "uuid"];

impl Operators<'_> {
    pub(super) fn schemas(&mut self, node: &Node<'_>) {
        if node.kind == Some(Kind::Schema) && node.value.is_object() {
            self.nullability(node);
            self.restrictions(node);
            self.whole(node);
        }
        if node.owner != Kind::Schema || node.kind == Some(Kind::Schema) {
            return;
        }
        let pointer = node.pointer.as_str();
        match (node.role, node.keyword.as_str()) {
            (Role::Keyword, "type") => self.types(node),
            (Role::Keyword, "format") => {
                let others = FORMATS.into_iter().filter(|format| node.value != format);
                others.for_each(|format| self.set("change format", pointer, format));
            }
            (Role::Keyword, "enum") => self.values(node),
            (Role::Item, "enum") => {
                let text = node.value.as_str().unwrap();
                self.set("rename enum value", pointer, recased(text));
                self.set("rename enum value", pointer, format!("{text}2"));
            }
            (Role::Keyword, "required") => self.needs(node),
            (Role::Item, "required") => {
                self.set("rename need", pointer, format!("{}2", node.value.as_str().unwrap()));
            }
            (Role::Keyword, "properties") => {
                self.add("add property", pointer, "another", json!({ "type": "string", "nullable": true }));
            }
            (Role::Keyword, "allOf" | "anyOf" | "oneOf") => self.alternatives(node),
            (Role::Keyword, keyword) => self.numbers(node, keyword),
            _ => {}
        }
    }

    fn types(&mut self, node: &Node<'_>) {
        let now: Vec<Value> = match node.value {
            Value::Array(types) => types.clone(),
            one => vec![one.clone()],
        };
        for other in TYPES.into_iter().filter(|kind| !now.contains(&json!(kind))) {
            let null = now.contains(&json!("null"));
            let changed = if null { json!([other, "null"]) } else { json!(other) };
            self.set("change type", &node.pointer, changed);
            if !self.is_3_0 {
                let more: Vec<Value> = now.iter().cloned().chain([json!(other)]).collect();
                self.set("add type", &node.pointer, more);
            }
        }
    }

    /// A bound and a default can move either way.
    fn numbers(&mut self, node: &Node<'_>, keyword: &str) {
        let Some(number) = node.value.as_i64() else { return };
        let is_lower = matches!(keyword, "minimum" | "minLength" | "minItems" | "minProperties");
        let [less, more] = match keyword {
            "default" => ["change default", "change default"],
            _ if is_lower => ["widen bound", "narrow bound"],
            _ => ["narrow bound", "widen bound"],
        };
        self.set(less, &node.pointer, number - 1);
        self.set(more, &node.pointer, number + 1);
        if matches!(keyword, "minimum" | "maximum") {
            let exclusive = if keyword == "minimum" { "exclusiveMinimum" } else { "exclusiveMaximum" };
            let schema = parent(&node.pointer);
            if self.is_3_0 {
                self.add("exclude bound", schema, exclusive, true);
            } else {
                let changes =
                    vec![(node.pointer.clone(), None), (child(schema, exclusive), Some(json!(number)))];
                self.note("exclude bound", &node.pointer, changes);
            }
        }
    }

    fn values(&mut self, node: &Node<'_>) {
        self.push("add enum value", node, json!("Another"));
        self.set("leave one enum value", &node.pointer, &items(node.value)[..1]);
        let lower = items(node.value).iter().map(|value| json!(value.as_str().unwrap().to_lowercase()));
        self.set("rename enum value", &node.pointer, lower.collect::<Vec<_>>());
    }

    fn needs(&mut self, node: &Node<'_>) {
        self.push("add need", node, json!("another"));
        let schema = self.document.pointer(parent(&node.pointer)).unwrap();
        for name in schema["properties"].as_object().into_iter().flat_map(|properties| properties.keys()) {
            if !items(node.value).contains(&json!(name)) {
                self.push("add need", node, json!(name));
            }
        }
    }

    fn alternatives(&mut self, node: &Node<'_>) {
        self.push("add alternative", node, json!({ "type": "integer" }));
        self.push("add alternative", node, json!({ "type": "string", "maxLength": 3 }));
        let schema = parent(&node.pointer);
        for other in ["allOf", "anyOf", "oneOf"].into_iter().filter(|other| node.keyword != *other) {
            let changes =
                vec![(node.pointer.clone(), None), (child(schema, other), Some(node.value.clone()))];
            self.note("combine alternatives otherwise", &node.pointer, changes);
        }
    }

    fn nullability(&mut self, node: &Node<'_>) {
        let pointer = node.pointer.as_str();
        let reference = says(node.value, "$ref").then(|| node.value.clone());
        match (self.is_3_0, reference) {
            (true, Some(reference)) => {
                self.set("make nullable", pointer, json!({ "nullable": true, "allOf": [reference] }));
            }
            (false, Some(reference)) => {
                self.set("make nullable", pointer, json!({ "oneOf": [reference, { "type": "null" }] }));
            }
            (true, None) if !says(node.value, "nullable") => {
                self.add("make nullable", pointer, "nullable", true)
            }
            (true, None) => {}
            (false, None) => match &node.value["type"] {
                Value::String(kind) if kind != "null" => {
                    self.set("make nullable", &child(pointer, "type"), json!([kind, "null"]));
                }
                Value::Array(types) => {
                    let types: Vec<_> = types.iter().filter(|kind| **kind != "null").collect();
                    self.set("make not nullable", &child(pointer, "type"), json!(types[0]));
                }
                _ => {}
            },
        }
    }

    /// What would take values away that are allowed now.
    fn restrictions(&mut self, node: &Node<'_>) {
        let kinds = self.types_of(node.value);
        let is = |kind: &str| kinds.iter().any(|one| one == kind);
        let mut more: Vec<(&str, &str, Value)> = vec![
            ("add flag", "deprecated", json!(true)),
            ("add flag", "readOnly", json!(true)),
            ("add flag", "writeOnly", json!(true)),
            ("add alternatives", "not", json!({ "enum": ["a"] })),
            ("add alternatives", "anyOf", json!([{ "enum": ["a"] }, { "enum": [1] }])),
            ("add unknown keyword", "maxLenght", json!(7)),
        ];
        if is("string") {
            more.extend([
                ("add bound", "minLength", json!(2)),
                ("add bound", "maxLength", json!(300)),
                ("add pattern", "pattern", json!("^a")),
                ("add format", "format", json!("uuid")),
                ("add enum", "enum", json!(["a", "b"])),
                ("add default", "default", json!("a")),
            ]);
        }
        if is("integer") {
            more.extend([
                ("add bound", "minimum", json!(-5)),
                ("add bound", "maximum", json!(1000)),
                ("add bound", "multipleOf", json!(2)),
                ("add enum", "enum", json!([1, 2])),
                ("add default", "default", json!(1)),
            ]);
        }
        if is("array") {
            more.extend([
                ("add bound", "minItems", json!(1)),
                ("add bound", "maxItems", json!(250)),
                ("add bound", "uniqueItems", json!(true)),
                ("add default", "default", json!([])),
            ]);
        }
        if is("object") {
            more.extend([
                ("add bound", "minProperties", json!(1)),
                ("add bound", "maxProperties", json!(9)),
                ("add default", "default", json!({})),
            ]);
        }
        if kinds.is_empty() {
            more.extend(TYPES.map(|kind| ("add type", "type", json!(kind))));
            more.push(("add enum", "enum", json!(["a"])));
            more.push(("add default", "default", json!("a")));
        }
        for (what, keyword, value) in more {
            if self.effective(node.value, keyword).is_none() {
                self.add(what, &node.pointer, keyword, value);
            }
        }
    }

    /// What is done to a schema as a whole, and to an object's members.
    fn whole(&mut self, node: &Node<'_>) {
        let pointer = node.pointer.as_str();
        let schema = node.value;
        if node.keyword != "additionalProperties"
            && schema.as_object().is_some_and(|schema| !schema.is_empty())
        {
            self.set("allow anything", pointer, json!({}));
        }
        let list = json!({ "type": "array", "items": schema, "nullable": schema.get("nullable") == Some(&json!(true)) });
        self.set("wrap in list", pointer, list);
        if says(schema, "items") {
            self.set("take out of list", pointer, schema["items"].clone());
        }
        if node.role == Role::Named && node.keyword == "properties" {
            self.need(node);
        }
        if says(schema, "properties") {
            for closed in [json!(false), json!({ "type": "string" })] {
                self.add("close object", pointer, "additionalProperties", closed);
            }
        }
        if node.keyword == "additionalProperties" {
            self.set("close object", pointer, false);
        }
    }

    /// A property that is not needed, where no other is either.
    fn need(&mut self, property: &Node<'_>) {
        let schema = parent(parent(&property.pointer));
        if !says(self.document.pointer(schema).unwrap(), "required") {
            let changes = vec![(child(schema, "required"), Some(json!([last(&property.pointer)])))];
            self.note("add need", &property.pointer, changes);
        }
    }

    /// The types that a schema allows, null aside; none if it allows any.
    fn types_of(&self, schema: &Value) -> Vec<String> {
        let types = match self.effective(schema, "type") {
            Some(Value::String(kind)) => vec![kind.clone()],
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        };
        types.into_iter().filter(|kind| kind != "null").collect()
    }

    /// What a schema says under a keyword, by itself or through the schema that it leads to.
    fn effective<'v>(&'v self, schema: &'v Value, keyword: &str) -> Option<&'v Value> {
        if let Some(value) = schema.get(keyword) {
            return Some(value);
        }
        let reference = schema.get("$ref").and_then(Value::as_str);
        let target = reference.and_then(|reference| reference::target(self.document, reference));
        let parts = ["allOf", "oneOf"]
            .into_iter()
            .flat_map(|keyword| items(schema.get(keyword).unwrap_or(&Value::Null)));
        target.into_iter().chain(parts).find_map(|schema| self.effective(schema, keyword))
    }
}
