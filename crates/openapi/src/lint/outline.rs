//! The document seen as what it describes: each node with its kind, in the order of the text.
//!
//! OpenAPI says what is where: a member `items` of a schema is a schema, a member `items` of an example is
//! anything. One table holds that knowledge; rules pick the kinds that concern them and never walk the tree.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use crate::document::pointer::{child, last, parent};
use crate::document::reference;

/// How the nodes of a member hang on it.
#[derive(Clone, Copy)]
enum Shape {
    One,
    List,
    Map,
}

/// The members of a kind of node that are nodes themselves, with their kind.
fn members(kind: &str) -> &'static [(&'static str, Shape, &'static str)] {
    use Shape::{List, Map, One};
    match kind {
        "document" => &[("paths", Map, "path"), ("components", One, "components")],
        "components" => &[
            ("schemas", Map, "schema"),
            ("responses", Map, "response"),
            ("parameters", Map, "parameter"),
            ("examples", Map, "example"),
            ("requestBodies", Map, "request body"),
            ("headers", Map, "header"),
            ("securitySchemes", Map, "security scheme"),
            ("links", Map, "link"),
            ("callbacks", Map, "callback"),
        ],
        "path" => &[
            ("get", One, "operation"),
            ("put", One, "operation"),
            ("post", One, "operation"),
            ("delete", One, "operation"),
            ("options", One, "operation"),
            ("head", One, "operation"),
            ("patch", One, "operation"),
            ("trace", One, "operation"),
            ("parameters", List, "parameter"),
        ],
        "operation" => &[
            ("parameters", List, "parameter"),
            ("requestBody", One, "request body"),
            ("responses", Map, "response"),
            ("callbacks", Map, "callback"),
        ],
        "parameter" | "header" => {
            &[("schema", One, "schema"), ("content", Map, "media type"), ("examples", Map, "example")]
        }
        "request body" => &[("content", Map, "media type")],
        "response" => &[("headers", Map, "header"), ("content", Map, "media type"), ("links", Map, "link")],
        "media type" => &[("schema", One, "schema"), ("examples", Map, "example")],
        "schema" => &[
            ("properties", Map, "schema"),
            ("items", One, "schema"),
            ("allOf", List, "schema"),
            ("oneOf", List, "schema"),
            ("anyOf", List, "schema"),
            ("not", One, "schema"),
            ("additionalProperties", One, "schema"),
        ],
        _ => &[],
    }
}

/// One mapping of the document whose kind is known.
#[derive(Debug)]
pub(super) struct Node<'a> {
    /// What messages call it, too: `media type`.
    pub(super) kind: &'static str,
    pub(super) pointer: String,
    pub(super) members: &'a Map<String, Value>,
    /// The member of which this node is a value: `properties` for a property, `schemas` for a component.
    pub(super) role: &'static str,
    /// Its own index and that behind its last descendant.
    span: std::ops::Range<usize>,
}

impl<'a> Node<'a> {
    /// Its key, or the index in its list.
    pub(super) fn name(&self) -> String {
        last(&self.pointer)
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.members.get(key)
    }

    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key).and_then(Value::as_str)
    }

    pub(super) fn is_true(&self, key: &str) -> bool {
        self.get(key) == Some(&Value::Bool(true))
    }

    /// The items of a member that is a list, none if it is not.
    pub(super) fn list(&self, key: &str) -> &'a [Value] {
        self.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The members of a member that is a mapping, none if it is not.
    pub(super) fn map(&self, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        self.get(key).and_then(Value::as_object).into_iter().flatten()
    }

    /// The pointer of one of its members.
    pub(super) fn at(&self, key: &str) -> String {
        child(&self.pointer, key)
    }

    /// What it refers to; a path that refers to another one is no reference, because nothing follows it.
    pub(super) fn reference(&self) -> Option<&'a str> {
        self.text("$ref").filter(|_| self.kind != "path")
    }

    /// Whether it is a reference in all but form: `allOf` with nothing else in it, so that prose may be beside it.
    pub(super) fn wraps_reference(&self) -> bool {
        matches!(self.list("allOf"), [only] if only.get("$ref").is_some())
    }

    /// Whether it is right below `components`, under a name of its own.
    pub(super) fn is_component(&self) -> bool {
        parent(parent(&self.pointer)) == "/components"
    }
}

/// All nodes, parents before their children.
#[derive(Debug)]
pub(super) struct Outline<'a> {
    nodes: Vec<Node<'a>>,
    by_pointer: HashMap<String, usize>,
}

impl<'a> Outline<'a> {
    pub(super) fn of(document: &'a Value) -> Self {
        let mut outline = Self { nodes: Vec::new(), by_pointer: HashMap::new() };
        outline.add("document", String::new(), document, "");
        outline
    }

    fn add(&mut self, kind: &'static str, pointer: String, value: &'a Value, role: &'static str) {
        let Some(object) = value.as_object() else { return };
        let index = self.nodes.len();
        self.by_pointer.insert(pointer.clone(), index);
        self.nodes.push(Node { kind, pointer: pointer.clone(), members: object, role, span: index..index });
        // Whatever is beside a reference is ignored by every reader, and so by the rules.
        let inside = if self.nodes[index].reference().is_some() { &[] } else { members(kind) };
        for (key, shape, kind) in inside {
            let Some(member) = object.get(*key) else { continue };
            let pointer = child(&pointer, key);
            match shape {
                Shape::One => self.add(kind, pointer, member, key),
                Shape::List => {
                    for (index, item) in member.as_array().into_iter().flatten().enumerate() {
                        self.add(kind, child(&pointer, index), item, key);
                    }
                }
                Shape::Map => {
                    let extensible = matches!(*key, "paths" | "responses");
                    for (name, value) in member.as_object().into_iter().flatten() {
                        if !(extensible && name.starts_with("x-")) {
                            self.add(kind, child(&pointer, name), value, key);
                        }
                    }
                }
            }
        }
        self.nodes[index].span = index..self.nodes.len();
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node<'a>> {
        self.nodes.iter()
    }

    /// The nodes of a kind that are no references.
    pub(super) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Node<'a>> {
        self.nodes.iter().filter(move |node| node.kind == kind && node.reference().is_none())
    }

    pub(super) fn at(&self, pointer: &str) -> Option<&Node<'a>> {
        self.by_pointer.get(pointer).map(|index| &self.nodes[*index])
    }

    /// The nodes right below a member of `node`: its parameters, its responses, its properties.
    pub(super) fn below(&self, node: &Node<'a>, key: &str) -> impl Iterator<Item = &Node<'a>> {
        let prefix = node.at(key);
        self.nodes[node.span.clone()].iter().filter(move |node| parent(&node.pointer) == prefix)
    }

    /// The node itself or, when it is a reference, the node at its end; `None` if that does not exist.
    pub(super) fn resolve<'n>(&'n self, node: &'n Node<'a>) -> Option<&'n Node<'a>> {
        let mut node = node;
        // A chain of references that is longer than the document is a circle.
        for _ in 0..=self.nodes.len() {
            let Some(reference) = node.reference() else { return Some(node) };
            node = self.target(reference)?;
        }
        None
    }

    /// The node that a reference within the document names.
    pub(super) fn target(&self, reference: &str) -> Option<&Node<'a>> {
        self.at(&reference::pointer(reference)?)
    }

    /// The parameters of an operation: its own, and those of its path that it does not replace; each with its pointer.
    pub(super) fn parameters<'n>(&'n self, operation: &'n Node<'a>) -> Vec<(&'n str, &'n Node<'a>)> {
        let mut seen = BTreeSet::new();
        let owners = [Some(operation), self.at(parent(&operation.pointer))].into_iter().flatten();
        let listed = owners.flat_map(|owner| self.below(owner, "parameters"));
        let resolved = listed.filter_map(|node| Some((node.pointer.as_str(), self.resolve(node)?)));
        resolved.filter(|(_, one)| seen.insert((one.text("in"), one.text("name")))).collect()
    }

    /// The responses of all operations whose status has one of these first digits, references resolved, each once.
    pub(super) fn responses(&self, first_digits: &[char]) -> Vec<&Node<'a>> {
        let mut seen = BTreeSet::new();
        self.of_kind("operation")
            .flat_map(|operation| self.below(operation, "responses"))
            .filter(|response| response.name().starts_with(first_digits))
            .filter_map(|response| self.resolve(response))
            .filter(|response| seen.insert(response.pointer.as_str()))
            .collect()
    }

    /// The pointers of everything that is reached from some nodes: what is in them, and what they refer to.
    pub(super) fn reach<'n>(&'n self, from: impl IntoIterator<Item = &'n Node<'a>>) -> BTreeSet<&'n str> {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<&Node<'a>> = from.into_iter().collect();
        while let Some(start) = waiting.pop() {
            for node in &self.nodes[start.span.clone()] {
                if reached.insert(node.pointer.as_str()) {
                    let references = [node.reference(), node.text("x-content-schema")];
                    let targets = references.into_iter().flatten();
                    waiting.extend(targets.filter_map(|reference| self.target(reference)));
                }
            }
        }
        reached
    }
}
