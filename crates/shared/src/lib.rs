#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod application;
mod file;
#[doc(hidden)] // The command uses it for its other files.
pub mod private;
#[cfg(feature = "redis")]
mod redis;
#[doc(hidden)] // The simulation of the whole keeps what is shared in memory.
pub mod slots;
#[doc(hidden)] // The same.
pub mod token;

pub use file::{FileQuota, FileShare, FileTokens};
#[cfg(feature = "redis")]
pub use redis::{InvalidAddress, RedisQuota, RedisShare, RedisTokens};
