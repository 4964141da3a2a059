//! What each field of a request may be: the document's rules for it, each tried at its bound, beside it and beyond it.
//!
//! The rules are read from the document, so that a new one is tried without another line here. A rule of a sort that
//! nobody can try yet is an error, before anything is sent.

use crate::facts::Call;
use crate::field::Expected::{AsWithout, Refused, Taken};
use crate::field::probes;
use crate::report::{Checked, fail};
use crate::session::{Check, Session};

pub(crate) const CHECKS: &[Check] = &[
    ("wrong credentials are refused, and leave the token alone", &["wrong-credentials"], wrong_credentials),
    ("a login that is no form is refused", &["login-is-a-form"], no_form),
    (
        "what is required cannot be left out, and the rest can",
        &["empty-mandatory-counts-as-missing"],
        |session| try_out(session, &["required"]),
    ),
    (
        "a text keeps its lengths",
        &["wrong-credentials", "empty-mandatory-counts-as-missing", "task-id-form"],
        |session| try_out(session, &["minLength", "maxLength"]),
    ),
    ("an integer keeps its bounds", &["largest-page-number"], bounds),
    ("a value of another type is refused", &[], |session| try_out(session, &["type"])),
    ("a listed value is taken, and no other", &["every-status-is-a-filter"], |session| {
        try_out(session, &["enum"])
    }),
    ("a parameter that is left out has its default", &["paging-defaults"], |session| {
        try_out(session, &["default"])
    }),
    ("a parameter that is not documented changes nothing", &["unknown-parameters-are-ignored"], |session| {
        session.changes_nothing(&[("index", "1"), ("x-unknown", "")])
    }),
    ("a call may name a content type", &["get-with-content-type"], content_type),
];

/// Tries every rule of these sorts, of every call.
fn try_out(session: &mut Session<'_>, aspects: &[&str]) -> Checked {
    session.calls().try_for_each(|call| try_call(call, session, aspects))
}

fn try_call<'a>(call: &'a Call, session: &mut Session<'a>, aspects: &[&str]) -> Checked {
    let refusal = session.facts.refusal(call);
    for field in &call.fields {
        for fact in field.rules.iter().filter(|fact| aspects.contains(&fact.aspect.as_str())) {
            for (value, expected) in probes(fact, field).unwrap_or_default() {
                let answer = session.send(&session.usual(call).given(field, value.as_ref()))?;
                match expected {
                    Refused => answer.is_row(&refusal)?,
                    // A text may name something that does not exist, and what acts may be refused for what was done before.
                    Taken if (field.is_free() || !call.may_repeat) && answer.succeeds().is_err() => {
                        answer.is_documented(|code| code != refusal.code)?;
                    }
                    Taken => drop(answer.succeeds()?),
                    AsWithout => {
                        let plain = session.send(&session.usual(call).given(field, None))?;
                        let given = answer.succeeds()?;
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
    try_out(session, &aspects)?;
    // A product that overflows shows only where each factor is as large as it may be.
    let fields = session.facts.list().fields.iter();
    let largest: Vec<_> =
        fields.filter_map(|field| Some((field.name.as_str(), field.largest()?.to_string()))).collect();
    let largest: Vec<_> = largest.iter().map(|(name, value)| (*name, value.as_str())).collect();
    session.page(&largest).map(drop)
}

fn wrong_credentials(session: &mut Session<'_>) -> Checked {
    let login = session.facts.login();
    for (name, value) in session.usual(login).fields {
        let Some(field) = login.field(&name) else { continue };
        let answer = session.send(&session.usual(login).given(field, Some(&format!("{value}x").into())))?;
        answer.is_row(&session.facts.row(login, "WrongCredentials"))?;
    }
    session.page(&[]).map(drop)
}

/// The document takes nothing but a form; it does not say which of the documented errors another body gets.
fn no_form(session: &mut Session<'_>) -> Checked {
    let login = session.facts.login();
    let ask = session.usual(login).of_json().note("with the credentials as JSON");
    session.send(&ask)?.is_documented(|_| true)
}

fn content_type(session: &mut Session<'_>) -> Checked {
    session.send(&session.listing(&[]).of_json().note("with a Content-Type"))?.page().map(drop)
}
