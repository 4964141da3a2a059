//! What the subtasks of a task say together: how many are in which status, when the task is settled, which devices failed.
//!
//! These are made of queries and reads; how those work belongs to [`crate::reads`].

pub(crate) mod failures;
pub(crate) mod summary;
pub(crate) mod watch;
