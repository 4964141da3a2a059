//! How values are read that several commands take.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use northbound::SubtaskStatus;

use crate::arguments::list::{List, ListParser};

/// Several of the statuses that the document lists, however they were typed: the platform takes no others.
pub(crate) fn statuses() -> impl TypedValueParser<Value = List<SubtaskStatus>> {
    let known = SubtaskStatus::KNOWN.iter().map(SubtaskStatus::as_str).collect::<Vec<_>>();
    ListParser(PossibleValuesParser::new(known).map(|typed| {
        let listed = SubtaskStatus::KNOWN.iter().find(|known| known.as_str().eq_ignore_ascii_case(&typed));
        listed.cloned().unwrap_or_else(|| SubtaskStatus::from(typed.as_str()))
    }))
}

/// An id that holds nothing invisible, checked before a command begins.
pub(crate) fn id(text: &str) -> Result<String, String> {
    let found = northbound::invisible(text).map(|found| format!("it holds {found}"));
    let fault = found.or_else(|| text.is_empty().then(|| "it is empty".to_owned()));
    fault.map_or_else(|| Ok(text.to_owned()), Err)
}

/// A span of time, such as 90s or 2h.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    const LONGEST_UNIT: u64 = 366 * 24 * 60 * 60;
    // The parser panics at a sum that only just overflows, so it gets no numbers of which the sum could.
    let numbers = text.split(|letter: char| !letter.is_ascii_digit()).filter(|number| !number.is_empty());
    let sum = numbers.map(str::parse).try_fold(0_u64, |sum, number| sum.checked_add(number.ok()?));
    if sum.is_none_or(|sum| sum > u64::MAX / LONGEST_UNIT) {
        return Err("the number is too large".to_owned());
    }
    match humantime::parse_duration(text) {
        // The parser reads `0` as a span.
        Ok(_) if text.trim() == "0" => Err("add a unit, such as 90s or 2h".to_owned()),
        read => read.map_err(|error| error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_of_time_that_is_too_large_is_refused() {
        assert_eq!(time("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(time("300000000000y").map(|span| span.as_secs()), Ok(300_000_000_000 * 31_557_600));
        for text in
            ["18446744073709551615s 1000000000ns", "600000000000y", "99999999999999999999s", "", "soon", "0"]
        {
            assert!(time(text).is_err(), "{text}");
        }
        assert!(time("0s").is_ok());
    }
}
