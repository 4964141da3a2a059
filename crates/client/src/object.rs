//! How the generated structs are read: each member in its way, and the members that the document does not list as they came.

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::Number;

use crate::limits;

/// A member that its own type reads; the second part says whether it was repaired.
pub(crate) struct Plain<T>(pub(crate) Option<T>, pub(crate) bool);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Plain<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(|value| Self(value, false))
    }
}

/// A whole number, which may be written as `3.0`.
pub(crate) struct Whole<T>(pub(crate) Option<T>, pub(crate) bool);

impl<'de, T: TryFrom<i64>> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Some(number) = Option::<Number>::deserialize(deserializer)? else { return Ok(Self(None, false)) };
        let exact = number.as_i64();
        match exact.or_else(|| whole(number.as_f64()?)).and_then(|whole| T::try_from(whole).ok()) {
            Some(whole) => Ok(Self(Some(whole), exact.is_none())),
            None => {
                Err(D::Error::custom(format_args!("{number} is no whole number in the range of this member")))
            }
        }
    }
}

/// The whole number that was written with a decimal point, if a double holds it exactly.
pub(crate) fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

/// A list of objects, which ends with an error once it is longer than the call allows.
pub(crate) struct Rows<T>(pub(crate) Option<Vec<T>>, pub(crate) bool);

/// One of them.
struct Row<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Row<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !limits::allows_another() {
            return Err(D::Error::custom("the list is longer than the call allows"));
        }
        T::deserialize(deserializer).map(Self)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rows = Option::<Vec<Row<T>>>::deserialize(deserializer)?;
        Ok(Self(rows.map(|rows| rows.into_iter().map(|Row(row)| row).collect()), false))
    }
}
