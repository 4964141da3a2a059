//! What each parameter may be: exactly at its bounds, below and above.

use serde_json::Value;

use super::session::Session;
use super::{Check, Checked, Stop, fail};

pub(super) const CHECKS: &[Check] = &[
    Check::new("a parameter that is required cannot be left out", missing),
    Check::new("a text keeps its lengths", lengths)
        .resting_on(&["empty-mandatory-counts-as-missing", "task-id-form"]),
    Check::new("an integer keeps its bounds", bounds).resting_on(&["largest-page-number"]),
    Check::new("an integer is nothing else", no_integers),
    Check::new("a listed value is taken, and no other", values).resting_on(&["every-status-is-a-filter"]),
    Check::new("a parameter that is left out has its default", defaults).resting_on(&["paging-defaults"]),
    Check::new("a parameter that is not documented changes nothing", unknown)
        .resting_on(&["unknown-parameters-are-ignored"]),
    Check::new("a call may name a content type", content_type).resting_on(&["get-with-content-type"]),
];

fn refused(session: &mut Session<'_>, name: &str, value: &str) -> Result<(), Stop> {
    session.list(&[(name, value)])?.is_row(&session.list_row("InvalidInput"))
}

fn missing(session: &mut Session<'_>) -> Checked {
    let row = session.list_row("InvalidInput");
    for absent in session.facts.list.parameters.iter().filter(|parameter| parameter.required) {
        let others: Vec<_> =
            session.required().into_iter().filter(|(name, _)| *name != absent.name).collect();
        let headers = session.headers();
        session.list_with(&others, headers, "")?.is_row(&row)?;
    }
    Ok(())
}

fn lengths(session: &mut Session<'_>) -> Checked {
    let row = session.list_row("InvalidInput");
    let facts = session.facts;
    for parameter in &facts.list.parameters {
        let Some((low, high)) = parameter.length else { continue };
        if low > 0 {
            refused(session, &parameter.name, &"x".repeat(low - 1))?;
        }
        let allowed =
            [Some(low), high.map(|high| high - 1), high].into_iter().flatten().filter(|length| *length > 0);
        for length in allowed {
            let answer = session.list(&[(&parameter.name, &"x".repeat(length))])?;
            if answer.code() == Some(&row.code) {
                return fail(format!("{}\nexpected {length} characters to be taken", answer.asked()));
            }
        }
        if let Some(high) = high {
            refused(session, &parameter.name, &"x".repeat(high + 1))?;
        }
    }
    Ok(())
}

fn bounds(session: &mut Session<'_>) -> Checked {
    let facts = session.facts;
    let ranges = facts
        .list
        .parameters
        .iter()
        .filter_map(|parameter| Some((parameter.name.as_str(), parameter.range?)));
    let ranges: Vec<_> = ranges.collect();
    for (name, (low, high)) in &ranges {
        for allowed in [*low, low + 1, high - 1, *high] {
            session.page(&[(name, &allowed.to_string())])?;
        }
        for beyond in [low.checked_sub(1), high.checked_add(1)].into_iter().flatten() {
            refused(session, name, &beyond.to_string())?;
        }
    }
    // A product that overflows shows only where each factor is as large as it may be.
    let largest: Vec<_> = ranges.iter().map(|(name, (_, high))| (*name, high.to_string())).collect();
    let largest: Vec<_> = largest.iter().map(|(name, value)| (*name, value.as_str())).collect();
    session.page(&largest).map(drop)
}

fn no_integers(session: &mut Session<'_>) -> Checked {
    let facts = session.facts;
    for parameter in facts.list.parameters.iter().filter(|parameter| parameter.range.is_some()) {
        for value in ["", "one", "1.5", "0x1"] {
            refused(session, &parameter.name, value)?;
        }
    }
    Ok(())
}

fn values(session: &mut Session<'_>) -> Checked {
    let facts = session.facts;
    for parameter in &facts.list.parameters {
        for value in &parameter.values {
            session.page(&[(&parameter.name, value)])?;
        }
        if let Some(value) = parameter.values.first() {
            for other in [String::new(), format!("{value}x"), value.to_lowercase(), value.to_uppercase()] {
                if !parameter.values.contains(&other) {
                    refused(session, &parameter.name, &other)?;
                }
            }
        }
    }
    Ok(())
}

fn defaults(session: &mut Session<'_>) -> Checked {
    let plain = session.page(&[])?;
    let facts = session.facts;
    for parameter in &facts.list.parameters {
        let Some(default) = &parameter.default else { continue };
        if let Some(told) = plain.body.get(&parameter.name) {
            plain.expect(told == default, || format!("{} {default}, got {told}", parameter.name))?;
        }
        let text = match default {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let given = session.page(&[(&parameter.name, &text)])?;
        given.expect(given.body == plain.body, || format!("what comes without {}", parameter.name))?;
    }
    Ok(())
}

fn unknown(session: &mut Session<'_>) -> Checked {
    let plain = session.page(&[])?;
    let given = session.page(&[("index", "1"), ("x-unknown", "")])?;
    given.expect(given.body == plain.body, || "what comes without the two".to_owned())
}

fn content_type(session: &mut Session<'_>) -> Checked {
    let (query, mut headers) = (session.required(), session.headers());
    headers.push(("Content-Type".to_owned(), "application/json".to_owned()));
    session.list_with(&query, headers, " with a Content-Type")?.page().map(drop)
}
