//! Contract and snapshot tests that need several crates.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod answers;
mod assumptions;
mod bounds;
mod broken_replies;
mod circles;
mod cli;
mod contract;
mod decoding;
mod doctor;
mod emulated;
mod errors;
mod exam;
mod export;
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
mod report;
mod results;
mod scenario;
mod simulation;
mod tls;
mod token;
mod types;
mod wire;
mod wire_server;
