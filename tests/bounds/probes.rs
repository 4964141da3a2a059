//! The values with which a rule is tried, and what should become of them.

use std::fmt;

use northbound_openapi::contract::Fact;

use super::call::Field;

/// One value of one field.
pub(super) struct Probe {
    pub(super) rule: String,
    /// None if the field is left out.
    pub(super) value: Option<String>,
    pub(super) expected: Expected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Taken,
    /// With the error that the document has for it.
    Refused,
    /// Taken, and answered as if the field were left out.
    AsWithout,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Taken => "taken",
            Self::Refused => "refused",
            Self::AsWithout => "the same as nothing",
        })
    }
}

use Expected::{AsWithout, Refused, Taken};

/// Whether a rule limits values.
pub(super) fn is_bound(aspect: &str) -> bool {
    matches!(
        aspect,
        "default"
            | "enum"
            | "exclusiveMaximum"
            | "exclusiveMinimum"
            | "maxLength"
            | "maximum"
            | "minLength"
            | "minimum"
            | "required"
    )
}

/// What to try for all the rules of one field.
pub(super) fn probes(field: &Field, facts: &[&Fact]) -> Vec<Probe> {
    let mut probes = Vec::new();
    for fact in facts {
        let rule = format!("{} {}", fact.aspect, fact.value);
        let values = values(field, fact, facts).into_iter();
        probes.extend(values.map(|(value, expected)| Probe { rule: rule.clone(), value, expected }));
    }
    probes
}

fn values(field: &Field, fact: &Fact, facts: &[&Fact]) -> Vec<(Option<String>, Expected)> {
    let number = |beyond: i128| Some((fact.value.parse::<i128>().unwrap() + beyond).to_string());
    // Characters count, not bytes.
    let text = |beyond: i64, character: &str| {
        let length = fact.value.parse::<i64>().unwrap() + beyond;
        Some(character.repeat(usize::try_from(length).unwrap()))
    };
    let text_of = |value: &str| Some(value.to_owned());
    let says = |aspect: &str| facts.iter().any(|fact| fact.aspect == aspect);
    match (fact.aspect.as_str(), fact.value.as_str()) {
        ("minimum", _) => vec![(number(0), Taken), (number(1), Taken), (number(-1), Refused)],
        ("maximum", _) => vec![(number(0), Taken), (number(-1), Taken), (number(1), Refused)],
        ("exclusiveMinimum", _) => vec![(number(1), Taken), (number(0), Refused)],
        ("exclusiveMaximum", _) => vec![(number(-1), Taken), (number(0), Refused)],
        ("minLength", _) => vec![(text(0, "a"), Taken), (text(1, "a"), Taken), (text(-1, "a"), Refused)],
        ("maxLength", _) => {
            vec![
                (text(0, "a"), Taken),
                (text(-1, "a"), Taken),
                (text(0, "ü"), Taken),
                (text(1, "a"), Refused),
            ]
        }
        ("enum", value) => {
            let value: String = serde_json::from_str(value).unwrap();
            let others =
                [value.to_lowercase(), value.to_uppercase(), format!("{value}x"), format!(" {value}")];
            let others = others.into_iter().filter(|other| *other != value);
            std::iter::once((text_of(&value), Taken))
                .chain(others.map(|other| (Some(other), Refused)))
                .collect()
        }
        ("type", "integer") => ["", "one", "1.5", "0x1", "1e1", " 1"]
            .into_iter()
            .map(|value| (text_of(value), Refused))
            .collect(),
        ("format", "int32") => ends(i32::MIN.into(), i32::MAX.into(), says("minimum"), says("maximum")),
        ("format", "int64") => ends(i64::MIN.into(), i64::MAX.into(), says("minimum"), says("maximum")),
        ("required", "yes") => vec![(None, Refused)],
        ("required", "no") => vec![(None, Taken)],
        ("default", value) => vec![(text_of(value.trim_matches('"')), AsWithout)],
        // What a text may hold beyond its length is free, and so is how a display shows a password.
        ("type", "string" | "object") | ("format", "password") => vec![],
        // How a value is written: the calls are made in this way, and a list or null cannot be sent.
        ("style", "form") | ("explode", "yes") | ("nullable", "no") => vec![],
        ("media type", "application/x-www-form-urlencoded")
        | ("additionalProperties", "any")
        | ("security", _) => vec![],
        (aspect, value) => panic!("{field}: no way yet to try {aspect} {value}"),
    }
}

/// The least and the greatest number of a format, where no bound of the field comes first.
fn ends(
    least: i128,
    greatest: i128,
    has_minimum: bool,
    has_maximum: bool,
) -> Vec<(Option<String>, Expected)> {
    let lower = [(least, Taken), (least - 1, Refused)].into_iter().filter(|_| !has_minimum);
    let upper = [(greatest, Taken), (greatest + 1, Refused)].into_iter().filter(|_| !has_maximum);
    lower.chain(upper).map(|(value, expected)| (Some(value.to_string()), expected)).collect()
}
