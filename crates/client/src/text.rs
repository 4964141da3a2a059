//! Members that the document describes as strings, and that must survive another type.

use std::fmt;

use serde::de::{DeserializeOwned, Deserializer, Error};
use serde::ser::Error as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::limits;
use crate::members::push_compact;

/// A string, or any other JSON that the platform sent in its place. So nothing is lost, and the page can still be read.
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

    /// Decodes the JSON in the string, or the JSON that came in its place.
    ///
    /// # Errors
    /// When it is not JSON, or the JSON has another form.
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
        // Nearly always a string comes, which is looked at once. Anything else is left to the second reading.
        if limits::is_first() {
            return String::deserialize(deserializer).map(Self::from);
        }
        let value = Box::<RawValue>::deserialize(deserializer)?;
        if value.get().starts_with('"') {
            return serde_json::from_str::<String>(value.get()).map(Self::from).map_err(D::Error::custom);
        }
        let mut json = String::new();
        push_compact(value.get(), &mut json);
        Ok(Self::other(json))
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
