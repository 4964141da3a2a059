//! Contract and snapshot tests that need several crates.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bounds;
mod circles;
mod contract;
mod decoding;
mod freshness;
mod ledger;
mod mutations;
mod page;
mod public_api;
mod readmes;
mod recipes;
mod scenario;
mod types;
