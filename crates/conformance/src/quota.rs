//! The quota, which these checks spend.

use std::rc::Rc;
use std::time::Duration;

use crate::answer::Answer;
use crate::report::{Checked, fail, skip};
use crate::session::{Check, Session};

/// Time that a server may need to let go of a call, beyond the window.
const MARGIN: Duration = Duration::from_secs(1);

pub(crate) const CHECKS: &[Check] = &[(
    "the quota's calls are answered, the next one is throttled, and refused calls do not count",
    &["quota-of-the-application", "sliding-window"],
    throttle,
)];

fn throttle(session: &mut Session<'_>) -> Checked {
    let (window, calls) = (session.facts.window, session.facts.quota);
    if !session.subject.throttle {
        return skip(format!("--throttle makes {calls} calls twice, and waits two minutes"));
    }
    session.server.wait(window + MARGIN);
    if spend(session)? > window / 2 {
        return skip("the server answers too slowly for its quota to be spent within half of the window");
    }
    // Were these counted, fewer calls would be left when the window has moved past the first ones.
    session.server.wait(window / 2);
    for _ in 0..5 {
        refused(session)?;
    }
    session.server.wait(window / 2 + MARGIN);
    spend(session).map(drop)
}

/// Makes as many calls as the quota allows, and one more, which is refused; how long it took.
fn spend(session: &mut Session<'_>) -> Checked<Duration> {
    let start = session.server.now();
    for number in 1..=session.facts.quota {
        let answer = spend_one(session)?;
        if session.is_throttled(&answer) {
            return fail(format!("{}\nexpected call {number} of the window to be answered", answer.asked()));
        }
        answer.page()?;
    }
    refused(session)?;
    Ok(session.server.now().saturating_sub(start))
}

fn refused(session: &mut Session<'_>) -> Checked {
    spend_one(session)?.is_row(&session.list_row("Throttled"))
}

/// Asks for one row.
fn spend_one<'a>(session: &mut Session<'a>) -> Checked<Rc<Answer<'a>>> {
    session.send_once(&session.listing(&[("pageSize", "1")]))
}
