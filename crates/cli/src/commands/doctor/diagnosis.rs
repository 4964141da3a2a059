//! The diagnosis: lines for a person to read and to paste, or one JSON object.

use std::io;

use anstyle::Style;
use northbound::PLATFORM_EDITION;
use northbound::client_layer::DOCUMENT_VERSION;
use serde_json::{Value, json};

use super::finding::{Finding, Mark};
use super::wire::WireCall;
use crate::error::{CliError, Kind};
use crate::results::result_of;
use crate::screen::layout::{self, counted};
use crate::screen::outlet::Outlet;
use crate::screen::palette::{ERROR, GOOD, HELP, Palette, QUIET, WARNING};

/// Columns of the marks, where there is room for them.
const MARKS: usize = 16;
/// A terminal that is narrower has no room for a column of marks.
const NARROW: usize = 70;

/// Everything that was found. Nothing in it is secret.
#[derive(Debug)]
pub(super) struct Diagnosis {
    /// `None` if none was given, or none that is a URL.
    pub(super) endpoint: Option<String>,
    pub(super) checks: Vec<Finding>,
    /// `None` if none could be judged.
    pub(super) assumptions: Option<Vec<Finding>>,
    /// Whether a task was given.
    pub(super) asked: bool,
    pub(super) wire_calls: Vec<WireCall>,
}

impl Diagnosis {
    pub(super) fn write(&self, stdout: &mut Outlet<'_>) -> io::Result<()> {
        stdout.write_lines(&self.lines(stdout.width(), stdout.palette))
    }

    /// What to do with it.
    pub(super) fn next_step(&self) -> &'static str {
        if self.bad(Mark::DoesNotHold) > 0 {
            "an assumption that does not hold is what the maintainers of northbound need to know: paste the report into an issue. It \
             holds no secret, no token and no id of a task or device; it names the endpoint"
        } else {
            "the report can be pasted into an issue: it holds no secret, no token and no id of a task or device; it names the endpoint"
        }
    }

    pub(super) fn verdict(&self) -> Result<(), CliError> {
        let checks = match self.bad(Mark::Wrong) {
            0 => None,
            1 => Some("1 check is wrong".to_owned()),
            wrong => Some(format!("{wrong} checks are wrong")),
        };
        let assumptions = match self.bad(Mark::DoesNotHold) {
            0 => None,
            1 => Some("1 assumption does not hold".to_owned()),
            broken => Some(format!("{broken} assumptions do not hold")),
        };
        let advice = match (&checks, &assumptions) {
            (None, None) => return Ok(()),
            (_, None) => "do what the report says below each of them",
            (None, _) => "paste the report into an issue of northbound, which relies on the assumption",
            _ => "do what the report says below each check, and report the rest",
        };
        let what = checks.into_iter().chain(assumptions).collect::<Vec<_>>().join(", and ");
        Err(CliError::own(Kind::Unsound, what, advice))
    }

    fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.checks.iter().chain(self.assumptions.iter().flatten())
    }

    fn bad(&self, mark: Mark) -> usize {
        self.findings().filter(|finding| finding.mark == mark).count()
    }

    fn logins(&self) -> usize {
        self.wire_calls.iter().filter(|wire_call| wire_call.is_login).count()
    }

    fn lines(&self, width: Option<usize>, palette: Palette) -> Vec<String> {
        let page = Printer { width, palette };
        let mut lines = vec![palette.paint(QUIET, "```text")];
        let heading = format!(
            "northbound {} doctor: document {DOCUMENT_VERSION}, platform's page of {PLATFORM_EDITION}, {} {}",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH,
        );
        lines.extend(page.indented(&heading, 0));
        lines.push(String::new());
        lines.extend(self.checks.iter().flat_map(|finding| page.finding(finding)));
        if self.asked {
            lines.push(String::new());
            let heading = match &self.assumptions {
                Some(_) => "what northbound assumes about the platform (spec/assumptions.toml):",
                None => "no assumption was checked: the task could not be read",
            };
            lines.extend(page.indented(heading, 0));
        }
        lines.extend(self.assumptions.iter().flatten().flat_map(|finding| page.finding(finding)));
        lines.push(String::new());
        let (calls, logins) = (self.wire_calls.len(), self.logins());
        let of_these = if logins == 0 { String::new() } else { format!(", {logins} of them to log in") };
        lines.push(counted(calls, "call") + &of_these);
        lines.push(palette.paint(QUIET, "```"));
        lines
    }

    pub(super) fn json(&self) -> Value {
        let check = |finding: &Finding| {
            let Finding { mark, name, found, help } = finding;
            json!({ "name": name, "result": mark.words(), "found": found, "help": help })
        };
        let assumption = |finding: &Finding| {
            let Finding { mark, name, found, .. } = finding;
            json!({ "id": name, "result": mark.words(), "found": found })
        };
        let found = json!({
            "northbound": env!("CARGO_PKG_VERSION"),
            "document": DOCUMENT_VERSION,
            "platformEdition": PLATFORM_EDITION,
            "os": std::env::consts::OS,
            "architecture": std::env::consts::ARCH,
            "sound": self.findings().all(|finding| !finding.mark.is_bad()),
            "checks": self.checks.iter().map(check).collect::<Vec<_>>(),
            "assumptions": self.assumptions.iter().flatten().map(assumption).collect::<Vec<_>>(),
            "calls": self.wire_calls.len(),
            "logins": self.logins(),
        });
        result_of(self.endpoint.as_deref(), [found])
    }
}

/// The lines of checks that are finished, for a terminal that shows them while others are made.
pub(super) fn finished(checks: &[Finding], width: Option<usize>, palette: Palette) -> Vec<String> {
    let page = Printer { width, palette };
    let finished = checks.iter().filter(|finding| finding.mark != Mark::NotChecked);
    finished.flat_map(|finding| page.finding(finding)).collect()
}

/// How lines are broken and coloured.
struct Printer {
    /// `None` if nobody knows how wide a line may be.
    width: Option<usize>,
    palette: Palette,
}

impl Printer {
    fn finding(&self, finding: &Finding) -> Vec<String> {
        let Finding { mark, name, found, help } = finding;
        let label = mark.words();
        let painted = self.palette.paint(style(*mark), &label);
        let is_narrow = self.width.is_some_and(|width| width < NARROW);
        let (begin, indent) = if is_narrow { (format!("{label}  "), 2) } else { (String::new(), MARKS) };
        let mut lines = self.indented(&format!("{begin}{name}: {}", layout::one_line(found)), indent);
        if let Some(first) = lines.first_mut() {
            *first = if is_narrow {
                // The mark is coloured after the line is broken. A mark that is broken itself is not coloured.
                first.trim_start().replacen(&label, &painted, 1)
            } else {
                painted + &first[label.len()..]
            };
        }
        if let Some(help) = help {
            let help = self.indented(&format!("help: {}", layout::one_line(help)), indent);
            lines.extend(
                help.into_iter().map(|line| line.replacen("help:", &self.palette.paint(HELP, "help:"), 1)),
            );
        }
        lines
    }

    fn indented(&self, text: &str, indent: usize) -> Vec<String> {
        let lines = match self.width {
            Some(width) => layout::wrapped(text, width.saturating_sub(indent)),
            None => vec![text.to_owned()],
        };
        lines.into_iter().map(|line| " ".repeat(indent) + &line).collect()
    }
}

fn style(mark: Mark) -> Style {
    match mark {
        Mark::Ok | Mark::Holds => GOOD,
        Mark::Warning => WARNING,
        Mark::Wrong | Mark::DoesNotHold => ERROR,
        Mark::NotChecked | Mark::CouldNotTell => QUIET,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::finding::wrong;

    fn diagnosis() -> Diagnosis {
        let long = "nobody that this machine trusts has issued the platform's certificate (水表水表水表水表水表水表)";
        let marks =
            [Mark::Ok, Mark::Warning, Mark::Wrong, Mark::NotChecked, Mark::DoesNotHold, Mark::CouldNotTell];
        let checks = marks.map(|mark| Finding::new(mark, long).named("certificate").help(long)).to_vec();
        Diagnosis { endpoint: None, checks, assumptions: None, asked: true, wire_calls: Vec::new() }
    }

    #[test]
    fn colours_move_nothing_and_no_line_is_wider_than_the_terminal() {
        let bare = |line: &String| {
            let parts = line.split('\u{1b}').enumerate();
            parts
                .map(|(n, part)| if n == 0 { part } else { part.split_once('m').unwrap().1 })
                .collect::<String>()
        };
        for width in [30, 40, 70, 120] {
            let plain = diagnosis().lines(Some(width), Palette::default());
            let coloured = diagnosis().lines(Some(width), Palette::coloured());
            assert_ne!(plain, coloured);
            assert_eq!(coloured.iter().map(bare).collect::<Vec<_>>(), plain);
            assert!(plain.iter().all(|line| layout::width(line) <= width), "{plain:#?}");
        }
    }

    #[test]
    fn what_was_found_stays_on_its_line() {
        let mut diagnosis = diagnosis();
        diagnosis.checks = vec![wrong("a\nb\u{1b}[2J```", "c\nd").named("name")];
        let lines = diagnosis.lines(None, Palette::default());
        assert_eq!(lines[3..5], ["wrong           name: a b [2J```", "                help: c d"]);
    }

    #[test]
    fn the_verdict_counts_what_is_wrong() {
        let verdict = |marks: &[Mark]| {
            let checks = marks.iter().map(|mark| Finding::new(*mark, "y")).collect();
            let diagnosis =
                Diagnosis { endpoint: None, checks, assumptions: None, asked: false, wire_calls: Vec::new() };
            diagnosis.verdict().map_err(|failure| (failure.to_string(), failure.exit_code()))
        };
        assert_eq!(verdict(&[Mark::Ok, Mark::Warning, Mark::NotChecked, Mark::CouldNotTell]), Ok(()));
        assert_eq!(verdict(&[Mark::Wrong, Mark::Ok]), Err(("1 check is wrong".to_owned(), 1)));
        let both = [Mark::Wrong, Mark::Wrong, Mark::DoesNotHold];
        assert_eq!(verdict(&both), Err(("2 checks are wrong, and 1 assumption does not hold".to_owned(), 1)));
    }
}
