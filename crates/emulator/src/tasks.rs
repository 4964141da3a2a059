//! The subtasks of a batch task: rows that follow from the seed or that the scenario gives, the status of each at any time, and the
//! pages they fill. Who may read them is decided in `platform`.

pub(crate) mod counts;
pub(crate) mod fleet;
pub(crate) mod ids;
pub(crate) mod own;
pub(crate) mod plan;
pub(crate) mod rows;
pub(crate) mod statuses;

use std::sync::Arc;
use std::time::Duration;

use crate::api::query::SubtaskQuery;
use crate::api::{DeviceId, PageRow, SubtaskPage, json_text};
use crate::scenario::Content;
use crate::scenario::life::Life;
use crate::scenario::rows::as_sent;
use crate::tasks::counts::Counts;
use crate::tasks::own::OwnRows;
use crate::tasks::plan::Plan;
use crate::tasks::rows::{Filter, GeneratedRows};

/// What a task answers from.
#[derive(Debug)]
pub(crate) enum Subtasks {
    Generated(Box<GeneratedRows>),
    Own(Box<OwnRows>),
    PageExample(Box<OwnRows>),
}

/// The two rows of the example of the platform's page.
const EXAMPLE: &str = concat!(
    r#"{"status":"WaitResult","output":"{\"requestId\":\"*****\",\"commandResult\":null}","error":null,"param":{"deviceId":"*******","commandId":"*******"}}"#,
    "\n",
    r#"{"status":"WaitResult","output":"{\"requestId\":\"******\",\"commandResult\":null}","error":null,"param":{"deviceId":"******","commandId":"*******"}}"#,
);

impl Subtasks {
    pub(crate) fn new(seed: u64, task_id: &str, content: &Content) -> Self {
        match content {
            Content::Generated { subtasks, life } => {
                let plan = Plan::drawn(seed, task_id, *subtasks, *life);
                Self::Generated(Box::new(GeneratedRows::new(plan)))
            }
            Content::Rows { rows, file } => {
                let of_file = file.as_ref().and_then(|file| file.text.clone());
                let of_rows = || rows.iter().flatten().map(as_sent).collect::<Vec<_>>().join("\n").into();
                Self::Own(Box::new(OwnRows::new(of_file.unwrap_or_else(of_rows))))
            }
            Content::PageExample => Self::PageExample(Box::new(OwnRows::new(Arc::new(EXAMPLE.to_owned())))),
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
            Self::Own(rows) | Self::PageExample(rows) => rows.counts(),
        }
    }

    /// The page that `query` asks for, at this age of the task. Its rows are those of another page where `page_of_rows` says so.
    pub(crate) fn page(&self, query: &SubtaskQuery, page_of_rows: u32, age: Duration) -> Page {
        let filter = Filter {
            status: query.status,
            device_id: query.device_id.as_ref(),
            command_id: query.command_id.as_ref(),
        };
        let (before, size) = (query.rows_before(page_of_rows), query.page_size as usize);
        let (total, page_size, rows): (_, _, Vec<_>) = match self {
            Self::Generated(rows) => {
                let found = rows.find(filter, before, size, age);
                let subtasks = found.rows.iter().map(|(row, status)| rows.subtask(*row, *status));
                (found.total, query.page_size, subtasks.map(PageRow::Made).collect())
            }
            Self::Own(rows) => {
                let (total, rows) = rows.find(filter, before, size);
                (total, query.page_size, rows.into_iter().map(PageRow::Own).collect())
            }
            // Its counters contradict its list: page 0 has both rows, whatever page size is asked for, under `totalCount` 1 and
            // `pageSize` 1.
            Self::PageExample(rows) => {
                let (total, rows) = rows.find(filter, 0, usize::MAX);
                let (page_size, shown) =
                    if page_of_rows == 0 { (1, usize::MAX) } else { (query.page_size, 0) };
                (total.min(1), page_size, rows.into_iter().take(shown).map(PageRow::Own).collect())
            }
        };
        let length = rows.len();
        let page = SubtaskPage {
            total_count: Some(total.into()),
            page_no: Some(query.page_no.into()),
            page_size: Some(page_size.into()),
            task_details: Some(rows),
        };
        Page { total, rows: length, text: json_text(&page).into_bytes() }
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

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::api::SubtaskStatus;

    fn page(task: &Subtasks, query: &str) -> Value {
        let query = SubtaskQuery::parse(query).unwrap();
        let Page { total, rows, text } = task.page(&query, query.page_no, Duration::ZERO);
        let page: Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(page["totalCount"], total);
        assert_eq!(page["taskDetails"].as_array().unwrap().len(), rows);
        page
    }

    fn example(query: &str) -> (Value, Value, Value, usize) {
        let example = Subtasks::new(1, "doc-example", &Content::PageExample);
        let mut page = page(&example, &format!("taskId=doc-example&{query}"));
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
        let task = Subtasks::new(1, "t", &Content::Generated { subtasks: 1_000, life: None });
        let total = |query: &str| page(&task, &format!("taskId=t&{query}"))["totalCount"].as_i64().unwrap();
        assert_eq!(total(""), 1_000);
        let by_status = SubtaskStatus::ALL.map(|status| total(&format!("status={}", status.name())));
        assert_eq!(by_status.iter().sum::<i64>(), 1_000);
        assert!(by_status[..5].iter().all(|count| *count > 0), "the page's five: {by_status:?}");
    }
}
