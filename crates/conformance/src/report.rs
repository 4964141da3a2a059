//! What became of each check, and the line of the report that says so.

use std::fmt;
use std::io::Write as _;

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

/// A check that ends before its end says what became of it.
pub(crate) type Checked<T = ()> = Result<T, Verdict>;

pub(crate) fn fail<T>(text: impl Into<String>) -> Checked<T> {
    Err(Verdict::Fail(text.into()))
}

pub(crate) fn skip<T>(reason: impl Into<String>) -> Checked<T> {
    Err(Verdict::Skip(reason.into()))
}

/// A closed pipe is no error.
pub(crate) fn print(text: &str) {
    let _closed_pipe = writeln!(std::io::stdout(), "{text}");
}
