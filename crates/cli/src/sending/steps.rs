//! The steps of a send and their order. The process may be killed between any two of them, and another process may run between them.
//!
//! The record says that the call is about to be made before it is made. So a process that is killed leaves a record of an unknown
//! outcome, never a call without a record.

use crate::error::CliError;
use crate::session::send_record::{self, Content, CreateOutcome, Next, Repeat, SendKey, SendRecord};

/// What a send does to the world. `carry` does it to the real one, and a simulation to a model.
pub(crate) trait SendSteps {
    /// Keeps other processes away from this send, until this value is dropped or its process ends.
    async fn lock(&mut self) -> Result<(), CliError>;
    /// What is known of the send.
    async fn read(&mut self) -> Result<Option<SendRecord>, CliError>;
    /// Asks whether to make the call, which is a repeat if `before` may exist.
    async fn agree(&mut self, before: Option<&SendRecord>) -> Result<(), CliError>;
    /// Replaces the record; it is on the disk afterwards.
    async fn write(&mut self, record: &SendRecord) -> Result<(), CliError>;
    /// Makes the call. It is not dropped while it is under way.
    async fn create(&mut self) -> CreateOutcome;
    /// The time as records have it.
    fn now(&self) -> String;
}

/// A send that has its task.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) task_id: String,
    /// Whether an earlier command has sent it.
    pub(crate) before: bool,
    /// Why the record does not say so, if it does not.
    pub(crate) unrecorded: Option<CliError>,
}

/// Sends, unless that was done before.
pub(crate) async fn carry_out(
    steps: &mut impl SendSteps,
    key: SendKey,
    content: Content,
    repeat: Repeat,
) -> Result<Sent, CliError> {
    steps.lock().await?;
    let before = steps.read().await?;
    if let Next::IsSent(task_id) = send_record::next(before.as_ref(), &content, repeat)? {
        return Ok(Sent { task_id, before: true, unrecorded: None });
    }
    steps.agree(before.as_ref()).await?;
    let record = SendRecord::begin(before.as_ref(), key, content, steps.now());
    steps.write(&record).await?;
    let outcome = steps.create().await;
    let record = record.end(&outcome, steps.now());
    let written = steps.write(&record).await;
    match outcome {
        CreateOutcome::Created(task_id) => Ok(Sent { task_id, before: false, unrecorded: written.err() }),
        // A record that could not be written still says that the outcome is unknown.
        CreateOutcome::Unknown(failure) => Err(failure),
        CreateOutcome::Refused(failure) => Err(match written {
            _ if record.may_exist() => record.is_unknown_still(failure),
            Ok(()) => failure,
            Err(unwritten) => {
                let advice = format!(
                    "the record could not be written ({unwritten}), so it says that the outcome is unknown"
                );
                CliError::Left { cause: Box::new(failure), advice }
            }
        }),
    }
}

#[cfg(test)]
#[path = "steps/simulation.rs"]
mod simulation;
