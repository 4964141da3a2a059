//! Whether a client handed out what the platform said.

use std::collections::HashSet;
use std::fmt;

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::document::json::list;

/// What a client has to hand out: a reply or an error.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Expectation {
    /// Members of the reply, with their values.
    reply: Option<Value>,
    /// Members of the reply that must be there, whatever their value.
    #[serde(default)]
    has: Vec<String>,
    /// How many rows it has, all of them different.
    rows: Option<usize>,
    /// The error: HTTP status, code and text.
    error: Option<Value>,
    /// Whether a client may refuse the arguments before it sends anything.
    #[serde(default)]
    may_refuse: bool,
    /// Pointer to an example of the document, in place of `reply`.
    example: Option<String>,
}

impl Expectation {
    /// Puts the document's example in its place.
    ///
    /// # Errors
    /// When the document does not have it, or when a reply and an error are expected, or neither.
    pub(super) fn resolve(&mut self, document: &Value) -> anyhow::Result<()> {
        if let Some(pointer) = &self.example {
            let example = document.pointer(pointer);
            self.reply = Some(example.with_context(|| format!("the document has no {pointer}"))?.clone());
        }
        ensure!(self.reply.is_some() != self.error.is_some(), "expect a reply or an error");
        Ok(())
    }
}

/// What a runner saw of a scenario, through its client.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Got {
    /// The reply, as the client's types write it back.
    Reply(Value),
    /// The platform's error: HTTP status, code and text.
    Error(Value),
    /// The client refused the arguments and sent nothing.
    Refused(String),
    /// Anything else that the client threw.
    Failure(String),
}

/// How it went.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, Hash)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    /// The client handed out what came.
    Pass,
    /// Something that came is missing, without a word.
    Lost,
    /// The program cannot go on with what it got.
    Fails,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

/// What came of one scenario or mark with one client: the verdict, with one line why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell(pub(super) Verdict, pub(super) String);

/// Holds what a runner saw against what is expected; nothing is a runner that said nothing.
pub(super) fn judge(expect: &Expectation, got: Option<&Got>) -> Cell {
    let difference = match (got, &expect.reply, &expect.error) {
        (Some(Got::Reply(got)), Some(wanted), _) => reply_difference(expect, wanted, got),
        (Some(Got::Error(got)), _, Some(wanted)) => difference("", wanted, got),
        (Some(Got::Refused(_)), ..) if expect.may_refuse => None,
        (Some(Got::Reply(_)), ..) => Some((Verdict::Fails, "the error was taken for a reply".to_owned())),
        (Some(Got::Error(error)), ..) => {
            Some((Verdict::Fails, format!("an error in place of the reply: {error}")))
        }
        (Some(Got::Refused(text) | Got::Failure(text)), ..) => Some((Verdict::Fails, one_line(text))),
        (None, ..) => Some((Verdict::Fails, "the runner said nothing".to_owned())),
    };
    let (verdict, why) = difference.unwrap_or((Verdict::Pass, String::new()));
    Cell(verdict, why)
}

fn reply_difference(expect: &Expectation, wanted: &Value, got: &Value) -> Option<(Verdict, String)> {
    if let Some(name) = expect.has.iter().find(|name| got.get(name).is_none_or(Value::is_null)) {
        return Some((Verdict::Lost, format!("{name} is missing")));
    }
    difference("", wanted, got).or_else(|| rows_difference(expect.rows?, got))
}

fn rows_difference(wanted: usize, got: &Value) -> Option<(Verdict, String)> {
    let rows: Vec<&Value> = list(&got["taskDetails"]).collect();
    let ids: HashSet<_> = rows.iter().filter_map(|row| row["param"]["deviceId"].as_str()).collect();
    let verdict = if rows.len() < wanted { Verdict::Lost } else { Verdict::Fails };
    ((rows.len(), ids.len()) != (wanted, wanted))
        .then(|| (verdict, format!("{} rows of {} devices, not {wanted}", rows.len(), ids.len())))
}

/// The first thing that is wanted and not there; more than what is wanted may be there.
fn difference(place: &str, wanted: &Value, got: &Value) -> Option<(Verdict, String)> {
    match (wanted, got) {
        (Value::Object(wanted), Value::Object(got)) => wanted.iter().find_map(|(name, wanted)| {
            let place = format!("{place}/{name}");
            match got.get(name) {
                Some(got) => difference(&place, wanted, got),
                None => Some((Verdict::Lost, format!("{place} is missing"))),
            }
        }),
        (Value::Array(wanted), Value::Array(got)) if wanted.len() == got.len() => {
            let mut pairs = wanted.iter().zip(got).enumerate();
            pairs.find_map(|(index, (wanted, got))| difference(&format!("{place}/{index}"), wanted, got))
        }
        _ if wanted == got => None,
        (_, Value::Null) => Some((Verdict::Lost, format!("{place} is null"))),
        _ => Some((Verdict::Fails, format!("{place} is {got}, not {wanted}"))),
    }
}

/// What a person needs of a long message.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(160).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn expect(value: Value) -> Expectation {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_is_missing_is_lost_and_what_is_wrong_fails() {
        use Verdict::{Fails, Lost, Pass};
        let row = json!({ "reply": { "taskDetails": [{ "status": "Fail", "more": 1 }] } });
        let two = json!({ "reply": {}, "rows": 2 });
        let error = json!({ "error": { "status": 403, "code": "1010005", "text": "t" } });
        let may = json!({ "error": {}, "may-refuse": true });
        let reply = |row: Value| json!({ "reply": { "taskDetails": [row], "pageNo": 0 } });
        let with_code = |code: Value| json!({ "error": { "status": 403, "code": code, "text": "t" } });
        let rows = |ids: &[&str]| {
            let rows: Vec<_> = ids.iter().map(|id| json!({ "param": { "deviceId": id } })).collect();
            json!({ "reply": { "taskDetails": rows } })
        };
        for (wanted, got, verdict, why) in [
            (&row, reply(json!({ "status": "Fail", "more": 1 })), Pass, ""),
            (&row, reply(json!({ "status": "Fail" })), Lost, "/taskDetails/0/more is missing"),
            (&row, reply(json!({ "status": null, "more": 1 })), Lost, "/taskDetails/0/status is null"),
            (
                &row,
                reply(json!({ "status": "x", "more": 1 })),
                Fails,
                "/taskDetails/0/status is \"x\", not \"Fail\"",
            ),
            (&row, json!({ "failure": "a\n  b" }), Fails, "a b"),
            (&two, rows(&["1", "2"]), Pass, ""),
            (&two, rows(&["1"]), Lost, "1 rows of 1 devices, not 2"),
            (&two, rows(&["1", "1"]), Fails, "2 rows of 1 devices, not 2"),
            (&two, rows(&["1", "2", "3"]), Fails, "3 rows of 3 devices, not 2"),
            (&error, with_code(json!("1010005")), Pass, ""),
            (&error, with_code(json!(null)), Lost, "/code is null"),
            (&error, with_code(json!("105005")), Fails, "/code is \"105005\", not \"1010005\""),
            (&error, json!({ "reply": {} }), Fails, "the error was taken for a reply"),
            (&error, json!({ "refused": "too long" }), Fails, "too long"),
            (&may, json!({ "refused": "too long" }), Pass, ""),
        ] {
            let got: Got = serde_json::from_value(got).unwrap();
            assert_eq!(judge(&expect(wanted.clone()), Some(&got)), Cell(verdict, why.to_owned()), "{got:?}");
        }
        assert_eq!(judge(&expect(error), None).0, Fails);
    }

    #[test]
    fn an_expectation_is_a_reply_or_an_error_and_may_be_an_example_of_the_document() {
        let resolved = |value: Value| expect(value).resolve(&json!({ "x": 1 })).is_ok();
        assert!(resolved(json!({ "example": "/x" })) && resolved(json!({ "error": {} })));
        assert!(!resolved(json!({ "example": "/y" })) && !resolved(json!({})));
    }
}
