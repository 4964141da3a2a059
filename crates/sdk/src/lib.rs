#![doc = include_str!("../README.md")]
//!
//! # Where to look
//!
//! | you want to | look at |
//! |---|---|
//! | make calls | [`Client`], [`ClientBuilder`], [`Credentials`] |
//! | read what happened | [`SubtaskQuery`] and its [`Plan`], [`SummaryQuery`], [`Watch`], [`FailureQuery`] |
//! | create batch tasks | [`CreateBatchTask`], [`Targets`], [`DeviceCommand`], [`TaskTimeout`], [`BatchTaskQuery`], [`BatchTask`] |
//! | use the results | [`Subtask`], [`Page`], [`SubtaskStream`], [`PageStream`], [`Summary`], [`WatchStream`], [`Failure`], [`FailureGroups`] |
//! | handle errors | [`Error`], [`ErrorKind`], [`Remedy`], [`what_happens_when`] |
//! | supply tokens, share the quota, set retries | [`TokenSource`], [`Quota`], [`QuotaStore`], [`Retry`] |
//! | report what a call waits for, and count calls | [`Client::waiting`], [`Waiting`], [`WaitReason`], [`Counters`] |
//! | use the layer below | [`client_layer`], [`HttpService`], [`reqwest`] |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod answers;
mod call;
mod client;
mod error;
mod invisible;
mod reads;
mod redact;
mod subtask;
mod tasks;

pub use answers::failures::{Failure, FailureGroup, FailureGroups, FailureQuery, FailureStream};
pub use answers::summary::{Doubt, Method, Summary, SummaryQuery};
pub use answers::watch::{Watch, WatchStream};
pub use call::attempts::Retry;
pub use call::counters::Counters;
pub use call::quota::Quota;
pub use call::quota::store::{Grant, QuotaFuture, QuotaStore, SlotId, Turn};
pub use call::token::{Token, TokenError, TokenFuture, TokenSource};
pub use call::waiting::{WaitReason, Waiting};
pub use client::Client;
pub use client::builder::ClientBuilder;
pub use client::credentials::{AppId, Credentials};
pub use error::{Error, ErrorKind, Incomplete, Remedy};
pub use invisible::{invisible, without_line_ends};
pub use northbound_client::types::{CommandOutput, SubtaskFailure, SubtaskParam, TaskId, TaskParam, TaskTag};
pub use northbound_client::{
    Action, BatchTaskStatus, DOCUMENT, DOCUMENT_AS_JSON, ERROR_CATALOG, ErrorCode, ErrorInfo, Exact,
    HttpService, Json, Members, PLATFORM_EDITION, QUOTA, Secret, SubtaskStatus, TaskOrigin, TaskType, Text,
    UnknownValue, Unreadable, Who,
};
pub use reads::plan::{Direction, Plan};
pub use reads::query::SubtaskQuery;
pub use reads::stream::{PageStream, SubtaskStream};
pub use redact::is_unprintable;
pub use subtask::{Page, Subtask};
pub use tasks::batch_task::BatchTask;
pub use tasks::command::{DeviceCommand, TaskTimeout};
pub use tasks::create::CreateBatchTask;
pub use tasks::query::BatchTaskQuery;
pub use tasks::targets::Targets;

#[doc = include_str!("../WHAT_HAPPENS_WHEN.md")]
pub mod what_happens_when {}

#[doc = include_str!("../READING_A_SET_THAT_MOVES.md")]
pub mod reading_a_set_that_moves {}

/// The version of reqwest whose types this crate's functions take and return.
pub use reqwest;

/// The generated layer, for what this crate does not cover.
pub use northbound_client as client_layer;

/// The example on the project's first page compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct FirstPage;
