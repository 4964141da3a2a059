//! Errors that one can provoke, and which rows of the error tables came.

use crate::facts::Call;
use crate::field::Field;
use crate::report::{Checked, Line, Verdict, fail, skip};
use crate::session::{Check, Session};

/// An id that nothing has.
const NOBODY: &str = "nobody-0000000000000000";

pub(crate) const CHECKS: &[Check] = &[
    ("an unknown task is refused", &[], |session| refused(session, "taskId", NOBODY, "TaskNotFound")),
    (
        "an unknown application in appId is refused",
        &["no-application-remedy-means-app-key", "no-application-under-two-statuses"],
        |session| refused(session, "appId", NOBODY, "ApplicationNotFound"),
    ),
    (
        "an application that has not authorized the caller is refused",
        &["app-id-of-the-owner"],
        not_authorized,
    ),
    ("the caller's own id in appId changes nothing", &["app-id-of-the-owner"], own_id),
    ("errors have the words of the platform's page", &["code-before-text"], words),
];

/// The calls that take a token and this field.
fn calls_with<'a>(session: &Session<'a>, name: &str) -> Vec<(&'a Call, &'a Field)> {
    let calls = session.calls().filter(|call| call.app_key.is_some());
    calls.filter_map(|call| Some((call, call.field(name)?))).collect()
}

fn refused(session: &mut Session<'_>, name: &str, value: &str, row: &str) -> Checked {
    for (call, field) in calls_with(session, name) {
        let ask = session.usual(call).given(field, Some(&value.into()));
        session.send(&ask)?.is_row(&session.facts.row(call, row))?;
    }
    Ok(())
}

fn own_id(session: &mut Session<'_>) -> Checked {
    for (call, field) in calls_with(session, "appId").into_iter().filter(|(call, _)| call.may_repeat) {
        let plain = session.send(&session.usual(call))?;
        let ask = session.usual(call).given(field, Some(&session.subject.app_id.as_str().into()));
        let given = session.send(&ask)?;
        if plain.succeeds()? != given.succeeds()? {
            return fail(format!("{}\nexpected what comes without {}", given.asked(), field.name));
        }
    }
    Ok(())
}

fn not_authorized(session: &mut Session<'_>) -> Checked {
    match &session.subject.stranger {
        Some(stranger) => refused(session, "appId", stranger, "ApplicationNotAuthorized"),
        None => skip("no such application is known: --stranger names one"),
    }
}

fn words(session: &mut Session<'_>) -> Checked {
    for answer in &session.answers {
        let Some(body) = &answer.body else { continue };
        let Some(expected) = answer.code().and_then(|code| session.facts.words(code)) else { continue };
        let words = ["error_desc", "resultmsg"].into_iter().find_map(|name| body.get(name));
        if words.and_then(serde_json::Value::as_str) != Some(expected) {
            return fail(format!("{}\nexpected the words {expected:?}", answer.asked()));
        }
    }
    Ok(())
}

/// A line for each row of the error tables: whether any reply was this one.
pub(crate) fn rows(session: &Session<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for call in &session.facts.calls {
        for (status, reply) in &call.replies {
            for code in &reply.codes {
                let mut answers = session.answers.iter().filter(|answer| answer.call.id == call.id);
                let not_seen = "no request provoked it, or its check was skipped or failed";
                let verdict = match answers.any(|one| one.status() == *status && one.code() == Some(code)) {
                    true => Verdict::Pass,
                    false => Verdict::Skip(not_seen.to_owned()),
                };
                let name = format!("{} has {status} with code {code}", call.id);
                lines.push(Line { name, rests_on: &[], verdict });
            }
        }
    }
    lines
}
