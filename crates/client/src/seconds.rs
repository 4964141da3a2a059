//! A span of time in seconds, which some editions of the platform send as a quoted number.

use std::fmt;
use std::time::Duration;

use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::object::whole;

/// A span of time in whole seconds: read from `3600`, `3600.0` or `"3600"`, written as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Seconds(u64);

impl Seconds {
    /// A span of this number of seconds.
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
        let json = Box::<RawValue>::deserialize(deserializer)?;
        let text = json.get().trim_matches('"').trim();
        let exact = text.parse().ok().or_else(|| whole(text.parse().ok()?)?.try_into().ok());
        exact.map(Self).ok_or_else(|| {
            D::Error::custom(format_args!("{json} is not a whole number of seconds, quoted or not"))
        })
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
