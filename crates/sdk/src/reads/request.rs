//! The request for one page of subtasks: what goes out, and when a reply is a page.

use std::num::NonZeroU32;

use northbound_client::builder::ListSubtasks;
use northbound_client::types::{ErrorResponse, SubtaskPage, TaskId};
use northbound_client::{Call, Client, PAGE_SIZE, SubtaskStatus, Turn, may_repeat};
use progenitor_client::{Error as Generated, ResponseValue};

use crate::call::envelope::{Envelope, ROWS};
use crate::call::exchange::{Exchange, Operation};
use crate::redact::excerpt;
use crate::{Error, Page};

/// A page with more than this many times the requested rows is refused.
const TOO_MANY: usize = 10;

/// A request for one page. Its caller has checked the page number: it fits into a request.
#[derive(Clone, Debug)]
pub(crate) struct PageRequest {
    pub(crate) task_id: TaskId,
    pub(crate) app_id: Option<String>,
    pub(crate) status: Option<SubtaskStatus>,
    pub(crate) device_id: Option<String>,
    pub(crate) command_id: Option<String>,
    pub(crate) page_no: u32,
    pub(crate) page_size: NonZeroU32,
    /// When the body of a long reply may be read.
    pub(crate) turn: Option<Turn>,
}

impl PageRequest {
    /// What all pages are asked for, in an error.
    pub(crate) fn task(&self) -> String {
        format!("subtasks of batch task {}", excerpt(&self.task_id))
    }
}

impl Operation for PageRequest {
    type Body = SubtaskPage;
    type Reply = Page;

    /// It changes nothing on the platform.
    const MAY_REPEAT: bool = may_repeat::LIST_SUBTASKS;

    fn what(&self) -> String {
        format!("page {} of the {}", self.page_no, self.task())
    }

    fn span(&self) -> tracing::Span {
        tracing::debug_span!(
            "northbound.list_subtasks",
            otel.kind = "client",
            task = excerpt(&self.task_id),
            page = self.page_no,
            status = self.status.as_ref().map(SubtaskStatus::as_str),
            device = self.device_id.as_deref().map(excerpt),
            command = self.command_id.as_deref().map(excerpt)
        )
    }

    fn prepare(&self, call: Call) -> Call {
        // A call that only counts requests one row. A platform that ignores the page size sends a whole page nevertheless.
        let asked = if self.page_size.get() == 1 { PAGE_SIZE.largest } else { self.page_size.get() };
        let call = call.rows_limit(TOO_MANY.saturating_mul(asked as usize));
        self.turn.iter().cloned().fold(call, Call::turn)
    }

    /// Both numbers are always sent, since the editions of the page differ in their defaults.
    async fn send(&self, client: &Client) -> Result<ResponseValue<SubtaskPage>, Generated<ErrorResponse>> {
        let page_no = i32::try_from(self.page_no).unwrap_or(i32::MAX);
        let call = client.list_subtasks().task_id(self.task_id.clone());
        let call = call.page_no(page_no).page_size(self.page_size);
        let call = self.app_id.iter().cloned().fold(call, ListSubtasks::app_id);
        let call = self.status.iter().cloned().fold(call, ListSubtasks::status);
        let call = self.device_id.iter().cloned().fold(call, ListSubtasks::device_id);
        let call = self.command_id.iter().cloned().fold(call, ListSubtasks::command_id);
        call.send().await
    }

    fn accept(&self, mut page: SubtaskPage, exchange: &Exchange<'_>) -> Result<Page, Error> {
        for status in page.task_details.iter_mut().flatten().filter_map(|row| row.status.as_mut()) {
            // Counts and messages name a status, and the platform may send anything as one.
            if let Some(redacted) = exchange.redacted_status(status) {
                *status = redacted;
            }
        }
        match Envelope::among(&page.extra) {
            Some(envelope) if !(envelope.is_success() && page.task_details.is_some()) => {
                Err(exchange.reported(envelope))
            }
            _ if page.task_details.is_none() && !exchange.replied_with(ROWS) => Err(exchange.lacking(ROWS)),
            _ => Ok(Page::new(page, self.page_no).asked_for(self.page_size.get())),
        }
    }
}
