//! From two documents to their changes: the facts of both, put side by side.
//!
//! What goes or comes as a whole (an operation, a parameter, a status, a member) is one change, not one for each thing that
//! was said of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::contract::{Contract, Fact, Side};

use super::extensions::{self, DOCUMENT};
use super::judge::{Class, Direction, direction, judge, table};
use super::nesting::{is_inside, outer_member, outer_place};

/// One change for clients.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// What it means for clients.
    pub class: Class,
    /// The operation, by its id where it has one; `document` for what belongs to none.
    pub operation: String,
    /// Where in the operation, as in a [`Fact`].
    pub place: String,
    /// The member there, as in a [`Fact`].
    pub member: String,
    /// What has changed: an aspect, or the kind of thing that came or went.
    pub what: String,
    /// What was said before; nothing, if nothing was.
    pub before: Option<String>,
    /// What is said now.
    pub after: Option<String>,
    /// Why it is of its class.
    pub why: &'static str,
}

type Aspects = BTreeMap<String, Vec<String>>;

/// What is said in one place, member by member.
#[derive(Clone, Debug, Default)]
struct Place {
    side: Option<Side>,
    members: BTreeMap<String, Aspects>,
}

impl Place {
    fn says(&self, member: &str, aspect: &str) -> &[String] {
        self.members.get(member).and_then(|aspects| aspects.get(aspect)).map_or(&[], Vec::as_slice)
    }
}

type Places = BTreeMap<String, Place>;

/// The changes from one document to another, both with their canonical form, those that break first.
pub(super) fn changes(
    (old, old_contract): (&Value, &Contract),
    (new, new_contract): (&Value, &Contract),
) -> Vec<Change> {
    let mut old = operations(old, old_contract);
    let new = operations(new, new_contract);
    let mut changes = Vec::new();
    for (from, to) in moved(&old, &new) {
        let places = old.remove(&from).unwrap_or_default();
        changes.push(Change {
            class: Class::Breaking,
            operation: shown(&to, &new),
            place: String::new(),
            member: String::new(),
            what: "path".to_owned(),
            before: Some(from),
            after: Some(to.clone()),
            why: "clients call the old one",
        });
        old.insert(to, places);
    }
    let nothing = Places::new();
    for operation in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
        let (before, after) = (old.get(operation), new.get(operation));
        let name = if after.is_some() { shown(operation, &new) } else { shown(operation, &old) };
        let mut side_by_side = SideBySide {
            operation: name,
            old: before.unwrap_or(&nothing),
            new: after.unwrap_or(&nothing),
            changes: Vec::new(),
        };
        match (before, after) {
            (Some(_), None) if is_operation(operation) => {
                side_by_side.whole(
                    "operation",
                    "",
                    "",
                    (Some(operation), None),
                    Class::Breaking,
                    "clients call it",
                );
            }
            (None, Some(_)) if is_operation(operation) => {
                side_by_side.whole(
                    "operation",
                    "",
                    "",
                    (None, Some(operation)),
                    Class::Additive,
                    "nobody calls it yet",
                );
            }
            // A schema that operations begin or cease to reach is compared where they do, and by its name.
            (Some(_), None) | (None, Some(_)) if operation.starts_with("schema ") => {}
            _ => side_by_side.compare(),
        }
        changes.append(&mut side_by_side.changes);
    }
    changes.sort_by(|left, right| (right.class, left).cmp(&(left.class, right)));
    changes.dedup();
    changes
}

fn operations(document: &Value, contract: &Contract) -> BTreeMap<String, Places> {
    let mut operations: BTreeMap<String, Places> = BTreeMap::new();
    for fact in contract.facts().iter().cloned().chain(extensions::facts(document)) {
        let Fact { operation, side, place, member, aspect, value } = fact;
        let place = operations.entry(operation).or_default().entry(place).or_default();
        place.side.get_or_insert(side);
        place.members.entry(member).or_default().entry(aspect).or_default().push(value);
    }
    operations
}

/// Operations that have kept their id and not their method or path.
fn moved(old: &BTreeMap<String, Places>, new: &BTreeMap<String, Places>) -> Vec<(String, String)> {
    let gone = old.keys().filter(|operation| !new.contains_key(*operation));
    gone.filter_map(|from| {
        let id = id(old.get(from)?)?;
        let to = new.iter().find(|(to, places)| !old.contains_key(*to) && self::id(places) == Some(id))?.0;
        Some((from.clone(), to.clone()))
    })
    .collect()
}

fn id(places: &Places) -> Option<&str> {
    places.get("")?.says("", "operationId").first().map(String::as_str)
}

fn shown(operation: &str, operations: &BTreeMap<String, Places>) -> String {
    operations.get(operation).and_then(id).unwrap_or(operation).to_owned()
}

fn is_operation(name: &str) -> bool {
    name != DOCUMENT && name.contains(" /")
}

/// One operation, before and after.
struct SideBySide<'a> {
    operation: String,
    old: &'a Places,
    new: &'a Places,
    changes: Vec<Change>,
}

impl SideBySide<'_> {
    fn whole(
        &mut self,
        what: &str,
        place: &str,
        member: &str,
        (before, after): (Option<&str>, Option<&str>),
        class: Class,
        why: &'static str,
    ) {
        self.changes.push(Change {
            class,
            operation: self.operation.clone(),
            place: place.to_owned(),
            member: member.to_owned(),
            what: what.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
            why,
        });
    }

    fn compare(&mut self) {
        let nothing = Place::default();
        let (old, new) = (self.old, self.new);
        for name in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            match (old.get(name), new.get(name)) {
                (Some(before), Some(after)) => self.members(name, before, after),
                (Some(before), None) => self.place(name, before, &nothing),
                (None, Some(after)) => self.place(name, &nothing, after),
                (None, None) => {}
            }
        }
    }

    /// A place that came or went.
    fn place(&mut self, name: &str, before: &Place, after: &Place) {
        let goes = after.members.is_empty();
        let there = if goes { before } else { after };
        if let Some(outer) =
            outer_place(name, |outer| self.old.contains_key(outer) || self.new.contains_key(outer))
        {
            // With the place around it, or with its media type, which is told there.
            let is_told = !(self.old.contains_key(outer) && self.new.contains_key(outer));
            if is_told || !name[outer.len()..].starts_with(" header ") {
                return;
            }
            return match goes {
                true => self.whole(
                    "header",
                    name,
                    "",
                    (Some("listed"), None),
                    Class::Breaking,
                    "clients may read it",
                ),
                false => self.whole(
                    "header",
                    name,
                    "",
                    (None, Some("listed")),
                    Class::Additive,
                    "nobody reads it yet",
                ),
            };
        }
        let is_needed = there.says("", "required").iter().any(|value| value == "yes");
        let need = if is_needed { "required" } else { "optional" };
        match (there.side, goes) {
            (Some(Side::Request), _) if name.starts_with("x-") => self.members(name, before, after),
            (Some(Side::Request), true) => {
                let kind = if name == "body" { "body" } else { "parameter" };
                self.whole(kind, name, "", (Some(need), None), Class::Breaking, "clients send it");
            }
            (Some(Side::Request), false) => {
                let kind = if name == "body" { "body" } else { "parameter" };
                let (class, why) = match is_needed {
                    true => (Class::Breaking, "clients do not send it"),
                    false => (Class::Additive, "clients may leave it out"),
                };
                self.whole(kind, name, "", (None, Some(need)), class, why);
            }
            (Some(Side::Reply), _) if !name.starts_with("x-") => self.status(name, goes),
            _ => self.members(name, before, after),
        }
    }

    fn status(&mut self, status: &str, goes: bool) {
        // Clients have to be ready for any error; other statuses carry the answer.
        let is_error = status.starts_with(['4', '5']);
        match (goes, is_error) {
            (true, _) => {
                self.whole(
                    "response",
                    status,
                    "",
                    (Some("listed"), None),
                    Class::Breaking,
                    "clients may wait for it",
                );
            }
            (false, true) => {
                let why = "clients are ready for errors that they do not know";
                self.whole("response", status, "", (None, Some("listed")), Class::Additive, why);
            }
            (false, false) => {
                let why = "clients do not take it for an answer";
                self.whole("response", status, "", (None, Some("listed")), Class::Breaking, why);
            }
        }
    }

    /// What is said of the members of one place.
    fn members(&mut self, place: &str, before: &Place, after: &Place) {
        let side = before.side.or(after.side).unwrap_or(Side::Neither);
        let nothing = Aspects::new();
        // Members that came, went, or are of another type now: what is inside them goes without saying.
        let mut told: Vec<&str> = Vec::new();
        for member in before.members.keys().chain(after.members.keys()).collect::<BTreeSet<_>>() {
            if told.iter().any(|outer| is_inside(member, outer)) {
                continue;
            }
            match (before.members.get(member), after.members.get(member)) {
                (Some(old), Some(new)) => {
                    if self.aspects(side, place, member, old, new) {
                        told.push(member);
                    }
                }
                // The place as a whole, or what has no parts.
                (old, new) if member.is_empty() => {
                    self.aspects(side, place, member, old.unwrap_or(&nothing), new.unwrap_or(&nothing));
                }
                (old, _) => {
                    told.push(member);
                    let parent_is_closed = before
                        .says(outer_member(member), "additionalProperties")
                        .iter()
                        .any(|others| others == "none");
                    let is_needed = after.says(member, "required").iter().any(|value| value == "yes");
                    self.member(side, place, member, old.is_some(), parent_is_closed, is_needed);
                }
            }
        }
    }

    /// A member that came or went.
    fn member(&mut self, side: Side, place: &str, member: &str, goes: bool, closed: bool, needed: bool) {
        let segment = &member[outer_member(member).len()..];
        // Told as `additionalProperties` of the object around it.
        if segment == ".*" || segment == "*" {
            return;
        }
        let is_part = segment.starts_with(['(', '[']);
        let what = if is_part { "part of the schema" } else { "member" };
        let (class, why) = match (side, goes) {
            _ if is_part => (Class::Breaking, "what it restricts cannot be told"),
            (Side::Request, true) => (Class::Breaking, "clients send it"),
            (Side::Reply | Side::Neither, true) => (Class::Breaking, "clients may read it"),
            (Side::Request, false) if needed => (Class::Breaking, "clients do not send it"),
            (Side::Request, false) => (Class::Additive, "clients may leave it out"),
            (Side::Reply | Side::Neither, false) if closed => table(side, Direction::Wider),
            (Side::Reply | Side::Neither, false) => {
                (Class::Additive, "clients leave aside what they do not know")
            }
        };
        let need = if needed { "required" } else { "listed" };
        let (before, after) = if goes { (Some("listed"), None) } else { (None, Some(need)) };
        self.whole(what, place, member, (before, after), class, why);
    }

    /// What is said of one member; true if it is of another type now, so that nothing else can be compared.
    fn aspects(&mut self, side: Side, place: &str, member: &str, old: &Aspects, new: &Aspects) -> bool {
        let said = |aspects: &Aspects, aspect: &str| aspects.get(aspect).cloned().unwrap_or_default();
        let types = [said(old, "type"), said(new, "type")];
        let [before, after] = &types;
        let is_retyped = before != after && direction("type", before, after) == Direction::Other;
        for aspect in old.keys().chain(new.keys()).collect::<BTreeSet<_>>() {
            let (before, after) = (said(old, aspect), said(new, aspect));
            if before == after || (is_retyped && !matches!(aspect.as_str(), "type" | "required")) {
                continue;
            }
            // Any type takes null as well, so nothing is said of it there.
            if aspect == "nullable"
                && types.iter().any(|kinds| kinds.first().is_some_and(|kind| kind == "any"))
            {
                continue;
            }
            for judgement in judge(side, aspect, &before, &after) {
                let values = (judgement.before.as_deref(), judgement.after.as_deref());
                self.whole(aspect, place, member, values, judgement.class, judgement.why);
            }
        }
        is_retyped
    }
}
