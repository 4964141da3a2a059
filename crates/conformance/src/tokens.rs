//! Who may ask: the two headers, and the life of a token.

use std::time::Duration;

use crate::report::{Checked, skip};
use crate::session::{Check, Session};

/// Nobody's token, and nobody's application.
const NOBODYS: &str = "nobodys-0000000000000000";

pub(crate) const CHECKS: &[Check] = &[
    ("a login gives a token, and a call with it is answered", &[], a_token_works),
    ("a call without one of the headers is refused", &["dead-token-is-1010005"], missing_headers),
    ("a malformed or unknown token is refused", &["dead-token-is-1010005"], malformed_tokens),
    (
        "a token under another application is refused",
        &["app-key-is-the-application-id", "dead-token-is-1010005"],
        foreign_token,
    ),
    (
        "a new login cancels the token before it",
        &["newest-token-only", "dead-token-is-1010005"],
        cancelled_token,
    ),
];

pub(crate) const SLOW_CHECKS: &[Check] = &[(
    "a token ends after its lifetime",
    &["token-lives-in-seconds", "dead-token-is-1010005"],
    expired_token,
)];

fn a_token_works(session: &mut Session<'_>) -> Checked {
    session.log_in()?;
    session.page(&[]).map(drop)
}

fn missing_headers(session: &mut Session<'_>) -> Checked {
    for call in session.calls().filter(|call| call.app_key.is_some()) {
        let row = session.facts.row(call, "InvalidToken");
        let names = [call.app_key.as_deref(), Some("Authorization")];
        for absent in names.into_iter().flatten() {
            let ask = session.usual(call).header(absent, None).note(format!("without the header {absent}"));
            session.send(&ask)?.is_row(&row)?;
        }
        let mut bare = session.usual(call);
        bare.headers.retain(|(name, _)| !names.contains(&Some(name)));
        session.send(&bare.note("without either header"))?.is_row(&row)?;
    }
    Ok(())
}

fn malformed_tokens(session: &mut Session<'_>) -> Checked {
    let right = session.authorization();
    let token = right.trim_start_matches("Bearer ");
    for (authorization, note) in [
        (token, "with the token without 'Bearer'"),
        ("Bearer ", "with 'Bearer' and nothing behind it"),
        (&format!("Basic {token}"), "with the token behind 'Basic'"),
        (&format!("Bearer {NOBODYS}"), "with a token that nobody has"),
        (&format!("{right}0"), "with the token and one more character"),
    ] {
        refused(session, "Authorization", Some(authorization), note)?;
    }
    Ok(())
}

fn foreign_token(session: &mut Session<'_>) -> Checked {
    let Some(app_key) = &session.facts.list().app_key else {
        return skip("the document names no application in a header");
    };
    for other in [Some(NOBODYS), session.subject.stranger.as_deref()].into_iter().flatten() {
        refused(session, app_key, Some(other), &format!("with {app_key} {other}"))?;
    }
    Ok(())
}

fn cancelled_token(session: &mut Session<'_>) -> Checked {
    let earlier = session.authorization();
    session.log_in()?;
    refused(session, "Authorization", Some(&earlier), "with the token of the login before the newest")?;
    session.page(&[]).map(drop)
}

fn expired_token(session: &mut Session<'_>) -> Checked {
    let seconds = session.log_in()?;
    if !session.subject.expiry {
        return skip(format!("it lives {seconds} s; --expiry waits so long"));
    }
    session.server.wait(Duration::from_secs(seconds));
    let (token, note) = (session.authorization(), format!("with a token of {seconds} s after that time"));
    let refused = refused(session, "Authorization", Some(&token), &note);
    session.log_in()?;
    refused
}

/// Holds the reply to a call with another value of a header, or without it.
fn refused(session: &mut Session<'_>, header: &str, value: Option<&str>, note: &str) -> Checked {
    let ask = session.listing(&[]).header(header, value).note(note);
    session.send(&ask)?.is_row(&session.list_row("InvalidToken"))
}
