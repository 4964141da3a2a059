//! Contract and snapshot tests that need several crates.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod assumptions;
mod cli;
mod contract;
mod decoding;
mod errors;
mod freshness;
mod ledger;
mod lint;
mod moving;
mod page;
mod platform;
mod public_api;
mod recipes;
mod replies;
mod types;
mod wire;
