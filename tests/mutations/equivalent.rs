//! Mutations that leave every promise as it was, and why: nobody has to report them.

use northbound_openapi::document::pointer::parent;
use northbound_openapi::document::reference;
use serde_json::{Map, Value};

use super::operators::Mutation;

/// Changes that say the same in another way.
pub(super) struct Equivalent {
    kinds: &'static [&'static str],
    pub(super) reason: &'static str,
    says_the_same: fn(&Mutation, &Value) -> bool,
}

/// Each entry has to excuse a mutation that no gate reports, or it goes.
pub(super) const EQUIVALENTS: [Equivalent; 9] = [
    Equivalent {
        kinds: &["lead reference elsewhere"],
        reason: "the reference leads to a schema that says the same: names of components are free",
        says_the_same: leads_to_the_same,
    },
    Equivalent {
        kinds: &["allow anything", "lead reference elsewhere", "remove alternatives", "remove reference"],
        reason: "the schema says by itself all that its only part says, or would say: the part's name is no promise",
        says_the_same: adds_nothing,
    },
    Equivalent {
        kinds: &["combine alternatives otherwise"],
        reason: "a schema that stands alone, or beside null, may be combined in any way",
        says_the_same: has_no_alternatives,
    },
    Equivalent {
        kinds: &["remove required"],
        reason: "what is not said to be required is not required",
        says_the_same: |mutation, document| document.pointer(&mutation.node) == Some(&Value::Bool(false)),
    },
    Equivalent {
        kinds: &["rename media type"],
        reason: "media types mean the same in either case",
        says_the_same: |mutation, _| is_renamed_by_case(mutation),
    },
    Equivalent {
        kinds: &["change proof's form"],
        reason: "names of headers, and of HTTP's ways to authenticate, mean the same in either case",
        says_the_same: is_header_by_case,
    },
    Equivalent {
        kinds: &["let anybody in", "remove proof", "remove security"],
        reason: "no proof, no list of proofs and a list of empty proofs let anybody in",
        says_the_same: lets_anybody_in_already,
    },
    Equivalent {
        kinds: &["add security to the document"],
        reason: "every operation says by itself what it wants, whatever the document says for all",
        says_the_same: |_, document| operations(document).all(|operation| operation.contains_key("security")),
    },
    Equivalent {
        kinds: &["allow anything"],
        reason: "a schema that says nothing allows anything",
        says_the_same: |mutation, document| {
            document.pointer(&mutation.node).map(without_prose) == Some(Value::Object(Map::new()))
        },
    },
];

impl Equivalent {
    pub(super) fn excuses(&self, mutation: &Mutation, document: &Value) -> bool {
        self.kinds.contains(&mutation.kind.as_str()) && (self.says_the_same)(mutation, document)
    }
}

fn leads_to_the_same(mutation: &Mutation, document: &Value) -> bool {
    let target = |named: &Value| reference::target(document, named.as_str()?).map(without_prose);
    let (before, after) = (document.pointer(&mutation.node), mutation.changes[0].1.as_ref());
    before.and_then(target).is_some_and(|before| Some(before) == after.and_then(target))
}

/// The only part of an `allOf` whose owner says as much without it, before the change and after.
fn adds_nothing(mutation: &Mutation, document: &Value) -> bool {
    let Some((owner, _)) = mutation.node.split_once("/allOf") else { return false };
    let says = |part: &Value| {
        let mut says = without_prose(reference::resolve(document, part).unwrap_or(part));
        says.as_object_mut()?.remove("nullable");
        Some(says)
    };
    let is_said_by_owner = |document: &Value| {
        let Some(owner) = document.pointer(owner) else { return false };
        let parts = owner["allOf"].as_array().map_or(&[][..], Vec::as_slice);
        let is_said = |part: &Value| {
            says(part).is_some_and(|says| {
                says.as_object()
                    .is_some_and(|says| says.iter().all(|(keyword, value)| owner[keyword] == *value))
            })
        };
        parts.len() <= 1 && parts.iter().all(is_said)
    };
    is_said_by_owner(document) && is_said_by_owner(&mutation.apply(document))
}

fn has_no_alternatives(mutation: &Mutation, document: &Value) -> bool {
    let Some(Value::Array(schemas)) = document.pointer(&mutation.node) else { return false };
    let becomes_all_of = mutation.changes[1].0.ends_with("/allOf");
    let others = schemas.iter().filter(|schema| schema["type"] != "null").count();
    schemas.len() == 1 || (others == 1 && !becomes_all_of)
}

fn is_renamed_by_case(mutation: &Mutation) -> bool {
    let names: Vec<String> = mutation.changes.iter().map(|(pointer, _)| pointer.to_lowercase()).collect();
    names[0] == names[1]
}

fn is_header_by_case(mutation: &Mutation, document: &Value) -> bool {
    let scheme = document.pointer(parent(&mutation.node)).unwrap();
    let is_free =
        mutation.node.ends_with("/scheme") || (mutation.node.ends_with("/name") && scheme["in"] == "header");
    let lower = |text: Option<&Value>| text.and_then(Value::as_str).map(str::to_lowercase);
    is_free && lower(document.pointer(&mutation.node)) == lower(mutation.changes[0].1.as_ref())
}

fn lets_anybody_in_already(mutation: &Mutation, document: &Value) -> bool {
    let list = if mutation.node.ends_with("/security") { &mutation.node } else { parent(&mutation.node) };
    let is_open = |list: &Value| {
        list.as_array().is_some_and(|list| list.iter().all(|one| *one == Value::Object(Map::new())))
    };
    document.get("security").is_none() && document.pointer(list).is_some_and(is_open)
}

fn operations(document: &Value) -> impl Iterator<Item = &Map<String, Value>> {
    let paths = document["paths"].as_object().into_iter().flat_map(Map::values);
    let members = paths.flat_map(|item| item.as_object().into_iter().flat_map(Map::values));
    members.filter_map(Value::as_object).filter(|members| members.contains_key("responses"))
}

/// A schema without what is said to people only.
fn without_prose(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Some(members) = schema.as_object_mut() {
        members.retain(|name, _| !["description", "example", "examples"].contains(&name.as_str()));
    }
    schema
}
