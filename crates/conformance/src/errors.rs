//! Errors that one can provoke, and which rows of the error tables came.

use crate::report::{Checked, Line, Verdict, fail, skip};
use crate::session::{Check, Session};

/// An id that nothing has.
const NOBODY: &str = "nobody-0000000000000000";

pub(crate) const CHECKS: &[Check] = &[
    ("an unknown task is refused", &[], |session| refused(session, ("taskId", NOBODY), "TaskNotFound")),
    (
        "an unknown application in appId is refused",
        &["no-application-remedy-means-app-key", "no-application-under-two-statuses"],
        |session| refused(session, ("appId", NOBODY), "ApplicationNotFound"),
    ),
    (
        "an application that has not authorized the caller is refused",
        &["app-id-of-the-owner"],
        not_authorized,
    ),
    ("the caller's own id in appId changes nothing", &["app-id-of-the-owner"], |session| {
        let app_id = &session.subject.app_id;
        session.changes_nothing(&[("appId", app_id)])
    }),
    ("errors have the words of the platform's page", &["code-before-text"], words),
];

fn refused(session: &mut Session<'_>, parameter: (&str, &str), row: &str) -> Checked {
    session.send(&session.listing(&[parameter]))?.is_row(&session.list_row(row))
}

fn not_authorized(session: &mut Session<'_>) -> Checked {
    match &session.subject.stranger {
        Some(stranger) => refused(session, ("appId", stranger), "ApplicationNotAuthorized"),
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
    for call in [&session.facts.list, &session.facts.login] {
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
