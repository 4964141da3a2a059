//! Members that the document describes as strings, and that must survive another type.

use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

/// A string, or whatever JSON the platform sent in its place: nothing is lost, and the page still reads.
///
/// ```
/// use northbound_client::Text;
///
/// let text: Text = serde_json::from_str(r#""{\"requestId\":\"4f1c\"}""#)?;
/// assert_eq!(text.as_str(), r#"{"requestId":"4f1c"}"#);
///
/// let object: Text = serde_json::from_str(r#"{"requestId":"4f1c"}"#)?;
/// assert_eq!(object.as_str(), text.as_str());
/// assert!(!object.is_string());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(Kept);

/// What is rare is boxed, so that rows, which are moved about, stay small.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kept {
    String(String),
    Other(Box<Other>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Other {
    value: Value,
    text: String,
}

impl Text {
    /// The string, or the JSON that came in its place as text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kept::String(text) => text,
            Kept::Other(other) => &other.text,
        }
    }

    /// Whether a string came, as the document says.
    pub fn is_string(&self) -> bool {
        matches!(self.0, Kept::String(_))
    }

    /// Decodes the JSON that the string holds, or that came in its place.
    ///
    /// # Errors
    /// When it is no JSON, or JSON of another form.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        match &self.0 {
            Kept::String(text) => serde_json::from_str(text),
            Kept::Other(other) => T::deserialize(&other.value),
        }
    }
}

impl From<Value> for Text {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => Self(Kept::String(text)),
            value => Self(Kept::Other(Box::new(Other { text: value.to_string(), value }))),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(Kept::String(text.to_owned()))
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Kept::String(text))
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Kept::String(text) => serializer.serialize_str(text),
            Kept::Other(other) => other.value.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string, or any JSON in its place")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text, E> {
        Ok(Text::from(text))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Text, E> {
        Ok(Text::from(text))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Text, E> {
        Ok(Text::from(Value::from(value)))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Text, E> {
        Ok(Text::from(Value::from(value)))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Text, E> {
        Ok(Text::from(Value::from(value)))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Text, E> {
        Ok(Text::from(Value::from(value)))
    }

    fn visit_unit<E: Error>(self) -> Result<Text, E> {
        Ok(Text::from(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Text, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(items)).map(Text::from)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Text, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(members)).map(Text::from)
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Text {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Text".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn whatever_comes_is_written_back_as_it_came() {
        for json in
            [r#""text""#, r#""""#, "7", "-7", "1.5", "true", "null", r#"[1,"a"]"#, r#"{"b":1,"a":[null]}"#]
        {
            let text: Text = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&text).unwrap(), json);
        }
    }

    #[test]
    fn a_string_and_the_object_itself_decode_alike() {
        let string = Text::from(r#"{"a":1}"#);
        let object: Text = serde_json::from_str(r#"{"a":1}"#).unwrap();
        let decoded: serde_json::Value = string.decode().unwrap();
        assert_eq!(decoded, object.decode::<serde_json::Value>().unwrap());
        assert!(Text::from("no JSON").decode::<serde_json::Value>().is_err());
    }
}
