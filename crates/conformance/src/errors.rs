//! Errors that one can provoke, and which rows of the error tables came.

use std::collections::BTreeSet;

use crate::answer::code;
use crate::session::Session;
use crate::{Check, Checked, Line, Verdict, fail, skip};

/// An id that nothing has.
const NOBODY: &str = "nobody-0000000000000000";

pub(crate) const CHECKS: &[Check] = &[
    Check::new("an unknown task is refused", unknown_task),
    Check::new("an unknown application in appId is refused", unknown_application)
        .resting_on(&["no-application-remedy-means-app-key", "no-application-under-two-statuses"]),
    Check::new("an application that has not authorized the caller is refused", not_authorized)
        .resting_on(&["app-id-of-the-owner"]),
    Check::new("the caller's own id in appId changes nothing", own_application)
        .resting_on(&["app-id-of-the-owner"]),
    Check::new("errors have the words of the platform's page", words).resting_on(&["code-before-text"]),
];

fn unknown_task(session: &mut Session<'_>) -> Checked {
    session.list(&[("taskId", NOBODY)])?.is_row(&session.list_row("TaskNotFound"))
}

fn unknown_application(session: &mut Session<'_>) -> Checked {
    session.list(&[("appId", NOBODY)])?.is_row(&session.list_row("ApplicationNotFound"))
}

fn not_authorized(session: &mut Session<'_>) -> Checked {
    let Some(stranger) = session.subject.stranger.clone() else {
        return skip("no such application is known: --stranger names one");
    };
    session.list(&[("appId", &stranger)])?.is_row(&session.list_row("ApplicationNotAuthorized"))
}

fn own_application(session: &mut Session<'_>) -> Checked {
    let plain = session.page(&[])?;
    let app_id = session.subject.app_id.clone();
    let given = session.page(&[("appId", &app_id)])?;
    given.expect(given.body == plain.body, || "what comes without appId".to_owned())
}

fn words(session: &mut Session<'_>) -> Checked {
    for exchange in &session.exchanges {
        let Some(body) = &exchange.answer.body else { continue };
        let Some(expected) = code(body).and_then(|code| session.facts.words(code)) else { continue };
        let words = ["error_desc", "resultmsg"].into_iter().find_map(|name| body.get(name));
        if words.and_then(serde_json::Value::as_str) != Some(expected) {
            return fail(format!("{}\nexpected the words {expected:?}", exchange.answer.asked()));
        }
    }
    Ok(())
}

/// A line for each row of the error tables: whether any reply was this one.
pub(crate) fn rows(session: &Session<'_>) -> Vec<Line> {
    let exchanges = session.exchanges.iter();
    let seen: BTreeSet<(&str, u16, &str)> = exchanges
        .filter_map(|exchange| Some((exchange.call, exchange.answer.status(), exchange.answer.code()?)))
        .collect();
    let line = |id: &str, status: u16, code: &str, seen: bool| Line {
        name: format!("{id} has {status} with code {code}"),
        rests_on: &[],
        verdict: match seen {
            true => Verdict::Pass,
            false => Verdict::Skip(
                "not seen: no request provoked it, or its check was skipped or failed".to_owned(),
            ),
        },
    };
    let replies =
        session.facts.calls().into_iter().flat_map(|call| {
            call.replies.iter().map(move |(status, reply)| (call.id, *status, &reply.codes))
        });
    replies
        .flat_map(|(id, status, codes)| codes.iter().map(move |code| (id, status, code)))
        .map(|(id, status, code)| line(id, status, code, seen.contains(&(id, status, code.as_str()))))
        .collect()
}
