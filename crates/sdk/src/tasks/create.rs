//! Creating a batch task: checked here before anything is sent, then what goes out, and when a reply is a task.

use std::future::IntoFuture;
use std::pin::Pin;

use northbound_client::types::{
    BatchTaskRequest, BatchTaskRequestAppId, BatchTaskRequestTaskName, CreatedBatchTask, ErrorResponse,
    TaskId, TaskParam, TaskTagRequest,
};
use northbound_client::{TASK_PARAM_MAX_RETRANSMIT, TaskType, may_repeat};
use progenitor_client::{Error as Generated, ResponseValue};

use crate::call::envelope::{CREATED_TASK, Envelope};
use crate::call::exchange::{Exchange, Operation};
use crate::redact::excerpt;
use crate::{Client, DeviceCommand, Error, Remedy, Targets, TaskTimeout};

impl Client {
    /// Sends one command to many devices: creates a batch task. Await it; its outcome is the id of the task.
    ///
    /// **It moves real devices, and the platform has no call that cancels a batch task.** The name must be unused (1 to 256
    /// characters), and the platform takes one unfinished task at a time
    /// ([`is_task_unfinished`](Error::is_task_unfinished)).
    ///
    /// The call is never repeated when its outcome is unknown: see
    /// [`ErrorKind::OutcomeUnknown`](crate::ErrorKind::OutcomeUnknown). **Do not put the future into a `select!` or a timeout
    /// of your own.** If it is dropped before it is ready, nobody knows whether the task exists. Use
    /// [`ClientBuilder::deadline`](crate::ClientBuilder::deadline) instead: it ends the call with an error that says what is
    /// known.
    ///
    /// ```no_run
    /// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
    /// use std::collections::HashMap;
    ///
    /// use northbound::{DeviceCommand, Targets, TaskTimeout};
    ///
    /// let command = DeviceCommand::new("WaterMeter", "SET_TEMPERATURE_READ_PERIOD");
    /// let command = command.paras(HashMap::from([("value", "12")]));
    /// let targets = Targets::devices(["d4a1c6de-6f7b-4c0d-9a1e-0f7c5f8f2b11"]);
    /// let timeout = TaskTimeout::try_from(60)?;
    /// let task = client.create_batch_task("Every 12 minutes", targets, command, timeout).await?;
    /// let summary = client.watch(task).settled().await?;
    /// println!("{} of {} devices failed", summary.failed(), summary.total());
    /// # Ok(())
    /// # }
    /// ```
    pub fn create_batch_task(
        &self,
        name: impl Into<String>,
        targets: Targets,
        command: DeviceCommand,
        timeout: TaskTimeout,
    ) -> CreateBatchTask {
        CreateBatchTask {
            client: self.clone(),
            name: name.into(),
            targets,
            command,
            timeout,
            app_id: None,
            callback_url: None,
            max_retransmit: None,
            group_tag: None,
            tags: Vec::new(),
        }
    }

    /// Creates a batch task from a request that was made elsewhere, such as by a caller of a gateway. Returns its id.
    ///
    /// Only its numbers, its type and what the Rust types require are checked before it is sent. As with
    /// [`create_batch_task`](Self::create_batch_task), **it moves real devices**, and it is never repeated when its outcome is
    /// unknown.
    ///
    /// # Errors
    /// As for [`CreateBatchTask`].
    pub async fn create_batch_task_as_given(&self, request: BatchTaskRequest) -> Result<TaskId, Error> {
        TaskTimeout::try_from(u32::try_from(request.timeout).unwrap_or(0))?;
        check_retransmissions(request.param.max_retransmit)?;
        if !TaskType::KNOWN.contains(&request.task_type) {
            let found = format!("the type of the batch task is {:?}", excerpt(request.task_type.as_str()));
            return Err(Error::refused(found, "give one that the document lists"));
        }
        self.create(&CreateRequest(request)).await
    }

    async fn create(&self, request: &CreateRequest) -> Result<TaskId, Error> {
        let outcome = self.shared.call(request).await;
        outcome.map_err(|error| match error.is_outcome_unknown() {
            true => error.with(|details| details.remedy = Remedy::LookForTask),
            false => error,
        })
    }
}

/// A batch task to create; await it. Made by [`Client::create_batch_task`].
///
/// ```no_run
/// # async fn example(client: northbound::Client) -> Result<(), northbound::Error> {
/// use northbound::{DeviceCommand, Targets, TaskTimeout};
///
/// let (lamps, command) = (Targets::device_type("StreetLamp"), DeviceCommand::new("Lamp", "SWITCH_ON"));
/// let create = client.create_batch_task("Lamps on", lamps, command, TaskTimeout::try_from(60)?);
/// let task_id = create.max_retransmit(2).tag("district", "north").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// The client refuses some requests before anything is sent ([`is_refused`](Error::is_refused)): a name that is empty or longer
/// than 256 characters, no device, a device that is listed twice, a command whose service or name is too long, more than 3
/// retransmissions, an application id longer than 64 characters.
///
/// The platform refuses a name that is in use ([`is_name_taken`](Error::is_name_taken)), and a second unfinished task
/// ([`is_task_unfinished`](Error::is_task_unfinished)). After an [`is_outcome_unknown`](Error::is_outcome_unknown) the task may
/// exist; after any other error it does not.
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct CreateBatchTask {
    client: Client,
    name: String,
    targets: Targets,
    command: DeviceCommand,
    timeout: TaskTimeout,
    app_id: Option<String>,
    callback_url: Option<String>,
    max_retransmit: Option<u8>,
    group_tag: Option<String>,
    tags: Vec<TaskTagRequest>,
}

impl CreateBatchTask {
    /// Sends the member `appId`: the application that the task is created for. It must have authorized the caller. Without this
    /// call the member is left out. The editions of the page do not agree whether that is allowed for an own task.
    pub fn app_id(self, app_id: impl Into<String>) -> Self {
        Self { app_id: Some(app_id.into()), ..self }
    }

    /// The URL to which the platform posts the result of each command. It requires a host that is reachable from the internet,
    /// a port and a path. Host and port must be those of the application's subscriptions.
    pub fn callback_url(self, url: impl Into<String>) -> Self {
        Self { callback_url: Some(url.into()), ..self }
    }

    /// How many times the platform sends the command again to a device that does not confirm it: 0 to 3.
    pub fn max_retransmit(self, times: u8) -> Self {
        Self { max_retransmit: Some(times), ..self }
    }

    /// The tag of the group of devices.
    pub fn group_tag(self, tag: impl Into<String>) -> Self {
        Self { group_tag: Some(tag.into()), ..self }
    }

    /// Adds a tag to the task. The platform refuses a tag that does not exist or is in use.
    pub fn tag(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push(TaskTagRequest { tag_name: name.into(), tag_value: value.into() });
        self
    }

    /// The request, if it can be sent.
    fn request(self) -> Result<CreateRequest, Error> {
        let shorten =
            |what: &str, fault| Error::refused(format!("the {what} is {fault}"), "give another one");
        let task_name = BatchTaskRequestTaskName::try_from(self.name)
            .map_err(|fault| shorten("name of the batch task", fault))?;
        let app_id = self.app_id.map(BatchTaskRequestAppId::try_from).transpose();
        let app_id = app_id.map_err(|fault| shorten("application id", fault))?;
        check_retransmissions(self.max_retransmit.map(i32::from))?;
        let param = TaskParam {
            command: Some(self.command.checked()?),
            callback_url: self.callback_url,
            max_retransmit: self.max_retransmit.map(i32::from),
            group_tag: self.group_tag,
            ..self.targets.param()?
        };
        Ok(CreateRequest(BatchTaskRequest {
            app_id,
            param,
            tags: Some(self.tags).filter(|tags| !tags.is_empty()),
            task_name,
            task_type: TaskType::DeviceCmd,
            // It is at most 2880.
            timeout: self.timeout.get() as i32,
        }))
    }
}

impl IntoFuture for CreateBatchTask {
    type Output = Result<TaskId, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let client = self.client.clone();
            client.create(&self.request()?).await
        })
    }
}

fn check_retransmissions(times: Option<i32>) -> Result<(), Error> {
    let most = TASK_PARAM_MAX_RETRANSMIT;
    let fits = |times: i32| u32::try_from(times).is_ok_and(|times| most.contains(&times));
    let Some(times) = times.filter(|times| !fits(*times)) else { return Ok(()) };
    let advice = format!("it must be {} to {}", most.start(), most.end());
    Err(Error::refused(format!("the number of retransmissions is {times}"), advice))
}

/// A request to create a task, which has been checked.
#[derive(Clone, Debug)]
struct CreateRequest(BatchTaskRequest);

impl Operation for CreateRequest {
    type Body = CreatedBatchTask;
    type Reply = TaskId;

    const MAY_REPEAT: bool = may_repeat::CREATE_BATCH_TASK;

    fn what(&self) -> String {
        format!("creation of batch task {:?}", excerpt(&self.0.task_name))
    }

    fn span(&self) -> tracing::Span {
        let name = excerpt(&self.0.task_name);
        tracing::debug_span!("northbound.create_batch_task", otel.kind = "client", name)
    }

    async fn send(
        &self,
        client: &northbound_client::Client,
    ) -> Result<ResponseValue<CreatedBatchTask>, Generated<ErrorResponse>> {
        client.create_batch_task().body(self.0.clone()).send().await
    }

    /// No edition of the page says whether a success is 200 or 201.
    fn read_success(&self, body: &[u8]) -> Option<CreatedBatchTask> {
        serde_json::from_slice(body).ok()
    }

    fn accept(&self, created: CreatedBatchTask, exchange: &Exchange<'_>) -> Result<TaskId, Error> {
        let is_id =
            |id: &northbound_client::Text| id.is_string() || id.decode::<serde_json::Number>().is_ok();
        let id = created.task_id.filter(is_id).and_then(|id| TaskId::try_from(id.as_str()).ok());
        match (id, Envelope::among(&created.extra)) {
            (Some(id), _) => Ok(id),
            (None, Some(envelope)) if !envelope.is_success() => Err(exchange.reported(envelope)),
            (None, _) => Err(exchange.lacking(CREATED_TASK)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(name: &str) -> CreateBatchTask {
        let builder = Client::builder("http://127.0.0.1:1").token(crate::AppId::new("a").unwrap(), "t0ken");
        let (targets, command) = (Targets::everything(), DeviceCommand::new("s", "m"));
        let timeout = TaskTimeout::try_from(10).unwrap();
        builder.build().unwrap().create_batch_task(name, targets, command, timeout)
    }

    fn found(task: CreateBatchTask) -> Option<String> {
        task.request().err().map(|error| error.found().to_owned())
    }

    #[tokio::test]
    async fn what_the_page_forbids_is_refused() {
        assert_eq!(found(task("n").max_retransmit(3).app_id("a".repeat(64))), None);
        assert_eq!(found(task(&"ü".repeat(256))), None);
        for (task, expected) in [
            (task(""), "the name of the batch task is shorter than 1 characters"),
            (task(&"n".repeat(257)), "the name of the batch task is longer than 256 characters"),
            (task("n").max_retransmit(4), "the number of retransmissions is 4"),
            (task("n").app_id("a".repeat(65)), "the application id is longer than 64 characters"),
        ] {
            assert_eq!(found(task).as_deref(), Some(expected));
        }
    }
}
