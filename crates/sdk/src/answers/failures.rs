//! Which devices failed, and why: the subtasks that failed or timed out, with the platform's own code and words.

mod groups;

use std::fmt;
use std::future::ready;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use northbound_client::{ErrorCode, ErrorInfo, SubtaskStatus, Unreadable};

pub use groups::{FailureGroup, FailureGroups};

use crate::reads::stream::Items;
use crate::{Client, Error, Subtask, SubtaskQuery};

impl Client {
    /// Queries which subtasks of a batch task failed or timed out, and why.
    ///
    /// It takes one call for 250 subtasks, and at least one for each of the two statuses.
    ///
    /// ```no_run
    /// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
    /// let mut failures = client.failures("5c8ba99030344005c02316ad").stream();
    /// while let Some(failure) = failures.try_next().await? {
    ///     println!("{}: {failure}", failure.subtask().device_id().unwrap_or("?"));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn failures(&self, task_id: impl Into<String>) -> FailureQuery {
        FailureQuery { subtasks: self.subtasks(task_id) }
    }
}

/// A query for the failures of a batch task. Call [`stream`](Self::stream), [`collect`](Self::collect) or
/// [`by_code`](Self::by_code) on it. Made by [`Client::failures`].
///
/// ```no_run
/// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
/// let failures = client.failures("5c8ba99030344005c02316ad").page_size(100).collect().await?;
/// println!("{} devices failed", failures.len());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct FailureQuery {
    subtasks: SubtaskQuery,
}

impl FailureQuery {
    /// The two statuses of a subtask that has failed for good, in the order in which they are read.
    pub const STATUSES: [SubtaskStatus; 2] = [SubtaskStatus::Fail, SubtaskStatus::Timeout];

    /// Sends the optional parameter `appId`: see [`SubtaskQuery::app_id`].
    pub fn app_id(self, app_id: impl Into<String>) -> Self {
        Self { subtasks: self.subtasks.app_id(app_id) }
    }

    /// How many rows to ask for in one call: 1 to 250; 250 unless set.
    pub fn page_size(self, rows: u32) -> Self {
        Self { subtasks: self.subtasks.page_size(rows) }
    }

    /// Every subtask in `Fail`, then every one in `Timeout`, page after page.
    ///
    /// The first item is an error if the task id or the page size is not allowed.
    pub fn stream(self) -> FailureStream {
        let reads = stream::iter(Self::STATUSES).map(move |status| {
            let read = self.subtasks.clone().status(status.clone()).stream();
            // A platform that ignores the filter sends every subtask for each status.
            Ok(read.try_filter(move |subtask| ready(subtask.status().is_none_or(|found| *found == status))))
        });
        // Nothing follows an error, also not the read of the other status.
        let failures = stream::try_unfold(Box::pin(reads.try_flatten()), |mut subtasks| async {
            Ok(subtasks.try_next().await?.map(|subtask| (Failure::of(subtask), subtasks)))
        });
        FailureStream(Items(failures.boxed()))
    }

    /// All failures, in the order of [`stream`](Self::stream). If there are many, the stream takes less memory.
    ///
    /// # Errors
    /// As [`stream`](Self::stream). The failures that came before the error are lost: to keep them, use the stream.
    pub async fn collect(self) -> Result<Vec<Failure>, Error> {
        self.stream().try_collect().await
    }
}

/// A subtask that failed or timed out, and why.
///
/// Display is the platform's words and code, as in `The device is not online. (100428)`.
///
/// ```
/// use northbound::{Failure, Subtask};
///
/// let line = r#"{"status":"Fail","error":"{\"error_code\":\"100428\",\"error_desc\":\"The device is not online.\"}"}"#;
/// let failure = Failure::of(serde_json::from_str::<Subtask>(line)?);
/// assert_eq!(failure.to_string(), "The device is not online. (100428)");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    subtask: Subtask,
    code: Option<ErrorCode>,
    text: Option<String>,
}

impl Failure {
    /// Takes the cause from a subtask. If the subtask has no code or no words, the failure has none either.
    pub fn of(subtask: Subtask) -> Self {
        let cause = subtask.failure();
        let (code, words) = cause.map_or((None, None), |cause| (cause.error_code, cause.error_desc));
        // A cause that has neither is shown as it came.
        let unreadable = || subtask.unreadable().map(Unreadable::text);
        let raw = || subtask.error().filter(|_| code.is_none()).or_else(unreadable).map(str::to_owned);
        let text = words.filter(|words| !words.is_empty()).or_else(raw);
        Self { subtask, code, text }
    }

    /// The subtask.
    pub fn subtask(&self) -> &Subtask {
        &self.subtask
    }

    /// The subtask.
    pub fn into_subtask(self) -> Subtask {
        self.subtask
    }

    /// The platform's code. It may be undocumented.
    pub fn code(&self) -> Option<&ErrorCode> {
        self.code.as_ref()
    }

    /// The platform's words, or the whole text of the cause if it does not have the documented form.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// What the document's catalogue says about the code, if it lists it.
    pub fn info(&self) -> Option<&'static ErrorInfo> {
        self.code.as_ref()?.info()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.subtask.reason())
    }
}

/// Subtasks that failed, then subtasks that timed out. Made by [`FailureQuery::stream`].
///
/// ```no_run
/// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
/// let mut failures = client.failures("5c8ba99030344005c02316ad").stream();
/// while let Some(failure) = failures.try_next().await? {
///     println!("{:?}: {failure}", failure.code());
/// }
/// # Ok(())
/// # }
/// ```
///
/// It is complete, or its last item is an error, like a [`SubtaskStream`](crate::SubtaskStream). It is cancel safe in the same
/// way.
#[derive(Debug)]
#[must_use = "a stream asks for nothing until it is polled"]
pub struct FailureStream(Items<Failure>);

impl FailureStream {
    /// The next failure; `None` after the last.
    ///
    /// # Errors
    /// When a call fails, or the read is incomplete.
    pub async fn try_next(&mut self) -> Result<Option<Failure>, Error> {
        self.0.try_next().await
    }
}

impl Stream for FailureStream {
    type Item = Result<Failure, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(context)
    }
}
