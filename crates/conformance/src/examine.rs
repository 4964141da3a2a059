//! All checks, one after the other.

use crate::facts::Facts;
use crate::http::Server;
use crate::report::{Line, Verdict};
use crate::session::{Check, Session, Subject};
use crate::{errors, filters, pages, quota, rules, shapes, tokens};

/// Every check, in the order in which they run. What spends the quota or takes its time comes last.
fn checks() -> impl Iterator<Item = &'static Check> {
    [
        tokens::CHECKS,
        rules::CHECKS,
        errors::CHECKS,
        pages::CHECKS,
        filters::CHECKS,
        tokens::SLOW_CHECKS,
        quota::CHECKS,
    ]
    .into_iter()
    .flatten()
}

/// Runs every check; each line is handed over as soon as it is known.
///
/// # Errors
/// When the server cannot be reached, or does not let the application in: nothing can be said of it then.
pub fn examine(
    server: &mut dyn Server,
    facts: &Facts,
    subject: &Subject,
    mut tell: impl FnMut(&Line),
) -> anyhow::Result<Vec<Line>> {
    let mut session = Session::open(server, facts, subject)?;
    let mut lines = Vec::new();
    let mut note = |line: Line| {
        tell(&line);
        lines.push(line);
    };
    for (name, rests_on, run) in checks() {
        let verdict = match run(&mut session) {
            Ok(()) => Verdict::Pass,
            Err(Verdict::Fail(text)) => Verdict::Fail(session.redacted(&text)),
            Err(other) => other,
        };
        note(Line { name: (*name).to_owned(), rests_on, verdict });
    }
    shapes::lines(&session).into_iter().chain(errors::rows(&session)).for_each(note);
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_check_has_a_name_of_its_own_and_assumptions_of_the_ledger() {
        let ledger = concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/assumptions.toml");
        let ledger = std::fs::read_to_string(ledger).unwrap();
        let mut names = HashSet::new();
        for (name, rests_on, _) in checks() {
            assert!(names.insert(name), "{name} is there twice");
            for id in *rests_on {
                assert!(ledger.contains(&format!("\nid = \"{id}\"\n")), "no assumption {id}");
            }
        }
    }

    #[test]
    fn a_line_says_what_failed_and_on_what_it_rests() {
        let line = |verdict| Line { name: "pages count up".into(), rests_on: &["pages-count-up"], verdict };
        assert_eq!(line(Verdict::Pass).to_string(), "pass  pages count up");
        assert_eq!(
            line(Verdict::Skip("too few rows".into())).to_string(),
            "skip  pages count up: too few rows"
        );
        assert_eq!(
            line(Verdict::Fail("GET /x: expected 1\ngot 2".into())).to_string(),
            "FAIL  pages count up\n      GET /x: expected 1\n      got 2\n      rests on spec/assumptions.toml: pages-count-up"
        );
    }
}
