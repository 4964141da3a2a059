//! A span of time in seconds, which some editions of the platform send as a quoted number.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};

/// A span of time in whole seconds: read from `3600`, `3600.0` or `"3600"`, written as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Seconds(u64);

impl Seconds {
    /// A span of so many seconds.
    pub const fn new(seconds: u64) -> Self {
        Self(seconds)
    }

    /// The span as a duration.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0)
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrText)
    }
}

struct NumberOrText;

impl Visitor<'_> for NumberOrText {
    type Value = Seconds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number of seconds, quoted or not")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Seconds, E> {
        Ok(Seconds(number))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Seconds, E> {
        let seconds = crate::object::whole(number).and_then(|whole| u64::try_from(whole).ok());
        seconds.map(Seconds).ok_or_else(|| E::invalid_value(serde::de::Unexpected::Float(number), &self))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Seconds, E> {
        let number = text.trim().parse();
        number.map(Seconds).map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Seconds {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Seconds".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer", "format": "int64", "minimum": 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::Seconds;

    #[test]
    fn a_number_reads_with_and_without_quotes() {
        for json in ["3600", "3600.0", "\"3600\"", "\" 3600 \""] {
            assert_eq!(serde_json::from_str::<Seconds>(json).unwrap(), Seconds::new(3600));
        }
    }

    #[test]
    fn what_is_no_number_of_seconds_is_refused() {
        for json in ["-1", "\"soon\"", "null", "1.5", "{}"] {
            let error = serde_json::from_str::<Seconds>(json).unwrap_err().to_string();
            assert!(error.contains("a whole number of seconds, quoted or not"), "{json}: {error}");
        }
    }
}
