//! Which gate saw which kind of mutation.

use std::collections::BTreeMap;

use super::Outcome;
use super::gates::Reports;

/// The numbers of one row.
#[derive(Clone, Copy, Default)]
struct Row {
    written: u32,
    contract: u32,
    types: u32,
    page: u32,
    lint: u32,
    lint_asked: u32,
    derived: u32,
    derived_contract: u32,
    same: u32,
}

impl Row {
    fn count(&mut self, outcome: &Outcome, is_written: bool) {
        let Reports { contract, types, page, lint } = outcome.reports;
        let (made, seen) = match is_written {
            true => (&mut self.written, &mut self.contract),
            false => (&mut self.derived, &mut self.derived_contract),
        };
        *made += 1;
        *seen += u32::from(contract);
        self.types += u32::from(types);
        self.page += u32::from(page);
        self.lint += u32::from(lint == Some(true));
        self.lint_asked += u32::from(lint.is_some());
        self.same += u32::from(outcome.equivalent.is_some());
    }

    fn show(self, kind: &str) -> String {
        let blank = |number: u32| if number == 0 { String::new() } else { number.to_string() };
        let lint = if self.lint_asked == 0 {
            String::new()
        } else {
            format!("{} of {}", self.lint, self.lint_asked)
        };
        let numbers = [blank(self.written), blank(self.contract), blank(self.types), blank(self.page), lint];
        let [written, contract, types, page, lint] = numbers;
        let line = format!(
            "{kind:<34}{written:>6}{contract:>10}{types:>7}{page:>7}{lint:>12}{:>10}{:>10}{:>7}",
            blank(self.derived),
            blank(self.derived_contract),
            blank(self.same)
        );
        line.trim_end().to_owned()
    }
}

/// A row a kind, and the sums.
pub(super) fn render(of_written: &[Outcome], of_derived: &[Outcome]) -> String {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let mut all = Row::default();
    for (outcomes, is_written) in [(of_written, true), (of_derived, false)] {
        for outcome in outcomes {
            rows.entry(&outcome.mutation.kind).or_default().count(outcome, is_written);
            all.count(outcome, is_written);
        }
    }
    let mut lines = vec![
        format!(
            "{} mutations: {} reported, {} say the same in another way",
            all.written + all.derived,
            all.written + all.derived - all.same,
            all.same
        ),
        "Of the hand-written document, by contract, types, page and lint (which is slow, and asked where the others are"
            .to_owned(),
        "silent, and for three of each kind); of the emulator's document, by contract; and what says the same.".to_owned(),
        String::new(),
        format!(
            "{:<34}{:>6}{:>10}{:>7}{:>7}{:>12}{:>10}{:>10}{:>7}",
            "", "ours", "contract", "types", "page", "lint", "emulator", "contract", "same"
        ),
    ];
    lines.extend(rows.into_iter().map(|(kind, row)| row.show(kind)));
    lines.push(all.show("all"));
    lines.join("\n")
}
