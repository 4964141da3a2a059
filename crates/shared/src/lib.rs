#![doc = include_str!("../README.md")]

#[allow(dead_code, reason = "the file follows")]
mod slots;
