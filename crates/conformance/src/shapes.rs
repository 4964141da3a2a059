//! What holds for every reply: its status, its media type, its form and its members.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::answer::code;
use crate::facts::Documented;
use crate::session::{Exchange, Session};
use crate::{Line, Verdict};

/// What was expected of an answer that breaks a promise.
type Breach = fn(&Session<'_>, &Exchange) -> Option<String>;

/// One line for each thing, over all replies of the session.
pub(crate) fn lines(session: &Session<'_>) -> Vec<Line> {
    let promises: [(&str, Breach); 4] = [
        ("every reply has a documented status", status),
        ("every reply has a documented media type", media_type),
        ("every body fits its schema", schema),
        ("every body has the members that the document shows", members),
    ];
    let line = |(name, breach): (&str, Breach)| {
        let first =
            session.exchanges.iter().find_map(|exchange| Some((exchange, breach(session, exchange)?)));
        let verdict = first.map_or(Verdict::Pass, |(exchange, expected)| {
            let text = format!("{}\nexpected {expected}", exchange.answer.asked());
            Verdict::Fail(session.redacted(&text))
        });
        Line { name: name.to_owned(), rests_on: &[], verdict }
    };
    promises.into_iter().map(line).collect()
}

fn replies<'s>(session: &'s Session<'_>, exchange: &Exchange) -> Option<&'s BTreeMap<u16, Documented>> {
    session.facts.calls().into_iter().find(|call| call.id == exchange.call).map(|call| &call.replies)
}

fn documented<'s>(session: &'s Session<'_>, exchange: &Exchange) -> Option<&'s Documented> {
    replies(session, exchange)?.get(&exchange.answer.status())
}

fn status(session: &Session<'_>, exchange: &Exchange) -> Option<String> {
    let replies = replies(session, exchange)?;
    if replies.contains_key(&exchange.answer.status()) {
        return None;
    }
    let statuses: Vec<String> = replies.keys().map(u16::to_string).collect();
    Some(format!("a status that the document lists: {}", statuses.join(", ")))
}

fn media_type(session: &Session<'_>, exchange: &Exchange) -> Option<String> {
    let documented = documented(session, exchange)?;
    let told = exchange.answer.reply.content_type.as_deref().unwrap_or_default();
    let essence = told.split(';').next().unwrap_or_default().trim();
    if documented.media_types.iter().any(|known| known.eq_ignore_ascii_case(essence)) {
        return None;
    }
    Some(format!("the Content-Type {}, got {told:?}", documented.media_types.join(" or ")))
}

fn schema(session: &Session<'_>, exchange: &Exchange) -> Option<String> {
    let documented = documented(session, exchange)?;
    let Some(body) = &exchange.answer.body else { return Some("a body of JSON".to_owned()) };
    let fault = documented.schema.iter_errors(body).next()?;
    Some(format!("a body that fits its schema: at {:?}, {fault}", fault.instance_path().as_str()))
}

/// The document lets every member of a reply be missing, as the platform's page marks none as needed; the page's example
/// shows them all the same, null where there is nothing, and a program may look for each.
fn members(session: &Session<'_>, exchange: &Exchange) -> Option<String> {
    let documented = documented(session, exchange)?;
    let body = exchange.answer.body.as_ref()?;
    if exchange.answer.status() != 200 {
        let known = code(body).is_some_and(|code| documented.codes.iter().any(|known| known == code));
        return (!known).then(|| format!("one of the codes {}", documented.codes.join(", ")));
    }
    if let Some(name) = missing(&documented.example, body) {
        return Some(format!("the member {name}"));
    }
    let shown = documented.example.get("taskDetails")?.get(0)?;
    let rows = body.get("taskDetails")?.as_array()?;
    rows.iter().find_map(|row| Some(format!("the member {} in each row, got {row}", missing(shown, row)?)))
}

/// A member of the example that a body lacks.
fn missing<'e>(example: &'e Value, body: &Value) -> Option<&'e str> {
    example.as_object()?.keys().map(String::as_str).find(|name| body.get(name).is_none())
}
