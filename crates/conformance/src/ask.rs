//! A request before it is sent: what a call needs in order to succeed, and what a check changes in it.

use std::fmt;

use form_urlencoded::Serializer;
use serde_json::{Map, Value};
use ureq::http::{self, Request};

use crate::facts::{Call, FORM};

/// The header that names the form of a body.
const CONTENT_TYPE: &str = "Content-Type";

/// Names with their values.
pub(crate) type Pairs = Vec<(String, String)>;

#[derive(Clone)]
pub(crate) struct Ask<'f> {
    pub(crate) call: &'f Call,
    pub(crate) fields: Pairs,
    pub(crate) headers: Pairs,
    /// What a reader of the report should know of its headers or its body: they hold secrets, and are not shown.
    note: String,
}

impl<'f> Ask<'f> {
    pub(crate) fn new(call: &'f Call, fields: Pairs, headers: Pairs) -> Self {
        let form = call.is_form.then(|| (CONTENT_TYPE.to_owned(), FORM.to_owned()));
        Self { call, fields, headers: headers.into_iter().chain(form).collect(), note: String::new() }
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
        self.header(CONTENT_TYPE, Some("application/json"))
    }

    pub(crate) fn note(self, note: impl Into<String>) -> Self {
        Self { note: format!(" {}", note.into()), ..self }
    }

    /// Path and query.
    fn target(&self) -> String {
        match self.call.is_form || self.fields.is_empty() {
            true => self.call.path.clone(),
            false => format!("{}?{}", self.call.path, self.encoded()),
        }
    }

    fn encoded(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.fields).finish()
    }

    pub(crate) fn to_http(&self) -> http::Result<Request<String>> {
        let is_form = self.headers.iter().any(|(_, value)| value == FORM);
        let body = match (self.call.is_form, is_form) {
            (false, _) => String::new(),
            (true, true) => self.encoded(),
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

fn set(pairs: &mut Pairs, name: &str, value: Option<&str>) {
    pairs.retain(|(known, _)| known != name);
    pairs.extend(value.map(|value| (name.to_owned(), value.to_owned())));
}
