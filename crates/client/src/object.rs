//! How the generated structs are read: each member in its way, and the members that the document does not list as they came.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};

use crate::limits;
use crate::members::{Members, Unreadable};

/// A struct of the document, with a place for further members.
pub(crate) trait Object: Sized {
    /// The members that the document does not list.
    fn members(&mut self) -> &mut Members;

    /// What is delivered in place of an object that cannot be read.
    fn unreadable(unreadable: Unreadable) -> Self;
}

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
        struct Number<T>(PhantomData<T>);

        impl<T: TryFrom<i64>> Visitor<'_> for Number<T> {
            type Value = Whole<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a whole number")
            }

            fn visit_unit<E: Error>(self) -> Result<Whole<T>, E> {
                Ok(Whole(None, false))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Whole<T>, E> {
                let whole = T::try_from(number);
                let unexpected = serde::de::Unexpected::Signed(number);
                whole.map(|whole| Whole(Some(whole), false)).map_err(|_| E::invalid_value(unexpected, &self))
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Whole<T>, E> {
                let unexpected = serde::de::Unexpected::Unsigned(number);
                let number = i64::try_from(number).map_err(|_| E::invalid_value(unexpected, &self))?;
                self.visit_i64(number)
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<Whole<T>, E> {
                let whole = whole(number)
                    .ok_or_else(|| E::invalid_type(serde::de::Unexpected::Float(number), &self))?;
                Ok(Whole(self.visit_i64(whole)?.0, true))
            }
        }

        deserializer.deserialize_any(Number(PhantomData))
    }
}

/// The whole number that was written with a decimal point, if a double holds it exactly.
pub(crate) fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
}

/// A list of objects, which ends with an error once it is longer than the call allows.
pub(crate) struct Rows<T>(pub(crate) Option<Vec<T>>, pub(crate) bool);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
            type Value = Rows<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence")
            }

            fn visit_unit<E>(self) -> Result<Rows<T>, E> {
                Ok(Rows(None, false))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Rows<T>, A::Error> {
                let mut rows = Vec::new();
                while let Some(row) = items.next_element()? {
                    if !limits::allows(rows.len() + 1) {
                        return Err(A::Error::custom("the list is longer than the call allows"));
                    }
                    rows.push(row);
                }
                Ok(Rows(Some(rows), false))
            }
        }

        deserializer.deserialize_any(List(PhantomData))
    }
}
