//! What a change of a promise means for clients: a table by side and direction.
//!
//! A promise is a set of values: those that a request may hold, or those that a reply may bring. A request that takes more
//! than before breaks nobody, one that takes less does; for a reply it is the other way round. How a keyword widens or
//! narrows its set stands here, keyword by keyword. What is not known counts as breaking.

use std::collections::BTreeSet;

use crate::contract::Side;

/// What a change means for clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Other words for the same promise.
    Editorial,
    /// Programs and generated clients of before go on working.
    Additive,
    /// A program or a generated client of before may fail, or not compile.
    Breaking,
}

/// How the values that are promised have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// More values than before.
    Wider,
    /// Fewer values than before.
    Narrower,
    /// Other values, or nobody knows.
    Other,
}
use Direction::{Narrower, Other, Wider};

/// What a change means, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) class: Class,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) why: &'static str,
}

/// Judges what is said under one aspect of one place: the values before and after, which differ.
pub(super) fn judge(side: Side, aspect: &str, before: &[String], after: &[String]) -> Vec<Judgement> {
    let whole = |class, why| vec![Judgement { class, before: joined(before), after: joined(after), why }];
    match aspect {
        "enum" if !before.is_empty() && !after.is_empty() => {
            one_by_one(before, after, |direction| table(side, direction))
        }
        "media type" if before.iter().any(|kind| !after.contains(kind)) => {
            whole(Class::Breaking, "clients read and write another media type")
        }
        "media type" => one_by_one(before, after, |direction| table(side, direction)),
        "security" => match security_is_kept(before, after) {
            true => whole(Class::Additive, "what clients show today still lets them in"),
            false => whole(Class::Breaking, "what clients show today does not let them in any more"),
        },
        "error code" => one_by_one(before, after, |direction| match direction {
            Wider => (Class::Additive, "clients are ready for codes that they do not know"),
            _ => (Class::Additive, "clients wait for no code"),
        }),
        "schema name" | "server" => one_by_one(before, after, |direction| match (direction, aspect) {
            (Wider, _) => (Class::Additive, "nobody uses it yet"),
            (_, "server") => (Class::Breaking, "generated clients may call it"),
            _ => (Class::Breaking, "generated clients name a type after it"),
        }),
        "known value" => one_by_one(before, after, |_| {
            (Class::Additive, "the list is open: clients are ready for values that they do not know")
        }),
        "enum name" => one_by_one(before, after, |direction| match direction {
            Wider => (Class::Additive, "a constant of that name is new"),
            _ => (Class::Breaking, "generated clients name constants so"),
        }),
        "lifecycle" => lifecycle(before, after),
        "operationId" | "tag" => {
            whole(Class::Breaking, "generated clients name methods and modules after it")
        }
        "name" => whole(Class::Breaking, "generated clients name the code so"),
        "action" => whole(Class::Breaking, "programs decide by it"),
        "quota code" => whole(Class::Breaking, "programs know by it that they are throttled"),
        "default" if before.is_empty() => whole(Class::Additive, "says what holds where a value is left out"),
        "default" => whole(Class::Breaking, "a call that leaves the value out means something else"),
        "deprecated" => whole(Class::Additive, "it works as before"),
        "readOnly" | "writeOnly" => match (side, aspect, after.is_empty()) {
            (Side::Request, "readOnly", false) => whole(Class::Breaking, "what is sent today may be refused"),
            (Side::Reply | Side::Neither, "writeOnly", false) => {
                whole(Class::Breaking, "replies do not bring it any more")
            }
            _ => whole(Class::Additive, "clients of before are not touched"),
        },
        "additionalProperties" => {
            let (class, why) = further_members(side, before, after);
            whole(class, why)
        }
        "format" if [before, after].concat() == ["password"] => {
            whole(Class::Additive, "a hint for displays, no restriction")
        }
        _ => {
            let (class, why) = table(side, direction(aspect, before, after));
            whole(class, why)
        }
    }
}

/// The table: whom a change binds, and which way it goes.
pub(super) fn table(side: Side, direction: Direction) -> (Class, &'static str) {
    match (side, direction) {
        (Side::Request, Wider) => (Class::Additive, "more is accepted than before"),
        (Side::Request, Narrower | Other) => (Class::Breaking, "what is sent today may be refused"),
        // What belongs to no side is text inside a reply.
        (Side::Reply | Side::Neither, Narrower) => {
            (Class::Additive, "replies stay within what clients expect")
        }
        (Side::Reply | Side::Neither, Wider | Other) => {
            (Class::Breaking, "replies may bring what no client expects")
        }
    }
}

/// Which way an aspect has gone that has one value, or none.
pub(super) fn direction(aspect: &str, before: &[String], after: &[String]) -> Direction {
    let (before, after) = (before.first().map(String::as_str), after.first().map(String::as_str));
    match aspect {
        "minimum" | "exclusiveMinimum" | "minLength" | "minItems" | "minProperties" | "quota seconds" => {
            by_number(before, after, Narrower)
        }
        "maximum" | "exclusiveMaximum" | "maxLength" | "maxItems" | "maxProperties" | "quota calls" => {
            by_number(before, after, Wider)
        }
        "required" => by_order(&["no", "yes"], before, after),
        "nullable" | "allowEmptyValue" => {
            by_order(&["yes", "no"], before.or(Some("no")), after.or(Some("no")))
        }
        "type" if before == Some("any") => Narrower,
        "type" if after == Some("any") => Wider,
        "type" => by_parts(&kinds(before), &kinds(after)),
        "format" if before.is_some() && after.is_some() => {
            let wider = [("int32", "int64"), ("float", "double")];
            let is = |from, to| wider.iter().any(|(small, large)| from == Some(*small) && to == Some(*large));
            if is(before, after) {
                Wider
            } else if is(after, before) {
                Narrower
            } else {
                Other
            }
        }
        "multipleOf" if before.is_some() && after.is_some() => Other,
        // Keywords that only restrict, and a schema for text.
        "enum" | "format" | "pattern" | "multipleOf" | "uniqueItems" | "content schema" => {
            match (before, after) {
                (None, _) => Narrower,
                (_, None) => Wider,
                _ => Other,
            }
        }
        _ => Other,
    }
}

/// A bound; `up` says which way it goes when its number grows. A bound that comes restricts, one that goes sets free.
fn by_number(before: Option<&str>, after: Option<&str>, up: Direction) -> Direction {
    let down = if up == Narrower { Wider } else { Narrower };
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<f64>().ok());
    match (before, after, number(before), number(after)) {
        (None, ..) => Narrower,
        (_, None, ..) => Wider,
        (.., Some(before), Some(after)) if after > before => up,
        (.., Some(before), Some(after)) if after < before => down,
        _ => Other,
    }
}

/// Values from the widest to the narrowest.
fn by_order(values: &[&str], before: Option<&str>, after: Option<&str>) -> Direction {
    let at = |value: Option<&str>| values.iter().position(|known| Some(*known) == value);
    match (at(before), at(after)) {
        (Some(before), Some(after)) if after > before => Narrower,
        (Some(before), Some(after)) if after < before => Wider,
        _ => Other,
    }
}

fn by_parts(before: &[&str], after: &[&str]) -> Direction {
    // Each whole number is a number.
    let holds = |kinds: &[&str], kind: &str| {
        kinds.contains(&kind) || (kind == "integer" && kinds.contains(&"number"))
    };
    let is_within = |inner: &[&str], outer: &[&str]| inner.iter().all(|kind| holds(outer, kind));
    match (is_within(before, after), is_within(after, before)) {
        (true, false) => Wider,
        (false, true) => Narrower,
        _ => Other,
    }
}

fn kinds(types: Option<&str>) -> Vec<&str> {
    types.map(|types| types.split(" or ").collect()).unwrap_or_default()
}

/// Whether each way in of before is still one: some way asks for nothing more than it showed.
fn security_is_kept(before: &[String], after: &[String]) -> bool {
    let proofs = |way: &str| -> Vec<String> {
        way.split(" and ").filter(|proof| *proof != "none").map(str::to_owned).collect()
    };
    before.iter().all(|old| {
        let shown = proofs(old);
        after.iter().any(|new| proofs(new).iter().all(|proof| shown.contains(proof)))
    })
}

/// The steps of a life cycle. One from or to a status that is new touches nothing that clients know.
fn lifecycle(before: &[String], after: &[String]) -> Vec<Judgement> {
    let ends = |step: &str| step.split(" to ").map(str::to_owned).collect::<Vec<_>>();
    let known: BTreeSet<String> = before.iter().flat_map(|step| ends(step)).collect();
    let mut steps = one_by_one(before, after, |direction| match direction {
        Wider => {
            (Class::Breaking, "clients rely on what cannot follow: final statuses are read once, and forward")
        }
        _ => (Class::Additive, "one thing less happens"),
    });
    for step in &mut steps {
        if step.after.as_ref().is_some_and(|step| ends(step).iter().any(|end| !known.contains(end))) {
            (step.class, step.why) =
                (Class::Additive, "clients are ready for statuses that they do not know");
        }
    }
    steps
}

/// Members that are not listed: `any`, `none`, or nothing said, where a schema says of what form they are.
fn further_members(side: Side, before: &[String], after: &[String]) -> (Class, &'static str) {
    let rank = |values: &[String]| match values.first().map(String::as_str) {
        Some("any") => 0,
        Some("none") => 2,
        _ => 1,
    };
    let (before, after) = (rank(before), rank(after));
    match (side, after) {
        (Side::Reply | Side::Neither, 2) => {
            (Class::Breaking, "clients that keep further members get them no more")
        }
        _ if after > before => table(side, Narrower),
        _ => table(side, Wider),
    }
}

fn one_by_one(
    before: &[String],
    after: &[String],
    judge: impl Fn(Direction) -> (Class, &'static str),
) -> Vec<Judgement> {
    let gone = before.iter().filter(|value| !after.contains(value)).map(|value| {
        let (class, why) = judge(Narrower);
        Judgement { class, before: Some(value.clone()), after: None, why }
    });
    let come = after.iter().filter(|value| !before.contains(value)).map(|value| {
        let (class, why) = judge(Wider);
        Judgement { class, before: None, after: Some(value.clone()), why }
    });
    gone.chain(come).collect()
}

fn joined(values: &[String]) -> Option<String> {
    (!values.is_empty()).then(|| values.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(side: Side, aspect: &str, before: &[&str], after: &[&str]) -> Vec<Class> {
        let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
        judge(side, aspect, &owned(before), &owned(after)).into_iter().map(|one| one.class).collect()
    }

    #[test]
    fn what_widens_a_request_narrows_a_reply() {
        type Row = (&'static str, &'static [&'static str], &'static [&'static str]);
        let wider: [Row; 16] = [
            ("minimum", &["1"], &["0"]),
            ("minimum", &["1"], &[]),
            ("maximum", &["250"], &["251"]),
            ("maximum", &["250"], &[]),
            ("maxLength", &["9"], &["10"]),
            ("required", &["yes"], &["no"]),
            ("nullable", &["no"], &["yes"]),
            ("nullable", &[], &["yes"]),
            ("type", &["integer"], &["number"]),
            ("type", &["string"], &["integer or string"]),
            ("type", &["string"], &["any"]),
            ("format", &["int32"], &["int64"]),
            ("format", &["uuid"], &[]),
            ("pattern", &["^a"], &[]),
            ("enum", &["\"a\""], &["\"a\"", "\"b\""]),
            ("enum", &["\"a\""], &[]),
        ];
        for (aspect, small, large) in wider {
            for (side, before, after, class) in [
                (Side::Request, small, large, Class::Additive),
                (Side::Request, large, small, Class::Breaking),
                (Side::Reply, small, large, Class::Breaking),
                (Side::Reply, large, small, Class::Additive),
            ] {
                assert_eq!(
                    classes(side, aspect, before, after),
                    [class],
                    "{side:?} {aspect} {before:?} → {after:?}"
                );
            }
        }
    }

    #[test]
    fn what_cannot_be_compared_breaks_both_sides() {
        for (aspect, before, after) in [
            ("type", "string", "integer"),
            ("pattern", "^a", "^b"),
            ("format", "uuid", "date"),
            ("multipleOf", "2", "3"),
            ("style", "form", "simple"),
            ("discriminator", "{}", "[]"),
            ("default", "25", "1"),
        ] {
            for side in [Side::Request, Side::Reply, Side::Neither] {
                assert_eq!(
                    classes(side, aspect, &[before], &[after]),
                    [Class::Breaking],
                    "{side:?} {aspect}"
                );
            }
        }
    }

    #[test]
    fn a_way_in_that_asks_for_no_more_keeps_clients_in() {
        let kept = |before, after| classes(Side::Request, "security", before, after) == [Class::Additive];
        assert!(kept(&["a and b"], &["a"]) && kept(&["a"], &["a", "b"]) && kept(&["a"], &["none"]));
        assert!(!kept(&["a"], &["a and b"]) && !kept(&["a", "b"], &["a"]) && !kept(&["none"], &["a"]));
    }

    #[test]
    fn members_that_are_not_listed_are_let_in_and_kept_out() {
        let class =
            |side, before: &str, after: &[&str]| classes(side, "additionalProperties", &[before], after)[0];
        for (side, before, after, wanted) in [
            (Side::Request, "any", "none", Class::Breaking),
            (Side::Request, "none", "any", Class::Additive),
            (Side::Reply, "any", "none", Class::Breaking),
            (Side::Reply, "none", "any", Class::Breaking),
        ] {
            assert_eq!(class(side, before, &[after]), wanted, "{side:?} {before} → {after}");
        }
        assert_eq!(class(Side::Reply, "any", &[]), Class::Additive);
    }

    #[test]
    fn extensions_are_judged_by_what_clients_do_with_them() {
        for (aspect, before, after, wanted) in [
            ("quota calls", "100", "50", Class::Breaking),
            ("quota calls", "100", "200", Class::Additive),
            ("quota seconds", "60", "120", Class::Breaking),
            ("action", "retry", "fix-request", Class::Breaking),
            ("tag", "Batch tasks", "Tasks", Class::Breaking),
            ("deprecated", "no", "yes", Class::Additive),
        ] {
            assert_eq!(classes(Side::Request, aspect, &[before], &[after]), [wanted], "{aspect}");
        }
        let steps = |more| ["Pending to Fail", more];
        for (more, wanted) in [("Fail to Pending", Class::Breaking), ("Pending to New", Class::Additive)] {
            assert_eq!(
                classes(Side::Reply, "lifecycle", &steps(more)[..1], &steps(more)),
                [wanted],
                "{more}"
            );
        }
        assert_eq!(classes(Side::Reply, "known value", &["Fail"], &["Fail", "New"]), [Class::Additive]);
        let renamed = classes(Side::Neither, "enum name", &["Fail is FAIL"], &["Fail is FAILED"]);
        assert_eq!(renamed, [Class::Breaking, Class::Additive]);
        assert_eq!(classes(Side::Reply, "error code", &["1"], &["2"]), [Class::Additive, Class::Additive]);
        assert_eq!(classes(Side::Request, "readOnly", &[], &["true"]), [Class::Breaking]);
        assert_eq!(classes(Side::Reply, "writeOnly", &[], &["true"]), [Class::Breaking]);
        assert_eq!(classes(Side::Request, "format", &[], &["password"]), [Class::Additive]);
    }
}
