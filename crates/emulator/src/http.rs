//! HTTP: which path leads to which call, and what happens around each request.

pub(crate) mod control_api;
#[cfg(feature = "docs")]
pub(crate) mod docs;
pub(crate) mod middleware;
pub(crate) mod routes;
