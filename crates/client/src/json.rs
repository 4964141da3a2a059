//! Members of which the document says nothing: any JSON, with every digit that came.

use std::fmt;

use serde::de::{DeserializeOwned, Deserializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::members::compact;

/// Any JSON, as it came: numbers keep their digits.
///
/// ```
/// use northbound_client::Json;
///
/// let json: Json = serde_json::from_str(r#"{ "iccid": 89860000000000000001 }"#)?;
/// assert_eq!(json.as_str(), r#"{"iccid":89860000000000000001}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Serialize)]
#[serde(transparent)]
pub struct Json(Box<RawValue>);

impl Json {
    /// The JSON as text, without blanks between its parts.
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Decodes it.
    ///
    /// # Errors
    /// When the JSON has another form, or a number is too large for the type.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.as_str())
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Json {}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        Self(compact(&value.to_string()))
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|json| Self(compact(json.get())))
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
