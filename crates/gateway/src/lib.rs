#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod gateway;
mod http;
mod reads;
mod rows;
mod state;
#[cfg(test)]
mod tests;
mod tokens;
mod wire;

pub use gateway::{Builder, Gateway};
pub use http::docs::Docs;
#[cfg(feature = "openapi")]
pub use http::openapi::openapi;
pub use wire::listen::{Listen, StartError};
