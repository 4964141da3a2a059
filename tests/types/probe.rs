//! Whether a type holds to what the document says of a value: each rule is tried with a value that breaks it.

use std::collections::BTreeMap;

use northbound_openapi::contract::Fact;
use serde_json::{Value, json};

use super::rust::RustType;

/// Where a type takes more than the document allows, or loses something. Where it takes less it would fail on a reply of the
/// platform: that is an error.
pub(super) fn weaker(rust: &RustType, example: &Value, facts: &[Fact]) -> Vec<String> {
    let taken = (rust.read_and_write)(example.clone());
    assert!(taken.is_some(), "{} does not take its own example {example}", rust.name);
    let mut members: BTreeMap<&str, Vec<&Fact>> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| !fact.member.contains("[]") && !fact.member.contains('.')) {
        members.entry(&fact.member).or_default().push(fact);
    }
    let mut lines = Vec::new();
    for (member, facts) in members {
        let probe = Probe { rust, example, member };
        let listed = facts.iter().filter(|fact| fact.aspect == "enum").count();
        let mut found: Vec<String> = facts.iter().filter_map(|fact| probe.fact(fact)).collect();
        if listed > 0 && probe.taken(json!("not listed")).is_some() {
            found.push(format!("enum of {listed} values, opened"));
        }
        let name = if member.is_empty() { rust.name.clone() } else { format!("{}.{member}", rust.name) };
        lines.extend(found.into_iter().map(|finding| format!("{name}: {finding}")));
    }
    lines
}

/// One place of a value that a type takes.
struct Probe<'a> {
    rust: &'a RustType,
    example: &'a Value,
    member: &'a str,
}

impl Probe<'_> {
    /// Tries to break one promise of the document, and says what the type does not hold to.
    fn fact(&self, fact: &Fact) -> Option<String> {
        let Fact { aspect, value, .. } = fact;
        let number = |step: i64| json!(value.parse::<i64>().unwrap() + step);
        let text =
            |step: i64| json!("a".repeat(usize::try_from(value.parse::<i64>().unwrap() + step).unwrap()));
        let outside = match aspect.as_str() {
            "minimum" => number(-1),
            "maximum" => number(1),
            "exclusiveMinimum" | "exclusiveMaximum" => number(0),
            "minLength" => text(-1),
            "maxLength" => text(1),
            "type" => return self.other_types(value),
            "required" => return self.must_take(self.without(), value == "no", "required, may be missing"),
            // Null of a schema with a name is an `Option` of the members that refer to it.
            "nullable" if self.member.is_empty() => return None,
            "nullable" => return self.must_take(self.with(Value::Null), value == "yes", "null is taken"),
            "additionalProperties" if self.member.is_empty() => return self.other_members(value),
            // schemars sees the format, the list of values is tried as a whole, and a default is nothing to hold to.
            "format" | "default" | "enum" | "additionalProperties" => return None,
            other => panic!("{}.{}: no way yet to try {other}", self.rust.name, self.member),
        };
        self.taken(outside).map(|_| format!("{aspect} {value}, not enforced"))
    }

    fn must_take(&self, value: Value, is_allowed: bool, finding: &str) -> Option<String> {
        let taken = (self.rust.read_and_write)(value.clone()).is_some();
        assert!(taken || !is_allowed, "{}.{} refuses {value}", self.rust.name, self.member);
        (taken && !is_allowed).then(|| finding.to_owned())
    }

    fn other_types(&self, allowed: &str) -> Option<String> {
        let values = [json!("7"), json!(7), json!(0.5), json!(true), json!([]), json!({})];
        let others = values.into_iter().filter(|value| match allowed {
            "any" => false,
            "number" => !value.is_number(),
            allowed => kind(value) != allowed,
        });
        let others: Vec<(Value, Option<Value>)> =
            others.map(|value| (value.clone(), self.taken(value))).collect();
        if !others.is_empty() && others.iter().all(|(value, back)| back.as_ref() == Some(value)) {
            return Some(format!("{allowed}, any JSON is taken"));
        }
        let taken = others.iter().filter_map(|(value, back)| match kind(back.as_ref()?) {
            back if back == kind(value) => Some(back.to_owned()),
            back => Some(format!("{} (written as {back})", kind(value))),
        });
        let taken = taken.collect::<Vec<_>>().join(", ");
        (!taken.is_empty()).then(|| format!("{allowed}, taken as well: {taken}"))
    }

    fn other_members(&self, allowed: &str) -> Option<String> {
        let mut value = self.example.clone();
        value["notInTheDocument"] = json!([1]);
        match (allowed, (self.rust.read_and_write)(value)) {
            ("any", None) => panic!("{} refuses members that the document allows", self.rust.name),
            ("any", Some(back)) if back["notInTheDocument"] != json!([1]) => {
                Some("other members are dropped".to_owned())
            }
            ("none", Some(_)) => Some("other members are taken".to_owned()),
            _ => None,
        }
    }

    /// The example with a value in this place, and without any.
    fn with(&self, value: Value) -> Value {
        if self.member.is_empty() {
            return value;
        }
        let mut whole = self.example.clone();
        whole[self.member] = value;
        whole
    }

    fn without(&self) -> Value {
        let mut whole = self.example.clone();
        whole.as_object_mut().unwrap().shift_remove(self.member);
        whole
    }

    /// What stands in this place after a value was read and written; `None` if it is refused.
    fn taken(&self, value: Value) -> Option<Value> {
        let back = (self.rust.read_and_write)(self.with(value))?;
        if self.member.is_empty() { Some(back) } else { back.get(self.member).cloned() }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
