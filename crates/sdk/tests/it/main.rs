//! The SDK against platforms of every kind, over sockets and in process.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answers;
mod create;
mod errors;
mod exam;
mod faults;
mod in_process;
mod moving;
mod quota_store;
mod replies;
mod support;
mod tls;
mod token;
mod wire;
