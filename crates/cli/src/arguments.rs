//! The options that every command has, and how values are read that several commands take.
//!
//! The options of one command are in the file of that command.

pub(crate) mod global;
pub(crate) mod list;
pub(crate) mod values;
