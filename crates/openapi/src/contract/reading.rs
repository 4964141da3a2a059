//! A document that is being read: references, and how much of it to unfold at most.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use serde_json::{Map, Number, Value};

/// How many schemas to unfold at most. A large document has thousands; a few lines of references can ask for 2^30.
const MOST_STEPS: u32 = 100_000;

/// How deep schemas and references may be nested: far deeper than a person can follow, far from the end of the stack.
pub(super) const DEEPEST: usize = 48;

pub(super) struct Reading<'a> {
    document: &'a Value,
    reached: RefCell<BTreeSet<String>>,
    steps: Cell<u32>,
    exhausted: Cell<bool>,
}

impl<'a> Reading<'a> {
    pub(super) fn of(document: &'a Value) -> Self {
        Self { document, reached: RefCell::default(), steps: Cell::new(0), exhausted: Cell::new(false) }
    }

    pub(super) fn document(&self) -> &'a Value {
        self.document
    }

    /// What a reference points at. References into other files are not followed.
    pub(super) fn resolve(&self, reference: &str) -> Option<&'a Value> {
        let pointer = percent_decoded(reference.strip_prefix('#')?);
        let node = self.document.pointer(&pointer)?;
        self.reached.borrow_mut().insert(pointer);
        Some(node)
    }

    /// Whether a reference pointed at this node so far.
    pub(super) fn has_reached(&self, pointer: &str) -> bool {
        self.reached.borrow().contains(pointer)
    }

    /// Counts one schema; false once there were too many.
    pub(super) fn step(&self, depth: usize) -> bool {
        self.steps.set(self.steps.get().saturating_add(1));
        if self.steps.get() > MOST_STEPS || depth > DEEPEST {
            self.exhausted.set(true);
        }
        !self.exhausted.get()
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.exhausted.get()
    }

    /// JSON that this module knows nothing about, with what its references reach in their place.
    pub(super) fn unfolded(&self, node: &Value) -> Value {
        self.unfolded_in(node, &mut Vec::new(), 0)
    }

    /// `open` are the references that led here; one that leads back stays as it is.
    fn unfolded_in(&self, node: &Value, open: &mut Vec<String>, depth: usize) -> Value {
        if !self.step(depth) {
            return node.clone();
        }
        match node {
            Value::Array(items) => items.iter().map(|item| self.unfolded_in(item, open, depth + 1)).collect(),
            Value::Object(members) => {
                let target = reference(members).filter(|target| !open.iter().any(|open| open == target));
                if let Some((target, node)) = target.and_then(|target| Some((target, self.resolve(target)?)))
                {
                    open.push(target.to_owned());
                    let unfolded = self.unfolded_in(node, open, depth + 1);
                    open.pop();
                    return unfolded;
                }
                let unfold = |(name, value): (&String, &Value)| {
                    (name.clone(), self.unfolded_in(value, open, depth + 1))
                };
                Value::Object(members.iter().map(unfold).collect())
            }
            leaf => leaf.clone(),
        }
    }
}

/// The target of an object that is a reference.
pub(super) fn reference(members: &Map<String, Value>) -> Option<&str> {
    members.get("$ref").and_then(Value::as_str)
}

/// JSON with sorted members and numbers written in one way (`250.0` is `250`), on one line.
pub(super) fn text(value: &Value) -> String {
    plain(value).to_string()
}

/// The same JSON value with sorted members and numbers written in one way.
pub(super) fn plain(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(whole(number).unwrap_or_else(|| number.clone())),
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(members) => {
            let mut members: Vec<(String, Value)> =
                members.iter().map(|(name, value)| (name.clone(), plain(value))).collect();
            members.sort_by(|(left, _), (right, _)| left.cmp(right));
            members.into_iter().collect()
        }
        leaf => leaf.clone(),
    }
}

fn whole(number: &Number) -> Option<Number> {
    /// Below this, each whole number has a floating-point number of its own.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let float = number.as_f64().filter(|_| number.is_f64())?;
    if float.fract() != 0.0 || float.abs() >= EXACT {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and its magnitude was checked")]
    let whole = float as i64;
    Some(whole.into())
}

/// `#/paths/~1a~1%7Bid%7D`: a reference is a URI fragment, a pointer is not.
fn percent_decoded(fragment: &str) -> String {
    let mut bytes = Vec::with_capacity(fragment.len());
    let mut rest = fragment.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped =
            (*first == b'%').then(|| after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok()));
        match escaped.flatten().and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reference_may_be_percent_encoded() {
        assert_eq!(percent_decoded("/a~1%7Bid%7D/%e4%bd%a0"), "/a~1{id}/你");
        assert_eq!(percent_decoded("/100%/%zz%4"), "/100%/%zz%4");
    }

    #[test]
    fn a_number_is_written_in_one_way() {
        assert_eq!(text(&json!({"b": 250.0, "a": [1.5, -0.0, 1e300]})), r#"{"a":[1.5,0,1e+300],"b":250}"#);
    }
}
