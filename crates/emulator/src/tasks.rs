//! The subtasks of a batch task: rows that follow from the seed, the status of each at any time, and the pages they fill. Who may
//! read them is decided in `platform`.

pub(crate) mod counts;
pub(crate) mod fleet;
pub(crate) mod ids;
pub(crate) mod plan;
pub(crate) mod rows;
pub(crate) mod statuses;

use std::time::Duration;

use crate::api::query::SubtaskQuery;
use crate::api::{
    CommandId, DeviceId, EmbeddedText, Subtask, SubtaskPage, SubtaskParam, SubtaskStatus, json_text,
};
use crate::scenario::Content;
use crate::scenario::life::Life;
use crate::tasks::counts::Counts;
use crate::tasks::plan::Plan;
use crate::tasks::rows::{Filter, GeneratedRows};

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
                let plan = Plan::drawn(seed, task_id, subtasks, life);
                Self::Generated(Box::new(GeneratedRows::new(plan)))
            }
            Content::PageExample => Self::PageExample,
        }
    }

    /// A row for each of these devices, which lives like this until the time of its task is over.
    pub(crate) fn listed(
        seed: u64,
        task_id: &str,
        devices: Vec<DeviceId>,
        life: Life,
        end: Duration,
    ) -> Self {
        let end = u64::try_from(end.as_millis()).unwrap_or(u64::MAX);
        Self::Generated(Box::new(GeneratedRows::new(Plan::listed(seed, task_id, devices, life, end))))
    }

    /// Number of rows in each status, at this age of the task.
    pub(crate) fn counts(&self, age: Duration) -> Counts {
        match self {
            Self::Generated(rows) => rows.counts(age),
            Self::PageExample => {
                let rows = example_rows();
                let count = |status| rows.iter().filter(|row| row.status == Some(status)).count() as u32;
                Counts { by_status: SubtaskStatus::ALL.map(count), expired: 0 }
            }
        }
    }

    /// The page that `query` asks for, at this age of the task. Its rows are those of another page where `page_of_rows` says so.
    pub(crate) fn page(&self, query: &SubtaskQuery, page_of_rows: u32, age: Duration) -> Page {
        match self {
            Self::Generated(rows) => generated_page(rows, query, page_of_rows, age),
            Self::PageExample => example_page(query, page_of_rows),
        }
    }
}

/// A page, written out.
#[derive(Debug)]
pub(crate) struct Page {
    /// Number of subtasks that match, on all pages.
    pub(crate) total: u32,
    /// Number of subtasks on this page.
    pub(crate) rows: usize,
    /// The JSON text.
    pub(crate) text: Vec<u8>,
}

fn generated_page(rows: &GeneratedRows, query: &SubtaskQuery, page_of_rows: u32, age: Duration) -> Page {
    let filter = Filter {
        status: query.status,
        device_id: query.device_id.as_ref(),
        command_id: query.command_id.as_ref(),
    };
    let size = query.page_size as usize;
    let found = rows.find(filter, query.rows_before(page_of_rows), size, age);
    let subtasks = found.rows.iter().map(|(row, status)| rows.subtask(*row, *status)).collect();
    page_of(query, found.total, query.page_size, subtasks)
}

/// The example of the platform's page, whose counters contradict its list: page 0 has its two rows, whatever page size is
/// asked for, under `totalCount` 1 and `pageSize` 1. Filters leave out the rows that they do not match.
fn example_page(query: &SubtaskQuery, page_of_rows: u32) -> Page {
    let mut rows: Vec<_> = example_rows().into_iter().filter(|row| matches(row, query)).collect();
    let total = u32::from(!rows.is_empty());
    let page_size = if page_of_rows == 0 { 1 } else { query.page_size };
    if page_of_rows > 0 {
        rows.clear();
    }
    page_of(query, total, page_size, rows)
}

fn page_of(query: &SubtaskQuery, total: u32, page_size: u32, subtasks: Vec<Subtask>) -> Page {
    let rows = subtasks.len();
    let page = SubtaskPage {
        total_count: Some(total.into()),
        page_no: Some(query.page_no.into()),
        page_size: Some(page_size.into()),
        task_details: Some(subtasks),
    };
    Page { total, rows, text: json_text(&page).into_bytes() }
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
    use serde_json::Value;

    use super::*;

    fn page(task: &Subtasks, query: &str) -> Value {
        let query = SubtaskQuery::parse(query).unwrap();
        let Page { total, rows, text } = task.page(&query, query.page_no, Duration::ZERO);
        let page: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(page["totalCount"], total);
        assert_eq!(page["taskDetails"].as_array().unwrap().len(), rows);
        page
    }

    fn example(query: &str) -> (Value, Value, Value, usize) {
        let mut page = page(&Subtasks::PageExample, &format!("taskId=doc-example&{query}"));
        let rows = page["taskDetails"].as_array().unwrap().len();
        let mut counter = |name: &str| page[name].take();
        (counter("totalCount"), counter("pageNo"), counter("pageSize"), rows)
    }

    fn counters(total: i64, page_no: i64, page_size: i64, rows: usize) -> (Value, Value, Value, usize) {
        (total.into(), page_no.into(), page_size.into(), rows)
    }

    #[test]
    fn page_0_of_the_example_is_whole_whatever_size_is_asked_for() {
        for query in ["", "pageSize=1", "pageSize=250", "pageNo=0&status=WaitResult", "commandId=*******"] {
            assert_eq!(example(query), counters(1, 0, 1, 2), "{query}");
        }
    }

    #[test]
    fn later_pages_of_the_example_are_empty() {
        assert_eq!(example("pageNo=1&pageSize=9"), counters(1, 1, 9, 0));
    }

    #[test]
    fn filters_leave_out_the_rows_that_they_do_not_match() {
        assert_eq!(example("deviceId=******"), counters(1, 0, 1, 1));
        assert_eq!(example("status=Fail"), counters(0, 0, 1, 0));
        assert_eq!(example("status=Fail&pageNo=1"), counters(0, 1, 25, 0));
    }

    #[test]
    fn the_total_counts_the_rows_that_match() {
        let task = Subtasks::new(1, "t", Content::Generated { subtasks: 1_000, life: None });
        let total = |query: &str| page(&task, &format!("taskId=t&{query}"))["totalCount"].as_i64().unwrap();
        assert_eq!(total(""), 1_000);
        let by_status = SubtaskStatus::ALL.map(|status| total(&format!("status={}", status.name())));
        assert_eq!(by_status.iter().sum::<i64>(), 1_000);
        assert!(by_status[..5].iter().all(|count| *count > 0), "the page's five: {by_status:?}");
    }
}
