//! A document that is being read: references, and how much of it to unfold at most.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::reference;

/// How many schemas to unfold at most. A large document has thousands; a few lines of references can ask for 2^30.
const MOST_STEPS: u32 = 100_000;

/// How deep schemas and references may be nested: far deeper than a person can follow, far from the end of the stack.
pub(super) const DEEPEST: usize = 48;

pub(super) struct Reading<'a> {
    pub(super) document: &'a Value,
    reached: RefCell<BTreeSet<String>>,
    steps: Cell<u32>,
}

impl<'a> Reading<'a> {
    pub(super) fn of(document: &'a Value) -> Self {
        Self { document, reached: RefCell::default(), steps: Cell::new(0) }
    }

    /// What a reference points at. References into other files are not followed.
    pub(super) fn target(&self, reference: &str) -> Option<&'a Value> {
        let node = reference::target(self.document, reference)?;
        self.reached.borrow_mut().extend(reference::pointer(reference));
        Some(node)
    }

    /// Whether a reference pointed at this node so far.
    pub(super) fn has_reached(&self, pointer: &str) -> bool {
        self.reached.borrow().contains(pointer)
    }

    /// Counts one schema; false once there were too many, or one was too deep.
    pub(super) fn step(&self, depth: usize) -> bool {
        self.steps.set(if depth > DEEPEST { MOST_STEPS } else { self.steps.get() } + 1);
        !self.is_exhausted()
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.steps.get() > MOST_STEPS
    }

    /// JSON that this module knows nothing about, with what its references reach in their place.
    ///
    /// `path` are the references that led here, with an empty one for each other step; a reference that leads back stays as it is.
    pub(super) fn unfolded(&self, node: &Value, path: &[&str]) -> Value {
        let inside = |node: &Value, reference| self.unfolded(node, &[path, &[reference]].concat());
        match node {
            Value::Array(_) | Value::Object(_) if !self.step(path.len()) => node.clone(),
            Value::Array(items) => items.iter().map(|item| inside(item, "")).collect(),
            Value::Object(members) => {
                let reference = members.get("$ref").and_then(Value::as_str);
                let reference = reference.filter(|reference| !path.contains(reference));
                if let Some((reference, node)) = reference.and_then(|one| Some((one, self.target(one)?))) {
                    return inside(node, reference);
                }
                members.iter().map(|(name, value)| (name.clone(), inside(value, ""))).collect()
            }
            leaf => leaf.clone(),
        }
    }
}

/// JSON with sorted members, on one line.
pub(super) fn text(value: &Value) -> String {
    let mut plain = value.clone();
    plain.sort_all_objects();
    plain.to_string()
}

pub(super) fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

/// A name that could be mistaken for something else is in quotes.
pub(super) fn quoted(name: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "_-$@".contains(character);
    match !name.is_empty() && name.chars().all(plain) {
        true => name.to_owned(),
        false => format!("{name:?}"),
    }
}
