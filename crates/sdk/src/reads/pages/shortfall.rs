//! Why a read ends before it is complete, in numbers and in words.

use northbound_client::SubtaskStatus;

use crate::error::{Error, ErrorKind, Incomplete, Remedy};

/// What the state machines found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shortfall {
    pub(crate) cause: Cause,
    pub(crate) page: u32,
    pub(crate) received: u64,
    pub(crate) counted: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The pages end before the rows that the platform counts.
    Missing,
    /// The platform sends the same page for different page numbers.
    SamePage,
    /// Rows came back in another order.
    Disorder,
    /// Rows shifted although none came or went.
    Unexplained,
    /// More rows came than the platform ever counted, by more than a page.
    TooMany,
    /// No end of pages in sight.
    Endless,
}

impl Shortfall {
    pub(crate) fn into_error(self, status: Option<&SubtaskStatus>) -> Error {
        let Self { cause, page, received, counted } = self;
        let rows = if received == 1 { "1 row".to_owned() } else { format!("{received} rows") };
        let total = match counted {
            Some(total) => format!("the platform counts {total}"),
            None => "the platform does not count".to_owned(),
        };
        let after = format!("after {rows} where {total}");
        let found = match cause {
            Cause::Missing => format!("the pages end at page {page} after {rows}, although {total}"),
            Cause::SamePage => format!("page {page} only repeats the page before it, {after}"),
            Cause::Disorder => format!("page {page} shows rows in another order than before, {after}"),
            Cause::Unexplained => {
                format!("the rows up to page {page} shifted more than came or went, {after}")
            }
            Cause::TooMany => format!("with page {page} there are {rows}, where {total}"),
            Cause::Endless => format!("page {page} is not the last one, {after}"),
        };
        let by_page = |because| Remedy::ReadPageByPage { because };
        let without_status = |because| Remedy::ReadWithoutStatus { because };
        let remedy = match (cause, status) {
            (Cause::Missing, None) => {
                "read again; if it stays, the platform's total is false, or subtasks share their param".into()
            }
            (Cause::Missing, Some(_)) => without_status("the platform's counter is false"),
            (Cause::SamePage, _) => by_page("the platform does not turn the pages"),
            (Cause::Disorder | Cause::Unexplained, None) => "read again once the task has settled".into(),
            (Cause::Disorder | Cause::Unexplained, Some(_)) => {
                without_status("the platform sorts the task anew, or its subtasks share their param")
            }
            (Cause::TooMany, _) => by_page("the platform ignores page numbers, or its counter is false"),
            (Cause::Endless, _) => by_page("the platform has no end of pages"),
        };
        let numbers = Incomplete { status: status.cloned(), page, received, counted };
        Error::new(ErrorKind::Incomplete, found, remedy).with(|details| details.incomplete = Some(numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_has_the_numbers() {
        let told = |received, counted| {
            let fault = Shortfall { cause: Cause::Missing, page: 3, received, counted };
            let error = fault.into_error(None);
            let numbers = Incomplete { status: None, page: 3, received, counted };
            assert_eq!(error.incomplete(), Some(&numbers));
            error.to_string().split(':').next().unwrap_or_default().to_owned()
        };
        assert_eq!(told(1, Some(2)), "the pages end at page 3 after 1 row, although the platform counts 2");
        assert_eq!(
            told(2, None),
            "the pages end at page 3 after 2 rows, although the platform does not count"
        );
    }
}
