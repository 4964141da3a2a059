//! HTTP: which path leads to which call, what happens around each call, and what errors look like. Sockets are in `wire`, rows and
//! pages in `reads`.

pub(crate) mod calls;
pub(crate) mod docs;
pub(crate) mod document;
pub(crate) mod metrics;
#[cfg(feature = "openapi")]
pub(crate) mod openapi;
pub(crate) mod own;
pub(crate) mod plain;
pub(crate) mod platform;
pub(crate) mod refusal;
pub(crate) mod routes;
