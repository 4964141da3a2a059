#![doc = include_str!("../README.md")]

mod application;
mod file;
#[doc(hidden)] // The command uses it for its other files.
pub mod private;
mod slots;

pub use file::{FileQuota, FileShare, FileTokens};
