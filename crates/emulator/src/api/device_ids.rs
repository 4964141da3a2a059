//! A list of device ids as a caller sends it: one text for all, however many there are.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::api::json_text;

/// Device ids in the order in which they were given. An id may be there more than once.
///
/// They are kept as JSON writes them, since that is how they are read and sent. A `String` for each would take twice the memory.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct DeviceIds {
    text: String,
    /// Where each id ends in the text.
    ends: Vec<usize>,
}

impl DeviceIds {
    pub(crate) fn push(&mut self, id: &str) {
        self.text.push_str(&written(id));
        self.ends.push(self.text.len());
    }

    /// Number of ids.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The id in this place, as JSON writes it; empty if there are not that many.
    pub(crate) fn written(&self, place: usize) -> &str {
        let start = place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.ends.get(place).and_then(|end| self.text.get(start..*end)).unwrap_or_default()
    }

    /// All ids, as JSON writes them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|place| self.written(place))
    }
}

/// An id as JSON writes it, without the quotes.
pub(crate) fn written(id: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte >= 0x20 && byte != b'"' && byte != b'\\';
    if id.bytes().all(is_plain) {
        return id.into();
    }
    let text = json_text(&id);
    text[1..text.len() - 1].to_owned().into()
}

impl fmt::Debug for DeviceIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} device ids", self.len())
    }
}

impl<'de> Deserialize<'de> for DeviceIds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;

        impl<'de> Visitor<'de> for List {
            type Value = DeviceIds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of device ids")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<DeviceIds, A::Error> {
                let mut ids = DeviceIds::default();
                while list.next_element_seed(Next(&mut ids))?.is_some() {}
                Ok(ids)
            }
        }

        deserializer.deserialize_seq(List)
    }
}

/// Adds the next id to a list, without a `String` of its own.
struct Next<'l>(&'l mut DeviceIds);

impl<'de> DeserializeSeed<'de> for Next<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Next<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a device id, a text")
    }

    fn visit_str<E: Error>(self, id: &str) -> Result<(), E> {
        if id.is_empty() {
            return Err(E::custom("a device id is empty"));
        }
        self.0.push(id);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_their_order_and_their_duplicates_and_are_written_as_json() {
        let ids: DeviceIds = serde_json::from_str(r#"["b", "a\"b", "b", "\u00e9\n"]"#).unwrap();
        assert_eq!(ids.iter().collect::<Vec<_>>(), ["b", r#"a\"b"#, "b", r"é\n"]);
        assert_eq!((ids.len(), ids.written(4)), (4, ""));
        assert_eq!(written("a\"b"), ids.written(1));
    }

    #[test]
    fn what_is_no_list_of_ids_is_refused() {
        for (text, message) in [
            (r#""a""#, "expected a list of device ids"),
            (r#"["a", 1]"#, "expected a device id, a text"),
            (r#"["a", null]"#, "expected a device id, a text"),
            (r#"["a", ""]"#, "a device id is empty"),
        ] {
            let error = serde_json::from_str::<DeviceIds>(text).unwrap_err().to_string();
            assert!(error.contains(message), "{text}: {error}");
        }
        assert_eq!(serde_json::from_str::<DeviceIds>("[]").unwrap().len(), 0);
    }
}
