//! The query for one batch task: what goes out, and when a reply is a task.

use std::future::IntoFuture;
use std::pin::Pin;

use northbound_client::builder::GetBatchTask;
use northbound_client::may_repeat;
use northbound_client::types::{self, ErrorResponse, TaskId};
use progenitor_client::{Error as Generated, ResponseValue};

use crate::call::envelope::{Envelope, TASK};
use crate::call::exchange::{Exchange, Operation};
use crate::redact::excerpt;
use crate::{BatchTask, Client, Error};

/// The value of `select` that asks for the tags. The English edition of the page says `tags`, all others `tag`.
const TAGS: &str = "tag";

impl Client {
    /// Queries a batch task: its name, type, status, times, progress and counters. Await it; it is one call.
    ///
    /// ```no_run
    /// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
    /// let task = client.batch_task("5c8ba99030344005c02316ad").await?;
    /// println!("{task}"); // Every 12 minutes (DeviceCmd): Running, 80.0 % done, 7 of 10 succeeded, 1 failed
    /// # Ok(())
    /// # }
    /// ```
    pub fn batch_task(&self, task_id: impl Into<String>) -> BatchTaskQuery {
        BatchTaskQuery { client: self.clone(), task_id: task_id.into(), app_id: None, tags: false }
    }
}

/// A query for one batch task; await it. Made by [`Client::batch_task`].
///
/// ```no_run
/// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
/// let task = client.batch_task("5c8ba99030344005c02316ad").tags().await?;
/// println!("{:?} has {:?} tags", task.name(), task.tags().map(<[_]>::len));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When the task id is empty (nothing is sent then), and when the call fails. A platform that does not have this call usually
/// answers with HTTP 404 and no code.
#[derive(Clone, Debug)]
#[must_use = "nothing is asked until it is awaited"]
pub struct BatchTaskQuery {
    client: Client,
    task_id: String,
    app_id: Option<String>,
    tags: bool,
}

impl BatchTaskQuery {
    /// Sends the optional parameter `appId`: see [`SubtaskQuery::app_id`](crate::SubtaskQuery::app_id).
    pub fn app_id(self, app_id: impl Into<String>) -> Self {
        Self { app_id: Some(app_id.into()), ..self }
    }

    /// Asks for the [tags](BatchTask::tags) as well.
    pub fn tags(self) -> Self {
        Self { tags: true, ..self }
    }

    fn request(self) -> Result<TaskRequest, Error> {
        let advice = "give the id that creating the batch task returned";
        let task_id =
            TaskId::try_from(self.task_id).map_err(|_| Error::refused("the task id is empty", advice))?;
        if matches!(task_id.as_str(), "." | "..") {
            // It is a part of a path, where these lead elsewhere.
            return Err(Error::refused(format!("the task id is {:?}", task_id.as_str()), advice));
        }
        Ok(TaskRequest { task_id, app_id: self.app_id, tags: self.tags })
    }
}

impl IntoFuture for BatchTaskQuery {
    type Output = Result<BatchTask, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let client = self.client.clone();
            client.shared.call(&self.request()?).await
        })
    }
}

/// A request for one task, which has been checked.
#[derive(Clone, Debug)]
struct TaskRequest {
    task_id: TaskId,
    app_id: Option<String>,
    tags: bool,
}

impl Operation for TaskRequest {
    type Body = types::BatchTask;
    type Reply = BatchTask;

    const MAY_REPEAT: bool = may_repeat::GET_BATCH_TASK;

    fn what(&self) -> String {
        format!("query of batch task {}", excerpt(&self.task_id))
    }

    fn span(&self) -> tracing::Span {
        let task = excerpt(&self.task_id);
        tracing::debug_span!("northbound.get_batch_task", otel.kind = "client", task)
    }

    async fn send(
        &self,
        client: &northbound_client::Client,
    ) -> Result<ResponseValue<types::BatchTask>, Generated<ErrorResponse>> {
        let call = client.get_batch_task().task_id(self.task_id.clone());
        let call = self.app_id.iter().cloned().fold(call, GetBatchTask::app_id);
        let call = if self.tags { call.select(TAGS) } else { call };
        call.send().await
    }

    fn accept(&self, task: types::BatchTask, exchange: &Exchange<'_>) -> Result<BatchTask, Error> {
        let is_task = task.task_id.is_some() || task.task_name.is_some() || task.total_cnt.is_some();
        match Envelope::among(&task.extra) {
            Some(envelope) if !(envelope.is_success() && is_task) => Err(exchange.reported(envelope)),
            _ if !is_task => Err(exchange.lacking(TASK)),
            _ => Ok(BatchTask::new(task)),
        }
    }
}
