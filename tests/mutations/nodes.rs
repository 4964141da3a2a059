//! A document as what it describes: every node of its JSON, with what it is, or why it is no contract.
//!
//! OpenAPI says what stands where. The table here is written for the mutations alone: a gate that shared it would be blind
//! in the same places.

use northbound_openapi::contract::NOT_COMPARED;
use northbound_openapi::document::pointer::child;
use serde_json::Value;

/// What an object of the document describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Document,
    Components,
    Path,
    Operation,
    Parameter,
    Header,
    RequestBody,
    Response,
    MediaType,
    SecurityScheme,
    /// One of the alternatives of `security`: schemes by name, with their scopes.
    Proof,
    Schema,
}

/// What a member of an object holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    One(Kind),
    List(Kind),
    Map(Kind),
    /// Text, a number, a list of them, or anything that this table does not know.
    Plain,
}

impl Kind {
    /// What `NOT_COMPARED` and the table of the results call it.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Components => "components",
            Self::Path => "path",
            Self::Operation => "operation",
            Self::Parameter => "parameter",
            Self::Header => "header",
            Self::RequestBody => "request body",
            Self::Response => "response",
            Self::MediaType => "media type",
            Self::SecurityScheme => "security scheme",
            Self::Proof => "proof",
            Self::Schema => "schema",
        }
    }

    fn holds(self, member: &str) -> Holds {
        use Holds::{List, Map, One, Plain};
        match (self, member) {
            (Self::Document, "paths" | "webhooks") => Map(Self::Path),
            (Self::Document, "components") => One(Self::Components),
            (Self::Components, "schemas") => Map(Self::Schema),
            (Self::Components, "responses") => Map(Self::Response),
            (Self::Components, "parameters") => Map(Self::Parameter),
            (Self::Components, "headers") => Map(Self::Header),
            (Self::Components, "requestBodies") => Map(Self::RequestBody),
            (Self::Components, "securitySchemes") => Map(Self::SecurityScheme),
            (Self::Path, method) if METHODS.contains(&method) => One(Self::Operation),
            (Self::Path | Self::Operation, "parameters") => List(Self::Parameter),
            (Self::Document | Self::Operation, "security") => List(Self::Proof),
            (Self::Operation, "requestBody") => One(Self::RequestBody),
            (Self::Operation, "responses") => Map(Self::Response),
            (Self::Response, "headers") => Map(Self::Header),
            (Self::Parameter | Self::Header | Self::RequestBody | Self::Response, "content") => {
                Map(Self::MediaType)
            }
            (Self::Parameter | Self::Header | Self::MediaType, "schema") => One(Self::Schema),
            (Self::Schema, "properties" | "patternProperties") => Map(Self::Schema),
            (Self::Schema, "items" | "additionalProperties" | "not") => One(Self::Schema),
            (Self::Schema, "allOf" | "anyOf" | "oneOf") => List(Self::Schema),
            _ => Plain,
        }
    }
}

pub(super) const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// How a node hangs on the one around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The document.
    Root,
    /// The value of a keyword.
    Keyword,
    /// A name that the document chose stands before it: a property, a path, a status.
    Named,
    /// One of a list.
    Item,
}

/// A node that is contract.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    pub(super) pointer: String,
    pub(super) value: &'a Value,
    pub(super) role: Role,
    /// What it describes, if it describes something by itself.
    pub(super) kind: Option<Kind>,
    /// The object to which it belongs, and the keyword of that object under which it stands.
    pub(super) owner: Kind,
    pub(super) keyword: String,
}

/// All nodes of a document: what is contract, and what is not, with the entry of `NOT_COMPARED` that says so.
#[derive(Debug, Default)]
pub(super) struct Nodes<'a> {
    pub(super) contract: Vec<Node<'a>>,
    pub(super) not_contract: Vec<(String, &'static str)>,
}

impl<'a> Nodes<'a> {
    pub(super) fn of(document: &'a Value) -> Self {
        let mut nodes = Self::default();
        let (pointer, role, kind) = (String::new(), Role::Root, Some(Kind::Document));
        nodes.add(Node {
            pointer,
            value: document,
            role,
            kind,
            owner: Kind::Document,
            keyword: String::new(),
        });
        nodes
    }

    fn add(&mut self, node: Node<'a>) {
        match (node.kind, node.value) {
            (Some(kind), Value::Object(members)) => {
                for (keyword, value) in members {
                    let pointer = child(&node.pointer, keyword);
                    match not_compared(kind, keyword) {
                        Some(entry) => self.not_contract.push((pointer, entry)),
                        None => self.keyword(kind, keyword, pointer, value),
                    }
                }
            }
            (None, value) => self.inside(&node, value),
            (Some(_), _) => {}
        }
        self.contract.push(node);
    }

    fn keyword(&mut self, owner: Kind, keyword: &str, pointer: String, value: &'a Value) {
        // The members of a proof are names of schemes.
        let role = if owner == Kind::Proof { Role::Named } else { Role::Keyword };
        let kind = match owner.holds(keyword) {
            Holds::One(kind) => Some(kind),
            _ => None,
        };
        self.add(Node { pointer, value, role, kind, owner, keyword: keyword.to_owned() });
    }

    /// What a keyword holds that is not an object by itself.
    fn inside(&mut self, node: &Node<'a>, value: &'a Value) {
        let (owner, keyword) = (node.owner, &node.keyword);
        let holds = if node.role == Role::Keyword { owner.holds(keyword) } else { Holds::Plain };
        let kind = match holds {
            Holds::List(kind) | Holds::Map(kind) => Some(kind),
            _ => None,
        };
        let (role, parts): (Role, Vec<(String, &'a Value)>) = match value {
            Value::Array(items) => {
                (Role::Item, items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect())
            }
            Value::Object(members) => {
                (Role::Named, members.iter().map(|(name, value)| (name.clone(), value)).collect())
            }
            _ => return,
        };
        for (name, value) in parts {
            let pointer = child(&node.pointer, name);
            self.add(Node { pointer, value, role, kind, owner, keyword: keyword.clone() });
        }
    }
}

/// The entry that takes a member of an object out of the contract.
///
/// Components have names that are free, and contents that are not: what is in them is mutated all the same.
fn not_compared(kind: Kind, keyword: &str) -> Option<&'static str> {
    let is_contract_all_the_same =
        matches!((kind, keyword), (Kind::Response, "x-error-codes") | (Kind::Document, "components"));
    let fits = |entry: &&'static str| {
        let (object, member) = entry.split_once('.').unwrap();
        let is_member =
            member.strip_suffix('*').map_or(member == keyword, |start| keyword.starts_with(start));
        (object == "*" || object == kind.noun()) && is_member
    };
    let is_name = kind == Kind::Proof;
    NOT_COMPARED.iter().map(|(entry, _)| *entry).find(fits).filter(|_| !is_contract_all_the_same && !is_name)
}

/// The pointers of all nodes, whatever they are.
pub(super) fn pointers(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| pointers(value, child(&pointer, name), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, value)| pointers(value, child(&pointer, at), found));
        }
        _ => {}
    }
    found.push(pointer);
}
