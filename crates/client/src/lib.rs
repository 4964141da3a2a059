#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod call;
#[rustfmt::skip]
mod generated;
mod json;
mod limits;
mod members;
mod object;
mod open;
mod reading;
mod repair;
#[cfg(feature = "schemars")]
mod schemas;
mod seconds;
mod secret;
mod service;
mod stored;
mod text;

pub use call::{Call, Misread, Received, Turn};
pub use generated::*;
pub use json::Json;
pub use members::{Exact, Members, Unreadable};
pub use open::UnknownValue;
pub use seconds::Seconds;
pub use secret::Secret;
pub use service::HttpService;
pub use stored::{read_page, read_subtask};
pub use text::Text;

/// The hand-written OpenAPI document that this crate was generated from, as YAML.
pub const DOCUMENT: &str = include_str!("generated/openapi.yaml");

/// The same document as JSON.
pub const DOCUMENT_AS_JSON: &str = include_str!("generated/openapi.json");
