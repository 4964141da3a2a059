//! Token and quota in files, as the SDK uses them.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod file;
mod fleet;
