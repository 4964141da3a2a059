#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod call;
mod client;
mod credentials;
mod endpoint;
mod envelope;
mod error;
mod pages;
mod stream;
mod subtask;
mod subtasks;
mod token;

pub use client::{Client, ClientBuilder};
pub use credentials::{AppId, Credentials};
pub use error::Error;
pub use northbound_client::types::{CommandOutput, SubtaskFailure, SubtaskParam, TaskId};
pub use northbound_client::{
    Action, DOCUMENT, ERROR_CATALOG, ErrorCode, ErrorInfo, PLATFORM_EDITION, QUOTA, Quota, Secret,
    SubtaskStatus, Text, UnknownValue,
};
pub use pages::{Direction, Incomplete, Plan};
pub use stream::{PageStream, SubtaskStream};
pub use subtask::{Page, Subtask};
pub use subtasks::Subtasks;

/// The generated layer, for what this crate does not cover.
pub use northbound_client as client_layer;

/// The example on the project's first page compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct FirstPage;
