#![doc = include_str!("../README.md")]
//!
//! # Where to look
//!
//! | you want to | look at |
//! |---|---|
//! | make calls | [`Client`], [`ClientBuilder`], [`Credentials`] |
//! | ask | [`Subtasks`] and its [`Plan`], [`SummaryRequest`], [`Watch`], [`Failures`] |
//! | use what comes | [`Subtask`], [`Page`], [`SubtaskStream`], [`PageStream`], [`Summary`], [`WatchStream`], [`Failure`], [`FailureGroups`] |
//! | handle what fails | [`Error`], [`what_happens_when`] |
//! | bring tokens, share the quota, repeat calls | [`TokenSource`], [`Quota`], [`Retry`] |
//! | go beneath | [`client_layer`], [`Transport`] |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod call;
mod client;
mod clock;
mod course;
mod credentials;
mod endpoint;
mod envelope;
mod error;
mod failures;
mod pages;
mod proxy;
mod quota;
mod redact;
mod retry;
mod stream;
mod subtask;
mod subtasks;
mod summary;
mod tls;
mod token;
mod watch;

pub use builder::ClientBuilder;
pub use client::Client;
pub use credentials::{AppId, Credentials};
pub use error::Error;
pub use failures::{Failure, FailureGroup, FailureGroups, FailureStream, Failures};
pub use northbound_client::types::{CommandOutput, SubtaskFailure, SubtaskParam, TaskId};
pub use northbound_client::{
    Action, DOCUMENT, DOCUMENT_AS_JSON, ERROR_CATALOG, ErrorCode, ErrorInfo, Exact, Members,
    PLATFORM_EDITION, QUOTA, Secret, SubtaskStatus, Text, Transport, TransportFuture, UnknownValue,
    Unreadable,
};
pub use pages::{Direction, Incomplete, Plan};
pub use quota::Quota;
pub use retry::Retry;
pub use stream::{PageStream, SubtaskStream};
pub use subtask::{Page, Subtask};
pub use subtasks::Subtasks;
pub use summary::{Doubt, Method, Summary, SummaryRequest};
pub use token::{Token, TokenError, TokenFuture, TokenSource};
pub use watch::{Watch, WatchStream};

#[doc = include_str!("../WHAT_HAPPENS_WHEN.md")]
pub mod what_happens_when {}

/// The generated layer, for what this crate does not cover.
pub use northbound_client as client_layer;

/// The example on the project's first page compiles.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct FirstPage;
