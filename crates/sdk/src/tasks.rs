//! Batch tasks themselves: creating one, and what one is.
//!
//! What happened to each device belongs to [`crate::reads`], and what the subtasks say together to [`crate::answers`].

pub(crate) mod batch_task;
pub(crate) mod command;
pub(crate) mod create;
pub(crate) mod query;
pub(crate) mod targets;
