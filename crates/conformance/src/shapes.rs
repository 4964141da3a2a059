//! What holds for every reply: its status, its media type, its form and its members.

use serde_json::Value;
use ureq::http::HeaderValue;

use crate::answer::Answer;
use crate::report::{Line, Verdict};
use crate::session::Session;

/// What was expected of an answer that breaks a promise.
type Breach = fn(&Answer<'_>) -> Option<String>;

/// One line for each thing, over all replies of the session.
pub(crate) fn lines(session: &Session<'_>) -> Vec<Line> {
    let promises: [(&str, Breach); 4] = [
        ("every reply has a documented status", status),
        ("every reply has a documented media type", media_type),
        ("every body fits its schema", schema),
        ("every body has the members that the document shows", members),
    ];
    let line = |(name, breach): (&str, Breach)| {
        let breach = session
            .answers
            .iter()
            .find_map(|answer| Some(format!("{}\nexpected {}", answer.asked(), breach(answer)?)));
        let verdict = breach.map_or(Verdict::Pass, |text| Verdict::Fail(session.redacted(&text)));
        Line { name: name.to_owned(), rests_on: &[], verdict }
    };
    promises.into_iter().map(line).collect()
}

fn status(answer: &Answer<'_>) -> Option<String> {
    let replies = &answer.call.replies;
    if replies.contains_key(&answer.status()) {
        return None;
    }
    let statuses: Vec<String> = replies.keys().map(u16::to_string).collect();
    Some(format!("a status that the document lists: {}", statuses.join(", ")))
}

fn media_type(answer: &Answer<'_>) -> Option<String> {
    let documented = answer.documented()?;
    let told = answer.reply.headers().get("content-type").map(HeaderValue::as_bytes).unwrap_or_default();
    let told = String::from_utf8_lossy(told);
    let essence = told.split(';').next().unwrap_or_default().trim();
    if documented.media_types.iter().any(|known| known.eq_ignore_ascii_case(essence)) {
        return None;
    }
    Some(format!("the Content-Type {}, got {told:?}", documented.media_types.join(" or ")))
}

fn schema(answer: &Answer<'_>) -> Option<String> {
    let documented = answer.documented()?;
    let Some(body) = &answer.body else { return Some("a body of JSON".to_owned()) };
    let fault = documented.schema.iter_errors(body).next()?;
    Some(format!("a body that fits its schema: at {:?}, {fault}", fault.instance_path().as_str()))
}

/// The document lets every member of a reply be missing, as the platform's page marks none as needed; the page's example
/// shows them all the same, null where there is nothing, and a program may look for each.
fn members(answer: &Answer<'_>) -> Option<String> {
    let documented = answer.documented()?;
    let body = answer.body.as_ref()?;
    // An error may come under 200.
    if answer.status() != 200 || answer.code().is_some() {
        let known = answer.code().is_some_and(|code| documented.codes.iter().any(|known| known == code));
        return (!known).then(|| format!("one of the codes {}", documented.codes.join(", ")));
    }
    if let Some(name) = missing(&documented.example, body) {
        return Some(format!("the member {name}"));
    }
    let (name, shown) =
        documented.example.as_object()?.iter().find_map(|(name, list)| Some((name, list.get(0)?)))?;
    let rows = body.get(name)?.as_array()?;
    rows.iter().find_map(|row| Some(format!("the member {} in each row, got {row}", missing(shown, row)?)))
}

/// A member of the example that a body lacks.
fn missing<'e>(example: &'e Value, body: &Value) -> Option<&'e str> {
    example.as_object()?.keys().map(String::as_str).find(|name| body.get(name).is_none())
}
