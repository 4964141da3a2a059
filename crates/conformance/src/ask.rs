//! A request before it is sent: what a call needs in order to succeed, and what a check changes in it.

use std::fmt;

use form_urlencoded::{Serializer, byte_serialize};
use serde_json::{Map, Value};
use ureq::http::{self, Request};

use crate::body::{self, JSON};
use crate::facts::{Call, FORM};
use crate::field::{Field, Location};

/// The header that names the form of a body.
const CONTENT_TYPE: &str = "Content-Type";

/// Names with their values.
pub(crate) type Pairs = Vec<(String, String)>;

#[derive(Clone)]
pub(crate) struct Ask<'f> {
    pub(crate) call: &'f Call,
    /// Parameters, and members of a form.
    pub(crate) fields: Pairs,
    /// The body of JSON; null if there is none.
    body: Value,
    /// Whether nothing is sent as a body.
    bare: bool,
    pub(crate) headers: Pairs,
    /// What a reader of the report should know of its headers or its body: they hold secrets, and are not shown.
    note: String,
}

impl<'f> Ask<'f> {
    pub(crate) fn new(call: &'f Call, fields: Pairs, headers: Pairs) -> Self {
        let media_type =
            call.media_type.iter().map(|media_type| (CONTENT_TYPE.to_owned(), media_type.clone()));
        let headers = headers.into_iter().chain(media_type).collect();
        let body = call.examples.first().cloned().unwrap_or_default();
        Self { call, fields, body, bare: false, headers, note: String::new() }
    }

    /// The same with this value of a field of the call, or without it.
    pub(crate) fn given(mut self, field: &Field, value: Option<&Value>) -> Self {
        let shown = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        match field.location {
            Location::Path | Location::Query => self.field(&field.name, shown.as_deref()),
            // A form holds secrets, so that a reader does not see it.
            Location::Form => {
                let length = shown.as_ref().map(|text| text.chars().count());
                let note = length.map_or_else(
                    || format!("without {}", field.name),
                    |count| format!("with another {}, of {count} characters", field.name),
                );
                self.field(&field.name, shown.as_deref()).note(note)
            }
            Location::Json => {
                self.body = body::with(&self.call.examples, &field.name, value);
                let note = value.map(|value| format!("with {} in {}", cut(&value.to_string()), field.name));
                self.note(note.unwrap_or_else(|| format!("without {}", field.name)))
            }
            Location::Body => Self { bare: value.is_none(), ..self }.note("without a body"),
        }
    }

    /// The same with this value of a field, or without it.
    pub(crate) fn field(mut self, name: &str, value: Option<&str>) -> Self {
        set(&mut self.fields, name, value);
        self
    }

    pub(crate) fn fields(self, fields: &[(&str, &str)]) -> Self {
        fields.iter().fold(self, |ask, (name, value)| ask.field(name, Some(value)))
    }

    /// The same with this value of a header, or without it.
    pub(crate) fn header(mut self, name: &str, value: Option<&str>) -> Self {
        set(&mut self.headers, name, value);
        self
    }

    pub(crate) fn of_json(self) -> Self {
        self.header(CONTENT_TYPE, Some(JSON))
    }

    pub(crate) fn note(self, note: impl Into<String>) -> Self {
        Self { note: format!(" {}", note.into()), ..self }
    }

    /// Path and query.
    fn target(&self) -> String {
        let is_in_path =
            |name: &str| self.call.field(name).is_some_and(|field| field.location == Location::Path);
        let (in_path, rest): (Vec<_>, Vec<_>) = self.fields.iter().partition(|(name, _)| is_in_path(name));
        let path = in_path.iter().fold(self.call.path.clone(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), &byte_serialize(value.as_bytes()).collect::<String>())
        });
        match self.call.is_form() || rest.is_empty() {
            true => path,
            false => format!("{path}?{}", encoded(&rest)),
        }
    }

    pub(crate) fn to_http(&self) -> http::Result<Request<String>> {
        let is_form = self.headers.iter().any(|(_, value)| value == FORM);
        let body = match (self.call.is_form(), is_form) {
            _ if self.bare => String::new(),
            (false, _) if self.body.is_null() => String::new(),
            (false, _) => self.body.to_string(),
            (true, true) => encoded(&self.fields.iter().collect::<Vec<_>>()),
            (true, false) => {
                let members = self.fields.iter().cloned().map(|(name, value)| (name, value.into()));
                Value::Object(members.collect::<Map<_, _>>()).to_string()
            }
        };
        let request = Request::builder().method(self.call.method.as_str()).uri(self.target());
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value)).body(body)
    }
}

/// Method, path and query, and the note.
impl fmt::Display for Ask<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", self.call.method, self.target(), self.note)
    }
}

fn encoded(pairs: &[&(String, String)]) -> String {
    let pairs = pairs.iter().map(|(name, value)| (name, value));
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// The beginning of a text that may be long.
fn cut(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.chars().count() > LONGEST { format!("{text:.LONGEST$}…") } else { text.to_owned() }
}

fn set(pairs: &mut Pairs, name: &str, value: Option<&str>) {
    pairs.retain(|(known, _)| known != name);
    pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
}
