//! The document seen as what it describes: each node with its kind, in the order of the text.
//!
//! OpenAPI says what is where: a member `items` of a schema is a schema, a member `items` of an example is
//! anything. `nodes.yaml` holds that knowledge; rules pick the kinds that concern them and never walk the tree.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use serde_json::Value;

use crate::document::json::{list, members};
use crate::document::pointer::{child, last, parent};
use crate::document::{read_yaml, reference};

static NODES: LazyLock<Value> = LazyLock::new(|| read_yaml(include_str!("nodes.yaml")));

const EXTENSION: &str = "extension";

/// The members of a kind of node that are nodes themselves, or extensions of ours, with their kind.
fn nodes(kind: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    members(&NODES[kind]).filter_map(|(key, kind)| Some((key.as_str(), kind.as_str()?)))
}

/// Every extension of ours, with the kind of node that may have it.
pub(super) fn extensions() -> impl Iterator<Item = (&'static str, &'static str)> {
    members(&NODES).flat_map(|(kind, _)| {
        let extensions = nodes(kind).filter(|(_, what)| *what == EXTENSION);
        extensions.map(move |(name, _)| (name, kind.as_str()))
    })
}

/// One mapping of the document whose kind is known.
#[derive(Debug)]
pub(super) struct Node<'a> {
    /// What messages call it, too: `media type`.
    pub(super) kind: &'static str,
    pub(super) pointer: String,
    /// Always a mapping.
    pub(super) value: &'a Value,
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
        self.value.get(key)
    }

    pub(super) fn text(&self, key: &str) -> Option<&'a str> {
        self.get(key).and_then(Value::as_str)
    }

    /// The items of a member that is a list, none if it is not.
    pub(super) fn list(&self, key: &str) -> &'a [Value] {
        self.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
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
        if !value.is_object() {
            return;
        }
        let index = self.nodes.len();
        self.by_pointer.insert(pointer.clone(), index);
        self.nodes.push(Node { kind, pointer: pointer.clone(), value, role, span: index..index });
        // Whatever is beside a reference is ignored by every reader, and so by the rules.
        let is_reference = self.nodes[index].reference().is_some();
        for (key, kind) in nodes(kind).filter(|(_, kind)| !is_reference && *kind != EXTENSION) {
            let Some(member) = value.get(key) else { continue };
            let pointer = child(&pointer, key);
            if let Some(kind) = kind.strip_suffix("[]") {
                for (index, item) in list(member).enumerate() {
                    self.add(kind, child(&pointer, index), item, key);
                }
            } else if let Some(kind) = kind.strip_suffix("{}") {
                let extensible = matches!(key, "paths" | "responses");
                for (name, value) in
                    members(member).filter(|(name, _)| !(extensible && name.starts_with("x-")))
                {
                    self.add(kind, child(&pointer, name), value, key);
                }
            } else {
                self.add(kind, pointer, member, key);
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
        self.closure(from.into_iter().collect(), |node| {
            let references = [node.reference(), node.text("x-content-schema")].into_iter().flatten();
            let targets = references.filter_map(|reference| self.target(reference));
            self.nodes[node.span.clone()].iter().chain(targets).collect()
        })
    }

    /// The pointers of some nodes, and of all to which these steps lead from them.
    pub(super) fn closure<'n>(
        &self,
        from: Vec<&'n Node<'a>>,
        steps: impl Fn(&'n Node<'a>) -> Vec<&'n Node<'a>>,
    ) -> BTreeSet<&'n str> {
        let (mut reached, mut waiting) = (BTreeSet::new(), from);
        while let Some(node) = waiting.pop() {
            if reached.insert(node.pointer.as_str()) {
                waiting.extend(steps(node));
            }
        }
        reached
    }
}
