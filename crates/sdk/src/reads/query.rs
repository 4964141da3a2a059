//! The query for the subtasks of a batch task: checked here, before anything is sent.

use std::num::NonZeroU32;

use northbound_client::types::TaskId;
use northbound_client::{PAGE_SIZE, SubtaskStatus};

use crate::invisible::check;
use crate::reads::plan::Wanted;
use crate::reads::request::PageRequest;
use crate::{Client, Direction, Error, Page, PageStream, Plan, Remedy, SubtaskStream};

/// Pages of a whole task asked for at a time, unless asked otherwise.
const PREFETCH: usize = 4;

impl Client {
    /// Asks for the subtasks of a batch task: what happened to each device.
    pub fn subtasks(&self, task_id: impl Into<String>) -> SubtaskQuery {
        SubtaskQuery {
            client: self.clone(),
            task_id: task_id.into(),
            app_id: None,
            wanted: Wanted::default(),
            device_id: None,
            command_id: None,
            page_size: None,
            from_page: None,
            prefetch: PREFETCH,
            check_repeats: true,
        }
    }
}

/// A query for the subtasks of a batch task: filters, then [`page`](Self::page),
/// [`pages`](Self::pages) or [`stream`](Self::stream).
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
pub struct SubtaskQuery {
    client: Client,
    task_id: String,
    app_id: Option<String>,
    wanted: Wanted,
    device_id: Option<String>,
    command_id: Option<String>,
    page_size: Option<u32>,
    from_page: Option<u32>,
    prefetch: usize,
    check_repeats: bool,
}

impl SubtaskQuery {
    /// Only subtasks in this status. The platform accepts the five documented statuses as a filter. For any other status, a
    /// stream reads the whole task and picks the rows.
    pub fn status(self, status: SubtaskStatus) -> Self {
        self.statuses([status])
    }

    /// Only subtasks in one of these statuses, for [`stream`](Self::stream) and [`pages`](Self::pages).
    ///
    /// Final statuses (Success, Fail, Timeout) are read one after another. If another status is among them, the whole task is
    /// read and the rows are picked. [`plan`](Self::plan) says which.
    pub fn statuses(self, statuses: impl IntoIterator<Item = SubtaskStatus>) -> Self {
        Self { wanted: Wanted::new(statuses), ..self }
    }

    /// Only subtasks of this device.
    pub fn device_id(self, device_id: impl Into<String>) -> Self {
        Self { device_id: Some(device_id.into()), ..self }
    }

    /// Only the subtask of this device command.
    pub fn command_id(self, command_id: impl Into<String>) -> Self {
        Self { command_id: Some(command_id.into()), ..self }
    }

    /// Sends the page's optional parameter `appId`.
    ///
    /// The editions of the page differ. The English one describes it as the id of the authorized application. The Chinese one
    /// requires it only if the task belongs to another application that has authorized the caller. In all other cases it is
    /// left out.
    pub fn app_id(self, app_id: impl Into<String>) -> Self {
        Self { app_id: Some(app_id.into()), ..self }
    }

    /// How many rows to ask for in one call: 1 to 250. Unless set, 25 for [`page`](Self::page) (as on the platform's page)
    /// and 250 for [`stream`](Self::stream) and [`pages`](Self::pages).
    ///
    /// If a page is too long for [a reply](crate::ClientBuilder::body_limit), a read of several pages continues with smaller
    /// ones. A single page fails.
    pub fn page_size(self, rows: u32) -> Self {
        Self { page_size: Some(rows), ..self }
    }

    /// The number of pages of a whole task that are requested at the same time: at least 1; 4 unless set. They are delivered in
    /// order.
    ///
    /// A read with a status filter always makes one call at a time, because it has to see which rows moved between two calls.
    pub fn prefetch(self, pages: usize) -> Self {
        Self { prefetch: pages.max(1), ..self }
    }

    /// Resumes a read at this page, which is the value of [`Page::resume_from`]. Task and filters must be the same as before,
    /// and the page size must be [`Page::asked_size`].
    ///
    /// The new read does not know which rows the earlier one delivered, so a row that moved meanwhile may come again. A read of
    /// several statuses one after another cannot be resumed. Read each status by itself instead.
    pub fn from_page(self, page: u32) -> Self {
        Self { from_page: Some(page), ..self }
    }

    /// Whether to recognise rows that come twice; `true` unless set. This takes about 20 bytes of memory a row.
    ///
    /// It can be switched off for a whole task only. A whole task always has the same rows, so rows come twice only if the
    /// platform sorts them again. When it is off, rows are only counted.
    pub fn check_repeats(self, check: bool) -> Self {
        Self { check_repeats: check, ..self }
    }

    /// One page; 0 is the first.
    ///
    /// # Errors
    /// When the task id is empty, the page size is not within 1 to 250, more than one status is given, or the page number is
    /// too large for the platform: then nothing is sent. When the call fails.
    pub async fn page(self, page_no: u32) -> Result<Page, Error> {
        let status = match self.wanted.0.as_deref() {
            None => None,
            Some([status]) => Some(status.clone()),
            Some(statuses) => {
                let found = format!("a single page is asked for with {} statuses", statuses.len());
                return Err(Error::refused(found, Remedy::ReadAllPages));
            }
        };
        check_page_number(page_no)?;
        let request = PageRequest { status, page_no, ..self.request(PAGE_SIZE.default)? };
        self.client.shared.call(&request).await
    }

    /// How [`stream`](Self::stream) and [`pages`](Self::pages) will read: direction, filter, page size. Nothing is sent.
    ///
    /// ```no_run
    /// # fn example(client: northbound::Client) -> Result<(), northbound::Error> {
    /// use northbound::SubtaskStatus::{Fail, Timeout};
    ///
    /// let plan = client.subtasks("5c8ba99030344005c02316ad").statuses([Fail, Timeout]).plan()?;
    /// println!("{plan}"); // asks for Fail, then for Timeout, 250 rows a call, forward, one call at a time
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the read is not allowed: an empty task id, a page size not within 1 to 250, an empty list of statuses, or
    /// [`check_repeats`](Self::check_repeats) or [`from_page`](Self::from_page) for a read that does not support it.
    pub fn plan(&self) -> Result<Plan, Error> {
        self.read().map(|(_, plan)| plan)
    }

    /// All subtasks, one after another.
    ///
    /// The first item is an error if the read is not allowed, as [`plan`](Self::plan) says.
    pub fn stream(self) -> SubtaskStream {
        SubtaskStream::new(self.pages())
    }

    /// All subtasks, page after page.
    ///
    /// The first item is an error if the read is not allowed, as [`plan`](Self::plan) says.
    pub fn pages(self) -> PageStream {
        let check_repeats = self.check_repeats;
        let read = self.read();
        PageStream::new(self.client, read, check_repeats)
    }

    /// The plan of a read, and what each of its requests has.
    fn read(&self) -> Result<(PageRequest, Plan), Error> {
        let request = self.request(PAGE_SIZE.largest)?;
        let direction = self.wanted.direction();
        let statuses = self.wanted.0.clone().unwrap_or_default();
        if self.wanted.0.is_some() && statuses.is_empty() {
            return Err(Error::refused("the list of statuses is empty", "leave it out to read all subtasks"));
        }
        if !self.check_repeats && direction != Direction::Whole {
            return Err(Error::refused(
                "the repeat check is switched off for a read by status",
                "leave it on: rows that move come twice, and nothing else tells them",
            ));
        }
        if let Some(page) = self.from_page {
            check_page_number(page)?;
        }
        let (sent, kept) =
            if direction == Direction::Whole { (Vec::new(), statuses) } else { (statuses, Vec::new()) };
        if let Some(page) = self.from_page.filter(|_| sent.len() > 1) {
            return Err(Error::refused(
                format!("a read of {} statuses is resumed from page {page}", sent.len()),
                "resume with the status in which it stopped, then read the others",
            ));
        }
        let Self { from_page, prefetch, .. } = *self;
        let plan = Plan { direction, sent, kept, page_size: request.page_size, from_page, prefetch };
        Ok((request, plan))
    }

    /// A request for the first page.
    fn request(&self, page_size: u32) -> Result<PageRequest, Error> {
        let task_id = TaskId::try_from(self.task_id.as_str()).map_err(|_| {
            Error::refused("the task id is empty", "give the id that creating the batch task returned")
        })?;
        check("task id", &task_id)?;
        check("application id", self.app_id.as_deref().unwrap_or_default())?;
        check("device id", self.device_id.as_deref().unwrap_or_default())?;
        check("command id", self.command_id.as_deref().unwrap_or_default())?;
        let page_size = self.page_size.unwrap_or(page_size);
        let page_size =
            NonZeroU32::new(page_size).filter(|rows| rows.get() <= PAGE_SIZE.largest).ok_or_else(|| {
                Error::refused(
                    format!("the page size is {page_size}"),
                    format!("it must be {} to {} rows", PAGE_SIZE.smallest, PAGE_SIZE.largest),
                )
            })?;
        Ok(PageRequest {
            task_id,
            app_id: self.app_id.clone(),
            status: None,
            device_id: self.device_id.clone(),
            command_id: self.command_id.clone(),
            page_no: 0,
            page_size,
            turn: None,
        })
    }
}

/// Refuses a page number that no request can hold.
fn check_page_number(page: u32) -> Result<(), Error> {
    let refused =
        |_| Error::refused(format!("the page number is {page}"), format!("it must be 0 to {}", i32::MAX));
    i32::try_from(page).map(drop).map_err(refused)
}
