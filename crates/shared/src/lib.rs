#![doc = include_str!("../README.md")]

mod application;
mod file;
pub mod private;
#[cfg(feature = "redis")]
mod redis;
mod slots;

pub use file::{FileQuota, FileShare, FileTokens};
#[cfg(feature = "redis")]
pub use redis::{InvalidAddress, RedisQuota, RedisShare, RedisTokens};
