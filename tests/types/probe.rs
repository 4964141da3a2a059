//! Whether a type holds to what the document says of a value: each rule is tried with a value that breaks it.

use northbound_openapi::contract::Fact;
use serde_json::{Value, json};

use super::rust::RustType;

/// A value that a type takes, to be changed in one place.
pub(super) struct Sample<'a> {
    rust: &'a RustType,
    value: Value,
}

impl<'a> Sample<'a> {
    pub(super) fn new(rust: &'a RustType, value: Value) -> Self {
        assert!(
            rust.read_and_write(value.clone()).is_some(),
            "{} does not take its own example {value}",
            rust.name
        );
        Self { rust, value }
    }
}

/// One place of a sample, and what turned out to be weaker there than the document.
pub(super) struct Probe<'a> {
    sample: &'a Sample<'a>,
    member: &'a str,
    weaker: Vec<String>,
    listed: usize,
}

impl<'a> Probe<'a> {
    pub(super) fn new(sample: &'a Sample<'a>, member: &'a str) -> Self {
        Self { sample, member, weaker: Vec::new(), listed: 0 }
    }

    /// Whether an aspect limits the values of a given type.
    pub(super) fn is_value(aspect: &str) -> bool {
        matches!(
            aspect,
            "enum"
                | "exclusiveMaximum"
                | "exclusiveMinimum"
                | "maxLength"
                | "maximum"
                | "minLength"
                | "minimum"
        )
    }

    /// Tries to break one promise of the document.
    pub(super) fn fact(&mut self, fact: &Fact) {
        let number = |step: i64| json!(fact.value.parse::<i64>().unwrap() + step);
        let text = |step: i64| {
            json!("a".repeat(usize::try_from(fact.value.parse::<i64>().unwrap() + step).unwrap()))
        };
        match fact.aspect.as_str() {
            "minimum" => self.bound(fact, number(-1)),
            "maximum" => self.bound(fact, number(1)),
            "exclusiveMinimum" | "exclusiveMaximum" => self.bound(fact, number(0)),
            "minLength" => self.bound(fact, text(-1)),
            "maxLength" => self.bound(fact, text(1)),
            "enum" => self.listed += 1,
            "type" => self.other_types(&fact.value),
            "nullable" => self.null(&fact.value),
            "required" => self.missing(&fact.value),
            "additionalProperties" => self.other_members(&fact.value),
            // schemars sees the format, a default is nothing to hold to.
            "format" | "default" => {}
            other => panic!("{}.{}: no way yet to try {other}", self.sample.rust.name, self.member),
        }
    }

    /// Notes something that was found in another way.
    pub(super) fn weaker(&mut self, finding: impl Into<String>) {
        self.weaker.push(finding.into());
    }

    pub(super) fn findings(mut self) -> impl Iterator<Item = String> {
        if self.listed > 0 && self.taken(json!("not listed")).is_some() {
            self.weaker.push(format!("enum of {} values, opened", self.listed));
        }
        self.weaker.into_iter()
    }

    fn bound(&mut self, fact: &Fact, outside: Value) {
        if self.taken(outside).is_some() {
            self.weaker.push(format!("{} {}, not enforced", fact.aspect, fact.value));
        }
    }

    fn other_types(&mut self, allowed: &str) {
        let values = [json!("7"), json!(7), json!(0.5), json!(true), json!([]), json!({})];
        let others = values.into_iter().filter(|value| match allowed {
            "any" => false,
            "number" => !value.is_number(),
            allowed => kind(value) != allowed,
        });
        let others: Vec<(Value, Option<Value>)> =
            others.map(|value| (value.clone(), self.taken(value))).collect();
        let taken: Vec<String> = others
            .iter()
            .filter_map(|(value, back)| back.as_ref().map(|back| (value, back)))
            .map(|(value, back)| match value == back {
                true => kind(value).to_owned(),
                false => format!("{} (written as {})", kind(value), kind(back)),
            })
            .collect();
        let all_kept = others.iter().all(|(value, back)| back.as_ref() == Some(value));
        match taken.as_slice() {
            [] => {}
            _ if all_kept => self.weaker.push(format!("{allowed}, any JSON is taken")),
            taken => self.weaker.push(format!("{allowed}, taken as well: {}", taken.join(", "))),
        }
    }

    /// A type that takes less than the document allows would break on a reply: that is no weakening but an error.
    fn null(&mut self, allowed: &str) {
        let taken = self.taken(Value::Null).is_some();
        match allowed {
            "yes" => assert!(taken, "{}.{} refuses null", self.sample.rust.name, self.member),
            _ if taken => self.weaker.push("null is taken".to_owned()),
            _ => {}
        }
    }

    fn missing(&mut self, required: &str) {
        let mut value = self.sample.value.clone();
        value.as_object_mut().unwrap().shift_remove(self.member);
        let taken = self.sample.rust.read_and_write(value).is_some();
        match required {
            "no" => assert!(taken, "{} needs {}", self.sample.rust.name, self.member),
            _ if taken => self.weaker.push("required, may be missing".to_owned()),
            _ => {}
        }
    }

    fn other_members(&mut self, allowed: &str) {
        if !self.member.is_empty() {
            return;
        }
        let mut value = self.sample.value.clone();
        value["notInTheDocument"] = json!([1]);
        let back = self.sample.rust.read_and_write(value.clone());
        match (allowed, back) {
            ("any", None) => panic!("{} refuses members that the document allows", self.sample.rust.name),
            ("any", Some(back)) if back["notInTheDocument"] != json!([1]) => {
                self.weaker.push("other members are dropped".to_owned());
            }
            ("none", Some(_)) => self.weaker.push("other members are taken".to_owned()),
            _ => {}
        }
    }

    /// What stands in this place after a value was read and written; `None` if it is refused.
    fn taken(&self, value: Value) -> Option<Value> {
        let (rust, mut whole) = (self.sample.rust, self.sample.value.clone());
        if self.member.is_empty() {
            return rust.read_and_write(value);
        }
        whole[self.member] = value;
        let mut back = rust.read_and_write(whole)?;
        Some(back[self.member].take())
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
