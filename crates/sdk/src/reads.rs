//! Reading subtasks: a query, the plan for it, and the pages and rows that come.
//!
//! How one page is fetched belongs to [`crate::call`]; what the rows say of a task belongs to [`crate::answers`].

pub(crate) mod pages;
pub(crate) mod plan;
pub(crate) mod query;
pub(crate) mod request;
pub(crate) mod stream;
