#![doc = include_str!("../README.md")]

mod api;
#[cfg(feature = "tls")]
mod certificates;
mod clock;
mod control;
mod control_api;
mod credentials;
#[cfg(feature = "docs")]
mod docs;
mod draw;
mod exam;
mod exam_api;
mod exchange;
mod fault;
mod guard;
mod ids;
mod journal;
mod life;
mod line;
mod listener;
mod platform;
mod query;
mod quota;
mod refusal;
mod routes;
mod rows;
mod scenario;
mod script;
mod server;
mod statuses;
mod stencil;
mod tamper;
mod task;
#[cfg(feature = "tls")]
mod tls;
mod token;

#[cfg(feature = "tls")]
pub use certificates::{Certificates, TlsError};
pub use clock::{Clock, ClockKind};
pub use control::{Control, router};
pub use control_api::control_openapi;
#[cfg(feature = "docs")]
pub use docs::Docs;
pub use fault::{ActiveFault, Fault, FaultError, FaultKind, Operation};
pub use journal::{Entry, Journal};
pub use life::{Life, LifeError, Outcomes};
pub use platform::TaskState;
pub use routes::openapi;
#[cfg(feature = "schema")]
pub use scenario::scenario_schema;
pub use scenario::{Application, Content, Scenario, ScenarioError, ScenarioFileError, Task};
pub use server::{Builder, Emulator, StartError};
