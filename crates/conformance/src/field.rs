//! A field of a request, and the values with which its rules are tried.

use northbound_openapi::contract::Fact;
use serde_json::{Value, json};

/// A parameter, or a member of a body.
pub(crate) struct Field {
    pub(crate) location: Location,
    /// Its name; in JSON the way to it, such as `param.command.method` or `tags[].tagName`.
    pub(crate) name: String,
    /// The value that the document shows for a parameter.
    pub(crate) example: String,
    pub(crate) rules: Vec<Fact>,
}

/// Where a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    Path,
    Query,
    /// A member of a form.
    Form,
    /// A member of a body of JSON.
    Json,
    /// The body as a whole.
    Body,
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

    pub(crate) fn is_integer(&self) -> bool {
        self.values("type").any(|kind| kind == "integer")
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

/// What a field is in a request: a value, or nothing where it is left out.
pub(crate) type Given = Option<Value>;

/// The values with which a rule is tried; nothing if there is no way yet to try it.
pub(crate) fn probes(fact: &Fact, field: &Field) -> Option<Vec<(Given, Expected)>> {
    let is_json = field.location == Location::Json;
    match (field.location, fact.aspect.as_str(), fact.value.as_str()) {
        // Without it another path is asked for.
        (Location::Path, "required", "yes") | (Location::Path, "style" | "explode", _) => {
            return Some(Vec::new());
        }
        (Location::Path, "required", _) => return None,
        (_, "required", "yes") => return Some(vec![(None, Refused)]),
        (_, "required", "no") => return Some(vec![(None, Taken)]),
        (Location::Body, "type" | "nullable" | "additionalProperties", _) => return Some(Vec::new()),
        (Location::Body, ..) => return None,
        (Location::Json, "type", kind) => return others(kind),
        // Nobody says whether null counts as left out. A member that is not documented may mean something to the server.
        (Location::Json, "nullable", "no") | (Location::Json, "additionalProperties", "any") => {
            return Some(Vec::new());
        }
        _ => {}
    }
    let texts = texts(fact, field)?.into_iter();
    // An empty segment makes another path.
    let texts = texts.filter(|(value, _)| field.location != Location::Path || !value.is_empty());
    let value = |text: String| match text.parse::<i64>() {
        Ok(number) if is_json && field.is_integer() => json!(number),
        _ => Value::String(text),
    };
    Some(texts.map(|(text, expected)| (Some(value(text)), expected)).collect())
}

/// JSON of other types than this one.
fn others(kind: &str) -> Option<Vec<(Given, Expected)>> {
    let values = [
        ("string", json!("7")),
        ("integer", json!(7)),
        ("number", json!(7.5)),
        ("boolean", json!(true)),
        ("array", json!([["a"]])),
        ("object", json!({ "a": "b" })),
    ];
    let is_known = values.iter().any(|(other, _)| *other == kind);
    let others =
        values.into_iter().filter(|(other, _)| *other != kind && (kind, *other) != ("number", "integer"));
    is_known.then(|| others.map(|(_, value)| (Some(value), Refused)).collect())
}

/// The values with which a rule is tried, as texts.
fn texts(fact: &Fact, field: &Field) -> Option<Vec<(String, Expected)>> {
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
        // What a text may hold beyond its length is free, and so is how a display shows a password. The other rules say how a value
        // is written: the calls are made in this way, and neither a list nor null can be sent.
        ("type", "string")
        | ("format", "password")
        | ("style", "\"form\"")
        | ("explode", "yes")
        | ("nullable", "no") => vec![],
        _ => return None,
    };
    Some(values)
}

/// The least and the greatest number of a format, where no bound of the field comes first.
fn ends(field: &Field, least: i128, greatest: i128) -> Vec<(String, Expected)> {
    let lower = [(least, Taken), (least - 1, Refused)];
    let upper = [(greatest, Taken), (greatest + 1, Refused)];
    let lower = lower.into_iter().filter(|_| !field.has("minimum") && !field.has("exclusiveMinimum"));
    let upper = upper.into_iter().filter(|_| !field.has("maximum") && !field.has("exclusiveMaximum"));
    lower.chain(upper).map(|(value, expected)| (value.to_string(), expected)).collect()
}
