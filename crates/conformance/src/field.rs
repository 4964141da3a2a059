//! A field of a request, and the values with which its rules are tried.

use northbound_openapi::contract::Fact;

/// A parameter, or a member of a form.
pub(crate) struct Field {
    pub(crate) name: String,
    /// The value that the document shows.
    pub(crate) example: String,
    pub(crate) rules: Vec<Fact>,
}

impl Field {
    pub(crate) fn is_required(&self) -> bool {
        self.values("required").any(|value| value == "yes")
    }

    pub(crate) fn has(&self, aspect: &str) -> bool {
        self.values(aspect).next().is_some()
    }

    /// Whether it is a text that may be anything.
    pub(crate) fn is_free(&self) -> bool {
        self.values("type").any(|kind| kind == "string") && !self.has("enum")
    }

    /// The largest integer that it may be.
    pub(crate) fn largest(&self) -> Option<i64> {
        let of_type = self.values("format").any(|format| format == "int32").then_some(i32::MAX.into());
        self.values("maximum").find_map(|value| value.parse().ok()).or(of_type)
    }

    /// What it may be, if it may be nothing else.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &str> {
        self.values("enum").map(|value| value.trim_matches('"'))
    }

    fn values(&self, aspect: &str) -> impl Iterator<Item = &str> {
        self.rules.iter().filter(move |fact| fact.aspect == aspect).map(|fact| fact.value.as_str())
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Expected {
    Taken,
    /// With the error that the document has for it.
    Refused,
    /// Taken, and answered as if the field were left out.
    AsWithout,
}

use Expected::{AsWithout, Refused, Taken};

/// The values with which a rule is tried, none for a field that is left out; nothing if there is no way yet to try it.
pub(crate) fn probes(fact: &Fact, field: &Field) -> Option<Vec<(Option<String>, Expected)>> {
    let bound = match fact.value.parse::<i128>() {
        Ok(bound) => bound,
        Err(_) if fact.aspect.contains("inimum") || fact.aspect.contains("aximum") => return None,
        Err(_) => 0,
    };
    let tried =
        |taken: &[i128], refused: &[i128], write: &dyn Fn(i128) -> String| -> Vec<(String, Expected)> {
            let taken = taken.iter().map(|beyond| (write(bound + beyond), Taken));
            taken.chain(refused.iter().map(|beyond| (write(bound + beyond), Refused))).collect()
        };
    let number = |value: i128| value.to_string();
    // Characters count, not bytes.
    let text = |length: i128| "a".repeat(usize::try_from(length).unwrap_or_default());
    let wide = |length: i128| "ü".repeat(usize::try_from(length).unwrap_or_default());
    let values = match (fact.aspect.as_str(), fact.value.as_str()) {
        ("minimum", _) => tried(&[0, 1], &[-1], &number),
        ("maximum", _) => tried(&[0, -1], &[1], &number),
        ("exclusiveMinimum", _) => tried(&[1], &[0], &number),
        ("exclusiveMaximum", _) => tried(&[-1], &[0], &number),
        ("minLength", "0") => tried(&[0], &[], &text),
        ("minLength", _) => tried(&[0, 1], &[-1], &text),
        ("maxLength", _) => [tried(&[0, -1], &[1], &text), tried(&[0], &[], &wide)].concat(),
        ("enum", value) => {
            let value = value.trim_matches('"');
            let (lower, upper) = (value.to_lowercase(), value.to_uppercase());
            let others = [String::new(), lower, upper, format!("{value}x"), format!(" {value}")];
            let others = others.into_iter().filter(|other| other != value).map(|other| (other, Refused));
            std::iter::once((value.to_owned(), Taken)).chain(others).collect()
        }
        ("type", "integer") => {
            ["", "one", "1.5", "0x1", "1e1", " 1"].map(|value| (value.to_owned(), Refused)).to_vec()
        }
        ("format", "int32") => ends(field, i32::MIN.into(), i32::MAX.into()),
        ("format", "int64") => ends(field, i64::MIN.into(), i64::MAX.into()),
        ("default", value) => vec![(value.trim_matches('"').to_owned(), AsWithout)],
        ("required", "yes") => return Some(vec![(None, Refused)]),
        ("required", "no") => return Some(vec![(None, Taken)]),
        // What a text may hold beyond its length is free, and so is how a display shows a password. The other rules say how a value
        // is written: the calls are made in this way, and neither a list nor null can be sent.
        ("type", "string")
        | ("format", "password")
        | ("style", "\"form\"")
        | ("explode", "yes")
        | ("nullable", "no") => vec![],
        _ => return None,
    };
    Some(values.into_iter().map(|(value, expected)| (Some(value), expected)).collect())
}

/// The least and the greatest number of a format, where no bound of the field comes first.
fn ends(field: &Field, least: i128, greatest: i128) -> Vec<(String, Expected)> {
    let lower = [(least, Taken), (least - 1, Refused)];
    let upper = [(greatest, Taken), (greatest + 1, Refused)];
    let lower = lower.into_iter().filter(|_| !field.has("minimum") && !field.has("exclusiveMinimum"));
    let upper = upper.into_iter().filter(|_| !field.has("maximum") && !field.has("exclusiveMaximum"));
    lower.chain(upper).map(|(value, expected)| (value.to_string(), expected)).collect()
}
