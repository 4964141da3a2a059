//! What a login refuses.

use super::facts::Row;
use super::session::Session;
use super::{Check, Checked, Stop, fail, skip};

pub(super) const CHECKS: &[Check] = &[
    Check::new("wrong credentials are refused, and leave the token alone", wrong_credentials)
        .resting_on(&["wrong-credentials"]),
    Check::new("a login without one of its members is refused", missing_members)
        .resting_on(&["empty-mandatory-counts-as-missing"]),
    Check::new("the members of a login keep their lengths", lengths).resting_on(&["wrong-credentials"]),
    Check::new("a login that is no form is refused", no_form).resting_on(&["login-is-a-form"]),
];

fn wrong_credentials(session: &mut Session<'_>) -> Checked {
    let row = session.login_row("WrongCredentials");
    let right = session.credentials();
    for (name, note) in [("secret", "with a wrong secret"), ("appId", "with an unknown application")] {
        let form: Vec<_> = right
            .iter()
            .map(|(known, value)| (*known, if *known == name { format!("{value}x") } else { value.clone() }))
            .collect();
        session.login_with(&form, note)?.is_row(&row)?;
    }
    session.page(&[]).map(drop)
}

fn missing_members(session: &mut Session<'_>) -> Checked {
    let row = session.login_row("MissingParameter");
    let right = session.credentials();
    for name in required(session) {
        let without: Vec<_> = right.iter().filter(|(known, _)| *known != name).cloned().collect();
        session.login_with(&without, &format!("without {name}"))?.is_row(&row)?;
        let empty = with(&right, &name, String::new());
        session.login_with(&empty, &format!("with an empty {name}"))?.is_row(&row)?;
    }
    session.login_with(&[], "with an empty form")?.is_row(&row)
}

fn required(session: &Session<'_>) -> Vec<String> {
    let fields = session.facts.login.form.iter().flat_map(|(_, fields)| fields);
    fields.filter(|field| field.required).map(|field| field.name.clone()).collect()
}

fn lengths(session: &mut Session<'_>) -> Checked {
    let (missing, wrong) = (session.login_row("MissingParameter"), session.login_row("WrongCredentials"));
    let facts = session.facts;
    let bounded = facts.login.form.iter().flat_map(|(_, fields)| fields).filter_map(|field| {
        let (low, high) = field.length?;
        Some((field.name.as_str(), low, high?))
    });
    let mut bounds = 0;
    for (name, low, high) in bounded {
        bounds += 1;
        for length in [low, low + 1, high - 1, high] {
            probe(session, name, length, &wrong)?;
        }
        probe(session, name, high + 1, &missing)?;
    }
    if bounds == 0 { skip("the document bounds no length") } else { Ok(()) }
}

/// A text of so many characters, which is nobody's secret and no application.
fn probe(session: &mut Session<'_>, name: &str, length: usize, row: &Row) -> Result<(), Stop> {
    let form = with(&session.credentials(), name, "~".repeat(length));
    session.login_with(&form, &format!("with {name} of {length} characters"))?.is_row(row)
}

fn with(form: &[(&'static str, String)], name: &str, value: String) -> Vec<(&'static str, String)> {
    form.iter()
        .map(|(known, old)| (*known, if *known == name { value.clone() } else { old.clone() }))
        .collect()
}

/// The document takes nothing but a form; which of the documented errors another body gets, it does not say.
fn no_form(session: &mut Session<'_>) -> Checked {
    let members = session.credentials().into_iter().map(|(name, value)| (name.to_owned(), value.into()));
    let json = serde_json::Value::Object(members.collect()).to_string();
    let answer = session.login_as("application/json", json, "with the credentials as JSON")?;
    let documented = session.facts.login.replies.iter();
    let is_documented =
        documented.filter(|(status, _)| (400..500).contains(*status)).any(|(status, reply)| {
            answer.status() == *status && reply.codes.iter().any(|code| answer.code() == Some(code))
        });
    if is_documented {
        return Ok(());
    }
    fail(format!("{}\nexpected one of the documented errors of a login", answer.asked()))
}
