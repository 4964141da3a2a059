#![doc = include_str!("../README.md")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

pub use axum;
pub use rcgen;

pub use background::Background;
pub use certificates::{Authority, Issued};
pub use emulated::Emulated;
pub use loopback::Loopback;
pub use platform::{Asked, Platform, json_reply, reply};
pub use promise::breach;
pub use raw::{Act, Raw};

mod background;
mod certificates;
mod emulated;
mod loopback;
mod platform;
mod promise;
mod raw;
