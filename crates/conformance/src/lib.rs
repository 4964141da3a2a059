#![doc = include_str!("../README.md")]

mod answer;
mod command;
mod errors;
mod facts;
mod filters;
mod http;
mod pages;
mod quota;
mod rules;
mod session;
mod shapes;
mod tokens;

use std::fmt;

pub use command::{Options, run};
pub use facts::Facts;
pub use http::{Http, Reply, Request, Server};
use session::Session;
pub use session::Subject;

/// A check that ends before its end says what became of it.
type Checked<T = ()> = Result<T, Verdict>;

fn fail<T>(text: impl Into<String>) -> Checked<T> {
    Err(Verdict::Fail(text.into()))
}

fn skip<T>(reason: impl Into<String>) -> Checked<T> {
    Err(Verdict::Skip(reason.into()))
}

/// One promise, and how to check whether it is kept.
struct Check {
    /// The promise, as a fact.
    name: &'static str,
    /// Ids of the assumptions without which the document does not promise this.
    rests_on: &'static [&'static str],
    run: fn(&mut Session<'_>) -> Checked,
}

impl Check {
    const fn new(name: &'static str, run: fn(&mut Session<'_>) -> Checked) -> Self {
        Self { name, rests_on: &[], run }
    }

    const fn resting_on(self, rests_on: &'static [&'static str]) -> Self {
        Self { rests_on, ..self }
    }
}

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

/// What became of one check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The promise is kept, as far as the requests can tell.
    Pass,
    /// It is not: the request, what was expected, and what came.
    Fail(String),
    /// This server cannot show it: the reason.
    Skip(String),
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The promise, as a fact.
    pub name: String,
    /// Ids of the assumptions on which it rests.
    pub rests_on: &'static [&'static str],
    /// What became of it.
    pub verdict: Verdict,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.verdict {
            Verdict::Pass => write!(f, "pass  {}", self.name),
            Verdict::Skip(reason) => write!(f, "skip  {}: {reason}", self.name),
            Verdict::Fail(text) => {
                write!(f, "FAIL  {}", self.name)?;
                for line in text.lines() {
                    write!(f, "\n      {line}")?;
                }
                match self.rests_on {
                    [] => Ok(()),
                    ids => write!(f, "\n      rests on spec/assumptions.toml: {}", ids.join(", ")),
                }
            }
        }
    }
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
    for check in checks() {
        let verdict = match (check.run)(&mut session) {
            Ok(()) => Verdict::Pass,
            Err(Verdict::Fail(text)) => Verdict::Fail(session.redacted(&text)),
            Err(other) => other,
        };
        note(Line { name: check.name.to_owned(), rests_on: check.rests_on, verdict });
    }
    shapes::lines(&session).into_iter().chain(errors::rows(&session)).for_each(note);
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_assumption_that_a_check_names_is_in_the_ledger() {
        let ledger =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../spec/assumptions.toml"));
        let ledger = ledger.unwrap();
        let named: Vec<&str> = checks().flat_map(|check| check.rests_on).copied().collect();
        assert!(named.len() > 10);
        for id in named {
            assert!(ledger.contains(&format!("\nid = \"{id}\"\n")), "no assumption {id}");
        }
    }

    #[test]
    fn every_check_has_a_name_of_its_own() {
        let names: Vec<&str> = checks().map(|check| check.name).collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
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
