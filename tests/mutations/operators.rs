//! Every operator that applies to a node of the contract: what is changed, and into what.

mod calls;
mod schemas;

use northbound_openapi::document::pointer::{child, last, parent};
use serde_json::{Map, Value, json};

use super::nodes::{Kind, METHODS, Node, Nodes, Role};

/// One change of a document that changes what it promises, unless it is listed as one that does not.
#[derive(Clone, Debug)]
pub(super) struct Mutation {
    /// What is done, and to what: a row of the table of results.
    pub(super) kind: String,
    /// The node that it is about.
    pub(super) node: String,
    /// What comes of it, for a person to read.
    pub(super) becomes: String,
    /// Nodes with what is put there, or nothing if they are taken away.
    pub(super) changes: Vec<(String, Option<Value>)>,
}

impl Mutation {
    /// A node taken away.
    pub(super) fn removing(node: &str) -> Self {
        let (kind, becomes) = ("remove".to_owned(), String::new());
        Self { kind, node: node.to_owned(), becomes, changes: vec![(node.to_owned(), None)] }
    }

    pub(super) fn apply(&self, document: &Value) -> Value {
        let mut document = document.clone();
        for (pointer, value) in &self.changes {
            let name = last(pointer);
            let parent = document.pointer_mut(parent(pointer)).unwrap();
            match (parent, value) {
                (Value::Object(members), Some(value)) => drop(members.insert(name, value.clone())),
                (Value::Object(members), None) => drop(members.shift_remove(&name).unwrap()),
                (Value::Array(items), Some(value)) => items[name.parse::<usize>().unwrap()] = value.clone(),
                (Value::Array(items), None) => drop(items.remove(name.parse().unwrap())),
                (leaf, _) => panic!("{pointer}: {leaf} has no members"),
            }
        }
        document
    }
}

/// All mutations of a document, node by node.
pub(super) fn mutations(document: &Value) -> Vec<Mutation> {
    let is_3_0 = document["openapi"].as_str().unwrap().starts_with("3.0.");
    let mut operators = Operators { document, is_3_0, found: Vec::new() };
    for node in &Nodes::of(document).contract {
        operators.whatever_it_is(node);
        operators.calls(node);
        operators.schemas(node);
    }
    operators.found
}

struct Operators<'a> {
    document: &'a Value,
    is_3_0: bool,
    found: Vec<Mutation>,
}

impl<'a> Operators<'a> {
    fn note(&mut self, kind: &str, node: &str, changes: Vec<(String, Option<Value>)>) {
        let shown = |(pointer, value): &(String, Option<Value>)| match value {
            Some(value) => format!("{} {value}", last(pointer)),
            None => format!("no {}", last(pointer)),
        };
        let becomes = changes.iter().map(shown).collect::<Vec<_>>().join(", ");
        self.found.push(Mutation { kind: kind.to_owned(), node: node.to_owned(), becomes, changes });
    }

    /// Another value in the place of a node.
    fn set(&mut self, kind: &str, node: &str, value: impl Into<Value>) {
        self.note(kind, node, vec![(node.to_owned(), Some(value.into()))]);
    }

    fn add(&mut self, kind: &str, node: &str, member: &str, value: impl Into<Value>) {
        self.note(kind, node, vec![(child(node, member), Some(value.into()))]);
    }

    /// One more at the end of a list.
    fn push(&mut self, kind: &str, node: &Node<'_>, value: Value) {
        let longer: Vec<Value> = items(node.value).iter().cloned().chain([value]).collect();
        self.set(kind, &node.pointer, longer);
    }

    /// What can be done to any node: to take it away, to call it something else, to make it something that it cannot be.
    fn whatever_it_is(&mut self, node: &Node<'a>) {
        if node.role == Role::Root {
            return;
        }
        let (noun, pointer) = (noun(node), node.pointer.as_str());
        self.note(&format!("remove {noun}"), pointer, vec![(pointer.to_owned(), None)]);
        self.set("make it malformed", pointer, if node.value.is_string() { json!(7) } else { json!("x") });
        if node.role == Role::Named {
            for name in other_names(node) {
                let renamed = child(parent(pointer), name);
                let changes = vec![(pointer.to_owned(), None), (renamed, Some(node.value.clone()))];
                self.note(&format!("rename {noun}"), pointer, changes);
            }
        }
        if node.keyword == "$ref" {
            self.references(node);
        }
        if let (Role::Keyword, Value::Bool(yes)) = (node.role, node.value) {
            self.set(&format!("turn {noun}"), pointer, !yes);
        }
    }

    /// A reference can lead to each other component of the same sort.
    fn references(&mut self, node: &Node<'a>) {
        let Some(target) = node.value.as_str().and_then(|text| text.strip_prefix('#')) else { return };
        let section = self.document.pointer(parent(target)).and_then(Value::as_object);
        for other in section.into_iter().flat_map(Map::keys).filter(|other| **other != last(target)) {
            self.set("lead reference elsewhere", &node.pointer, format!("#{}", child(parent(target), other)));
        }
        self.set("lead reference nowhere", &node.pointer, format!("#{target}2"));
        self.set("lead reference nowhere", &node.pointer, "other.yaml#/A");
    }
}

/// What a node is called in the table of results.
fn noun(node: &Node<'_>) -> String {
    let noun = match (node.role, node.owner, node.keyword.as_str()) {
        (Role::Keyword, Kind::Components, _) => "all of a sort",
        (Role::Named, Kind::Components, _) => "component",
        (Role::Named, Kind::Proof, _) => "scheme of a proof",
        (Role::Named, _, "properties") => "property",
        (Role::Named, _, "responses") => "status",
        (Role::Named | Role::Item, ..) if node.kind.is_some() => match node.kind {
            Some(Kind::Schema) => "alternative",
            Some(kind) => kind.noun(),
            None => "",
        },
        (Role::Item, _, "enum") => "enum value",
        (Role::Item, _, "required") => "need",
        (Role::Item, _, "x-error-codes") => "error code",
        (Role::Item, _, "type") => "type",
        (_, _, keyword) if METHODS.contains(&keyword) => "operation",
        (_, _, "minimum" | "maximum" | "minLength" | "maxLength") => "bound",
        (_, Kind::Operation, "requestBody") => "request body",
        (_, Kind::SecurityScheme, _) => "proof's form",
        (_, _, "$ref") => "reference",
        (_, _, "components" | "content" | "parameters" | "paths" | "properties" | "responses") => {
            "all of a sort"
        }
        (_, Kind::Parameter, "in" | "name") => "place or name",
        (_, _, "allOf" | "anyOf" | "oneOf") => "alternatives",
        (_, _, keyword) => keyword,
    };
    noun.to_owned()
}

/// Other names for what has a name that the document chose, of the same sort where there are sorts.
fn other_names(node: &Node<'_>) -> Vec<String> {
    let name = last(&node.pointer);
    match node.keyword.as_str() {
        "responses" if node.owner == Kind::Operation => {
            let status = if name.starts_with('2') { "204" } else { "418" };
            [status, "default", "4XX"].map(str::to_owned).to_vec()
        }
        "content" => {
            vec![recased(&name), "application/xml".to_owned(), "text/plain; charset=utf-8".to_owned()]
        }
        "paths" => vec![recased(&name), format!("{name}/"), name.replacen("v1", "v2", 1)],
        _ => vec![recased(&name), format!("{name}2")],
    }
}

/// The same name with its last letter in the other case.
fn recased(name: &str) -> String {
    let at = name.rfind(|character: char| character.is_ascii_alphabetic()).unwrap();
    let (head, tail) = name.split_at(at);
    let letter = if tail.starts_with(|c: char| c.is_ascii_lowercase()) {
        tail[..1].to_uppercase()
    } else {
        tail[..1].to_lowercase()
    };
    format!("{head}{letter}{}", &tail[1..])
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn says(node: &Value, keyword: &str) -> bool {
    node.get(keyword).is_some()
}
