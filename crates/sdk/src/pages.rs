//! When a read over pages goes on, when it is complete, and when it has failed. Decides only; the stream does the calls.

use northbound_client::types::Subtask;

use crate::Error;
use crate::error::Kind;

/// The state of a read, page after page, from page 0.
#[derive(Debug, Default)]
pub(crate) struct Pages {
    next: u32,
    received: u64,
    before: Vec<Subtask>,
}

/// What to do after a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Ask for the next page.
    GoOn,
    /// Every row has come.
    Complete,
}

impl Pages {
    /// The number of the page to ask for.
    pub(crate) fn next(&self) -> u32 {
        self.next
    }

    /// Takes in a page. Every row of it is to be delivered, whatever the counters say.
    ///
    /// A page may be shorter than asked (a platform may cap it), and the total may be smaller than the rows (the page's own
    /// example does that), so only an empty page or enough rows end the read.
    pub(crate) fn take(&mut self, rows: &[Subtask], total: Option<u64>) -> Result<Next, Error> {
        if rows.is_empty() {
            return match total {
                Some(total) if self.received < total => Err(self.missing(total)),
                _ => Ok(Next::Complete),
            };
        }
        if rows == self.before {
            return Err(self.repeated());
        }
        self.received += rows.len() as u64;
        if total.is_some_and(|total| self.received >= total) {
            return Ok(Next::Complete);
        }
        rows.clone_into(&mut self.before);
        self.next += 1;
        Ok(Next::GoOn)
    }

    fn missing(&self, total: u64) -> Error {
        let (received, page) = (self.received, self.next);
        Error::new(
            Kind::Incomplete,
            format!("page {page} is empty after {received} rows, although the platform counts {total}"),
            "read again, since subtasks may have changed their status meanwhile",
        )
    }

    fn repeated(&self) -> Error {
        let (received, page) = (self.received, self.next);
        Error::new(
            Kind::Incomplete,
            format!("page {page} only repeats the page before it, after {received} rows"),
            "read page by page: the platform does not turn the pages",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(ids: std::ops::Range<u32>) -> Vec<Subtask> {
        ids.map(|id| serde_json::from_value(serde_json::json!({ "param": { "deviceId": id } })).unwrap())
            .collect()
    }

    #[test]
    fn enough_rows_end_the_read() {
        let mut pages = Pages::default();
        assert_eq!(pages.take(&rows(0..250), Some(300)).unwrap(), Next::GoOn);
        assert_eq!(pages.next(), 1);
        assert_eq!(pages.take(&rows(250..300), Some(300)).unwrap(), Next::Complete);
    }

    #[test]
    fn more_rows_than_the_total_are_no_error() {
        assert_eq!(Pages::default().take(&rows(0..2), Some(1)).unwrap(), Next::Complete);
    }

    #[test]
    fn a_short_page_does_not_end_the_read() {
        let mut pages = Pages::default();
        for page in 0..9 {
            assert_eq!(pages.take(&rows(page * 100..page * 100 + 100), Some(1000)).unwrap(), Next::GoOn);
        }
        assert_eq!(pages.take(&rows(900..1000), Some(1000)).unwrap(), Next::Complete);
    }

    #[test]
    fn without_a_total_an_empty_page_ends_the_read() {
        let mut pages = Pages::default();
        assert_eq!(pages.take(&rows(0..5), None).unwrap(), Next::GoOn);
        assert_eq!(pages.take(&[], None).unwrap(), Next::Complete);
    }

    #[test]
    fn an_empty_page_before_the_total_is_not_passed_over() {
        let mut pages = Pages::default();
        assert_eq!(pages.take(&rows(0..5), Some(8)).unwrap(), Next::GoOn);
        let error = pages.take(&[], Some(8)).unwrap_err();
        assert!(error.is_incomplete());
        assert!(error.to_string().contains("after 5 rows, although the platform counts 8"), "{error}");
    }

    #[test]
    fn a_page_that_repeats_the_one_before_is_an_error() {
        let mut pages = Pages::default();
        assert_eq!(pages.take(&rows(0..5), Some(100)).unwrap(), Next::GoOn);
        assert!(pages.take(&rows(0..5), Some(100)).unwrap_err().is_incomplete());
    }
}
