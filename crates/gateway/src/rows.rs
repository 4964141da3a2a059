//! Rows that fit the document, whatever the platform sent: a strict client of any language can read them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::ops::BitOrAssign;

use northbound::{Exact, Members, Subtask, Text};
use serde_json::Value;

/// The members of a row that the document describes as texts.
const TEXTS: [&str; 5] = ["status", "output", "error", "param.deviceId", "param.commandId"];

/// The member of a row that the document describes as an object.
const PARAM: &str = "param";

/// What may come instead of a text.
const OTHERS: [&str; 4] = ["object", "array", "number", "boolean"];

/// What was changed so that rows fit the document. Display is a list such as `error: object to text, param.deviceId: number
/// to text`, and empty if nothing was changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes(u32);

impl Changes {
    /// The client had to repair a row before it could read it, as [`Subtask::is_repaired`] says.
    const REPAIRED: Self = Self(1 << 30);
    /// A row that cannot be read at all is in the text of a member `unreadable`.
    const UNREADABLE: Self = Self(1 << 31);

    /// Something else than a text came as a member that the document describes as a text.
    fn to_text(member: usize, json: &str) -> Self {
        let other = match json.as_bytes().first() {
            Some(b'{') => 0,
            Some(b'[') => 1,
            Some(b't' | b'f') => 3,
            _ => 2,
        };
        Self(1 << (member * OTHERS.len() + other))
    }

    /// Whether nothing was changed.
    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl BitOrAssign for Changes {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = TEXTS.iter().flat_map(|member| OTHERS.map(|other| format!("{member}: {other} to text")));
        let whole = ["row: repaired", "row: unreadable to text"].map(str::to_owned);
        let bits = (0..).zip(texts).chain((30..).zip(whole));
        let list: Vec<_> = bits.filter(|(bit, _)| self.0 & 1 << bit != 0).map(|(_, text)| text).collect();
        f.write_str(&list.join(", "))
    }
}

/// Writes the JSON of a row on one line: with all members, with the digits of every number, and changed only where it would
/// not fit the document. A member that the document lists and that did not come is null.
///
/// If no change can make a row fit the document, it becomes `{"unreadable":"…"}`, with all that came in its text. So the row is
/// not lost, and the other rows are delivered as well.
pub(crate) fn write(row: &Subtask, into: &mut Vec<u8>) -> Changes {
    let begins = into.len();
    let mut changed = if row.is_repaired() { Changes::REPAIRED } else { Changes::default() };
    // Writing into memory does not fail, nor does a row, which consists of texts and of JSON.
    if serde_json::to_writer(&mut *into, row).is_ok() && is_fit(row) {
        return changed;
    }
    let json = String::from_utf8_lossy(&into.split_off(begins)).into_owned();
    let is_changed = |fitted: &(String, Changes)| row.unreadable().is_none() || !fitted.1.is_empty();
    let (fitted, changes) = fitted(&json, "").filter(is_changed).unwrap_or_else(|| {
        let text = row.unreadable().map_or(json.as_str(), |unreadable| unreadable.text());
        (serde_json::json!({ "unreadable": text }).to_string(), Changes::UNREADABLE)
    });
    into.extend_from_slice(fitted.as_bytes());
    changed |= changes;
    changed
}

/// Whether a row fits the document as it is, which nearly all do.
fn is_fit(row: &Subtask) -> bool {
    let raw = row.as_raw();
    let param = raw.param.iter().flat_map(|param| [&param.device_id, &param.command_id]);
    let mut texts = param.chain([&raw.output, &raw.error]).flatten();
    row.unreadable().is_none() && texts.all(Text::is_string)
}

/// An object of the document with texts where the document has them; `None` if it is no such object. `place` is what stands
/// before the names of its members in [`TEXTS`].
fn fitted(json: &str, place: &str) -> Option<(String, Changes)> {
    let members: Members = serde_json::from_str(json).ok()?;
    let mut fitted: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
    let (mut places, mut changes) = (HashMap::<_, usize>::new(), Changes::default());
    for (name, value) in members.iter() {
        let path = format!("{place}{name}");
        let is_text = value.is_null() || value.json().starts_with('"');
        let value = match TEXTS.iter().position(|text| *text == path) {
            Some(member) if !is_text => {
                changes |= Changes::to_text(member, value.json());
                Cow::Owned(Value::from(value.json()).to_string())
            }
            None if path == PARAM && !value.is_null() => {
                let (param, inside) = self::fitted(value.json(), "param.")?;
                changes |= inside;
                Cow::Owned(param)
            }
            _ => Cow::Borrowed(Exact::json(value)),
        };
        // Of two members with one name the last one counts.
        match places.entry(name.clone()) {
            Entry::Occupied(at) => fitted[*at.get()].1 = value,
            Entry::Vacant(at) => {
                at.insert(fitted.len());
                fitted.push((name, value));
            }
        }
    }
    let members = fitted.iter().map(|(name, value)| format!("{}:{value}", Value::from(&**name)));
    Some((format!("{{{}}}", members.collect::<Vec<_>>().join(",")), changes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(json: &str) -> (String, String) {
        let mut row = Vec::new();
        let changes = write(&serde_json::from_str(json).unwrap(), &mut row);
        (String::from_utf8(row).unwrap(), changes.to_string())
    }

    #[test]
    fn a_row_that_fits_the_document_is_handed_out_as_it_came() {
        for row in [
            r#"{"error":null,"output":"{\"a\": 1}","param":{"commandId":"c","deviceId":"868744","iccid":89860000000000000001,"more":[1e400,-0]},"status":"Fail","x":1.50}"#,
            r#"{"error":null,"output":null,"param":null,"status":"Halted"}"#,
        ] {
            assert_eq!(fit(row), (row.to_owned(), String::new()));
        }
    }

    #[test]
    fn whatever_came_in_place_of_a_text_becomes_a_text() {
        let (row, changes) = fit(
            r#"{"status":"Fail","output":{"a":89860000000000000001,"b":"\""},"error":[1],"param":{"deviceId":868744000000000001,"commandId":true,"x":{"y":1}}}"#,
        );
        let read: Value = serde_json::from_str(&row).unwrap();
        assert_eq!(read["output"], r#"{"a":89860000000000000001,"b":"\""}"#);
        assert_eq!(read["error"], "[1]");
        assert_eq!(read["param"]["deviceId"], "868744000000000001");
        assert_eq!(read["param"]["commandId"], "true");
        assert_eq!(read["param"]["x"]["y"], 1);
        assert_eq!(
            changes,
            "output: object to text, error: array to text, param.deviceId: number to text, param.commandId: boolean to text"
        );
    }

    #[test]
    fn a_row_that_the_client_cannot_read_is_changed_until_it_fits() {
        let text = |text: &str, changes: &str| (text.to_owned(), changes.to_owned());
        assert_eq!(
            fit(r#"{"status":5,"a":1,"a":2}"#),
            text(r#"{"status":"5","a":2}"#, "status: number to text")
        );
        assert_eq!(
            fit(r#"{"status":{"b":1},"param":{"deviceId":7}}"#),
            text(
                r#"{"status":"{\"b\":1}","param":{"deviceId":"7"}}"#,
                "status: object to text, param.deviceId: number to text"
            )
        );
        for unfit in [r#"{"status":5,"param":"x"}"#, r#"{"param":[1]}"#, "[1,2]", "null", "7"] {
            let (row, changes) = fit(unfit);
            assert_eq!(
                serde_json::from_str::<Value>(&row).unwrap(),
                serde_json::json!({ "unreadable": unfit })
            );
            assert_eq!(changes, "row: unreadable to text");
        }
        let broken = fit(r#"{"unreadable":"{broken"}"#);
        assert_eq!(broken, text(r#"{"unreadable":"{broken"}"#, "row: unreadable to text"));
    }

    #[test]
    fn a_repaired_row_says_so() {
        let (row, changes) = fit(r#"{"status":"Fail","output":"a\ud83d","error":{}}"#);
        assert!(row.contains("a\u{fffd}"), "{row}");
        assert_eq!(changes, "error: object to text, row: repaired");
    }

    #[test]
    fn the_texts_are_those_of_the_document() {
        let document: Value = serde_json::from_str(northbound::DOCUMENT_AS_JSON).unwrap();
        let members = |schema: &str, place: &str| {
            let members =
                document["components"]["schemas"][schema]["properties"].as_object().unwrap().clone();
            let paths =
                members.into_iter().map(|(name, schema)| (format!("{place}{name}"), schema["type"].clone()));
            paths.collect::<Vec<_>>()
        };
        for (path, kind) in [members("Subtask", ""), members("SubtaskParam", "param.")].concat() {
            let expected = if path == PARAM { "object" } else { "string" };
            assert_eq!(kind, expected, "{path}");
            assert_eq!(TEXTS.contains(&path.as_str()), path != PARAM, "{path}");
        }
    }
}
