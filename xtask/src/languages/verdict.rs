//! Whether a client handed out what the platform said.

use std::collections::HashSet;
use std::fmt;

use anyhow::{Context as _, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::table::Cell;
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
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Hash)]
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
        f.write_str(match self {
            Self::Pass => "pass",
            Self::Lost => "lost",
            Self::Fails => "fails",
        })
    }
}

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

    fn verdict(wanted: Value, got: Value) -> Cell {
        judge(&expect(wanted), Some(&serde_json::from_value(got).unwrap()))
    }

    #[test]
    fn what_is_missing_is_lost_and_what_is_wrong_fails() {
        let wanted = json!({ "reply": { "taskDetails": [{ "status": "Fail", "more": 1 }] } });
        let reply = |row: Value| json!({ "reply": { "taskDetails": [row], "pageNo": 0 } });
        assert_eq!(verdict(wanted.clone(), reply(json!({ "status": "Fail", "more": 1 }))).0, Verdict::Pass);
        assert_eq!(
            verdict(wanted.clone(), reply(json!({ "status": "Fail" }))),
            Cell(Verdict::Lost, "/taskDetails/0/more is missing".to_owned())
        );
        assert_eq!(
            verdict(wanted.clone(), reply(json!({ "status": null, "more": 1 }))),
            Cell(Verdict::Lost, "/taskDetails/0/status is null".to_owned())
        );
        assert_eq!(
            verdict(wanted.clone(), reply(json!({ "status": "unknown", "more": 1 }))),
            Cell(Verdict::Fails, "/taskDetails/0/status is \"unknown\", not \"Fail\"".to_owned())
        );
        assert_eq!(verdict(wanted, json!({ "failure": "a\n  b" })), Cell(Verdict::Fails, "a b".to_owned()));
    }

    #[test]
    fn rows_are_counted_by_their_devices() {
        let row = |id: u8| json!({ "param": { "deviceId": id.to_string() } });
        let rows = |ids: &[u8]| {
            let rows: Vec<_> = ids.iter().map(|id| row(*id)).collect();
            verdict(json!({ "reply": {}, "rows": 2 }), json!({ "reply": { "taskDetails": rows } })).0
        };
        assert_eq!(rows(&[1, 2]), Verdict::Pass);
        assert_eq!(rows(&[1]), Verdict::Lost);
        assert_eq!(rows(&[1, 1]), Verdict::Fails);
        assert_eq!(rows(&[1, 2, 3]), Verdict::Fails);
    }

    #[test]
    fn an_error_has_its_status_its_code_and_its_text() {
        let wanted = json!({ "error": { "status": 403, "code": "1010005", "text": "t" } });
        let error = |code: Value| json!({ "error": { "status": 403, "code": code, "text": "t" } });
        assert_eq!(verdict(wanted.clone(), error(json!("1010005"))).0, Verdict::Pass);
        assert_eq!(verdict(wanted.clone(), error(json!(null))).0, Verdict::Lost);
        assert_eq!(verdict(wanted.clone(), error(json!("105005"))).0, Verdict::Fails);
        assert_eq!(verdict(wanted.clone(), json!({ "reply": {} })).0, Verdict::Fails);
        assert_eq!(verdict(wanted.clone(), json!({ "refused": "too long" })).0, Verdict::Fails);
        assert_eq!(judge(&expect(wanted.clone()), None).0, Verdict::Fails);
        let mut may = wanted;
        may["may-refuse"] = json!(true);
        assert_eq!(verdict(may, json!({ "refused": "too long" })).0, Verdict::Pass);
    }

    #[test]
    fn an_expectation_is_a_reply_or_an_error_and_may_be_an_example_of_the_document() {
        let resolved = |value: Value| expect(value).resolve(&json!({ "x": 1 })).is_ok();
        assert!(resolved(json!({ "example": "/x" })) && resolved(json!({ "error": {} })));
        assert!(!resolved(json!({ "example": "/y" })) && !resolved(json!({})));
    }
}
