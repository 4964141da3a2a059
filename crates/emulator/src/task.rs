//! The subtasks of a batch task, page by page.

use std::time::Duration;

use crate::api::{CommandId, DeviceId, EmbeddedText, Subtask, SubtaskPage, SubtaskParam, SubtaskStatus};
use crate::query::SubtaskQuery;
use crate::rows::{Filter, GeneratedRows};
use crate::scenario::Content;

/// What a task answers from.
#[derive(Debug)]
pub(crate) enum Subtasks {
    Generated(Box<GeneratedRows>),
    PageExample,
}

impl Subtasks {
    pub(crate) fn new(seed: u64, task_id: &str, content: Content) -> Self {
        match content {
            Content::Generated { subtasks, life } => {
                Self::Generated(Box::new(GeneratedRows::new(seed, task_id, subtasks, life)))
            }
            Content::PageExample => Self::PageExample,
        }
    }

    /// Number of rows in each status, at this age of the task.
    pub(crate) fn counts(&self, age: Duration) -> Vec<(SubtaskStatus, u32)> {
        match self {
            Self::Generated(rows) => rows.counts(age),
            Self::PageExample => {
                let rows = example_rows();
                let count = |status| rows.iter().filter(|row| row.status == Some(status)).count() as u32;
                SubtaskStatus::ALL.map(|status| (status, count(status))).to_vec()
            }
        }
    }

    /// The page that `query` asks for, at this age of the task.
    pub(crate) fn page(&self, query: &SubtaskQuery, age: Duration) -> SubtaskPage {
        match self {
            Self::Generated(rows) => generated_page(rows, query, age),
            Self::PageExample => example_page(query),
        }
    }
}

fn generated_page(rows: &GeneratedRows, query: &SubtaskQuery, age: Duration) -> SubtaskPage {
    let filter = Filter {
        status: query.status,
        device_id: query.device_id.as_ref(),
        command_id: query.command_id.as_ref(),
    };
    let size = query.page_size.unsigned_abs() as usize;
    let found = rows.find(filter, query.rows_before(), size, age);
    page_of(
        query,
        found.total,
        found.rows.into_iter().map(|(row, status)| rows.subtask(row, status)).collect(),
    )
}

/// The example of the platform's page, whose counters contradict its list: page 0 has its two rows, whatever page size is
/// asked for, under `totalCount` 1 and `pageSize` 1. Filters leave out the rows that they do not match.
fn example_page(query: &SubtaskQuery) -> SubtaskPage {
    let rows: Vec<_> = example_rows().into_iter().filter(|row| matches(row, query)).collect();
    let total = u32::from(!rows.is_empty());
    if query.page_no == 0 {
        SubtaskPage { page_size: Some(1), ..page_of(query, total, rows) }
    } else {
        page_of(query, total, Vec::new())
    }
}

fn page_of(query: &SubtaskQuery, total: u32, subtasks: Vec<Subtask>) -> SubtaskPage {
    SubtaskPage {
        total_count: Some(total.into()),
        page_no: Some(query.page_no.into()),
        page_size: Some(query.page_size.into()),
        task_details: Some(subtasks),
    }
}

fn example_rows() -> [Subtask; 2] {
    let row = |request: &str, device: &str| {
        let output = EmbeddedText(format!(r#"{{"requestId":"{request}","commandResult":null}}"#));
        let param = SubtaskParam::new(DeviceId(device.to_owned()), CommandId("*******".to_owned()));
        Subtask::new(SubtaskStatus::WaitResult, Some(output), None, param)
    };
    [row("*****", "*******"), row("******", "******")]
}

/// Whether a subtask is one that the filters ask for.
fn matches(subtask: &Subtask, query: &SubtaskQuery) -> bool {
    let param = subtask.param.as_ref();
    wanted(query.status.as_ref(), subtask.status.as_ref())
        && wanted(query.device_id.as_ref(), param.and_then(|param| param.device_id.as_ref()))
        && wanted(query.command_id.as_ref(), param.and_then(|param| param.command_id.as_ref()))
}

fn wanted<T: PartialEq>(filter: Option<&T>, value: Option<&T>) -> bool {
    filter.is_none() || filter == value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(query: &str) -> (Option<i64>, Option<i64>, Option<i64>, usize) {
        let query = SubtaskQuery::parse(&format!("taskId=doc-example&{query}")).unwrap();
        let page = Subtasks::PageExample.page(&query, Duration::ZERO);
        let rows = page.task_details.unwrap_or_default().len();
        (page.total_count, page.page_no, page.page_size, rows)
    }

    #[test]
    fn page_0_of_the_example_is_whole_whatever_size_is_asked_for() {
        for query in ["", "pageSize=1", "pageSize=250", "pageNo=0&status=WaitResult", "commandId=*******"] {
            assert_eq!(example(query), (Some(1), Some(0), Some(1), 2), "{query}");
        }
    }

    #[test]
    fn later_pages_of_the_example_are_empty() {
        assert_eq!(example("pageNo=1&pageSize=9"), (Some(1), Some(1), Some(9), 0));
    }

    #[test]
    fn filters_leave_out_the_rows_that_they_do_not_match() {
        assert_eq!(example("deviceId=******"), (Some(1), Some(0), Some(1), 1));
        assert_eq!(example("status=Fail"), (Some(0), Some(0), Some(1), 0));
        assert_eq!(example("status=Fail&pageNo=1"), (Some(0), Some(1), Some(25), 0));
    }

    #[test]
    fn the_total_counts_the_rows_that_match() {
        let task = Subtasks::new(1, "t", Content::Generated { subtasks: 1_000, life: None });
        let total = |query: &str| {
            let query = SubtaskQuery::parse(&format!("taskId=t&{query}")).unwrap();
            task.page(&query, Duration::ZERO).total_count.unwrap()
        };
        assert_eq!(total(""), 1_000);
        let by_status = SubtaskStatus::ALL.map(|status| total(&format!("status={}", status.name())));
        assert_eq!(by_status.iter().sum::<i64>(), 1_000);
        assert!(by_status[..5].iter().all(|count| *count > 0), "the page's five: {by_status:?}");
    }
}
