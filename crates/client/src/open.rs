//! Values that the document does not list: how they are kept.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Visitor};

/// A value that the document does not list, as it came.
///
/// Only this crate makes one, so that a listed value can never hide in here.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnknownValue(Box<str>);

impl UnknownValue {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The value as it stands on the wire.
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
    deserializer.deserialize_str(Value { numbers: false, into: PhantomData })
}

/// Reads an open enum from a string or a whole number.
pub(crate) fn text_or_number<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: for<'a> From<&'a str>,
{
    deserializer.deserialize_any(Value { numbers: true, into: PhantomData })
}

/// The schema of an open enum: a string, with the known values as its examples.
#[cfg(feature = "schemars")]
pub(crate) fn schema(known: &[&str]) -> schemars::Schema {
    schemars::json_schema!({ "type": "string", "examples": known })
}

struct Value<T> {
    numbers: bool,
    into: PhantomData<T>,
}

impl<T: for<'a> From<&'a str>> Visitor<'_> for Value<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.numbers { "a string or a whole number" } else { "a string" })
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::from(text))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        if self.numbers {
            return Ok(T::from(&number.to_string()));
        }
        Err(E::invalid_type(serde::de::Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        if self.numbers {
            return Ok(T::from(&number.to_string()));
        }
        Err(E::invalid_type(serde::de::Unexpected::Signed(number), &self))
    }
}
