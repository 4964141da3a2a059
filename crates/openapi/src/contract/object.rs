//! The parts of an operation that are no schemas: facts are noted where they belong, and nothing is passed over.

use serde_json::{Map, Value};

use super::reading::{DEEPEST, Reading, reference, text};
use super::{Fact, Side, is_compared, schema};

/// Notes the facts of one operation.
pub(super) struct Notes<'a> {
    pub(super) reading: &'a Reading<'a>,
    pub(super) operation: String,
    pub(super) facts: Vec<Fact>,
}

/// A part of an operation.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) side: Side,
    pub(super) text: String,
}

impl Place {
    pub(super) fn new(side: Side, text: impl Into<String>) -> Self {
        Self { side, text: text.into() }
    }

    /// The operation as a whole.
    pub(super) fn whole() -> Self {
        Self::new(Side::Neither, "")
    }

    pub(super) fn inside(&self, text: &str) -> Self {
        Self::new(self.side, format!("{} {text}", self.text))
    }
}

impl<'a> Notes<'a> {
    pub(super) fn new(reading: &'a Reading<'a>, operation: impl Into<String>) -> Self {
        Self { reading, operation: operation.into(), facts: Vec::new() }
    }

    pub(super) fn say(&mut self, place: &Place, aspect: &str, value: impl Into<String>) {
        self.facts.push(Fact {
            operation: self.operation.clone(),
            side: place.side,
            place: place.text.clone(),
            member: String::new(),
            aspect: aspect.to_owned(),
            value: value.into(),
        });
    }

    pub(super) fn schema(&mut self, place: &Place, schema: &Value) {
        let facts = schema::facts(self.reading, schema);
        self.facts.extend(facts.into_iter().map(|fact| fact.at(&self.operation, place.side, &place.text)));
    }

    /// The members of an object, or of what it refers to; `None`, and a fact that shows it, if there are none.
    pub(super) fn members(
        &mut self,
        place: &Place,
        object: &str,
        node: &'a Value,
    ) -> Option<&'a Map<String, Value>> {
        let mut node = node;
        for _ in 0..DEEPEST {
            let Value::Object(members) = node else {
                self.say(place, "no object", text(node));
                return None;
            };
            let Some(target) = reference(members) else {
                return Some(members);
            };
            // Only prose may stand beside a reference.
            self.rest(place, object, members, &["$ref"]);
            let Some(target) = self.reading.resolve(target) else {
                self.say(place, "reference", format!("to {target:?}, which is not in the document"));
                return None;
            };
            node = target;
        }
        self.say(place, "reference", "in a circle");
        None
    }

    /// The members that nobody asked for, as they are written.
    pub(super) fn rest(&mut self, place: &Place, object: &str, members: &Map<String, Value>, known: &[&str]) {
        for (member, value) in members {
            if !known.contains(&member.as_str()) && is_compared(object, member) {
                let value = text(&self.reading.unfolded(value));
                self.say(place, member, value);
            }
        }
    }

    /// A member that is `false` unless it says otherwise.
    pub(super) fn flag(&mut self, place: &Place, members: &Map<String, Value>, member: &str) {
        if let Some(value) = members.get(member).filter(|value| *value != false) {
            self.say(place, member, if value == true { "yes".to_owned() } else { text(value) });
        }
    }

    /// Media types with their schemas; nothing, if there are none.
    pub(super) fn content(&mut self, place: &Place, members: &'a Map<String, Value>) {
        let Some(content) = members.get("content") else {
            return;
        };
        let Value::Object(content) = content else {
            return self.say(place, "content", text(content));
        };
        let mut content: Vec<(&String, &Value)> = content.iter().collect();
        content.sort_by_key(|(media_type, _)| media_type.as_str());
        for (media_type, node) in content {
            let media_type = media_type.to_lowercase();
            self.say(place, "media type", media_type.as_str());
            let place = place.inside(&media_type);
            if let Some(members) = self.members(&place, "media type", node) {
                self.schema(&place, members.get("schema").unwrap_or(&Value::Bool(true)));
                let known = ["schema"].into_iter().chain(empty(members, "encoding")).collect::<Vec<_>>();
                self.rest(&place, "media type", members, &known);
            }
        }
    }
}

/// The name of a member that holds nothing, which is the same as none.
pub(super) fn empty<'n>(members: &Map<String, Value>, member: &'n str) -> Option<&'n str> {
    let is_empty = members.get(member).and_then(Value::as_object).is_some_and(Map::is_empty);
    is_empty.then_some(member)
}
