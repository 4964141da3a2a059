#![doc = include_str!("../README.md")]

mod application;
mod file;
pub mod private;
mod slots;

pub use file::{FileQuota, FileShare, FileTokens};
