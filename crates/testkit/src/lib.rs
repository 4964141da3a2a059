//! The servers that the tests of northbound need. All of them listen on loopback, at a free port, until they are dropped.
//!
//! * [`Emulated`] is the emulator. It holds each of its replies against `spec/openapi.yaml`.
//! * [`Background`] is the emulator for tests that start programs.
//! * [`Platform`] answers what the test tells it to, and remembers what it was asked.
//! * [`Raw`] writes bytes, resets connections or stops answering, also over TLS.
//! * [`Loopback`] serves any router.
//!
//! This crate uses neither the SDK nor the command, so that an error in either cannot hide itself.
//!
//! ```
//! use northbound_testkit::{Platform, json_reply};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let platform = Platform::start(|asked| match asked.number {
//!     0 => json_reply(200, r#"{"accessToken":"t0ken","expiresIn":3600}"#),
//!     _ => json_reply(200, r#"{"totalCount":0,"taskDetails":[]}"#),
//! })
//! .await;
//! // … a client asks `platform.url()` …
//! assert_eq!(platform.calls(), 0);
//! # }
//! ```

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
