//! The document seen as what it describes: each node with its kind, in the order of the text.
//!
//! OpenAPI says what stands where: a member `items` of a schema is a schema, a member `items` of an example is
//! anything. One table holds that knowledge; rules pick the kinds that concern them and never walk the tree.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use crate::document::pointer::{child, last, parent};

/// What a node is, as far as rules care.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Document,
    Components,
    PathItem,
    Operation,
    Parameter,
    RequestBody,
    Response,
    Header,
    MediaType,
    Encoding,
    Example,
    Link,
    Callback,
    SecurityScheme,
    Schema,
}

/// How the nodes of a member hang on it.
#[derive(Clone, Copy)]
enum Shape {
    One,
    List,
    Map,
}

impl Kind {
    fn members(self) -> &'static [(&'static str, Shape, Kind)] {
        use Kind as K;
        use Shape::{List, Map, One};
        match self {
            K::Document => &[("paths", Map, K::PathItem), ("components", One, K::Components)],
            K::Components => &[
                ("schemas", Map, K::Schema),
                ("responses", Map, K::Response),
                ("parameters", Map, K::Parameter),
                ("examples", Map, K::Example),
                ("requestBodies", Map, K::RequestBody),
                ("headers", Map, K::Header),
                ("securitySchemes", Map, K::SecurityScheme),
                ("links", Map, K::Link),
                ("callbacks", Map, K::Callback),
            ],
            K::PathItem => &[
                ("get", One, K::Operation),
                ("put", One, K::Operation),
                ("post", One, K::Operation),
                ("delete", One, K::Operation),
                ("options", One, K::Operation),
                ("head", One, K::Operation),
                ("patch", One, K::Operation),
                ("trace", One, K::Operation),
                ("parameters", List, K::Parameter),
            ],
            K::Operation => &[
                ("parameters", List, K::Parameter),
                ("requestBody", One, K::RequestBody),
                ("responses", Map, K::Response),
                ("callbacks", Map, K::Callback),
            ],
            K::Parameter | K::Header => {
                &[("schema", One, K::Schema), ("content", Map, K::MediaType), ("examples", Map, K::Example)]
            }
            K::RequestBody => &[("content", Map, K::MediaType)],
            K::Response => {
                &[("headers", Map, K::Header), ("content", Map, K::MediaType), ("links", Map, K::Link)]
            }
            K::MediaType => {
                &[("schema", One, K::Schema), ("examples", Map, K::Example), ("encoding", Map, K::Encoding)]
            }
            K::Encoding => &[("headers", Map, K::Header)],
            K::Schema => &[
                ("properties", Map, K::Schema),
                ("items", One, K::Schema),
                ("allOf", List, K::Schema),
                ("oneOf", List, K::Schema),
                ("anyOf", List, K::Schema),
                ("not", One, K::Schema),
                ("additionalProperties", One, K::Schema),
            ],
            K::Example | K::Link | K::Callback | K::SecurityScheme => &[],
        }
    }

    /// The part of `components` that holds this kind.
    pub(super) fn component(self) -> Option<&'static str> {
        Some(match self {
            Self::Schema => "schemas",
            Self::Response => "responses",
            Self::Parameter => "parameters",
            Self::Example => "examples",
            Self::RequestBody => "requestBodies",
            Self::Header => "headers",
            Self::SecurityScheme => "securitySchemes",
            Self::Link => "links",
            Self::Callback => "callbacks",
            _ => return None,
        })
    }

    /// What to call a node of this kind in a message.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Components => "components",
            Self::PathItem => "path",
            Self::Operation => "operation",
            Self::Parameter => "parameter",
            Self::RequestBody => "request body",
            Self::Response => "response",
            Self::Header => "header",
            Self::MediaType => "media type",
            Self::Encoding => "encoding",
            Self::Example => "example",
            Self::Link => "link",
            Self::Callback => "callback",
            Self::SecurityScheme => "security scheme",
            Self::Schema => "schema",
        }
    }
}

/// One mapping of the document whose kind is known.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) kind: Kind,
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

    pub(super) fn reference(&self) -> Option<&'a str> {
        self.text("$ref")
    }

    /// Whether it is a reference all but in form: `allOf` with nothing else in it, so that prose may stand beside it.
    pub(super) fn wraps_reference(&self) -> bool {
        matches!(self.list("allOf"), [only] if only.get("$ref").is_some())
    }

    /// Whether it stands right below `components`, under a name of its own.
    pub(super) fn is_component(&self) -> bool {
        parent(parent(&self.pointer)) == "/components"
    }
}

/// All nodes, parents before their children.
#[derive(Debug)]
pub(super) struct Outline<'a> {
    document: &'a Value,
    nodes: Vec<Node<'a>>,
    by_pointer: HashMap<String, usize>,
}

impl<'a> Outline<'a> {
    pub(super) fn of(document: &'a Value) -> Self {
        let mut outline = Self { document, nodes: Vec::new(), by_pointer: HashMap::new() };
        outline.add(Kind::Document, String::new(), document, "");
        outline
    }

    fn add(&mut self, kind: Kind, pointer: String, value: &'a Value, role: &'static str) {
        let Some(members) = value.as_object() else { return };
        let index = self.nodes.len();
        self.by_pointer.insert(pointer.clone(), index);
        self.nodes.push(Node { kind, pointer: pointer.clone(), members, role, span: index..index });
        // Whatever stands beside a reference is ignored by every reader, and so by the rules.
        if kind == Kind::PathItem || !members.get("$ref").is_some_and(Value::is_string) {
            for (key, shape, kind) in kind.members() {
                let Some(member) = members.get(*key) else { continue };
                let pointer = child(&pointer, key);
                match shape {
                    Shape::One => self.add(*kind, pointer, member, key),
                    Shape::List => {
                        for (index, item) in member.as_array().into_iter().flatten().enumerate() {
                            self.add(*kind, child(&pointer, index), item, key);
                        }
                    }
                    Shape::Map => {
                        let extensible = *kind == Kind::PathItem || *key == "responses";
                        for (name, value) in member.as_object().into_iter().flatten() {
                            if !(extensible && name.starts_with("x-")) {
                                self.add(*kind, child(&pointer, name), value, key);
                            }
                        }
                    }
                }
            }
        }
        self.nodes[index].span = index..self.nodes.len();
    }

    /// The document itself.
    pub(super) fn document(&self) -> &'a Value {
        self.document
    }

    pub(super) fn nodes(&self) -> impl Iterator<Item = &Node<'a>> {
        self.nodes.iter()
    }

    pub(super) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Node<'a>> {
        self.nodes.iter().filter(move |node| node.kind == kind)
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
            let Some(reference) = node.reference().filter(|_| node.kind != Kind::PathItem) else {
                return Some(node);
            };
            node = self.target(reference)?;
        }
        None
    }

    /// The node that a reference within the document names.
    pub(super) fn target(&self, reference: &str) -> Option<&Node<'a>> {
        self.at(reference.strip_prefix('#')?)
    }

    /// The pointers of everything that is reached from some nodes: what stands in them, and what they refer to.
    pub(super) fn reach<'n>(&'n self, from: impl IntoIterator<Item = &'n Node<'a>>) -> BTreeSet<&'n str>
    where
        'a: 'n,
    {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<&Node<'a>> = from.into_iter().collect();
        while let Some(start) = waiting.pop() {
            for node in &self.nodes[start.span.clone()] {
                if reached.insert(node.pointer.as_str()) {
                    let references = [node.reference(), node.text("x-content-schema")];
                    waiting.extend(
                        references.into_iter().flatten().filter_map(|reference| self.target(reference)),
                    );
                }
            }
        }
        reached
    }
}
