//! Contract and snapshot tests that need several crates.

