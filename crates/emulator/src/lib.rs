#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
mod clock;
mod control;
mod draw;
mod exam;
mod fault;
mod http;
mod platform;
mod scenario;
mod server;
mod tasks;
mod wire;

pub use clock::{Clock, ClockKind};
pub use control::Control;
pub use fault::{ActiveFault, Fault, FaultError, FaultKind, Operation};
#[cfg(feature = "docs")]
pub use http::docs::{Docs, swagger_ui_file};
#[cfg(feature = "openapi")]
pub use http::document::{control_openapi, openapi};
pub use http::router;
pub use platform::TaskState;
pub use platform::journal::{Entry, Journal};
pub use scenario::life::{Life, Outcomes};
#[cfg(feature = "schema")]
pub use scenario::scenario_schema;
pub use scenario::{
    Application, Content, CreatedTasks, DeviceType, Fleet, Row, RowsFile, Scenario, ScenarioError,
    ScenarioFileError, Tag, Task,
};
pub use server::{Builder, Emulator, StartError};
#[cfg(feature = "tls")]
pub use wire::certificates::{Certificates, TlsError};
