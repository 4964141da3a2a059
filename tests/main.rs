//! Gates: each compares two things that have to agree, and fails when one of them changes alone.
//!
//! | gate | compares | with | because |
//! |---|---|---|---|
//! | `contract` | `spec/openapi.yaml` | the emulator's own document | they were written separately from the platform's page, so an error in one of them shows |
//! | `page` | `spec/page`, the pages as data | the document; its examples and error rows with the running emulator | this is a third reading of the page, row by row |
//! | `bounds` | what the document says of requests | what `northbound-conformance` finds out about the emulator | a bound in a document is a note, and no check |
//! | `types` | the types that progenitor makes | the document | generation may drop or tighten what the document says |
//! | `decoding` | the examples of the document | what the types read and write | nothing of a reply may be lost |
//! | `public_api` | the API of the generated client | a snapshot that a person reviewed | a change of the document is a change for Rust |
//! | `mutations` | each gate above | documents with one change each | a gate may be blind |
//! | `freshness` | derived files | what the document makes of them | somebody may forget `cargo xtask generate` |
//! | `recipes` | the patches in `xtask/recipes` | the files that they edit | a recipe has to fit the project of today |
//! | `ledger` | `spec/assumptions.toml` | the tests that it names, and its table | each assumption needs a test that shows its guard |
//! | `scenario` | the schema of scenario files | what the emulator takes | an editor checks a file by the schema |
//! | `simulation` | SDK, sharing and gateway on a simulated clock | what the emulator sees and holds | what each of them keeps to must hold for all together |
//! | `readmes` | pages of the crates | what both Markdown and rustdoc follow | a link must work in both |
//! | `circles` | imports | each other | files that import each other cannot be read one by one |
//!
//! How the SDK and the command behave is tested beside them.

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
mod simulation;
mod types;
