//! The members of an object that the document does not list, with every digit that came.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{SerializeMap as _, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::repair;

/// The members of an object that the document does not list, as they came, and how well the object could be read.
///
/// They are kept as JSON text, so a number keeps its digits whatever its size: an ICCID has 20 of them.
///
/// ```
/// use northbound_client::Members;
///
/// let members: Members = serde_json::from_str(r#"{ "iccid": 89860000000000000001, "nodeId": "868744" }"#)?;
/// assert_eq!(members.get("iccid").unwrap().json(), "89860000000000000001");
/// assert_eq!(members.get("nodeId").unwrap(), "868744");
/// assert_eq!(serde_json::to_string(&members)?, r#"{"iccid":89860000000000000001,"nodeId":"868744"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// A JSON object without blanks between its parts; empty if there are no members.
    text: Box<str>,
    repaired: bool,
    unreadable: Option<Box<Unreadable>>,
}

/// An object of a list that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    text: String,
    path: String,
}

impl Unreadable {
    pub(crate) fn new(text: &[u8], path: String) -> Self {
        let mut shown = String::with_capacity(text.len());
        for chunk in text.utf8_chunks() {
            shown.push_str(chunk.valid());
            if !chunk.invalid().is_empty() && !shown.ends_with('\u{fffd}') {
                shown.push('\u{fffd}');
            }
        }
        Self { text: shown, path }
    }

    /// What came in the object's place. A run of bytes that are not UTF-8 is shown as U+FFFD.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The place in the reply that could not be read, such as `taskDetails[3].status`.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl Serialize for Unreadable {
    /// The text itself if it is JSON, and otherwise an object whose only member holds it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match serde_json::from_str::<Box<RawValue>>(&self.text) {
            Ok(_) => compact(&self.text).serialize(serializer),
            Err(_) => serializer.collect_map([("unreadable", &self.text)]),
        }
    }
}

impl Members {
    pub(crate) fn unreadable_object(unreadable: Unreadable) -> Self {
        Self { unreadable: Some(Box::new(unreadable)), ..Self::default() }
    }

    pub(crate) fn mark_repaired(&mut self) {
        self.repaired = true;
    }

    /// All members at the top of a body, which is repaired if need be; `None` if it is no JSON object.
    pub fn in_body(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok().or_else(|| serde_json::from_str(&repair::repaired(body)?.0).ok())
    }

    /// Whether the object had to be repaired before it could be read.
    pub fn is_repaired(&self) -> bool {
        self.repaired
    }

    /// The text that came, if the object could not be read at all. Then it has no members.
    pub fn unreadable(&self) -> Option<&Unreadable> {
        self.unreadable.as_deref()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// All members as the text of a JSON object, without blanks between its parts.
    pub fn json(&self) -> &str {
        if self.is_empty() { "{}" } else { &self.text }
    }

    /// A member by its name; the last one if several have it.
    pub fn get(&self, name: &str) -> Option<Exact<'_>> {
        let mut found = None;
        self.each(|member, value| found = if member == name { Some(value) } else { found });
        found
    }

    /// The members, in the order in which they came.
    pub fn iter(&self) -> std::vec::IntoIter<(Cow<'_, str>, Exact<'_>)> {
        let mut members = Vec::new();
        self.each(|name, value| members.push((name, value)));
        members.into_iter()
    }

    /// Calls `each` with every member. A list of members would need several times the memory of the text.
    pub fn each<'a>(&'a self, mut each: impl FnMut(Cow<'a, str>, Exact<'a>)) {
        if !self.is_empty() {
            let mut json = serde_json::Deserializer::from_str(&self.text);
            // The text was made of members that had been read, so there is nothing that could fail.
            let _ = json.deserialize_map(Each(&mut each));
        }
    }
}

struct Each<'f, F>(&'f mut F);

impl<'de, F: FnMut(Cow<'de, str>, Exact<'de>)> Visitor<'de> for Each<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(name)) = map.next_key()? {
            (self.0)(name, Exact(map.next_value()?));
        }
        Ok(())
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let mut outcome = match &self.unreadable {
            Some(unreadable) => map.serialize_entry("unreadable", unreadable.text()),
            None => Ok(()),
        };
        self.each(|name, Exact(value)| {
            if outcome.is_ok() {
                outcome = map.serialize_entry(&name, value);
            }
        });
        outcome.and_then(|()| map.end())
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        let mut members = Collected::default();
        serde_json::Deserializer::from_str(json.get())
            .deserialize_map(Each(&mut |name: Cow<'_, str>, Exact(value): Exact<'_>| {
                members.push(&name, value)
            }))
            .map_err(D::Error::custom)?;
        Ok(members.finish(false))
    }
}

impl From<serde_json::Map<String, Value>> for Members {
    fn from(map: serde_json::Map<String, Value>) -> Self {
        let text = if map.is_empty() { String::new() } else { Value::Object(map).to_string() };
        Self { text: text.into(), ..Self::default() }
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Members on their way into [`Members`].
#[derive(Default)]
pub(crate) struct Collected(String);

impl Collected {
    pub(crate) fn push(&mut self, name: &str, value: &RawValue) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        if name.contains(|c: char| c < ' ' || matches!(c, '"' | '\\')) {
            self.0 += &Value::from(name).to_string();
        } else {
            self.0.extend(["\"", name, "\""]);
        }
        self.0.push(':');
        push_compact(value.get(), &mut self.0);
    }

    pub(crate) fn finish(mut self, repaired: bool) -> Members {
        if !self.0.is_empty() {
            self.0.push('}');
        }
        Members { text: self.0.into_boxed_str(), repaired, unreadable: None }
    }
}

/// A value of JSON without the blanks and line breaks between its parts: a row has to fit on one line.
pub(crate) fn push_compact(json: &str, into: &mut String) {
    let (mut rest, mut quoted) = (json, false);
    if !json.starts_with(['{', '[']) {
        rest = json.trim();
    } else {
        let stops = |quoted: bool| {
            move |c: char| {
                matches!(c, '"') || if quoted { c == '\\' } else { matches!(c, ' ' | '\t' | '\n' | '\r') }
            }
        };
        while let Some(at) = rest.find(stops(quoted)) {
            let kept = match rest.as_bytes()[at] {
                b'"' => 1,
                b'\\' => 2,
                _ => 0,
            };
            quoted ^= kept == 1;
            into.push_str(&rest[..at + kept]);
            rest = &rest[at + kept.max(1)..];
        }
    }
    into.push_str(rest);
}

/// A value of JSON that is written as the text that it is.
pub(crate) fn compact(json: &str) -> Box<RawValue> {
    let mut text = String::new();
    push_compact(json.trim(), &mut text);
    RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// A string of a reply, borrowed unless it is written with escapes.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Key<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);

/// A value as it came.
#[derive(Clone, Copy)]
pub struct Exact<'a>(&'a RawValue);

impl<'a> Exact<'a> {
    /// The value as JSON text, with the digits that came.
    pub fn json(self) -> &'a str {
        self.0.get()
    }

    /// Whether it is null.
    pub fn is_null(self) -> bool {
        self.json() == "null"
    }

    /// The value as text: a string without its quotes, anything else as JSON.
    pub fn to_text(self) -> Cow<'a, str> {
        match self.decode() {
            Ok(text) => Cow::Owned(text),
            Err(_) => Cow::Borrowed(self.json()),
        }
    }

    /// Decodes the value.
    ///
    /// # Errors
    /// When the JSON has another form, or a number is too large for the type.
    pub fn decode<T: DeserializeOwned>(self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.json())
    }
}

impl PartialEq<&str> for Exact<'_> {
    fn eq(&self, text: &&str) -> bool {
        self.decode::<String>().is_ok_and(|own| own == *text)
    }
}

impl fmt::Debug for Exact<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.json())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_written_back_with_its_digits() {
        let json = r#"{"a":89860000000000000001,"b":0.12345678901234567890,"c":[1e2,{"d":-0}],"e\"":"x"}"#;
        let members: Members = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&members).unwrap(), json);
        assert_eq!(members.get("e\"").unwrap(), "x");
        assert_eq!(members.get("f").map(Exact::json), None);
        let twice: Members = serde_json::from_str(r#"{"a":1,"a":2}"#).unwrap();
        assert_eq!(twice.get("a").unwrap().json(), "2");
        assert_eq!(Members::from(serde_json::Map::new()), Members::default());
    }

    #[test]
    fn a_value_takes_one_line_and_strings_keep_their_blanks() {
        let json = "{ \"a\" :\n [ 1,\r\t\"b c \\\" [ \" ] }";
        let members: Members = serde_json::from_str(json).unwrap();
        assert_eq!(members.json(), r#"{"a":[1,"b c \" [ "]}"#);
    }

    #[test]
    fn lists_in_lists_without_end_are_no_danger() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        let members: Members = serde_json::from_str(&deep).unwrap();
        assert_eq!(serde_json::to_string(&members).unwrap(), deep);
        assert!(members.get("a").unwrap().decode::<Value>().is_err());
    }

    #[test]
    fn what_cannot_be_read_is_written_as_json_all_the_same() {
        let written = |text: &[u8]| serde_json::to_string(&Unreadable::new(text, String::new())).unwrap();
        assert_eq!(written(b"{\"status\":\n 5}"), "{\"status\":5}");
        assert_eq!(written(b"{\"a\":NaN}\n"), r#"{"unreadable":"{\"a\":NaN}\n"}"#);
        assert_eq!(written(b"\"\xff\""), "\"\u{fffd}\"");
    }
}
