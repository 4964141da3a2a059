//! Contract and snapshot tests that need several crates.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answers;
mod assumptions;
mod bounds;
mod circles;
mod contract;
mod decoding;
mod emulated;
mod errors;
mod exam;
mod faults;
mod freshness;
mod ledger;
mod moving;
mod mutations;
mod page;
mod platform;
mod promise;
mod public_api;
mod readmes;
mod recipes;
mod replies;
mod scenario;
mod simulation;
mod tls;
mod token;
mod types;
mod wire;
mod wire_server;
