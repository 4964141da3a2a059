//! Asking for the subtasks of a batch task.

use std::num::NonZeroU32;

use northbound_client::SubtaskStatus;
use northbound_client::types::TaskId;

use crate::call::Asking;
use crate::client::Operation;
use crate::envelope::{Envelope, ROWS};
use crate::redact::excerpt;
use crate::subtask::Page;
use crate::{Client, Error, SubtaskStream};

/// Rows on a page unless asked otherwise, as on the platform's page.
const PAGE_SIZE: u32 = 25;
/// The most that the platform allows.
const LARGEST_PAGE: u32 = 250;

/// A question for the subtasks of a batch task: filters, then [`page`](Self::page) or [`stream`](Self::stream).
///
/// Filters can be combined. Made by [`Client::subtasks`].
///
/// ```no_run
/// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
/// use northbound::SubtaskStatus;
///
/// let mut failed = client.subtasks("5c8ba99030344005c02316ad").status(SubtaskStatus::Fail).stream();
/// while let Some(subtask) = failed.try_next().await? {
///     println!("{}: {}", subtask.device_id().unwrap_or("?"), subtask.reason());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Subtasks {
    client: Client,
    task_id: String,
    app_id: Option<String>,
    status: Option<SubtaskStatus>,
    device_id: Option<String>,
    command_id: Option<String>,
    page_size: Option<u32>,
}

impl Subtasks {
    pub(crate) fn new(client: Client, task_id: String) -> Self {
        Self {
            client,
            task_id,
            app_id: None,
            status: None,
            device_id: None,
            command_id: None,
            page_size: None,
        }
    }

    /// Only subtasks in this status. The platform takes the five that the document lists.
    pub fn status(mut self, status: SubtaskStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Only subtasks of this device.
    pub fn device_id(mut self, device_id: impl Into<String>) -> Self {
        self.device_id = Some(device_id.into());
        self
    }

    /// Only the subtask of this device command.
    pub fn command_id(mut self, command_id: impl Into<String>) -> Self {
        self.command_id = Some(command_id.into());
        self
    }

    /// Sends the page's optional parameter `appId`.
    ///
    /// The editions of the page differ: the English one describes it as the id of the authorized application, the Chinese one
    /// wants it only when the task belongs to another application that has authorized the caller. Both agree that it is left
    /// out otherwise, and so it is unless this is called.
    pub fn app_id(mut self, app_id: impl Into<String>) -> Self {
        self.app_id = Some(app_id.into());
        self
    }

    /// How many rows to ask for in one call: 1 to 250. Unless set, 25 for [`page`](Self::page) (as on the platform's page)
    /// and 250 for [`stream`](Self::stream).
    pub fn page_size(mut self, rows: u32) -> Self {
        self.page_size = Some(rows);
        self
    }

    /// One page; 0 is the first.
    ///
    /// # Errors
    /// When the task id is empty, the page size is not within 1 to 250 or the page number is beyond what the platform takes
    /// (nothing is sent then); when the call fails.
    pub async fn page(self, page_no: u32) -> Result<Page, Error> {
        self.query(PAGE_SIZE)?.page(page_no).await
    }

    /// All subtasks, page after page.
    ///
    /// The first item is an error if the task id or the page size is not allowed.
    pub fn stream(self) -> SubtaskStream {
        SubtaskStream::new(self.query(LARGEST_PAGE))
    }

    fn query(self, page_size: u32) -> Result<Query, Error> {
        let task_id = TaskId::try_from(self.task_id.as_str()).map_err(|_| {
            Error::refused("the task id is empty", "give the id that creating the batch task returned")
        })?;
        let page_size = self.page_size.unwrap_or(page_size);
        let page_size =
            NonZeroU32::new(page_size).filter(|rows| rows.get() <= LARGEST_PAGE).ok_or_else(|| {
                Error::refused(
                    format!("the page size is {page_size}"),
                    format!("it must be 1 to {LARGEST_PAGE} rows"),
                )
            })?;
        Ok(Query {
            client: self.client,
            task_id,
            app_id: self.app_id,
            status: self.status,
            device_id: self.device_id,
            command_id: self.command_id,
            page_size,
        })
    }
}

/// A question that has been checked.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    client: Client,
    task_id: TaskId,
    app_id: Option<String>,
    status: Option<SubtaskStatus>,
    device_id: Option<String>,
    command_id: Option<String>,
    page_size: NonZeroU32,
}

impl Query {
    /// What is asked for, in an error.
    pub(crate) fn what(&self) -> String {
        format!("subtasks of batch task {}", excerpt(&self.task_id))
    }

    /// Fetches one page.
    pub(crate) async fn page(&self, page_no: u32) -> Result<Page, Error> {
        let number = i32::try_from(page_no).map_err(|_| {
            Error::refused(format!("the page number is {page_no}"), format!("it must be 0 to {}", i32::MAX))
        })?;
        self.client.authorized(&ListSubtasks { query: self, number }).await
    }
}

/// The operation that fetches one page.
struct ListSubtasks<'a> {
    query: &'a Query,
    number: i32,
}

impl Operation for ListSubtasks<'_> {
    type Reply = Page;

    fn what(&self) -> String {
        format!("page {} of the {}", self.number, self.query.what())
    }

    /// Both numbers are always sent, since the editions of the page differ in their defaults.
    async fn send(&self, client: &northbound_client::Client, asking: &Asking<'_>) -> Result<Page, Error> {
        let Query { task_id, app_id, status, device_id, command_id, page_size, .. } = self.query;
        let mut call =
            client.list_subtasks().task_id(task_id.clone()).page_no(self.number).page_size(*page_size);
        if let Some(app_id) = app_id {
            call = call.app_id(app_id.clone());
        }
        if let Some(status) = status {
            call = call.status(status.clone());
        }
        if let Some(device_id) = device_id {
            call = call.device_id(device_id.clone());
        }
        if let Some(command_id) = command_id {
            call = call.command_id(command_id.clone());
        }
        let page = asking.outcome(call.send().await).await?;
        match Envelope::among(&page.extra) {
            Some(envelope) if !(envelope.is_success() && page.task_details.is_some()) => {
                Err(asking.reported(envelope))
            }
            _ if page.task_details.is_none() && !asking.replied_with(ROWS) => Err(asking.lacking(ROWS)),
            _ => Ok(Page::new(page)),
        }
    }
}
