//! Failures by code, for a report.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt;

use northbound_client::{ErrorCode, ErrorInfo, SubtaskStatus};

use super::{Failure, FailureQuery};
use crate::error::Error;

/// How many different texts a group keeps. A platform that writes the device into its words has as many as devices.
const TEXTS: usize = 16;
/// How many different codes are distinguished; a failure with one more counts as one with the code `(another code)`.
const CODES: usize = 500;
/// A longer text is cut, and a longer code is another one, in bytes.
const LONGEST: usize = 1024;

/// Failures, counted by the platform's code. Made by [`FailureQuery::by_code`](super::FailureQuery::by_code), or filled
/// while failures are streamed.
///
/// It keeps counts and a few texts for each code, but no subtasks. So its size does not grow with the task. A text is cut after
/// 1 KiB. After 500 different codes, all others are counted as one code, `(another code)`.
///
/// ```no_run
/// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
/// let mut groups = northbound::FailureGroups::default();
/// let mut failures = client.failures("5c8ba99030344005c02316ad").stream();
/// while let Some(failure) = failures.try_next().await? {
///     groups.add(&failure);
///     println!("{}", failure.subtask().device_id().unwrap_or("?"));
/// }
/// println!("{} devices for {} reasons", groups.count(), groups.groups().len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FailureGroups(BTreeMap<Option<ErrorCode>, FailureGroup>);

/// The failures with one code, or the failures without a code.
///
/// Display is the text that came most often and the code, as in `The device is not online. (100428)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureGroup {
    code: Option<ErrorCode>,
    count: u64,
    timed_out: u64,
    texts: BTreeMap<String, u64>,
}

impl FailureQuery {
    /// All failures, grouped by the platform's code.
    ///
    /// # Errors
    /// As [`stream`](Self::stream): when the task id or the page size is not allowed, when a call fails, when rows are
    /// missing.
    ///
    /// ```no_run
    /// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
    /// for group in client.failures("5c8ba99030344005c02316ad").by_code().await?.groups() {
    ///     println!("{} devices: {group}", group.count());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn by_code(self) -> Result<FailureGroups, Error> {
        let mut stream = self.stream();
        let mut groups = FailureGroups::default();
        while let Some(failure) = stream.try_next().await? {
            groups.add(&failure);
        }
        Ok(groups)
    }
}

impl FailureGroups {
    /// Counts a failure.
    pub fn add(&mut self, failure: &Failure) {
        let code = failure.code().cloned().map(|code| {
            let is_kept = self.0.len() < CODES && code.as_str().len() <= LONGEST;
            if is_kept || self.0.contains_key(&Some(code.clone())) { code } else { "(another code)".into() }
        });
        self.0.entry(code).or_insert_with_key(|code| FailureGroup::new(code.clone())).add(failure);
    }

    /// How many failures there are in all.
    pub fn count(&self) -> u64 {
        self.0.values().map(FailureGroup::count).sum()
    }

    /// The groups, the largest first. Groups of equal size are in the order of the document's catalogue.
    pub fn groups(&self) -> Vec<&FailureGroup> {
        let mut groups: Vec<_> = self.0.values().collect();
        groups.sort_by_key(|group| Reverse(group.count));
        groups
    }
}

impl<'a> Extend<&'a Failure> for FailureGroups {
    fn extend<I: IntoIterator<Item = &'a Failure>>(&mut self, failures: I) {
        failures.into_iter().for_each(|failure| self.add(failure));
    }
}

impl<'a> FromIterator<&'a Failure> for FailureGroups {
    fn from_iter<I: IntoIterator<Item = &'a Failure>>(failures: I) -> Self {
        let mut groups = Self::default();
        groups.extend(failures);
        groups
    }
}

fn beginning(text: &str) -> &str {
    let end = (0..=text.len().min(LONGEST)).rev().find(|at| text.is_char_boundary(*at));
    &text[..end.unwrap_or_default()]
}

impl FailureGroup {
    fn new(code: Option<ErrorCode>) -> Self {
        Self { code, count: 0, timed_out: 0, texts: BTreeMap::new() }
    }

    fn add(&mut self, failure: &Failure) {
        self.count += 1;
        self.timed_out += u64::from(failure.subtask().status() == Some(&SubtaskStatus::Timeout));
        let Some(text) = failure.text().map(beginning) else { return };
        if let Some(count) = self.texts.get_mut(text) {
            *count += 1;
        } else if self.texts.len() < TEXTS {
            self.texts.insert(text.to_owned(), 1);
        }
    }

    /// The platform's code, which may be undocumented; `None` for failures without a code.
    pub fn code(&self) -> Option<&ErrorCode> {
        self.code.as_ref()
    }

    /// What the document's catalogue says about the code, if it lists it.
    pub fn info(&self) -> Option<&'static ErrorInfo> {
        self.code.as_ref()?.info()
    }

    /// How many subtasks failed or timed out with this code.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many of these are in `Timeout` rather than `Fail`.
    pub fn timed_out(&self) -> u64 {
        self.timed_out
    }

    /// The platform's words for this code; if there are several texts, the most frequent one.
    pub fn text(&self) -> Option<&str> {
        self.texts().first().map(|(text, _)| *text)
    }

    /// The platform's different texts for this code and how often each came, the most frequent first.
    ///
    /// Only the first 16 different texts are kept, because a platform may put the device into each text. Then the sum of these
    /// counts is smaller than [`count`](Self::count).
    pub fn texts(&self) -> Vec<(&str, u64)> {
        let mut texts: Vec<_> = self.texts.iter().map(|(text, count)| (text.as_str(), *count)).collect();
        texts.sort_by_key(|(_, count)| Reverse(*count));
        texts
    }
}

impl fmt::Display for FailureGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.text(), &self.code) {
            (Some(text), Some(code)) => write!(f, "{text} ({code})"),
            (Some(text), None) => f.write_str(text),
            (None, Some(code)) => write!(f, "error {code}"),
            (None, None) => f.write_str("no reason given"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{Page, Subtask};

    fn failure(status: &str, error: Value) -> Failure {
        let page = json!({ "taskDetails": [{ "status": status, "error": error }] });
        let page = Page::new(serde_json::from_value(page).unwrap(), 0);
        let subtasks: Vec<Subtask> = page.into_subtasks();
        Failure::of(subtasks.into_iter().next().unwrap())
    }

    fn coded(code: &str, words: &str) -> Value {
        json!({ "error_code": code, "error_desc": words }).to_string().into()
    }

    #[test]
    fn the_largest_group_comes_first() {
        let groups: FailureGroups = [
            failure("Fail", coded("100022", "The input is invalid")),
            failure("Fail", coded("100428", "The device is not online.")),
            failure("Timeout", coded("100428", "The device is not online.")),
            failure("Timeout", Value::Null),
        ]
        .iter()
        .collect();
        let shown: Vec<_> = groups
            .groups()
            .iter()
            .map(|group| (group.count(), group.timed_out(), group.to_string()))
            .collect();
        assert_eq!(groups.count(), 4);
        assert_eq!(
            shown,
            [
                (2, 1, "The device is not online. (100428)".to_owned()),
                (1, 1, "no reason given".to_owned()),
                (1, 0, "The input is invalid (100022)".to_owned()),
            ]
        );
    }

    #[test]
    fn nothing_is_invented() {
        let expected = |error: Value, code: Option<&str>, text: Option<&str>| {
            let failure = failure("Fail", error.clone());
            assert_eq!((failure.code().map(ErrorCode::as_str), failure.text()), (code, text), "{error}");
        };
        expected(Value::Null, None, None);
        expected("".into(), None, None);
        expected("the line is dead".into(), None, Some("the line is dead"));
        expected("{}".into(), None, Some("{}"));
        expected(r#"{"error_code":7}"#.into(), Some("7"), None);
        expected(r#"{"error_code":"7","error_desc":""}"#.into(), Some("7"), None);
        expected(r#"{"error_desc":"dead"}"#.into(), None, Some("dead"));
        expected(json!({ "error_code": 7, "error_desc": "dead" }), Some("7"), Some("dead"));
    }

    #[test]
    fn the_most_frequent_text_represents_a_code() {
        let mut groups = FailureGroups::default();
        for words in ["offline", "The device is not online.", "The device is not online."] {
            groups.add(&failure("Fail", coded("100428", words)));
        }
        let group = groups.groups()[0];
        assert_eq!(group.texts(), [("The device is not online.", 2), ("offline", 1)]);
        assert_eq!(group.text(), Some("The device is not online."));
    }

    #[test]
    fn the_number_of_different_texts_in_a_report_is_limited() {
        let mut groups = FailureGroups::default();
        for device in 0..1000 {
            groups.add(&failure("Fail", coded("100428", &format!("Device {device} is not online."))));
        }
        assert_eq!((groups.count(), groups.groups()[0].texts().len()), (1000, TEXTS));
        groups.add(&failure("Fail", coded("1", &format!("x{}", "é".repeat(LONGEST)))));
        assert_eq!(groups.groups()[1].text().map(str::len), Some(LONGEST - 1));
    }

    #[test]
    fn the_number_of_different_codes_in_a_report_is_limited() {
        let mut groups = FailureGroups::default();
        for code in 0..1000 {
            groups.add(&failure("Fail", coded(&format!("made up {code}"), "")));
        }
        assert_eq!((groups.count(), groups.0.len()), (1000, CODES + 1));
        assert_eq!(groups.groups()[0].to_string(), "error (another code)");
    }
}
