//! Values that the document does not list: how they are kept.

use std::fmt;

use serde::Deserialize as _;
use serde::de::{Deserializer, Error};
use serde_json::value::RawValue;

use crate::members::Key;

/// A value that the document does not list, as it came.
///
/// Only this crate can make one, so it is never a documented value.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnknownValue(Box<str>);

impl UnknownValue {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The value as it was sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UnknownValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// Reads an open enum from a string.
pub(crate) fn text<'de, D: Deserializer<'de>, T: for<'a> From<&'a str>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Key::deserialize(deserializer).map(|text| T::from(&text.0))
}

/// Reads an open enum from a string or a number, of which it has the digits that came, but for the end of `3.0`.
pub(crate) fn text_or_number<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: for<'a> From<&'a str>,
{
    let value = Box::<RawValue>::deserialize(deserializer)?;
    match value.get() {
        number if number.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
            Ok(T::from(number.strip_suffix(".0").unwrap_or(number)))
        }
        text if text.starts_with('"') => {
            serde_json::from_str::<String>(text).map(|text| T::from(&text)).map_err(D::Error::custom)
        }
        _ => Err(D::Error::custom("neither a string nor a number")),
    }
}

/// The schema of an open enum: a string, with the known values as its examples.
#[cfg(feature = "schemars")]
pub(crate) fn schema(known: &[&str]) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "examples": known })
}
