//! What each field of a request may be: the document's rules for it, each tried at its bound, beside it and beyond it.
//!
//! The rules are read from the document, so that a new one is tried without another line here. A rule of a sort that
//! nobody can try yet is an error, before anything is sent.

use northbound_openapi::contract::Fact;

use crate::facts::{Call, Field};
use crate::session::Session;
use crate::{Check, Checked, fail};

pub(crate) const CHECKS: &[Check] = &[
    Check::new("wrong credentials are refused, and leave the token alone", wrong_credentials)
        .resting_on(&["wrong-credentials"]),
    Check::new("a login without one of its members is refused", missing_members)
        .resting_on(&["empty-mandatory-counts-as-missing"]),
    Check::new("the members of a login keep their lengths", |session| {
        of_login(session, &["minLength", "maxLength"])
    })
    .resting_on(&["wrong-credentials", "empty-mandatory-counts-as-missing"]),
    Check::new("a login that is no form is refused", no_form).resting_on(&["login-is-a-form"]),
    Check::new("a parameter that is required cannot be left out", |session| of_list(session, &["required"])),
    Check::new("a text keeps its lengths", |session| of_list(session, &["minLength", "maxLength"]))
        .resting_on(&["empty-mandatory-counts-as-missing", "task-id-form"]),
    Check::new("an integer keeps its bounds", bounds).resting_on(&["largest-page-number"]),
    Check::new("an integer is nothing else", |session| of_list(session, &["type"])),
    Check::new("a listed value is taken, and no other", |session| of_list(session, &["enum"]))
        .resting_on(&["every-status-is-a-filter"]),
    Check::new("a parameter that is left out has its default", |session| of_list(session, &["default"]))
        .resting_on(&["paging-defaults"]),
    Check::new("a parameter that is not documented changes nothing", |session| {
        session.changes_nothing(&[("index", "1"), ("x-unknown", "")])
    })
    .resting_on(&["unknown-parameters-are-ignored"]),
    Check::new("a call may name a content type", content_type).resting_on(&["get-with-content-type"]),
];

#[derive(Clone, Copy)]
enum Expected {
    Taken,
    /// With the error that the document has for it.
    Refused,
    /// Taken, and answered as if the field were left out.
    AsWithout,
}

use Expected::{AsWithout, Refused, Taken};

fn of_list(session: &mut Session<'_>, aspects: &[&str]) -> Checked {
    let facts = session.facts;
    try_out(session, &facts.list, aspects)
}

fn of_login(session: &mut Session<'_>, aspects: &[&str]) -> Checked {
    let facts = session.facts;
    try_out(session, &facts.login, aspects)
}

/// Tries every rule of these sorts.
fn try_out(session: &mut Session<'_>, call: &Call, aspects: &[&str]) -> Checked {
    let refusal = session.facts.refusal(call);
    for field in &call.fields {
        for fact in field.rules.iter().filter(|fact| aspects.contains(&fact.aspect.as_str())) {
            for (value, expected) in probes(fact, field).unwrap_or_default() {
                let answer = session.ask(call, &field.name, value.as_deref())?;
                match expected {
                    Refused => answer.is_row(&refusal)?,
                    // A text may name something that does not exist.
                    Taken if field.is_free() && answer.status() != 200 => {
                        answer.is_documented(call, |code| code != refusal.code)?;
                    }
                    Taken => drop(answer.succeeds()?),
                    AsWithout => {
                        let (given, plain) = (answer.succeeds()?, session.ask(call, &field.name, None)?);
                        if plain.succeeds()? != given {
                            return fail(format!(
                                "{}\nexpected what comes without {}",
                                answer.asked(),
                                field.name
                            ));
                        }
                    }
                }
            }
        }
    }
    Ok(())
}

/// Whether a rule can be tried, or needs no trying.
pub(crate) fn is_known(fact: &Fact, field: &Field) -> bool {
    probes(fact, field).is_some()
}

/// The values with which a rule is tried, none for a field that is left out; nothing if there is no way yet to try it.
fn probes(fact: &Fact, field: &Field) -> Option<Vec<(Option<String>, Expected)>> {
    let bound = match fact.value.parse::<i128>() {
        Ok(bound) => bound,
        Err(_) if fact.aspect.contains("inimum") || fact.aspect.contains("aximum") => return None,
        Err(_) => 0,
    };
    let number = |beyond: i128| (bound + beyond).to_string();
    // Characters count, not bytes.
    let text =
        |beyond: i128, character: &str| character.repeat(usize::try_from(bound + beyond).unwrap_or_default());
    let values = match (fact.aspect.as_str(), fact.value.as_str()) {
        ("minimum", _) => vec![(number(0), Taken), (number(1), Taken), (number(-1), Refused)],
        ("maximum", _) => vec![(number(0), Taken), (number(-1), Taken), (number(1), Refused)],
        ("exclusiveMinimum", _) => vec![(number(1), Taken), (number(0), Refused)],
        ("exclusiveMaximum", _) => vec![(number(-1), Taken), (number(0), Refused)],
        ("minLength", "0") => vec![(String::new(), Taken)],
        ("minLength", _) => vec![(text(0, "a"), Taken), (text(1, "a"), Taken), (text(-1, "a"), Refused)],
        ("maxLength", _) => {
            vec![
                (text(0, "a"), Taken),
                (text(-1, "a"), Taken),
                (text(0, "ü"), Taken),
                (text(1, "a"), Refused),
            ]
        }
        ("enum", value) => {
            let value = value.trim_matches('"');
            let others = [
                String::new(),
                value.to_lowercase(),
                value.to_uppercase(),
                format!("{value}x"),
                format!(" {value}"),
            ];
            let others = others.into_iter().filter(|other| other != value).map(|other| (other, Refused));
            std::iter::once((value.to_owned(), Taken)).chain(others).collect()
        }
        ("type", "integer") => {
            ["", "one", "1.5", "0x1", "1e1", " 1"].map(|value| (value.to_owned(), Refused)).to_vec()
        }
        ("format", "int32") => ends(field, i32::MIN.into(), i32::MAX.into()),
        ("format", "int64") => ends(field, i64::MIN.into(), i64::MAX.into()),
        ("default", value) => vec![(value.trim_matches('"').to_owned(), AsWithout)],
        ("required", "yes") => return Some(vec![(None, Refused)]),
        ("required", "no") => return Some(vec![(None, Taken)]),
        // What a text may hold beyond its length is free, and so is how a display shows a password. The other rules say how a value
        // is written: the calls are made in this way, and neither a list nor null can be sent.
        ("type", "string")
        | ("format", "password")
        | ("style", "form")
        | ("explode", "yes")
        | ("nullable", "no") => vec![],
        _ => return None,
    };
    Some(values.into_iter().map(|(value, expected)| (Some(value), expected)).collect())
}

/// The least and the greatest number of a format, where no bound of the field comes first.
fn ends(field: &Field, least: i128, greatest: i128) -> Vec<(String, Expected)> {
    let lower = [(least, Taken), (least - 1, Refused)];
    let upper = [(greatest, Taken), (greatest + 1, Refused)];
    let lower = lower.into_iter().filter(|_| !field.has("minimum") && !field.has("exclusiveMinimum"));
    let upper = upper.into_iter().filter(|_| !field.has("maximum") && !field.has("exclusiveMaximum"));
    lower.chain(upper).map(|(value, expected)| (value.to_string(), expected)).collect()
}

fn bounds(session: &mut Session<'_>) -> Checked {
    let aspects = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "format"];
    of_list(session, &aspects)?;
    // A product that overflows shows only where each factor is as large as it may be.
    let fields = session.facts.list.fields.iter();
    let largest: Vec<_> =
        fields.filter_map(|field| Some((field.name.as_str(), field.largest()?.to_string()))).collect();
    let largest: Vec<_> = largest.iter().map(|(name, value)| (*name, value.as_str())).collect();
    session.page(&largest).map(drop)
}

fn missing_members(session: &mut Session<'_>) -> Checked {
    of_login(session, &["required"])?;
    let login = &session.facts.login;
    let empty = session.request(login, &[], Vec::new(), " with an empty form");
    session.send(login, &empty)?.is_row(&session.facts.refusal(login))
}

fn wrong_credentials(session: &mut Session<'_>) -> Checked {
    let facts = session.facts;
    for (name, value) in session.least(&facts.login) {
        let answer = session.ask(&facts.login, &name, Some(&format!("{value}x")))?;
        answer.is_row(&facts.row(&facts.login, "WrongCredentials"))?;
    }
    session.page(&[]).map(drop)
}

/// The document takes nothing but a form; it does not say which of the documented errors another body gets.
fn no_form(session: &mut Session<'_>) -> Checked {
    let login = &session.facts.login;
    let members = session.least(login).into_iter().map(|(name, value)| (name, value.into()));
    let mut request = session.request(login, &[], Vec::new(), " with the credentials as JSON");
    request.headers = vec![("Content-Type".to_owned(), "application/json".to_owned())];
    request.body = Some(serde_json::Value::Object(members.collect()).to_string());
    session.send(login, &request)?.is_documented(login, |_| true)
}

fn content_type(session: &mut Session<'_>) -> Checked {
    let mut headers = session.headers();
    headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    session.list_with(&[], headers, " with a Content-Type")?.page().map(drop)
}
