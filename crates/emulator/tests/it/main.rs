//! The emulator as a client sees it, in-process.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod batch_task;
mod control;
mod create;
#[cfg(feature = "docs")]
mod docs;
mod exam;
mod examinee;
mod faults;
mod journal;
mod life;
mod login;
mod pages;
mod promise;
mod quota;
mod readme;
mod refusals;
mod rows;
mod server;
mod support;
#[cfg(feature = "tls")]
mod tls;
