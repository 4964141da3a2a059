#![doc = include_str!("../README.md")]

#[cfg(feature = "redis")]
mod redis;
#[allow(dead_code, reason = "the file follows")]
mod slots;

#[cfg(feature = "redis")]
pub use redis::{InvalidAddress, RedisQuota, RedisShare, RedisTokens};
