//! Who may ask: the two headers, and the life of a token.

use std::time::Duration;

use crate::session::Session;
use crate::{Check, Checked, skip};

/// Nobody's token, and nobody's application.
const NOBODYS: &str = "nobodys-0000000000000000";

pub(crate) const CHECKS: &[Check] = &[
    Check::new("a login gives a token, and a call with it is answered", a_token_works),
    Check::new("a call without one of the headers is refused", missing_headers)
        .resting_on(&["dead-token-is-1010005"]),
    Check::new("a malformed or unknown token is refused", malformed_tokens)
        .resting_on(&["dead-token-is-1010005"]),
    Check::new("a token under another application is refused", foreign_token)
        .resting_on(&["app-key-is-the-application-id", "dead-token-is-1010005"]),
    Check::new("a new login cancels the token before it", cancelled_token)
        .resting_on(&["newest-token-only", "dead-token-is-1010005"]),
];

pub(crate) const SLOW_CHECKS: &[Check] = &[Check::new("a token ends after its lifetime", expired_token)
    .resting_on(&["token-lives-in-seconds", "dead-token-is-1010005"])];

fn a_token_works(session: &mut Session<'_>) -> Checked {
    session.log_in()?;
    session.page(&[]).map(drop)
}

fn missing_headers(session: &mut Session<'_>) -> Checked {
    let headers = session.headers();
    for (absent, _) in &headers {
        let others = headers.iter().filter(|(name, _)| name != absent).cloned().collect();
        refused(session, others, &format!(" without the header {absent}"))?;
    }
    refused(session, Vec::new(), " without any header")
}

fn malformed_tokens(session: &mut Session<'_>) -> Checked {
    if !session.facts.list.bearer {
        return skip("the document wants no token");
    }
    let token = session.token().to_owned();
    for (authorization, note) in [
        (token.clone(), "the token without 'Bearer'"),
        ("Bearer ".to_owned(), "'Bearer' and nothing behind it"),
        (format!("Basic {token}"), "the token behind 'Basic'"),
        (format!("Bearer {NOBODYS}"), "a token that nobody has"),
        (format!("Bearer {token}0"), "the token and one more character"),
    ] {
        let mut headers = session.headers();
        headers.retain(|(name, _)| name != "Authorization");
        headers.push(("Authorization".to_owned(), authorization));
        refused(session, headers, &format!(" with {note}"))?;
    }
    Ok(())
}

fn foreign_token(session: &mut Session<'_>) -> Checked {
    let Some(app_key) = session.facts.list.app_key.clone() else {
        return skip("the document names no application in a header");
    };
    let others = [Some(NOBODYS.to_owned()), session.subject.stranger.clone()];
    for other in others.into_iter().flatten() {
        let mut headers = session.headers();
        headers.retain(|(name, _)| *name != app_key);
        headers.push((app_key.clone(), other.clone()));
        refused(session, headers, &format!(" with {app_key} {other}"))?;
    }
    Ok(())
}

fn cancelled_token(session: &mut Session<'_>) -> Checked {
    let earlier = session.headers();
    session.log_in()?;
    refused(session, earlier, " with the token of the login before the newest")?;
    session.page(&[]).map(drop)
}

fn expired_token(session: &mut Session<'_>) -> Checked {
    let seconds = session.log_in()?;
    if !session.subject.expiry {
        return skip(format!("it lives {seconds} s; --expiry waits so long"));
    }
    session.wait(Duration::from_secs(seconds));
    let headers = session.headers();
    let refused = refused(session, headers, &format!(" with a token of {seconds} s after that time"));
    session.log_in()?;
    refused
}

fn refused(session: &mut Session<'_>, headers: Vec<(String, String)>, note: &str) -> Checked {
    session.list_with(&[], headers, note)?.is_row(&session.list_row("InvalidToken"))
}
