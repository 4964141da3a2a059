//! What each field of a request may be: the document's rules for it, each tried at its bound, beside it and beyond it.
//!
//! The rules are read from the document, so that a new one is tried without another line here. A rule of a sort that
//! nobody can try yet is an error, before anything is sent.

use std::rc::Rc;

use crate::answer::Answer;
use crate::facts::Call;
use crate::field::Expected::{AsWithout, Refused, Taken};
use crate::field::probes;
use crate::report::{Checked, fail};
use crate::session::{Check, Session};

pub(crate) const CHECKS: &[Check] = &[
    ("wrong credentials are refused, and leave the token alone", &["wrong-credentials"], wrong_credentials),
    (
        "a login without one of its members is refused",
        &["empty-mandatory-counts-as-missing"],
        missing_members,
    ),
    (
        "the members of a login keep their lengths",
        &["wrong-credentials", "empty-mandatory-counts-as-missing"],
        |session| of_login(session, &["minLength", "maxLength"]),
    ),
    ("a login that is no form is refused", &["login-is-a-form"], no_form),
    ("a parameter that is required cannot be left out", &[], |session| of_list(session, &["required"])),
    ("a text keeps its lengths", &["empty-mandatory-counts-as-missing", "task-id-form"], |session| {
        of_list(session, &["minLength", "maxLength"])
    }),
    ("an integer keeps its bounds", &["largest-page-number"], bounds),
    ("an integer is nothing else", &[], |session| of_list(session, &["type"])),
    ("a listed value is taken, and no other", &["every-status-is-a-filter"], |session| {
        of_list(session, &["enum"])
    }),
    ("a parameter that is left out has its default", &["paging-defaults"], |session| {
        of_list(session, &["default"])
    }),
    ("a parameter that is not documented changes nothing", &["unknown-parameters-are-ignored"], |session| {
        session.changes_nothing(&[("index", "1"), ("x-unknown", "")])
    }),
    ("a call may name a content type", &["get-with-content-type"], content_type),
];

fn of_list(session: &mut Session<'_>, aspects: &[&str]) -> Checked {
    try_out(&session.facts.list, session, aspects)
}

fn of_login(session: &mut Session<'_>, aspects: &[&str]) -> Checked {
    try_out(&session.facts.login, session, aspects)
}

/// Tries every rule of these sorts.
fn try_out<'a>(call: &'a Call, session: &mut Session<'a>, aspects: &[&str]) -> Checked {
    let refusal = session.facts.refusal(call);
    for field in &call.fields {
        for fact in field.rules.iter().filter(|fact| aspects.contains(&fact.aspect.as_str())) {
            for (value, expected) in probes(fact, field).unwrap_or_default() {
                let answer = ask(session, call, &field.name, value.as_deref())?;
                match expected {
                    Refused => answer.is_row(&refusal)?,
                    // A text may name something that does not exist.
                    Taken if field.is_free() && answer.status() != 200 => {
                        answer.is_documented(|code| code != refusal.code)?;
                    }
                    Taken => drop(answer.succeeds()?),
                    AsWithout => {
                        let (given, plain) = (answer.succeeds()?, ask(session, call, &field.name, None)?);
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
    let mut empty = session.usual(login);
    empty.fields.clear();
    session.send(&empty.note("with an empty form"))?.is_row(&session.facts.refusal(login))
}

fn wrong_credentials(session: &mut Session<'_>) -> Checked {
    let login = &session.facts.login;
    for (name, value) in session.usual(login).fields {
        let answer = ask(session, login, &name, Some(&format!("{value}x")))?;
        answer.is_row(&session.facts.row(login, "WrongCredentials"))?;
    }
    session.page(&[]).map(drop)
}

/// The document takes nothing but a form; it does not say which of the documented errors another body gets.
fn no_form(session: &mut Session<'_>) -> Checked {
    let login = &session.facts.login;
    let ask = session.usual(login).of_json().note("with the credentials as JSON");
    session.send(&ask)?.is_documented(|_| true)
}

fn content_type(session: &mut Session<'_>) -> Checked {
    session.send(&session.listing(&[]).of_json().note("with a Content-Type"))?.page().map(drop)
}

/// Makes a call that must succeed but for one field, which has this value or is left out.
fn ask<'a>(
    session: &mut Session<'a>,
    call: &'a Call,
    name: &str,
    value: Option<&str>,
) -> Checked<Rc<Answer<'a>>> {
    let ask = session.usual(call).field(name, value);
    // A form holds secrets, so that a reader does not see it.
    let ask = match (call.is_form, value.map(|value| value.chars().count())) {
        (false, _) => ask,
        (true, None) => ask.note(format!("without {name}")),
        (true, Some(count)) => ask.note(format!("with another {name}, of {count} characters")),
    };
    session.send(&ask)
}
