//! Members that the document describes as strings, and that must survive another type.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::limits;
use crate::members::{Members, push_compact};

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

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kept {
    String(String),
    /// JSON of another type, without blanks between its parts.
    Other(Box<str>),
}

impl Text {
    /// The string, or the JSON that came in its place as text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Kept::String(text) => text,
            Kept::Other(json) => json,
        }
    }

    /// Whether a string came, as the document says.
    pub fn is_string(&self) -> bool {
        matches!(self.0, Kept::String(_))
    }

    fn other(json: impl Into<Box<str>>) -> Self {
        Self(Kept::Other(json.into()))
    }

    /// Decodes the JSON that the string holds, or that came in its place.
    ///
    /// # Errors
    /// When it is no JSON, or JSON of another form.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.as_str())
    }
}

impl From<Value> for Text {
    fn from(value: Value) -> Self {
        match value {
            Value::String(text) => Self(Kept::String(text)),
            value => Self::other(value.to_string()),
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
            Kept::Other(json) => {
                serde_json::from_str::<&RawValue>(json).map_err(S::Error::custom)?.serialize(serializer)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if limits::is_first() {
            return deserializer.deserialize_any(Anything);
        }
        let value = Box::<RawValue>::deserialize(deserializer)?;
        if value.get().starts_with('"') {
            return serde_json::from_str(value.get())
                .map(|text| Self(Kept::String(text)))
                .map_err(D::Error::custom);
        }
        let mut json = String::new();
        push_compact(value.get(), &mut json);
        Ok(Self::other(json))
    }
}

/// Reads what nearly always comes without looking at it twice. A number that a double would change is left to the second
/// reading, which has the digits.
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
        Ok(Text::other(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Text, E> {
        Ok(Text::other(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Text, E> {
        Ok(Text::other(value.to_string()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Text, A::Error> {
        let mut json = "[".to_owned();
        while let Some(item) = items.next_element::<Box<RawValue>>()? {
            if json.len() > 1 {
                json.push(',');
            }
            push_compact(item.get(), &mut json);
        }
        Ok(Text::other(json + "]"))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Text, A::Error> {
        let members = Members::deserialize(MapAccessDeserializer::new(members))?;
        Ok(Text::other(members.json()))
    }
}

#[cfg(test)]
mod tests {
    use super::Text;

    #[test]
    fn whatever_comes_is_written_back_as_it_came() {
        for json in [
            r#""text""#,
            r#""a\"""#,
            "-0",
            "1.50",
            "898600000000000000001",
            "true",
            "null",
            r#"[1e2,"a"]"#,
            r#"{"b":1,"a":[null]}"#,
        ] {
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
