//! How often each status came in a run, read from its report.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context as _, bail};
use serde_json::Value;

/// Number of replies for each status; 0 stands for no reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tally {
    statuses: BTreeMap<u64, usize>,
}

impl Tally {
    /// Reads a report in the HTTP archive format.
    pub(super) fn of(har: &str) -> anyhow::Result<Self> {
        let report: Value = serde_json::from_str(har).context("the report is no JSON")?;
        let entries = report.pointer("/log/entries").and_then(Value::as_array);
        let mut statuses = BTreeMap::new();
        for entry in entries.context("the report is no HTTP archive")? {
            let status = entry.pointer("/response/status").and_then(Value::as_u64);
            *statuses.entry(status.unwrap_or_default()).or_default() += 1;
        }
        Ok(Self { statuses })
    }

    fn total(&self) -> usize {
        self.statuses.values().sum()
    }

    /// Makes sure that so many requests were made, and that this status has at least this share of the replies, in percent.
    pub(super) fn expect(&self, status: u16, share: usize, requests: usize) -> anyhow::Result<()> {
        let total = self.total();
        if total < requests {
            bail!("{total} requests were made, not {requests}");
        }
        let count = self.statuses.get(&status.into()).copied().unwrap_or_default();
        if count * 100 < total * share {
            bail!(
                "{count} of {total} replies have the status {status}, below {share} %: the run did not see what it is for"
            );
        }
        Ok(())
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts: Vec<String> =
            self.statuses.iter().map(|(status, count)| format!("{count} with {status}")).collect();
        write!(f, "{} replies, {}", self.total(), counts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report(statuses: &[u16]) -> String {
        let entries: Vec<_> = statuses.iter().map(|status| json!({"response": {"status": status}})).collect();
        json!({"log": {"entries": entries}}).to_string()
    }

    #[test]
    fn a_run_of_refusals_did_not_see_what_it_is_for() {
        let tally = Tally::of(&report(&[403, 403, 403, 200])).unwrap();
        assert_eq!(tally.to_string(), "4 replies, 1 with 200, 3 with 403");
        assert!(tally.expect(200, 25, 4).is_ok());
        assert!(tally.expect(200, 26, 4).unwrap_err().to_string().starts_with("1 of 4 replies"));
        assert!(tally.expect(200, 25, 5).unwrap_err().to_string().starts_with("4 requests were made, not 5"));
    }

    #[test]
    fn a_report_without_requests_shows_nothing() {
        assert!(Tally::of(&report(&[])).unwrap().expect(200, 1, 1).is_err());
        for text in ["", "{}", "[]"] {
            assert!(Tally::of(text).is_err(), "{text}");
        }
    }
}
